"""Dates inside the sample's texts: always counted from an issue, never written down."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class Day:
    """A date as the texts write it.

    `{day}` Friday 1 March, `{day:short}` 1 March, `{day:full}` Friday 1 March 2024, `{day:month}` March,
    `{day:year}` 2024.
    """

    date: dt.date

    def __format__(self, form: str) -> str:
        short = f"{self.date.day} {_MONTHS[self.date.month - 1]}"
        long = f"{_WEEKDAYS[self.date.weekday()]} {short}"
        forms = {
            "": long,
            "short": short,
            "full": f"{long} {self.date.year}",
            "month": _MONTHS[self.date.month - 1],
            "year": str(self.date.year),
        }
        return forms[form]


def working_day(issue_date: dt.date, days: int) -> dt.date:
    """`days` after `issue_date`, and the Monday after it where that is a weekend."""
    day = issue_date + dt.timedelta(days=days)
    return day if day.weekday() < 5 else day + dt.timedelta(days=7 - day.weekday())
