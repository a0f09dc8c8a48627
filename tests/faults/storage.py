"""Mondays on which the database cannot be written: the disk is full, or somebody else holds it."""

from __future__ import annotations

import random
import sqlite3
import time
from contextlib import closing
from typing import Any

from tests.faults.clock import MINUTE
from tests.faults.monday import Counts, Installations, Monday
from tests.faults.runs import IMPATIENT, end

PAGE = 4096
PATIENT = {"busy": 0.1, "write_again": [0.2] * 100}


def full_disk(
    installations: Installations, seed: int, *, for_good: bool, members: int = 300, batch_size: int = 10
) -> Counts:
    """The disk is full from a random instant of the sending on: until the sender gives up, or for a while."""
    rng = random.Random(seed)
    with Monday(installations, members=members, batch_size=batch_size, latency=0.05) as monday:
        # Room for so many new pages is left from the start; or nothing at all fits any more from some request on.
        narrow = {"more_pages": rng.randrange(10)} if for_good and rng.random() < 0.3 else {}
        sender = monday.senders.start("ring", **narrow, **(IMPATIENT if for_good else PATIENT))
        if not narrow:
            monday.wait_for_requests(rng.randrange(1, 20), sender)
            monday.senders.limit(sender, PAGE)
            if not for_good:
                time.sleep(rng.random())
                monday.senders.limit(sender, None)
        status, answer = monday.senders.wait(sender)
        assert status == 0, f"see {monday.folder / 'log'}"
        check_words(monday, answer)
        go_on(monday)
        return end(monday)


def go_on(monday: Monday) -> None:
    """There is room again, while what nobody can say the fate of can still be taken back."""
    for _ in range(3):
        monday.clock.turn_to(monday.clock.now + 3 * MINUTE)
        monday.ring()


def check_words(monday: Monday, answer: dict[str, Any]) -> None:
    """What a sender that could not write said: that the database is at fault, in words."""
    said = " ".join(answer.get("said", ())) + answer.get("refused", "")
    trouble = ("disk I/O error", "database or disk is full", "database is locked")
    if any(words in said for words in trouble):
        monday.counts.refused += 1
        if "The database cannot be written" not in said and "The database refused" not in said:
            monday.counts.wrong.append(f"unclear: {said}")


def locked(
    installations: Installations, *, seconds: float | None, members: int = 300, batch_size: int = 10, **patience: Any
) -> tuple[Counts, dict[str, Any]]:
    """Somebody holds the database in the middle of the sending: for so long, or (None) until the sender gives up.

    What happened, and what the sender said.
    """
    with Monday(installations, members=members, batch_size=batch_size, latency=0.2) as monday:
        sender = monday.senders.start("ring", **patience)
        monday.wait_for_requests(4, sender)
        with closing(sqlite3.connect(monday.folder / "digest.sqlite3", timeout=30, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            (left,) = other.execute("SELECT COUNT(*) FROM deliver_batch WHERE state = 'pending'").fetchone()
            assert left, "the sender was done before anybody could hold the database"
            if seconds is None:
                _, answer = monday.senders.wait(sender)
                other.execute("ROLLBACK")
            else:
                time.sleep(seconds)
                other.execute("ROLLBACK")
                _, answer = monday.senders.wait(sender)
        check_words(monday, answer)
        go_on(monday)
        return end(monday), answer
