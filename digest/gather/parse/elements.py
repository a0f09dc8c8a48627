"""The elements of an entry as feedparser keeps them, and what calendars of all kinds state in theirs."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

from digest.gather.dates import is_date_only
from digest.gather.parse.events import RawEvent

_NO_EVENT = RawEvent()
# The fields of calendars, whatever namespace their publishing system made up for them.
_STARTS = re.compile(
    r"(?:^|_)(?:start(?:_?date(?:_?time)?|_?time|_?at)?|dtstart|date_?(?:from|start)|begin_?date|event_?date|when)$"
)
_ENDS = re.compile(r"(?:^|_)(?:end(?:_?date(?:_?time)?|_?time|_?at)?|dtend|date_?(?:to|until|end)|finish_?date)$")
_START_HOURS = re.compile(r"(?:^|_)(?:start_?(?:hour|time)|(?:hour|time)_?from)$")
_END_HOURS = re.compile(r"(?:^|_)(?:end_?(?:hour|time)|(?:hour|time)_?to)$")
_PLACES = re.compile(r"(?:^|_)(?:location|venue|place|where)$")
_ZONES = re.compile(r"(?:^|_)(?:time_?zone|tzid)$")
_NAMES_A_DAY = re.compile(r"\d{4}|\d\D{1,2}\d{1,2}\D{1,2}\d\d|\d.{0,3}[^\W\d]{3}")
_HOUR = re.compile(r"(\d{1,2})(?:[:.h](\d{2})(?::\d{2})?)?\s*([ap])?\.?(?:m\.?)?", re.IGNORECASE)


def text_of(values: Any, key: str) -> str:
    """A field as text. `dict.get` on purpose: feedparser's own would answer for keys that are not there."""
    value = dict.get(values, key, "")
    return value if isinstance(value, str) else ""


def first_of(values: Any, *keys: str) -> str:
    for key in keys:
        value = dict.get(values, key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, dict):  # an element with attributes: feedparser keeps those and not the text
            for name in ("starttime", "valuestring", "value", "content", "resource", "rdf:resource"):
                if isinstance(value.get(name), str):
                    return str(value[name]).strip()
    return ""


def event_of(entry: Any) -> RawEvent:
    """When and where it takes place: RSS's own event module, xCal, what calendars for publishing systems write."""
    day = _day(entry, _STARTS)
    if not day:
        return _NO_EVENT
    until = _hour(first_of(entry, *filter(_END_HOURS.search, entry)))
    last = _day(entry, _ENDS) or (day if until and is_date_only(day) else "")
    return RawEvent(
        start=_with_hour(day, _hour(first_of(entry, *filter(_START_HOURS.search, entry)))),
        end=_with_hour(last, until),
        place=_place(first_of(entry, *filter(_PLACES.search, entry))),
        zone=first_of(entry, *filter(_ZONES.search, entry)),
    )


def _day(entry: Any, names: re.Pattern[str]) -> str:
    fields = (first_of(entry, key) for key in _named(names, tuple(entry)))
    return next((field for field in fields if _NAMES_A_DAY.search(field)), "")


@lru_cache(maxsize=256)
def _named(names: re.Pattern[str], keys: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `keys` that `names` finds; the entries of a feed have mostly the same ones."""
    return tuple(filter(names.search, keys))


def _hour(field: str) -> str:
    """A time of day as `20:00` or `8:00 pm`; "" for what is none."""
    found = _HOUR.fullmatch(field)
    if not found or not (found[2] or found[3]):
        return ""
    return f"{found[1]}:{found[2] or '00'} {found[3] + 'm' if found[3] else ''}".strip()


def _with_hour(day: str, hour: str) -> str:
    """The day, and the hour where a field of its own holds it."""
    return f"{day} {hour}" if day and hour and is_date_only(day) else day


def _place(place: str) -> str:
    """Some calendars write a place as they would write it into an address."""
    return unquote_plus(place) if "%" in place and " " not in place else place
