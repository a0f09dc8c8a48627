"""What reading an earlier issue comes to."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

HIGHEST = 999_999  # what a title's pattern reads as a number


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierIssue:
    """One earlier issue: its words, or the address where it stands. `markdown` is empty for the latter."""

    origin: str  # the file's name, or "row 7"
    number: int
    date: dt.date
    title: str
    markdown: str = ""
    url: str = ""
    left_out: int = 0  # links and lines that were the recipient's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A file or row that was refused, and why."""

    origin: str
    reason: str
