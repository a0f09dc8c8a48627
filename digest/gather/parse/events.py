"""When and where an event takes place, from the modules, microdata and JSON-LD in which feeds state it."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from digest.gather.clean.boilerplate import without_node_header
from digest.gather.clean.text import one_line, plain_title
from digest.gather.dates import is_date_only, read_date, zone_of
from digest.gather.document import EventTime

MAX_PLACE = 200  # characters
_MAX_JSON = 100_000  # characters of one JSON-LD block

_STARTS = {"startdate", "dtstart", "dt-start", "date-display-start", "date-display-single"}
_ENDS = {"enddate", "dtend", "dt-end", "date-display-end"}
_PLACES = {"location", "p-location"}
_NAMED = re.compile(  # a tag whose property or class may be one of ours, and the text that follows it
    r"<[a-z][a-z0-9]{0,9}\b(?=[^<>]{0,500}?(?:itemprop|property|class)\s*=\s*[\"'][^\"'<>]{0,200}?"
    r"(?:date|dtstart|dtend|dt-start|dt-end|location))([^<>]{1,600})>([^<>]{0,200})",
    re.IGNORECASE,
)
_NAMES = re.compile(r"\b(?:itemprop|property|class)\s*=\s*[\"']([^\"'<>]{1,200})[\"']", re.IGNORECASE)
_VALUE = re.compile(r"\b(?:content|datetime|title)\s*=\s*[\"']([^\"'<>]{4,200})[\"']", re.IGNORECASE)
_JSON_LD = re.compile(
    r"<script\b[^<>]{0,200}application/ld\+json[^<>]{0,200}>(.{2,100000}?)</script", re.DOTALL | re.IGNORECASE
)
_TIME = re.compile(
    r"<time\b(?=[^<>]{0,300}\bclass\s*=\s*[\"'][^\"'<>]{0,100}\bdatetime\b)[^<>]{0,300}?"
    r"\bdatetime\s*=\s*[\"'](\d{4}-\d\d-\d\d[^\"'<>]{0,40})[\"'][^<>]{0,300}>[^<>]{0,100}</time>",
    re.IGNORECASE,
)
_POST_EVENT = re.compile(r"<div\b[^<>]{0,300}\bdata-start\s*=\s*[\"'](\d{4}-[^\"'<>]{4,40})[\"'][^<>]{0,600}>")
_POST_EVENT_END = re.compile(r"\bdata-end\s*=\s*[\"'](\d{4}-[^\"'<>]{4,40})[\"']")
_TO = re.compile(r"\s*(?:-|–|—|to|bis|au|al)\s*")
_ONLINE = re.compile(r"\b(?:online|zoom|teams|webinar|virtual|google meet|livestream)\b", re.IGNORECASE)
_IANA = re.compile(r"^[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_+-]+){1,2}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEvent:
    """An event's fields as text. `online` when the source says so apart from the place."""

    start: str = ""
    end: str = ""
    place: str = ""
    zone: str = ""
    online: bool = False


def event_from_fields(
    raw: RawEvent, *, zone: dt.tzinfo, now: dt.datetime, month_first: bool = False
) -> EventTime | None:
    """The event that `raw` states; None without a start that can be read. `month_first` as in `read_date`."""
    stated = raw.zone if _IANA.match(raw.zone) and zone_of(raw.zone) is not dt.UTC else ""
    if stated:
        zone = zone_of(stated)
    start, _ = read_date(raw.start, zone=zone, now=now, month_first=month_first)
    if start is None:
        return None
    end, _ = read_date(raw.end, zone=zone, now=now, month_first=month_first) if raw.end else (None, None)
    all_day = is_date_only(raw.start)
    if end is not None and is_date_only(raw.end) and not all_day and end.astimezone(zone) <= start.astimezone(zone):
        end = None  # the same day again says nothing of the hour
    if end is not None and is_date_only(raw.end):
        # The last day is meant to its end (RFC 5545 would name the day after it; feeds do not).
        end = (end.astimezone(zone) + dt.timedelta(days=1)).astimezone(dt.UTC)
        if not all_day or end <= start + dt.timedelta(days=1, hours=1):
            end = None if end <= start or all_day else end
    if end is not None and end <= start:
        end = None  # a backward end is a mistake of the source's
    place = plain_title(raw.place, is_html=True)[:MAX_PLACE]
    return EventTime(
        start=start,
        end=end,
        all_day=all_day,
        zone=stated,
        place=place,
        online=raw.online or bool(_ONLINE.search(place)),
    )


def event_in_markup(markup: str) -> RawEvent | None:
    """What unsanitised markup says of an event: schema.org as JSON-LD or microdata, hCalendar, h-event."""
    if "ld+json" in markup and (found := _from_json_ld(markup)):
        return found
    return _from_microdata(markup) or _from_times(markup)


def is_online(text: str) -> bool:
    """Whether the name of a place is that of a meeting on the net."""
    return _ONLINE.search(text) is not None


def _from_times(markup: str) -> RawEvent | None:
    """The one moment, or the one row of two, that Drupal's date fields state; what Discourse says of an event."""
    if "discourse-post-event" in markup and (event := _POST_EVENT.search(markup)):
        end = _POST_EVENT_END.search(event[0])
        return RawEvent(start=event[1], end=end[1] if end else "")
    times = [*_TIME.finditer(without_node_header(markup))]
    if len(times) == 1:
        return RawEvent(start=html.unescape(times[0][1]))
    if len(times) == 2 and _TO.fullmatch(times[0].string, times[0].end(), times[1].start()):
        return RawEvent(start=html.unescape(times[0][1]), end=html.unescape(times[1][1]))
    return None


def _from_microdata(markup: str) -> RawEvent | None:
    start = end = place = ""
    for tag in _NAMED.finditer(markup):
        names = {name.rpartition(":")[2].lower() for group in _NAMES.findall(tag[1]) for name in group.split()}
        value = _VALUE.search(tag[1])
        text = html.unescape(value[1] if value else tag[2]).strip()
        if names & _STARTS and re.match(r"\d{4}-?\d\d", text):
            start = start or text
        elif names & _ENDS and re.match(r"\d{4}-?\d\d", text):
            end = end or text
        elif names & _PLACES:
            place = place or one_line(text)
    return RawEvent(start=start, end=end, place=place) if start else None


def _from_json_ld(markup: str) -> RawEvent | None:
    for block in _JSON_LD.finditer(markup):
        try:
            data = json.loads(block[1][:_MAX_JSON])
        except (ValueError, RecursionError):
            continue
        for thing in _things(data):
            kinds = thing.get("@type")
            names = kinds if isinstance(kinds, list) else [kinds]
            if any(str(name).endswith(("Event", "Festival", "Hackathon")) for name in names) and _string(
                thing.get("startDate")
            ):
                return _from_thing(thing)
    return None


def _things(data: object, depth: int = 0) -> Iterator[dict[str, object]]:
    if depth > 4:
        return
    if isinstance(data, list):
        for item in data[:100]:
            yield from _things(item, depth + 1)
    elif isinstance(data, dict):
        yield data
        yield from _things(data.get("@graph"), depth + 1)


def _from_thing(thing: dict[str, object]) -> RawEvent:
    mode = _string(thing.get("eventAttendanceMode"))
    place, virtual = _place(thing.get("location"))
    return RawEvent(
        start=_string(thing.get("startDate")),
        end=_string(thing.get("endDate")),
        place=place,
        online=virtual or mode.endswith("OnlineEventAttendanceMode"),
    )


def _place(value: object) -> tuple[str, bool]:
    """The place in words, and whether it is one on the net."""
    if isinstance(value, list):
        places = [_place(item) for item in value[:5]]
        return next((place for place, _ in places if place), ""), any(virtual for _, virtual in places)
    if not isinstance(value, dict):
        return _string(value), False
    if "Virtual" in str(value.get("@type")):
        return _string(value.get("name")), True
    address = value.get("address")
    if isinstance(address, dict):
        address = ", ".join(filter(None, (_string(address.get(k)) for k in ("streetAddress", "addressLocality"))))
    parts = dict.fromkeys(filter(None, (_string(value.get("name")), _string(address))))
    return ", ".join(parts), False


def _string(value: object) -> str:
    return one_line(value)[:400] if isinstance(value, str) else ""
