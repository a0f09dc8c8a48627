"""The long form: `python -m tests.faults` (or `make faults`) goes on until it has its batches, kills and rivals."""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from tests.faults.monday import Counts, Installations
from tests.faults.runs import mixed, rivals
from tests.faults.storage import full_disk, locked

BATCHES, FAULTS, KILLS, RIVALS = 2_000, 2_000, 200, 50
FULL_DISKS, LOCKED_FOR = 20, 60  # Mondays; seconds
MEMBERS = 5_000
AT_ONCE = 2
MOST_WORDS = 20  # of what was wrong with one Monday: when all is, all members say so


def repeat(name: str, one: Callable[[int], Counts], enough: Callable[[Counts], bool], seed: int) -> Counts:
    """Mondays of one kind, until there are enough; their sum. Each is printed, and what was wrong with it."""
    total, seeds = Counts(), itertools.count(seed)
    under_way: dict[Future[Counts], int] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while under_way or not enough(total):
            while len(under_way) < AT_ONCE and not enough(total):
                number = next(seeds)
                under_way[pool.submit(one, number)] = number
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                number, counts = under_way.pop(future), future.result()
                print(f"{name} {number}: {counts}", flush=True)
                for words in counts.wrong[:MOST_WORDS]:
                    print(f"  WRONG {words}", flush=True)
                total.add(counts)
    print(f"{name}, all: {total}", flush=True)
    return total


def main(seed: int = 1_000) -> int:
    """Exit 1 when anything was wrong."""
    with tempfile.TemporaryDirectory(prefix="digest-faults-") as name:
        installations = Installations(Path(name))
        counts = [
            repeat(
                "mixed",
                lambda number: mixed(installations, number, members=MEMBERS, batch_size=20, kills=8),
                lambda done: done.batches > BATCHES and done.faults > FAULTS and done.kills >= KILLS,
                seed,
            ),
            repeat(
                "rivals",
                lambda number: rivals(installations, number, members=500, batch_size=10),
                lambda done: done.mondays >= RIVALS,
                seed,
            ),
            repeat(
                "full disk",
                lambda number: full_disk(installations, number, for_good=number % 2 == 0),
                lambda done: done.mondays >= FULL_DISKS,
                seed,
            ),
            repeat(
                f"locked for {LOCKED_FOR} s",
                lambda number: locked(installations, seconds=LOCKED_FOR)[0],
                lambda done: done.mondays >= 1,
                seed,
            ),
        ]
    total = Counts()
    for each in counts:
        total.add(each)
    print(f"all: {total}\nwrong: {len(total.wrong)}", flush=True)
    return 1 if total.wrong else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
