"""The long form: `python -m tests.weeks [SEED]` (or `make weeks`) lets two years pass in each of six zones."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.weeks.associations import PLANS, START, config_of

WEEKS = 104


def years(zone: str, seed: int, weeks: int) -> int:
    """Two years in one zone, in this process; exit 1 when anything was wrong."""
    with tempfile.TemporaryDirectory(prefix="digest-weeks-") as name:
        folder = Path(name)
        config_of(folder, zone)
        from digest.site.boot import boot

        config, keys = boot(folder / "config.toml")
        from digest.installation.models import Installation
        from digest.members.roll import import_bytes
        from tests.weeks.verdict import summary, verdict
        from tests.weeks.world import World

        Installation.objects.filter(pk=1).update(created_at=START)
        import_bytes(b"email\nada@example.org\nben@example.org\n", name="m.csv", keys=keys, now=START, actor="test")
        begun = time.monotonic(), time.process_time()
        world = World(config, keys, start=START, weeks=weeks, seed=seed)
        world.live()
        spent = time.monotonic() - begun[0], time.process_time() - begun[1]
        wrong = verdict(world)
        print(
            f"{zone}, seed {seed}: {summary(world)}, {spent[0]:.0f} s ({spent[1]:.0f} s of the processor)", flush=True
        )
        for words in wrong:
            print(f"  WRONG {words}", flush=True)
        return 1 if wrong else 0


def main(seed: int) -> int:
    begun, bad, waiting = dt.datetime.now(dt.UTC), 0, list(PLANS)
    under_way: list[subprocess.Popen[bytes]] = []
    while waiting or under_way:
        while waiting and len(under_way) < 2:
            under_way.append(subprocess.Popen([sys.executable, "-m", "tests.weeks", str(seed), waiting.pop(0)]))
        done = under_way.pop(0)
        bad += done.wait() != 0
    print(f"All: {(dt.datetime.now(dt.UTC) - begun).total_seconds():.0f} s, {bad} of {len(PLANS)} zones wrong.")
    return 1 if bad else 0


if __name__ == "__main__":
    given = sys.argv[1:]
    number = int(given[0]) if given else 1
    if len(given) < 2:
        sys.exit(main(number))
    sys.exit(years(given[1], number, int(given[2]) if len(given) > 2 else WEEKS))
