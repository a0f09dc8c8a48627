"""Dates and times as people read them, in the issue's language and zone.

Digits are Latin in every language, as Babel writes them: an issue's number, its times and its addresses then agree.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time, get_timezone_name

from digest.gather.document import EventTime

_DASH = "\u2013"
_TIED = "\u00a0"  # keeps a time with its zone, and a day with its month
_NAMED = re.compile(r"[^\W\d_]{2,6}")
# British usage, which CLDR writes with a comma after the weekday.
_ENGLISH = {
    "yMMMEd": "EEE d MMM y",
    "MMMEd": "EEE d MMM",
    "yMMMMEEEEd": "EEEE d MMMM y",
    "MMMd": "d MMM",
    "yMMMd": "d MMM y",
}


@lru_cache(maxsize=16)
def locale_of(language: str) -> Locale:
    """The locale of an IETF language tag; its language alone, or British English, where it is unknown."""
    for tag in (language, language.partition("-")[0]):
        try:
            return Locale.parse(tag.replace("-", "_"))
        except (UnknownLocaleError, ValueError, TypeError):
            continue
    return Locale("en", "GB")


def zone_of(name: str, fallback: str = "UTC") -> zoneinfo.ZoneInfo:
    """The zone `name`; the fallback when a feed named one that nobody knows."""
    for candidate in (name, fallback):
        try:
            return zoneinfo.ZoneInfo(candidate)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return zoneinfo.ZoneInfo("UTC")


def full_date(day: dt.date, locale: Locale) -> str:
    """`Monday 12 February 2024`."""
    return _skeleton("yMMMMEEEEd", day, locale) if locale.language == "en" else format_date(day, "full", locale)


def weekday_date(day: dt.date, locale: Locale) -> str:
    """`Mon 12 Feb 2024`."""
    return _skeleton("yMMMEd", day, locale)


def short_date(day: dt.date, locale: Locale, *, beside: dt.date) -> str:
    """`9 Feb`; with its year when that is not the year of `beside`."""
    return _skeleton("MMMd" if day.year == beside.year else "yMMMd", day, locale).replace(" ", _TIED)


def day_and_month(day: dt.date, locale: Locale) -> tuple[str, str]:
    """For a date block: ("13", "Feb")."""
    # Not "LLL": Babel 2.18 keeps what an alias led to in the data all languages share, and a French issue that is
    # rendered after a Japanese one would have Japanese months.
    return format_date(day, "d", locale), format_date(day, "MMM", locale)


def event_days(event: EventTime, zone: str) -> tuple[dt.date, dt.date]:
    """First and last local day. The end of an all-day event is exclusive, as in iCalendar (RFC 5545, 3.6.1)."""
    tz = zone_of(event.zone, zone)
    start = event.start.astimezone(tz)
    end = (event.end or event.start).astimezone(tz)
    if event.all_day and end > start:
        end -= dt.timedelta(microseconds=1)
    return start.date(), max(start, end).date()


def event_when(event: EventTime, zone: str, locale: Locale) -> str:
    """`Tue 13 Feb 2024, 12:00–13:00 GMT`; `Tue 13 Feb – Thu 15 Feb 2024` for whole days.

    Shown in the event's own zone, else in `zone`, with the zone's name as it is on that day.
    """
    first, last = event_days(event, zone)
    opening, closing = _span(first, last, locale)
    if event.all_day:
        return opening if first == last else f"{opening} {_DASH} {closing}"
    tz = zone_of(event.zone, zone)
    start = event.start.astimezone(tz)
    begin, name = _clock(start, locale), zone_name(start, locale)
    if event.end is None or event.end <= event.start:
        return _joined(opening, f"{begin}{_TIED}{name}", locale)
    end = event.end.astimezone(tz)
    finish, other = _clock(end, locale), zone_name(end, locale)
    changed = f"{_TIED}{name}" if other != name else ""  # the clocks change during the event
    if first == last:
        return _joined(opening, f"{begin}{changed}{_DASH}{finish}{_TIED}{other}", locale)
    ends = _joined(closing, f"{finish}{_TIED}{other}", locale)
    return f"{_joined(opening, f'{begin}{changed}', locale)} {_DASH} {ends}"


def zone_name(instant: dt.datetime, locale: Locale) -> str:
    """`GMT`, `BST`, `CET`: what people call the zone on that day; `UTC+5:30` where they have no word for it."""
    for name in (get_timezone_name(instant, width="short", locale=locale), instant.tzname() or ""):
        if _NAMED.fullmatch(name):
            return name
    minutes = round((instant.utcoffset() or dt.timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "")


def _span(first: dt.date, last: dt.date, locale: Locale) -> tuple[str, str]:
    """The first and the last day; the year once where it is the same: where the language has it, at end or start."""
    whole = weekday_date(first, locale), weekday_date(last, locale)
    if first == last or first.year != last.year:
        return whole
    if whole[0].startswith(str(first.year)):
        return whole[0], _skeleton("MMMEd", last, locale)
    return _skeleton("MMMEd", first, locale), whole[1]


def _joined(day: str, time: str, locale: Locale) -> str:
    """`Tue 13 Feb 2024, 12:00`: with what the language puts between a day and a time."""
    return str(locale.datetime_formats["medium"]).format(time, day)


def _clock(instant: dt.datetime, locale: Locale) -> str:
    return format_time(instant.timetz().replace(tzinfo=None), "short", locale=locale)


def _skeleton(skeleton: str, day: dt.date, locale: Locale) -> str:
    if locale.language == "en" and skeleton in _ENGLISH:
        return format_date(day, _ENGLISH[skeleton], locale)
    if skeleton == "yMMMMEEEEd":
        return format_date(day, "full", locale)
    return format_skeleton(skeleton, dt.datetime.combine(day, dt.time()), locale=locale)
