"""One Monday: an installation in a folder, a provider, senders; what may happen to them, and what must hold at the end.

The provider and the senders are processes of their own. Whoever drives them turns the one clock they all go by.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import shutil
import signal
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.faults.clock import MINUTE, SEND_AT, SharedClock
from tests.faults.processes import Process, Senders

LEFT = 7  # members who left before the list was closed
CONFIG = """
[association]
name = "Test Association"
postal_address = "1 Test Street, Testford TE1 1ST"
zone = "Europe/London"
[digest]
anchor = {{ number = 736, date = 2024-02-12 }}
[web]
base_url = "https://digest.example.ac.uk"
[[sections]]
id = "news"
title = "News"
[delivery]
provider = "sendgrid"
from_email = "digest@digest.example.ac.uk"
batch_size = {batch_size}
[delivery.sendgrid]
base_url = "{url}"
timeout = {timeout}
"""
FATE = {  # how many copies go with a state of the ledger
    "accepted": {1},
    "unknown": {0, 1},
    "rejected": {0},
    "withdrawn": {0},
    "cancelled": {0},
    "excluded": {0},
}


@dataclass
class Counts:
    """What happened, over one Monday or many."""

    mondays: int = 0
    batches: int = 0  # requests with mail that the ledger knows, successors among them
    faults: int = 0  # that the provider played
    refused: int = 0  # times it was not there at all
    kills: int = 0  # of senders that had work to do
    caught: int = 0  # of these, with requests under way or answers not yet written down
    caught_cancelling: int = 0  # with a lane whose cancellation was asked for
    sleeps: int = 0  # senders put to sleep until their lease had run out
    accepted: int = 0  # copies that the provider took
    cancelled: int = 0  # of these
    arrived: int = 0
    members: int = 0
    settled: int = 0  # members with one copy, by the ledger and in fact
    unknown: int = 0
    unknown_arrived: int = 0
    explained: int = 0  # rejected, withdrawn, cancelled, excluded
    doubles: int = 0
    missing: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Counts) -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))

    def __str__(self) -> str:
        return ", ".join(
            f"{each.name.replace('_', ' ')} {getattr(self, each.name):,}"
            if each.name not in ("seconds", "wrong")
            else f"{each.name} {self.seconds:.0f}"
            for each in fields(self)
            if each.name != "wrong"
        )


class Installations:
    """Makes installations by copying one of each size, so that the database is migrated once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = itertools.count(1)
        self._making = threading.Lock()

    def folder(self) -> Path:
        """A new one, empty."""
        folder = self._folder / f"monday-{next(self._made)}"
        folder.mkdir()
        return folder

    def fill(self, folder: Path, *, members: int, **values: Any) -> None:
        """Put an installation there: database, keys and config.toml with these values."""
        first = self._folder / f"template-{members}"
        with self._making:
            if not first.exists():
                first.mkdir()
                self._configure(first, batch_size=100, url="http://127.0.0.1:9", timeout=1)
                SharedClock(first / "clock")
                senders = Senders(first)
                try:
                    senders.run("prepare", members=members, left=LEFT)
                finally:
                    senders.end()
                (first / "clock").unlink()
        shutil.copytree(first, folder, dirs_exist_ok=True)
        self._configure(folder, **values)

    def _configure(self, folder: Path, **values: Any) -> None:
        (folder / "config.toml").write_text(CONFIG.format(**values), encoding="utf-8")


class Monday:
    """`with Monday(...) as monday`: everything is up, armed, and it is half past eight (or whatever `start` says)."""

    def __init__(
        self,
        installations: Installations,
        *,
        members: int,
        batch_size: int,
        proven: bool = True,
        start: dt.datetime = SEND_AT - 30 * MINUTE,
        timeout: float = 1.0,
        latency: float = 0.0,
    ) -> None:
        self._installations, self._members, self._batch_size = installations, members, batch_size
        self._proven, self._start, self._timeout, self._latency = proven, start, timeout, latency
        self.counts = Counts(mondays=1)

    def __enter__(self) -> Monday:
        self._began = time.monotonic()
        self.folder = self._installations.folder()
        clock = self.folder / "clock"
        self.clock = SharedClock(clock, start=SEND_AT - dt.timedelta(days=1))
        self.provider = Process("tests.faults.provider", clock, log=self.folder / "log")
        url = self.provider.hear().decode().strip()
        self._installations.fill(
            self.folder, members=self._members, batch_size=self._batch_size, url=url, timeout=self._timeout
        )
        self.senders = Senders(self.folder)
        self.senders.run("arm", proven=self._proven)
        self.ask("forget")
        self.ask("set", values={"latency": self._latency})
        self.clock.turn_to(self._start)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.senders.end()
        self.provider.end()
        if error is None:
            shutil.rmtree(self.folder)

    def ask(self, do: str, **more: Any) -> Any:
        """An order to the provider."""
        self.provider.tell({"do": do, **more})
        return json.loads(self.provider.hear())

    def ring(self, do: str = "ring", **more: Any) -> Any:
        """Let a sender work; its answer."""
        status, answer = self.senders.wait(self.senders.start(do, **more))
        assert status == 0, f"see {self.folder / 'log'}"
        return answer

    def ring_and_kill(self, do: str = "ring", *, exchanges: int, seconds: float) -> None:
        """Let a sender work, and kill it so many seconds after so many of its requests, with mail or to cancel, came."""
        number, before = self.senders.start(do), self.ask("exchanges")
        while exchanges and self.senders.runs(number) and self.ask("exchanges") < before + exchanges:
            time.sleep(0.002)
        time.sleep(seconds)
        self.senders.signal(number)
        status, _ = self.senders.wait(number)
        if status == -signal.SIGKILL:
            self.counts.kills += 1
            self.counts.caught += self._count("deliver_batch", "claimed") > 0
            self.counts.caught_cancelling += self._count("deliver_lane", "cancelling") > 0

    def is_under_way(self) -> bool:
        """Whether a sender has something to do: to kill one that has not would prove nothing."""
        todo = (("deliver_batch", "pending"), ("deliver_batch", "claimed"), ("deliver_lane", "cancelling"))
        return self._count("deliver_delivery") == 0 or any(self._count(*each) for each in todo)

    def _count(self, table: str, state: str = "%") -> int:
        with closing(sqlite3.connect(self.folder / "digest.sqlite3", timeout=30)) as database:
            (count,) = database.execute(f"SELECT COUNT(*) FROM {table} WHERE state LIKE ?", [state]).fetchone()
            return int(count)

    def wait_for_requests(self, count: int, sender: int) -> None:
        """Until the provider had so many with mail, or the sender is done."""
        while self.senders.runs(sender) and self.ask("arrived")["requests"] < count:
            time.sleep(0.01)

    def settle(self, *, rounds: int = 60) -> dict[str, Any]:
        """All is well again: ring until nothing is left to do; what the ledger says then."""
        self.ask("weather", seed=0, sends=0, control=0)
        self.ask("set", values={"may_schedule": True})
        self.clock.turn_to(SEND_AT + MINUTE)
        for _ in range(rounds):
            self.ring()
            ledger: dict[str, Any] = self.senders.run("ledger")
            states = {state for state, _ in ledger["members"].values()}
            if (
                not states & {"pending", "claimed"}
                and "cancelling" not in ledger["lanes"]
                and (states or ledger["issue"] == "stopped")
            ):
                return ledger
            self.clock.turn_to(self.clock.now + 16 * MINUTE)
        self.counts.wrong.append(f"after {rounds} rounds: {Counter(s for s, _ in ledger['members'].values())}")
        return ledger

    def judge(self, ledger: dict[str, Any], *, frozen: bool = True) -> Counts:
        """What the provider took and did not cancel, against what the ledger says, member by member."""
        self.clock.turn_to(self.clock.now + 5 * MINUTE)  # what still comes late is here then
        counts, found = self.counts, self.ask("arrived")
        copies = Counter(found["copies"])
        counts.batches += len(ledger["batches"])
        counts.faults += found["faults"]
        counts.accepted += found["accepted"]
        counts.cancelled += found["cancelled"]
        counts.arrived += copies.total()
        counts.wrong += found["violations"]
        everybody = {f"m{n}@example.ac.uk" for n in range(self._members + LEFT)}
        if frozen and set(ledger["members"]) != everybody:
            counts.wrong.append("The list does not hold everybody.")
        for email in everybody | set(copies):
            state, reason = ledger["members"].get(email, ["no row", ""])
            counts.members += 1
            counts.doubles += copies[email] > 1
            counts.settled += state == "accepted" and copies[email] == 1
            if state == "unknown":
                counts.unknown += 1
                counts.unknown_arrived += copies[email]
            elif state not in ("accepted", "pending", "claimed"):
                counts.explained += bool(reason)
            if frozen and copies[email] == 0 and 0 not in FATE.get(state, {1}):
                counts.missing += 1
            if frozen and (copies[email] not in FATE.get(state, ()) or (state != "accepted" and not reason)):
                counts.wrong.append(f"{email}: {state} ({reason}), {copies[email]} copies")
        counts.seconds = time.monotonic() - self._began
        return counts
