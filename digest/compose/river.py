"""The river, decided: where an entry stands in it, and how a place in it is written in an address. Pure."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from digest.gather.values import DateQuality

LONGEST_CATEGORY = 100
_CURSOR = re.compile(r"([0-9]{1,17})-([0-9]{1,15})")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Cursor:
    """A place between two entries: just beside `entry`, which stands at the instant `at`."""

    at: dt.datetime
    entry: int

    def __str__(self) -> str:
        """`1707721200000000-123`: microseconds since 1970, and the entry."""
        return f"{(self.at - _EPOCH) // _MICROSECOND}-{self.entry}"


def cursor_of(text: str) -> Cursor | None:
    """The place that an address names; None where it names none."""
    found = _CURSOR.fullmatch(text)
    if found is None:
        return None
    try:
        return Cursor(at=_EPOCH + int(found[1]) * _MICROSECOND, entry=int(found[2]))
    except OverflowError:
        return None


def stands_at(published: dt.datetime | None, quality: DateQuality, first_seen: dt.datetime) -> dt.datetime:
    """The instant under which an entry is listed: its publication, where that can be believed.

    What says it comes from the future stands where it was first seen; so does an event, whose feed gives the date
    on which it takes place.
    """
    believed = quality in (DateQuality.EXACT, DateQuality.GUESSED)
    return published if believed and published is not None and published <= first_seen else first_seen


def category_key(name: str) -> str:
    """By what a category is known, however it is written."""
    return " ".join(name.casefold().split())[:LONGEST_CATEGORY].strip()


def ago(at: dt.datetime, now: dt.datetime) -> str:
    """`just now`, `12 minutes ago`, `3 hours ago`; "" for what is a day old, or not yet there."""
    minutes = (now - at) // dt.timedelta(minutes=1)
    if minutes < 0 or minutes >= 24 * 60:
        return ""
    if minutes == 0:
        return "just now"
    number, unit = (minutes, "minute") if minutes < 60 else (minutes // 60, "hour")
    return f"{number} {unit}{'' if number == 1 else 's'} ago"
