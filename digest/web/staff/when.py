"""Instants in words: wall time of the association's zone, and how far away it is."""

from __future__ import annotations

import datetime as dt

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


def long_time(instant: dt.datetime, tz: dt.tzinfo) -> str:
    """`Monday 12 February, 07:00`."""
    local = instant.astimezone(tz)
    return f"{local:%A} {local.day} {local:%B}, {local:%H:%M}"


def short_time(instant: dt.datetime, tz: dt.tzinfo) -> str:
    """`Mon 12 Feb, 07:00`."""
    local = instant.astimezone(tz)
    return f"{local:%a} {local.day} {local:%b}, {local:%H:%M}"


def distance(instant: dt.datetime, now: dt.datetime) -> str:
    """`in 2 days and 4 hours`, `35 minutes ago`, `now`: the two largest units, rounded down."""
    seconds = round((instant - now).total_seconds())
    if abs(seconds) < _MINUTE:
        return "now"
    span = _span(abs(seconds))
    return f"in {span}" if seconds > 0 else f"{span} ago"


def _span(seconds: int) -> str:
    days, rest = divmod(seconds, _DAY)
    hours, rest = divmod(rest, _HOUR)
    minutes = rest // _MINUTE
    pairs = [(days, "day"), (hours, "hour")] if days else [(hours, "hour"), (minutes, "minute")]
    return " and ".join(count(n, unit) for n, unit in pairs if n)


def count(n: int, one: str, many: str = "") -> str:
    """`1 item`, `2 items`, `1,204 items`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"
