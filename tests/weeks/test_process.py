"""The real process over weeks of 28 rings, killed and started again. By hand: `python -m tests.weeks.test_process 30`."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from tests.weeks.process import START, hour

ROOT = Path(__file__).resolve().parents[2]
MEMBERS = 25


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("DIGEST_", "DJANGO_"))}
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.weeks.process", str(folder), *arguments],
            cwd=ROOT,
            env=environ,
            stdout=log,
            stderr=log,
        )


def live(folder: Path, *, weeks: int, seed: int, kills_a_week: float) -> int:
    """Let the weeks pass; how often the process was killed."""
    assert start(folder, str(weeks), str(MEMBERS)).wait(300) == 0, (folder / "log").read_text()
    pick, kills = random.Random(seed), 0
    end = START + weeks * dt.timedelta(weeks=1)
    while (until := hour(folder) + pick.expovariate(kills_a_week) * dt.timedelta(weeks=1)) < end:
        process = start(folder)
        passes(folder, process, until)
        time.sleep(pick.random() / 20)  # anywhere within a ring
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        kills += 1
    # The last one is not killed but told to stop.
    process = start(folder)
    passes(folder, process, max(end, hour(folder) + dt.timedelta(days=1)))  # it has come to its rings, too
    process.send_signal(signal.SIGTERM)
    code = process.wait(120)
    assert code == 0, f"{code}\n{(folder / 'log').read_text()}"
    return kills


def passes(folder: Path, process: subprocess.Popen[bytes], until: dt.datetime) -> None:
    """Wait until it is that hour there."""
    patience = time.monotonic() + 300
    while hour(folder) < until:
        assert process.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < patience, (folder / "log").read_text()
        time.sleep(0.02)


def read(folder: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "digest.sqlite3")) as database:
        return database.execute(query).fetchall()


def wrong(folder: Path) -> list[str]:
    found = []
    issues = read(folder, "SELECT slot, state, reason, id FROM compose_issue WHERE kind = 'weekly' ORDER BY slot")
    *past, _ = issues  # the last one may still be open
    for one, other in pairwise(past):
        days = (dt.date.fromisoformat(str(other[0])) - dt.date.fromisoformat(str(one[0]))).days
        if days != 7:
            found.append(f"{one[0]} is followed by {other[0]}")
    for slot, state, reason, _ in past:
        if state != "sent" and not (state == "skipped" and reason):
            found.append(f"{slot} is {state}: {reason!r}")
    for slot, state, _, pk in past:
        copies = Counter(r for (r,) in read(folder, f"SELECT state FROM deliver_delivery WHERE issue_id = {pk}"))
        if state == "sent" and copies != {"accepted": MEMBERS}:
            found.append(f"{slot}: {dict(copies)}")
    numbers = [n for (n,) in read(folder, "SELECT number FROM compose_number ORDER BY number")]
    if numbers != list(range(int(str(numbers[0])), int(str(numbers[0])) + len(numbers))):
        found.append(f"numbers {numbers}")
    mails = Counter(path.parent.name for path in (folder / "outbox").glob("[0-9]*/*.eml"))
    sent = [slot for slot, state, *_ in issues if state == "sent"]
    if len(sent) < 1 or not set(mails.values()) <= {MEMBERS} or len(mails) < len(sent):
        found.append(f"{len(sent)} sent, mails {dict(mails)}")
    if "Traceback" in (log := (folder / "log").read_text()):
        found.append(log)
    return found


def test_weeks_of_a_process_that_is_killed(tmp_path: Path) -> None:
    assert live(tmp_path, weeks=1, seed=27, kills_a_week=1.5) >= 1
    assert wrong(tmp_path) == []


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="digest-process-") as name:
        kills = live(Path(name), weeks=int(sys.argv[1]), seed=int((*sys.argv, 1)[2]), kills_a_week=2)
        states = Counter(s for (s,) in read(Path(name), "SELECT state FROM compose_issue"))
        print(f"{kills} kills, {dict(states)}")
        for words in wrong(Path(name)):
            print(f"WRONG {words}")
