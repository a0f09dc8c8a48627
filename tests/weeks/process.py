"""The real clock in a process of its own, in which a week takes 28 rings: `python -m tests.weeks.process FOLDER`.

Nothing else is changed: feeds are read, issues rendered, approved by themselves, sent and published.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

STEP = dt.timedelta(hours=6)
START = dt.datetime(2024, 3, 20, 12, 0, tzinfo=dt.UTC)
CONFIG = """
[association]
name = "Test Association"
postal_address = "1 Test Street, Testford TE1 1ST"
zone = "Europe/London"
[digest]
anchor = { number = 736, date = 2024-02-12 }
[web]
base_url = "http://127.0.0.1:8000"
[plan]
gather = []
approval = "automatic"
grace_minutes = 1440
holidays = "GB-ENG"
[[sections]]
id = "news"
title = "News"
[[sources]]
id = "news"
title = "The News"
path = "news.xml"
"""


def hour(folder: Path) -> dt.datetime:
    """The hour in that folder's world."""
    try:
        return dt.datetime.fromisoformat((folder / "hour").read_text(encoding="ascii"))
    except FileNotFoundError:
        return START


def next_hour(folder: Path) -> dt.datetime:
    """Each ring comes some hours after the last one, whichever process rang that, and however busy the machine is."""
    now = hour(folder) + STEP
    part = folder / "hour.part"
    part.write_text(now.isoformat(), encoding="ascii")
    part.replace(folder / "hour")
    return now


def prepare(folder: Path, *, weeks: int, members: int) -> None:
    """An association with a story each day, and its members."""
    from email.utils import format_datetime

    (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
    days = [START + day * dt.timedelta(days=1) for day in range(-7, 7 * weeks + 14)]
    items = "".join(
        f"<item><title>Story of {day:%d %B %Y}</title><link>https://news.example/{day:%Y%m%d}</link>"
        f"<guid isPermaLink='false'>{day:%Y%m%d}</guid><pubDate>{format_datetime(day)}</pubDate></item>"
        for day in days
    )
    (folder / "news.xml").write_text(
        f"<?xml version='1.0'?><rss version='2.0'><channel><title>News</title>{items}</channel></rss>",
        encoding="utf-8",
    )
    from digest.site.boot import boot

    _, keys = boot(folder / "config.toml")
    from digest.installation.models import Installation
    from digest.members.roll import import_bytes

    rows = "".join(f"member{number}@example.org\n" for number in range(members))
    import_bytes(f"email\n{rows}".encode(), name="m.csv", keys=keys, now=START, actor="test")
    Installation.objects.filter(pk=1).update(created_at=START)


def main(folder: Path, *arguments: str) -> None:
    if arguments:
        prepare(folder, weeks=int(arguments[0]), members=int(arguments[1]))
        return
    from digest.site.boot import boot

    boot(folder / "config.toml")
    from digest import cli, schedule

    here: Any = schedule
    here._now = lambda: next_hour(folder)
    here.TICK_SECONDS = 0.2
    cli.main(["clock", "--config", str(folder / "config.toml")])


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
