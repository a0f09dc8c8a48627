"""The days that titles, file names and tables write: `05 Feb 2024`, `2024-02-05`, `February 5th, 2024`, `5.2.24`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from digest.gather.dates import read_date

_YEAR = r"((?:19|20)\d\d)"
_ISO = re.compile(rf"(?<!\d){_YEAR}([-./_ ]?)(\d\d)\2(\d\d)(?!\d)")
_DAY_FIRST = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)?[\s.,_-]+(?:of\s+)?([^\W\d_]{{3,12}})\.?[\s.,_-]+({_YEAR}|\d\d)(?!\d)"
)
_MONTH_FIRST = re.compile(rf"([^\W\d_]{{3,12}})\.?[\s_]+(\d{{1,2}})(?:st|nd|rd|th)?,?[\s_]+{_YEAR}(?!\d)")
_DIGITS = re.compile(rf"(?<!\d)(\d{{1,2}})([./-])(\d{{1,2}})\2({_YEAR}|\d\d)(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day, and where in the text it is written."""

    date: dt.date
    start: int
    end: int


def find_day(text: str, *, now: dt.datetime) -> Day | None:
    """The first day that `text` names. Digits alone are read year first (2024-02-05) or day first (05/02/2024)."""
    return min(_days(text, now), key=lambda day: (day.start, -day.end), default=None)


def _days(text: str, now: dt.datetime) -> Iterator[Day]:
    for found in _ISO.finditer(text):
        yield from _day(found, found[1], found[3], found[4])
    for found in _DIGITS.finditer(text):
        yield from _day(found, found[4], found[3], found[1])
    for pattern, order in ((_DAY_FIRST, (1, 2, 3)), (_MONTH_FIRST, (2, 1, 3))):
        for found in pattern.finditer(text):
            day, month, year = (found[group] for group in order)
            # Months in other languages are known there.
            instant, _ = read_date(f"{day} {month} {year}", zone=dt.UTC, now=now)
            if instant is not None:
                yield Day(date=instant.date(), start=found.start(), end=found.end())


def _day(found: re.Match[str], year: str, month: str, day: str) -> Iterator[Day]:
    century = "" if len(year) == 4 else "20" if int(year) < 50 else "19"
    try:
        date = dt.date(int(century + year), int(month), int(day))
    except ValueError:
        return
    yield Day(date=date, start=found.start(), end=found.end())
