"""An issue's events as iCalendar files (RFC 5545): one for each event, and one that holds them all. Pure.

Times stand in the event's own zone, which is described in the file (VTIMEZONE) for the years it is needed. Nothing
in a file depends on when or for whom it is written.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from gettext import NullTranslations
from urllib.parse import urlsplit

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vDuration, vText

from digest.compose.document import IssueDocument, Item
from digest.gather.document import EventTime
from digest.render import dates
from digest.render.plain import one_line, safe_url
from digest.render.view import place_of
from digest.render.words import words_of

WHOLE = "events"  # the file with all of an issue's events is events.ics
PRODUCT = "-//Weekly Digest//Events of an issue//EN"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_UTC = ("UTC", "Etc/UTC", "Etc/UCT", "UCT", "Zulu", "Universal")

_State = tuple[dt.timedelta, dt.timedelta, str]  # what a zone keeps to: offset from UTC, of it for summer, name


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One event to be written. `uid` is for ever; `stamp` is the instant whose state of knowledge the file gives."""

    uid: str
    stamp: dt.datetime
    title: str
    summary: str
    url: str
    time: EventTime


def uid_of(item_id: str, site: str) -> str:
    """An event's UID, the same in every file that holds it. `site` is any address of ours."""
    return f"{item_id}@{urlsplit(site).hostname or 'localhost'}"


def calendars(document: IssueDocument, permalink: str) -> dict[str, bytes]:
    """File names and contents for the events of `document`, whose page is `permalink`; {} when it has none.

    An item whose id cannot be a file's name has no file of its own.
    """
    words = words_of(document.language)
    found = [
        (item, _event(_listed(item, item.event, document, permalink), document.zone, words))
        for item in document.items
        if item.event
    ]
    if not found:
        return {}
    files = {f"{WHOLE}.ics": _file([event for _, event in found], title=one_line(document.title))}
    for item, event in found:
        if item.id != WHOLE and is_name(item.id):
            files[f"{item.id}.ics"] = _file([event])
    return files


def calendar_of(events: Iterable[Listed], *, title: str, zone: str, language: str, every: dt.timedelta) -> bytes:
    """A calendar to subscribe to, asked for again after `every`. `zone` is that of times which name none."""
    words = words_of(language)
    return _file([_event(one, zone, words) for one in events], title=one_line(title), every=every)


def is_name(name: str) -> bool:
    """Whether `name` may be that of a calendar file, without its .ics."""
    return _NAME.fullmatch(name) is not None


def _listed(item: Item, time: EventTime, document: IssueDocument, permalink: str) -> Listed:
    return Listed(
        uid=uid_of(item.id, permalink),
        stamp=document.window.end,
        title=one_line(item.title) or one_line(item.source_title),
        summary=item.summary,
        url=safe_url(item.url) or f"{permalink}#{item.id}",
        time=time,
    )


def _file(events: list[Event], title: str = "", every: dt.timedelta | None = None) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    if title:
        calendar.add("name", vText(title))  # RFC 7986
        calendar.add("x-wr-calname", vText(title))
    if every is not None:
        calendar.add("refresh-interval", every, {"value": "DURATION"})  # RFC 7986
        calendar.add("x-published-ttl", vDuration(every))
    for zone in _zones(events):
        calendar.add_component(zone)
    for event in events:
        calendar.add_component(event)
    written: bytes = calendar.to_ical(sorted=False)
    return written


def _event(one: Listed, zone: str, words: NullTranslations) -> Event:
    event = Event()
    event.add("uid", one.uid)
    event.add("dtstamp", one.stamp.astimezone(dt.UTC))
    _add_time(event, one.time, zone)
    event.add("summary", one.title)
    guessed = words.gettext("The time was read from the announcement. Please check it on the event's page.")
    said = [one_line(one.summary), guessed if one.time.guessed else "", one.url]
    event.add("description", "\n\n".join(part for part in said if part))
    if place := place_of(one.time, words):
        event.add("location", place)
    event.add("url", one.url)
    event.add("status", "TENTATIVE" if one.time.guessed else "CONFIRMED")
    return event


def _add_time(event: Event, time: EventTime, zone: str) -> None:
    """DTSTART and DTEND. The end of whole days is exclusive, and is that of the last day (RFC 5545, 3.6.1)."""
    if time.all_day:
        first, last = dates.event_days(time, zone)
        event.add("dtstart", first)
        if last < dt.date.max:
            event.add("dtend", last + dt.timedelta(days=1))
        return
    tz = dates.zone_of(time.zone, zone)
    ends = [time.end] if time.end is not None and time.end > time.start else []
    instants = [instant.astimezone(tz) for instant in (time.start, *ends)]
    # A wall time that comes twice means the first of the two (3.3.5); the second can be said in UTC only.
    if tz.key in _UTC or any(instant.fold for instant in instants):
        instants = [instant.astimezone(dt.UTC) for instant in instants]
    for name, instant in zip(("dtstart", "dtend"), instants, strict=False):
        event.add(name, instant)


def _zones(events: Iterable[Event]) -> list[Timezone]:
    """A VTIMEZONE for each zone that the times of `events` name, as 3.6.5 asks."""
    years: dict[str, set[int]] = {}
    for event in events:
        for name in ("dtstart", "dtend"):
            value = event.decoded(name, None)
            if isinstance(value, dt.datetime) and isinstance(value.tzinfo, zoneinfo.ZoneInfo):
                # The year before says what a year begins with, whatever a program makes of earlier times.
                near = (min(max(year, 2), 9998) for year in (value.year - 1, value.year))
                years.setdefault(value.tzinfo.key, set()).update(near)
    return [_zone(zoneinfo.ZoneInfo(key), years[key]) for key in sorted(years)]


def _zone(tz: zoneinfo.ZoneInfo, years: set[int]) -> Timezone:
    """`tz` as it is in `years`. Not icalendar's own: that sets the start of summer time an hour late."""
    zone = Timezone()
    zone.add("tzid", tz.key)
    groups: dict[tuple[_State, _State], list[dt.datetime]] = {}
    for instant, before, after in _changes(tz, sorted(years)):
        onset = (instant + before[0]).replace(tzinfo=None)  # in the wall time that ends here, as 3.6.5 has it
        groups.setdefault((before, after), []).append(onset)
    for (before, after), onsets in groups.items():
        part = TimezoneDaylight() if after[1] else TimezoneStandard()
        part.add("dtstart", onsets[0])
        part.add("tzoffsetfrom", before[0])
        part.add("tzoffsetto", after[0])
        part.add("tzname", after[2])
        if onsets[1:]:
            part.add("rdate", onsets[1:])
        zone.add_component(part)
    return zone


def _changes(tz: zoneinfo.ZoneInfo, years: list[int]) -> Iterator[tuple[dt.datetime, _State, _State]]:
    """What `tz` begins with, then each change: the instant in UTC, what it kept to before, and what since."""
    day = dt.timedelta(days=1)
    state: _State | None = None
    for year in years:
        at = dt.datetime(year, 1, 1, tzinfo=dt.UTC)
        if (now := _state(tz, at)) != state:
            yield at, state or now, now
            state = now
        while at.year == year:
            following = at + day
            if (then := _state(tz, following)) != state:
                yield _instant(tz, at, following), state, then
                state = then
            at = following


def _state(tz: zoneinfo.ZoneInfo, at: dt.datetime) -> _State:
    local = at.astimezone(tz)
    return local.utcoffset() or dt.timedelta(), local.dst() or dt.timedelta(), local.tzname() or tz.key


def _instant(tz: zoneinfo.ZoneInfo, before: dt.datetime, after: dt.datetime) -> dt.datetime:
    """The second between the two at which `tz` changes; it changes once."""
    old = _state(tz, before)
    while (gap := int((after - before).total_seconds())) > 1:
        middle = before + dt.timedelta(seconds=gap // 2)
        before, after = (middle, after) if _state(tz, middle) == old else (before, middle)
    return after
