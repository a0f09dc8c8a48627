"""Events, publications and closing dates, from the modules and microdata that feeds state them in."""

from __future__ import annotations

import datetime as dt
import html
import re
from dataclasses import dataclass

from digest.gather.clean.text import one_line
from digest.gather.dates import is_date_only, read_date
from digest.gather.document import EventTime, Publication

_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s\"<>?#&]+)")
_PROPERTY = re.compile(
    r"<(?:meta|time|span|abbr|div|p)\b[^<>]{0,500}?(?:itemprop|property|class)\s*=\s*[\"'](?:schema:)?"
    r"(startDate|endDate|dtstart|dtend)[\"'][^<>]{0,500}>",
    re.IGNORECASE,
)
_VALUE = re.compile(r"\b(?:content|datetime|title)\s*=\s*[\"']([^\"']{4,40})[\"']", re.IGNORECASE)
_ONLINE = re.compile(r"\b(?:online|zoom|teams|webinar|virtual|google meet|livestream)\b", re.IGNORECASE)
_OPEN = re.compile(r"creativecommons\.org/(?:licenses|publicdomain)|\bCC[ -]BY\b|\bopen access\b", re.IGNORECASE)
_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_CLOSING = re.compile(
    rf"""\b(?:closing\ date|closes|close|deadline|apply\ by|applications?\ (?:close|by|due)
        |submissions?\ (?:close|by|due)|respond\ by|submit\ by)\b
        [^.;\n\d]{{0,60}}?(?:\d{{1,2}}[:.]\d{{2}}\s*(?:am|pm)?[^.;\n\d]{{0,40}}?)?
        (\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({_MONTH})\s+(\d{{4}})\b""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEvent:
    """An event's fields as text."""

    start: str = ""
    end: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPublication:
    """A citation's fields as text. `identifiers` may hold a DOI in any of its spellings."""

    journal: str = ""
    volume: str = ""
    issue: str = ""
    first_page: str = ""
    last_page: str = ""
    pages: str = ""
    identifiers: tuple[str, ...] = ()
    rights: str = ""

    @property
    def is_stated(self) -> bool:
        return bool(self.journal or self.volume or self.issue or self.pages or self.first_page)


def event_from_fields(raw: RawEvent, *, zone: dt.tzinfo, now: dt.datetime) -> EventTime | None:
    """The event that `raw` states; None without a start that can be read."""
    start, _ = read_date(raw.start, zone=zone, now=now)
    if start is None:
        return None
    end, _ = read_date(raw.end, zone=zone, now=now) if raw.end else (None, None)
    all_day = is_date_only(raw.start)
    if end is not None and end <= start:
        # A one-day event may name its day twice; a backward end is a mistake of the source's.
        end = None
    if end is not None and is_date_only(raw.end):
        # The last day is meant to its end (RFC 5545 would name the day after it; feeds do not).
        end += dt.timedelta(days=1)
    place = one_line(raw.place)[:200]
    return EventTime(start=start, end=end, all_day=all_day, place=place, online=bool(_ONLINE.search(place)))


def event_from_microdata(markup: str) -> RawEvent | None:
    """What schema.org's or hCalendar's properties in unsanitised markup say of an event's time."""
    found: dict[str, str] = {}
    for tag in _PROPERTY.finditer(markup):
        if value := _VALUE.search(tag[0]):
            key = "start" if tag[1].lower() in ("startdate", "dtstart") else "end"
            found.setdefault(key, html.unescape(value[1]))
    return RawEvent(start=found["start"], end=found.get("end", "")) if "start" in found else None


def find_doi(*texts: str) -> str:
    """The first DOI in `texts`, bare: `10.25304/rlt.v32.3086`."""
    for text in texts:
        if found := _DOI.search(text):
            return found[1].rstrip(".,;:)]}'\"")
    return ""


def publication_from_fields(raw: RawPublication, *, journal: str, url: str) -> Publication:
    """The citation; `journal` stands in where the entry names none."""
    pages = raw.pages or "–".join(p for p in (raw.first_page, raw.last_page) if p and p != "-")
    return Publication(
        journal=one_line(raw.journal or journal)[:300],
        doi=find_doi(*raw.identifiers, url),
        volume=one_line(raw.volume)[:40],
        issue=one_line(raw.issue)[:40],
        pages=one_line(pages).replace("-", "–")[:40],
        open_access=True if _OPEN.search(raw.rights) else None,
    )


def closing_date(text: str) -> dt.date | None:
    """The one closing date that `text` states with day, month and year; None when it states none or several."""
    found = set()
    for day, month, year in _CLOSING.findall(text[:20_000]):
        number = _MONTH.casefold().split("|").index(month.casefold()) + 1
        try:
            found.add(dt.date(int(year), number, int(day)))
        except ValueError:
            continue
    return found.pop() if len(found) == 1 else None
