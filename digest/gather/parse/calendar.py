"""iCalendar (RFC 5545, RFC 7986): each event is an entry; of one that recurs, its next occurrence."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from digest.gather.clean.html import looks_like_html, picture
from digest.gather.clean.text import one_line
from digest.gather.dates import FIRST_YEAR, YEARS_AHEAD, zone_of
from digest.gather.document import EventTime, Image
from digest.gather.parse.entry import FeedFacts, Markup, RawEntry, build_entries
from digest.gather.parse.events import MAX_PLACE, is_online
from digest.gather.parse.recurrence import next_start
from digest.gather.values import ParsedFeed, Reading, Refused

PAST = dt.timedelta(days=366)  # calendars keep their events for ever ...
KEPT_WHOLE = 100  # ... so of one with more than this many, those that ended earlier are left out
_EVENT = re.compile(r"^BEGIN:VEVENT\s*$.*?^END:VEVENT\s*$", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_FOLD = re.compile(r"\r?\n[ \t]")
_BROKEN = (ValueError, KeyError, IndexError, AttributeError, TypeError, OverflowError)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dated:
    """An entry to be, with the instants by which it is chosen."""

    start: dt.datetime
    end: dt.datetime
    entry: RawEntry


def parse(text: str, reading: Reading) -> ParsedFeed | Refused:
    """The events of a calendar: those to come first, then those that have been."""
    calendars, broken = _read(text)
    if not calendars:
        return Refused(words="sent a calendar that is broken and holds nothing that can be read")
    title = one_line(str(calendars[0].get("X-WR-CALNAME") or calendars[0].get("NAME") or ""))
    found: list[_Dated] = []
    hidden = 0
    for calendar in calendars:
        # Where an event states a time without a zone, the calendar's own stands in, else the association's.
        floating = _zone(str(calendar.get("X-WR-TIMEZONE", ""))) or zone_of(reading.zone)
        moved = _moved(calendar)
        for event in calendar.walk("VEVENT"):
            if _is_private(event):
                hidden += 1
                continue
            try:
                if dated := _dated(event, floating, reading.now, moved):
                    found.append(dated)
            except _BROKEN:
                broken += 1
    if len(found) > KEPT_WHOLE:
        found = [dated for dated in found if dated.end >= reading.now - PAST]
    found.sort(key=lambda dated: (dated.end < reading.now, abs(dated.start - reading.now)))
    words = []
    if broken:
        words.append(f"{_count(broken)} could not be read")
    if hidden:
        words.append(f"{_count(hidden)} marked as private {'was' if hidden == 1 else 'were'} left out")
    if len(found) > reading.max_items:
        words.append(f"only the next {reading.max_items} of its {len(found)} events were read")
    facts = FeedFacts(title=title, base=reading.url)
    entries = build_entries((dated.entry for dated in found[: reading.max_items]), facts, reading)
    return ParsedFeed(title=title, entries=entries, format="icalendar", words="; ".join(words))


def _read(text: str) -> tuple[list[Any], int]:
    """The calendars in `text`, and how many events had to be left out to read them."""
    import icalendar  # slow to import, and few sources are calendars

    text = text.strip("\ufeff\x00 \t\r\n")
    try:
        return [c for c in icalendar.Calendar.from_ical(text, multiple=True) if c.name == "VCALENDAR"], 0
    except _BROKEN:
        pass
    # One event that breaks the rules must not take the others with it: each is read by itself.
    head = _EVENT.sub("", text)
    try:
        calendars = [c for c in icalendar.Calendar.from_ical(head, multiple=True) if c.name == "VCALENDAR"]
    except _BROKEN:
        try:
            calendars = [icalendar.Calendar.from_ical("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")]
        except _BROKEN:
            return [], 0
    broken, events = 0, 0
    for found in _EVENT.finditer(text):
        try:
            calendars[0].add_component(icalendar.Event.from_ical(found[0]))
            events += 1
        except _BROKEN:
            broken += 1
    return (calendars if events else []), broken


def _moved(calendar: Any) -> dict[str, set[dt.date | dt.datetime]]:
    """For each recurring event the occurrences that an event of their own stands for."""
    moved: dict[str, set[dt.date | dt.datetime]] = {}
    for event in calendar.walk("VEVENT"):
        if "RECURRENCE-ID" in event:
            try:
                moved.setdefault(str(event.get("UID", "")), set()).add(event.decoded("RECURRENCE-ID"))
            except _BROKEN:
                continue
    return moved


def _is_private(event: Any) -> bool:
    """RFC 5545, 3.8.1.3: what its owner shows to some people must not be mailed to all."""
    return str(event.get("CLASS", "")).upper() in ("PRIVATE", "CONFIDENTIAL")


def _dated(
    event: Any, floating: dt.tzinfo, now: dt.datetime, moved: dict[str, set[dt.date | dt.datetime]]
) -> _Dated | None:
    """The event as an entry; None for one that is cancelled, has no start, or an absurd one."""
    if "DTSTART" not in event or str(event.get("STATUS", "")).upper() == "CANCELLED":
        return None
    first = event.decoded("DTSTART")
    length = _length(event, first)
    uid = str(event.get("UID", ""))
    start, guid = first, uid
    if "RECURRENCE-ID" in event:
        guid = f"{uid} {event.decoded('RECURRENCE-ID').isoformat()}"
    elif "RRULE" in event or "RDATE" in event:
        start = next_start(event, first, length, floating=floating, now=now, moved=moved.get(uid, set()))
        if start is None:
            return None  # each of its occurrences was cancelled or has an event of its own
        guid = f"{uid} {start.isoformat()}"
    begins = _instant(start, floating)
    if not FIRST_YEAR <= begins.year <= now.year + YEARS_AHEAD:
        return None
    # The sum is made in wall time, in which a day has 24 hours even when the clocks change.
    end = _instant(start + length, floating) if length else None
    all_day = not isinstance(start, dt.datetime)
    whole_day = _instant(start + dt.timedelta(days=1), floating) if all_day else begins
    place = one_line(str(event.get("LOCATION", "")))[:MAX_PLACE]
    event_time = EventTime(
        start=begins,
        end=end if end and end > whole_day else None,
        all_day=all_day,
        zone=_name(start),
        place=place,
        online=is_online(place) or "CONFERENCE" in event,
    )
    return _Dated(start=begins, end=end or whole_day, entry=_entry(event, guid, event_time))


def _entry(event: Any, guid: str, event_time: EventTime) -> RawEntry:
    description = str(event.get("DESCRIPTION", ""))
    markup = event.get("X-ALT-DESC", "")
    contents = [Markup(value=str(markup))] if looks_like_html(str(markup)) else []
    return RawEntry(
        guid=guid,
        links=(str(event.get("URL", "")),),
        title=str(event.get("SUMMARY", "")),
        summary=Markup(value=description),
        contents=tuple(contents),
        authors=tuple(_organisers(event)),
        categories=tuple(_categories(event)),
        images=tuple(_images(event)),
        published=_moment(event, "CREATED"),
        updated=_moment(event, "LAST-MODIFIED"),
        event_time=event_time,
    )


def _length(event: Any, first: dt.date | dt.datetime) -> dt.timedelta:
    """How long it takes; nothing when the source does not say, or says something impossible."""
    if "DTEND" in event:
        end = event.decoded("DTEND")
        if isinstance(end, dt.datetime) is not isinstance(first, dt.datetime):
            return dt.timedelta()
        if isinstance(end, dt.datetime) and isinstance(first, dt.datetime):
            if end.tzinfo is not None and first.tzinfo is not None:
                end = end.astimezone(first.tzinfo)
            end, first = end.replace(tzinfo=None), first.replace(tzinfo=None)
        length: dt.timedelta = end - first
        return max(length, dt.timedelta())
    if "DURATION" in event:
        duration = event.decoded("DURATION")
        return max(duration, dt.timedelta()) if isinstance(duration, dt.timedelta) else dt.timedelta()
    return dt.timedelta()


def _instant(start: dt.date | dt.datetime, floating: dt.tzinfo) -> dt.datetime:
    if not isinstance(start, dt.datetime):
        start = dt.datetime.combine(start, dt.time())
    return (start if start.tzinfo else start.replace(tzinfo=floating)).astimezone(dt.UTC)


def _zone(name: str) -> dt.tzinfo | None:
    zone = zone_of(name) if name else dt.UTC
    return zone if zone is not dt.UTC or name == "UTC" else None


def _name(start: dt.date | dt.datetime) -> str:
    """The IANA name of the zone in which a start is stated."""
    zone = start.tzinfo if isinstance(start, dt.datetime) else None
    name = zone.key if isinstance(zone, zoneinfo.ZoneInfo) else ""
    return name if "/" in name and not name.startswith("Etc/") else ""


def _moment(event: Any, name: str) -> str:
    """A time stamp as text. DTSTAMP is none of them: many programs write there when the calendar was asked for."""
    try:
        value = event.decoded(name) if name in event else None
    except _BROKEN:
        return ""
    return value.isoformat() if isinstance(value, dt.datetime) else ""


def _organisers(event: Any) -> Iterator[str]:
    organiser = event.get("ORGANIZER")
    for each in organiser if isinstance(organiser, list) else [organiser]:
        yield str(getattr(each, "params", {}).get("CN", ""))


def _categories(event: Any) -> Iterator[str]:
    given = event.get("CATEGORIES", [])
    for each in given if isinstance(given, list) else [given]:
        yield from (str(name) for name in getattr(each, "cats", []))


def _images(event: Any) -> Iterator[Image]:
    """RFC 7986 has IMAGE; others attach theirs."""
    for name in ("IMAGE", "ATTACH"):
        given = event.get(name, [])
        for each in given if isinstance(given, list) else [given]:
            kind = str(getattr(each, "params", {}).get("FMTTYPE", "image/" if name == "IMAGE" else ""))
            if kind.startswith("image/") and (image := picture(str(each))):
                yield image


def _count(number: int) -> str:
    return f"{number} of its events" if number > 1 else "one of its events"
