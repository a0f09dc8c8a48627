"""The calendar files: read back as a calendar program reads them."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from digest.compose.document import IssueDocument
from digest.gather.document import EventTime
from digest.render.calendar import calendars
from tests.render import documents
from tests.render.documents import at, item
from tests.render.tongues import ARABIC, GERMAN

PAGE = documents.PUBLIC.permalink


def issue(event: EventTime | None, **values: Any) -> IssueDocument:
    title = values.pop("title", "An event")
    return documents.document(documents.section("events", item(title, id="i1", event=event, **values)))


def read(file: bytes) -> tuple[Calendar, Any]:
    calendar = Calendar.from_ical(file)
    (event,) = calendar.walk("VEVENT")
    return calendar, event


def written(event: EventTime, **values: Any) -> Any:
    return read(calendars(issue(event, **values), PAGE)["i1.ics"])[1]


def own_offset(calendar: Calendar, key: str, wall: dt.datetime) -> dt.timedelta:
    """The offset that the file's own VTIMEZONE gives for a wall time: that of its latest onset (RFC 5545, 3.6.5)."""
    (zone,) = [z for z in calendar.walk("VTIMEZONE") if z["tzid"] == key]
    onsets = []
    for part in zone.subcomponents:
        dates = part.get("rdate", [])
        later = [leaf.dt for row in (dates if isinstance(dates, list) else [dates]) for leaf in row.dts]
        for onset in (part["dtstart"].dt, *later):
            onsets.append((onset, part["tzoffsetto"].td))
    return max((onset, offset) for onset, offset in onsets if onset <= wall)[1]


def test_one_file_for_each_event_and_one_for_all() -> None:
    files = calendars(documents.full(), PAGE)
    events = [item for item in documents.full().items if item.event]
    assert list(files) == ["events.ics", *(f"{item.id}.ics" for item in events)]
    whole = Calendar.from_ical(files["events.ics"])
    assert [str(e["uid"]) for e in whole.walk("VEVENT")] == [f"{i.id}@digest.harbourlight.example" for i in events]
    assert b"\r\nNAME:Weekly News Digest - Issue 736\\, 12 Feb 2024\r\n" in files["events.ics"]  # RFC 7986, 5.1
    for found in events:
        alone = read(files[f"{found.id}.ics"])[1]
        (same,) = [e for e in whole.walk("VEVENT") if e["uid"] == alone["uid"]]
        assert alone.to_ical() == same.to_ical()


def test_an_issue_without_events_has_none() -> None:
    assert calendars(issue(None), PAGE) == {}
    assert calendars(documents.document(), PAGE) == {}


def test_what_a_file_says() -> None:
    time = EventTime(start=at(13, 12), end=at(13, 13), place="The Corn Store; Hexham, upstairs", online=True)
    calendar, event = read(calendars(issue(time, summary="Bring one, leave with half."), PAGE)["i1.ics"])
    assert str(calendar["version"]) == "2.0"
    assert str(calendar["prodid"]).startswith("-//")
    assert "method" not in calendar
    assert str(event["uid"]) == "i1@digest.harbourlight.example"
    assert event["dtstamp"].dt == at(12, 7), "when the window closed, not when the file was written"
    assert str(event["summary"]) == "An event"
    assert str(event["location"]) == "The Corn Store; Hexham, upstairs, online"
    assert str(event["url"]) == "https://www.harbourlight.example/an-event"
    assert str(event["description"]) == "Bring one, leave with half.\n\nhttps://www.harbourlight.example/an-event"
    assert str(event["status"]) == "CONFIRMED"
    assert (event["dtstart"].dt, event["dtend"].dt) == (at(13, 12), at(13, 13))
    assert event["dtstart"].params["TZID"] == "Europe/London"


def test_an_item_without_an_address_leads_to_its_place_in_the_issue() -> None:
    assert str(written(EventTime(start=at(13, 12)), url="")["url"]) == f"{PAGE}#i1"


def test_a_meetings_own_address_is_not_passed_on() -> None:
    assert "location" not in written(EventTime(start=at(13), place="https://meet.example/secret"))


def test_a_guessed_time_says_so() -> None:
    event = written(EventTime(start=at(13, 12), guessed=True))
    assert str(event["status"]) == "TENTATIVE"
    assert "The time was read from the announcement." in str(event["description"])


def test_it_speaks_the_issues_language() -> None:
    german = Calendar.from_ical(calendars(GERMAN.issue, PAGE)["i4.ics"]).walk("VEVENT")[0]
    assert "Die Zeit wurde aus der Ankündigung gelesen." in str(german["description"])
    assert str(german["location"]) == "Rathaus Salzmarsch und online"
    arabic = Calendar.from_ical(calendars(ARABIC.issue, PAGE)["events.ics"]).walk("VEVENT")
    assert str(arabic[0]["summary"]) == "لقاء الظهيرة: معايير تقييم يقرؤها الطلاب"


@pytest.mark.parametrize(
    ("start", "end", "first", "after"),
    [
        (at(13, 0), None, dt.date(2024, 2, 13), dt.date(2024, 2, 14)),
        (at(13, 0), at(14, 0), dt.date(2024, 2, 13), dt.date(2024, 2, 14)),
        (at(13, 0), at(16, 0), dt.date(2024, 2, 13), dt.date(2024, 2, 16)),
        # British Summer Time begins on the 31st: local midnight is 23:00 UTC of the day before from then on.
        (at(30, 0, month=3), at(31, 23, month=3), dt.date(2024, 3, 30), dt.date(2024, 4, 1)),
        # An end that is not midnight belongs to its day.
        (at(13, 0), at(14, 9), dt.date(2024, 2, 13), dt.date(2024, 2, 15)),
    ],
)
def test_whole_days(start: dt.datetime, end: dt.datetime | None, first: dt.date, after: dt.date) -> None:
    file = calendars(issue(EventTime(start=start, end=end, all_day=True)), PAGE)["i1.ics"]
    assert f"DTSTART;VALUE=DATE:{first:%Y%m%d}\r\nDTEND;VALUE=DATE:{after:%Y%m%d}\r\n".encode() in file
    assert b"VTIMEZONE" not in file


@pytest.mark.parametrize("end", [None, at(13, 12), at(12, 9)])
def test_an_event_without_an_end_has_none(end: dt.datetime | None) -> None:
    event = written(EventTime(start=at(13, 12), end=end))
    assert "dtend" not in event
    assert "duration" not in event


def test_several_days_with_times() -> None:
    event = written(EventTime(start=at(13, 9), end=at(15, 17), zone="Europe/Berlin"))
    assert (event["dtstart"].to_ical(), event["dtend"].to_ical()) == (b"20240213T100000", b"20240215T180000")


@pytest.mark.parametrize(
    ("zone", "start", "wall"),
    [
        ("Europe/London", at(31, 0, 30, month=3), "20240331T003000"),
        ("Europe/London", at(31, 1, 0, month=3), "20240331T020000"),  # the first second of summer time
        ("Europe/London", at(27, 0, 30, month=10), "20241027T013000"),  # the first 01:30 of that night
        ("Australia/Lord_Howe", at(6, 14, 30, month=4), "20240407T013000"),  # summer time is half an hour
        ("Australia/Lord_Howe", at(5, 15, 30, month=10), "20241006T023000"),
        ("America/Halifax", at(28, 17), "20240228T130000"),
        ("Asia/Kathmandu", at(13, 12), "20240213T174500"),
        ("Africa/Casablanca", at(20, 12, month=3), "20240320T120000"),  # Ramadan: summer time is off for a month
    ],
)
def test_the_file_alone_tells_the_instant(zone: str, start: dt.datetime, wall: str) -> None:
    """A program that knows no zones by name reads the same instant from the VTIMEZONE."""
    calendar, event = read(calendars(issue(EventTime(start=start, zone=zone)), PAGE)["i1.ics"])
    assert event["dtstart"].to_ical().decode() == wall
    assert event["dtstart"].params["TZID"] == zone
    local = dt.datetime.strptime(wall, "%Y%m%dT%H%M%S")
    assert (local - own_offset(calendar, zone, local)).replace(tzinfo=dt.UTC) == start


def test_the_second_half_past_one_is_said_in_utc() -> None:
    """RFC 5545, 3.3.5: a wall time that comes twice means the first."""
    event = written(EventTime(start=at(27, 1, 30, month=10), end=at(27, 3, month=10)))
    assert (event["dtstart"].to_ical(), event["dtend"].to_ical()) == (b"20241027T013000Z", b"20241027T030000Z")


@pytest.mark.parametrize("zone", ["UTC", "Etc/UTC"])
def test_utc_needs_no_zone(zone: str) -> None:
    file = calendars(issue(EventTime(start=at(13, 12), zone=zone)), PAGE)["i1.ics"]
    assert b"DTSTART:20240213T120000Z\r\n" in file
    assert b"VTIMEZONE" not in file


def test_a_zone_nobody_knows_is_the_associations() -> None:
    assert written(EventTime(start=at(13, 12), zone="Atlantis/Deep"))["dtstart"].params["TZID"] == "Europe/London"


def test_each_zone_is_described_once() -> None:
    calendar = Calendar.from_ical(calendars(documents.full(), PAGE)["events.ics"])
    assert [str(z["tzid"]) for z in calendar.walk("VTIMEZONE")] == ["America/Halifax", "Europe/London"]


def test_a_file_is_the_same_whenever_it_is_written() -> None:
    assert calendars(documents.full(), PAGE) == calendars(documents.full(), PAGE)


@pytest.mark.parametrize("name", ["../up", "a/b", "a.b", "", "-x", "x" * 81, "events", "naïve", "a\nb"])
def test_an_id_that_is_no_file_name_has_no_file(name: str) -> None:
    doc = documents.document(documents.section("events", item("One", id=name, event=EventTime(start=at(13)))))
    assert list(calendars(doc, PAGE)) == ["events.ics"]


ZONES = st.sampled_from(sorted(zoneinfo.available_timezones() - {"localtime"}))
TEXT = st.text(max_size=200) | st.sampled_from(documents.HOSTILE)


@given(
    start=st.datetimes(
        min_value=dt.datetime(1980, 1, 1), max_value=dt.datetime(9990, 1, 1), timezones=st.just(dt.UTC)
    ),
    length=st.none() | st.timedeltas(min_value=dt.timedelta(), max_value=dt.timedelta(days=900)),
    zone=ZONES,
    words=TEXT,
    all_day=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_any_event_is_valid_and_reads_back(
    start: dt.datetime, length: dt.timedelta | None, zone: str, words: str, all_day: bool
) -> None:
    start = start.replace(microsecond=0)
    end = None if length is None else (start + length).replace(microsecond=0)
    time = EventTime(start=start, end=end, zone=zone, place=words, all_day=all_day)
    file = calendars(issue(time, summary=words, title=words or "x"), PAGE)["i1.ics"]
    assert re.fullmatch(rb"(?:[^\r\n]+\r\n)+", file), "every line ends with CRLF, and none is empty"
    assert all(len(line) <= 75 for line in file.split(b"\r\n"))
    file.decode()
    calendar, event = read(file)
    assert not calendar.errors
    assert not event.errors
    assert sum(name == "SUMMARY" for name, _ in event.property_items(recursive=False)) == 1
    if not all_day:
        begin = event["dtstart"].dt
        assert begin == start
        if "TZID" in event["dtstart"].params:
            wall = begin.replace(tzinfo=None)
            assert own_offset(calendar, zone, wall) == begin.utcoffset()
        assert ("dtend" in event) == (end is not None and end > start)
