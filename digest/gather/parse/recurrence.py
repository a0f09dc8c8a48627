"""When an event that recurs takes place next (RFC 5545, 3.8.5): RRULE and RDATE, less EXDATE.

Counted in wall time, so that 18:00 stays 18:00 when the clocks change.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from typing import Any

MOST = 20_000  # occurrences that are counted through: fifty years of days
_PARTS = {
    *("FREQ", "UNTIL", "COUNT", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS"),
    "WKST",
}
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

Start = dt.date | dt.datetime


def next_start(
    event: Any, first: Start, length: dt.timedelta, *, floating: dt.tzinfo, now: dt.datetime, moved: Iterable[Start]
) -> Start | None:
    """The first occurrence that is not over at `now`, of the kind (day or instant) and in the zone of `first`.

    When all are over: the last. When the rule cannot be followed: `first`. None when no occurrence is left.
    """
    zone = first.tzinfo if isinstance(first, dt.datetime) and first.tzinfo else floating
    is_day = not isinstance(first, dt.datetime)
    taken = {_wall(start, zone) for start in (*_dates(event, "EXDATE"), *moved)}
    takes = length or (dt.timedelta(days=1) if is_day else dt.timedelta())
    local_now = now.astimezone(zone).replace(tzinfo=None)
    last: dt.datetime | None = None
    for start in _occurrences(event, _wall(first, zone), zone):
        if start in taken:
            continue
        last = start
        if start + takes > local_now:
            break
    if last is None:
        return None
    if is_day:
        return last.date()
    return last.replace(tzinfo=first.tzinfo if isinstance(first, dt.datetime) else None)


def _occurrences(event: Any, first: dt.datetime, zone: dt.tzinfo) -> Iterator[dt.datetime]:
    """In order, the first included."""
    from heapq import merge

    from dateutil.rrule import rrulestr

    given = event.get("RRULE", [])
    rules: list[Iterable[dt.datetime]] = []
    for rule in (given if isinstance(given, list) else [given])[:5]:
        text = _readable(rule.to_ical().decode("ascii", "replace"), zone)
        try:
            rules.append(rrulestr(text, dtstart=first) if text else [])
        except (ValueError, TypeError):
            continue
    extra = sorted({first, *(_wall(start, zone) for start in _dates(event, "RDATE"))})
    before: dt.datetime | None = None
    for count, start in enumerate(merge(extra, *rules)):
        if count >= MOST:
            return
        if start != before:
            yield start
        before = start


def _readable(rule: str, zone: dt.tzinfo) -> str:
    """The rule in wall time; "" for one that is no calendar's, or whose days never come.

    What recurs within a day is no event for a digest; a day like 30 February would be looked for to the end of time.
    """
    parts = dict(part.upper().partition("=")[::2] for part in rule.split(";") if "=" in part)
    if parts.get("FREQ") not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY") or not set(parts) <= _PARTS | {"BYHOUR"}:
        return ""
    if "BYHOUR" in parts or ("BYSETPOS" in parts and parts["FREQ"] in ("DAILY", "WEEKLY")):
        return ""
    months = [int(m) for m in parts.get("BYMONTH", "").split(",") if m.isdigit() and 1 <= int(m) <= 12]
    days = [int(d) for d in parts.get("BYMONTHDAY", "").split(",") if re.fullmatch(r"[+-]?\d{1,2}", d)]
    longest = max((_LONGEST[month - 1] for month in months), default=31)
    if days and min(abs(day) for day in days) > longest:
        return ""
    if parts.get("UNTIL", "").endswith("Z"):
        until = dt.datetime.strptime(parts["UNTIL"], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC).astimezone(zone)
        parts["UNTIL"] = f"{until:%Y%m%dT%H%M%S}"
    elif re.fullmatch(r"\d{8}", parts.get("UNTIL", "")):
        parts["UNTIL"] += "T235959"
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _dates(event: Any, name: str) -> Iterator[Start]:
    given = event.get(name, [])
    for each in given if isinstance(given, list) else [given]:
        for value in getattr(each, "dts", []):
            if isinstance(value.dt, dt.date):  # an instant is one too; a period is left out
                yield value.dt


def _wall(start: Start, zone: dt.tzinfo) -> dt.datetime:
    if not isinstance(start, dt.datetime):
        return dt.datetime.combine(start, dt.time())
    return (start.astimezone(zone) if start.tzinfo else start).replace(tzinfo=None)
