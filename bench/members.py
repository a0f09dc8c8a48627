"""Bringing a roll in: rows a second, peak memory, and how long nobody else could write.

`python -m bench members` does 100,000 rows; `python -m bench.members 1000000` any number. Each stage runs in a
process of its own, so that peak memory is that of the work. The lock is measured from outside: a second connection
asks for the write lock all the time and keeps the longest wait.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

CONFIG = """
[association]
name = "Bench"
postal_address = "1 Bench Street"
[digest]
anchor = { number = 736, date = 2024-02-12 }
[[sections]]
id = "news"
title = "News"
"""

OPEN = """
import datetime as dt, resource, sqlite3, sys, threading, time
from pathlib import Path
from digest.site.boot import boot
config, keys = boot(Path(sys.argv[1]))
NOW = dt.datetime(2024, 2, 12, 9, tzinfo=dt.UTC)
"""
ROLL = (
    OPEN
    + """
from digest.members import apply as applying
from digest.members.opening import opened_file
from digest.members.roll import compare
path, whole = Path(sys.argv[2]), sys.argv[3] == "sync"
waits, done = [0.0], threading.Event()
def ask():
    other = sqlite3.connect(config.under_root(Path(config.storage.database)), isolation_level=None, timeout=120)
    while not done.is_set():
        began = time.perf_counter()
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
        waits[0] = max(waits[0], time.perf_counter() - began)
        time.sleep(0.01)
    other.close()
real, locked = applying._lock, []
def lock():
    real()
    locked.append(time.process_time())
applying._lock = lock
asking = threading.Thread(target=ask)
asking.start()
began, worked = time.perf_counter(), time.process_time()
with opened_file(path) as file, compare(file, name=path.name, keys=keys, whole=whole) as comparison:
    seen = time.perf_counter()
    comparison.apply(now=NOW, actor="bench", yes_drop=True)
    locked.append(time.process_time())
ended, worked = time.perf_counter(), time.process_time() - worked
done.set()
asking.join()
print(ended - began, seen - began, worked, waits[0], locked[1] - locked[0])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
assert comparison.counts["refused"] == 0
"""
)


def write_roll(path: Path, members: int, *, start: int = 0) -> None:
    """A roll of invented people: plain addresses, one in a hundred in capitals, names with letters of all kinds."""
    given = ["Ada", "Zoë", "Łukasz", "Mary Ann", "José", "Ørjan", "Wei", "O'Neill"]
    with path.open("w", encoding="utf-8", newline="\r\n") as file:
        file.write("Email Address,First Name,Last Name,Organisation\n")
        for number in range(start, start + members):
            address = f"member.number{number}@college{number % 997}.example"
            shown = address.upper() if number % 100 == 0 else address
            file.write(f'{shown},{given[number % 8]},"Surname {number % 5000}",College {number % 997}\n')


def run(config: Path, roll: Path, kind: str) -> list[float]:
    """Seconds in all, seconds until the difference stood, and of the processor; the longest wait for the lock, and
    seconds of the processor under it; MB."""
    command = [sys.executable, "-c", ROLL, str(config), str(roll), kind]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return [float(figure) for figure in done.stdout.split()]


def main(members: int = 100_000) -> None:
    """Print the figures, each beside its target."""
    with tempfile.TemporaryDirectory() as name:
        config = Path(name) / "config.toml"
        config.write_text(CONFIG, encoding="utf-8")
        roll, other = Path(name) / "roll.csv", Path(name) / "other.csv"
        write_roll(roll, members)
        write_roll(other, members, start=members // 20)  # a twentieth left, a twentieth came
        for stage, path, kind in (("new", roll, "import"), ("again", roll, "import"), ("sync", other, "sync")):
            total, seen, worked, wait, held, memory = run(config, path, kind)
            print(f"members  {stage:5} {members:,} rows {total:6.2f} s ({seen:.2f} to the difference, ", end="")
            print(f"{worked:.2f} of the processor), {members / total:,.0f} a second (at least 20,000), ", end="")
            print(f"write lock {wait:.2f} s ({held:.2f} of the processor; ", end="")
            print(f"at most {5 * members / 1e6:.2f}), {memory:.0f} MB (at most 300)")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
