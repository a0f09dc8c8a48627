"""A time of day as people write it beside a date: "12.00pm - 1.00pm", "14h30", "2-3pm GMT"."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from dataclasses import dataclass

from digest.gather.dates import ZONES, zone_of

_WORD = r"[^\W\d_]{3,12}\.?"
_TIME = r"(\d{1,2})(?:\s?([:.h])\s?([0-5]\d))?\s*([ap]\.?m\b\.?|Uhr\b|h\b(?!\w))?"
_RANGE = rf"{_TIME}(?:\s*(?:-|–|—|to|until|till|bis|à|au|til)\s*{_TIME})?"
_ZONE = r"(?:\s*\(?\s*(UK time|London time|(?-i:(?:UTC|GMT)\s?[+-]\d{1,2}|[A-Z]{1,4}T|UTC|Z|MSK|MEZ|MESZ))\b)?"
_TIME_AFTER = re.compile(
    r"^[\s,;:|()–—-]{0,5}(?:(?:time|uhrzeit|heure|hora|ora)s?\s*:\s*)?"
    r"(?:(?:at|from|@|um|ab|von|à|dès|kl\.?|klo|om|alle(?:\s+ore)?|ore|a\s+las|às|as|в|о|o)\s+)?" + _RANGE + _ZONE,
    re.IGNORECASE,
)
_TIME_BEFORE = re.compile(
    r"(?<![\d.:,/£$€-])" + _RANGE + _ZONE + rf"[\s,|(–-]{{0,3}}(?:on\s+)?(?:{_WORD},?\s+)?(?:the\s+)?$", re.IGNORECASE
)
_NOON = re.compile(r"\b(?:12\s*)?(?:noon|midday)\b", re.IGNORECASE)
_AMERICAN = {"ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver", "PT": "America/Los_Angeles"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A time of day, until when, and in which zone (None: the association's)."""

    start: dt.time
    end: dt.time | None
    zone: dt.tzinfo | None
    zone_name: str = ""


def read_clock(before: str, behind: str) -> Clock | None:
    """The time that stands right behind a day, else right before it; None when there is none that is certain."""
    found = _TIME_AFTER.match(behind)
    clock = _read_clock(found) if found else None
    if clock is None and (found := _TIME_BEFORE.search(before)):
        clock = _read_clock(found)
    if clock is None and _NOON.match(behind.lstrip(" ,at")):
        return Clock(start=dt.time(12), end=None, zone=None)
    return clock


def _read_clock(found: re.Match[str]) -> Clock | None:
    hour, mark, minute, half, hour2, mark2, minute2, half2, zone = found.groups()
    if not (mark or half or mark2 or half2):
        return None  # a number is no time
    start, end = _time(hour, minute, half), _time(hour2, minute2, half2) if hour2 else None
    if start is None or (hour2 and end is None):
        return None
    if end is not None and half2 and not half and start.hour <= 12:
        # "2-3pm" is two in the afternoon, "11-1pm" eleven in the morning.
        later = start.replace(hour=start.hour % 12 + (12 if half2.lower().startswith("p") else 0))
        start = later if later < end else start
    if zone is None:
        return Clock(start=start, end=end, zone=None)
    stated = _zone(zone)
    return Clock(start=start, end=end, zone=stated[0], zone_name=stated[1]) if stated else None


def _time(hour: str, minute: str | None, half: str | None) -> dt.time | None:
    number = int(hour)
    if half and half[0].lower() in "ap" and half.lower() != "h":
        if not 1 <= number <= 12:
            return dt.time(number, int(minute or 0)) if 12 < number < 24 else None
        number = number % 12 + (12 if half[0].lower() == "p" else 0)
    return dt.time(number, int(minute or 0)) if number < 24 else None


def _zone(name: str) -> tuple[dt.tzinfo, str] | None:
    """The zone and, where it is one place's, its name; None for letters with no or several meanings."""
    name = name.strip()
    if name.lower() in ("uk time", "london time"):
        return zoneinfo.ZoneInfo("Europe/London"), "Europe/London"
    if found := re.fullmatch(r"(?:UTC|GMT)\s?([+-]\d{1,2})", name, re.IGNORECASE):
        hours = int(found[1])
        return (dt.timezone(dt.timedelta(hours=hours)), "") if abs(hours) <= 14 else None
    if american := _AMERICAN.get(name.upper()):
        return zone_of(american), american
    minutes = ZONES.get(name.upper())
    return (dt.timezone(dt.timedelta(minutes=minutes)), "") if minutes is not None else None
