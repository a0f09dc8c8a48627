"""Reading the issues that another tool made: a folder of files, or a table of titles and addresses. No database.

values.py   what was understood, and what was refused
dates.py    the days that titles, names and tables write
files.py    a file: which issue it is, from its title, its name or its first lines
words.py    what it says: Markdown, with nothing of the person who once received it
table.py    a CSV file: title, date, address
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from digest.archive.earlier.files import SUFFIXES, read_file
from digest.archive.earlier.table import read_table
from digest.archive.earlier.values import EarlierIssue, Unread
from digest.config import Config
from digest.errors import UsageError

__all__ = ["EarlierIssue", "Unread", "read_earlier"]


def read_earlier(config: Config, path: Path, *, now: dt.datetime) -> list[EarlierIssue | Unread]:
    """What `path` holds, in the order of its files or rows. Raises UsageError when it is neither folder nor CSV."""
    if path.is_dir():
        files = sorted(f for f in path.iterdir() if f.suffix.lower() in SUFFIXES and not f.name.startswith("."))
        if not files:
            raise UsageError(
                f"{path} holds no .html, .htm or .txt file.",
                hint="Name the folder in which the issues themselves lie.",
            )
        found: list[EarlierIssue | Unread] = [read_file(config, file, now=now) for file in files]
    elif path.is_file():
        found = read_table(config, path, now=now)
    else:
        raise UsageError(
            f"There is nothing at {path}.", hint="Name a folder of files, or a CSV of title, date and url."
        )
    return [_in_the_past(entry, now) for entry in found]


def _in_the_past(entry: EarlierIssue | Unread, now: dt.datetime) -> EarlierIssue | Unread:
    """A day that has not come yet is a slip of the pen, and would stand above all our own issues for years."""
    if isinstance(entry, EarlierIssue) and entry.date > now.date() + dt.timedelta(days=1):
        return Unread(origin=entry.origin, reason=f"its day, {entry.date}, has not come yet")
    return entry
