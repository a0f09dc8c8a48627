"""Days on which no issue goes out: dates that config names, and a country's public holidays."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holidays import HolidayBase


def check_calendar(name: str) -> None:
    """Whether `name` ("GB", "GB-ENG", ISO 3166-1 with an ISO 3166-2 part) has a calendar; ValueError in words."""
    try:
        _calendar(name)
    except (NotImplementedError, KeyError, AttributeError):
        raise ValueError(
            'expected a country, or a country and a part of it, like "GB-ENG", "US" or "AU-NSW" (ISO 3166)'
        ) from None


def holiday(name: str, day: dt.date) -> str:
    """What public holiday `day` is by the calendar `name`, in English; "" for none, and without a calendar."""
    return str(_calendar(name).get(day, "")) if name else ""


def is_weekend(name: str, day: dt.date) -> bool:
    """Whether `day` is of the weekend there; Saturday and Sunday without a calendar."""
    weekend = _calendar(name).weekend if name else {5, 6}
    return day.weekday() in weekend


@lru_cache(maxsize=4)
def _calendar(name: str) -> HolidayBase:
    import holidays  # takes half a second to load, and most plans have no calendar

    country, _, part = name.upper().partition("-")
    try:
        return holidays.country_holidays(country, subdiv=part or None, language="en_GB")
    except (NotImplementedError, KeyError):
        return holidays.country_holidays(country, subdiv=part or None)
