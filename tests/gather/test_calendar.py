"""Calendars: which events become entries, when they take place, and what recurs."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.gather.parse import parse_feed
from digest.gather.values import ParsedFeed, Refused
from tests.gather.feeds import NOW, ics, only, parsed, reading

DAY = dt.timedelta(days=1)
WEEKLY = "UID:w\nSUMMARY:W\nDTSTART;TZID=Europe/London:20240105T180000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY"


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[arg-type,misc]


def test_cancelled_and_private_events_are_left_out_and_broken_ones_said() -> None:
    diary = parsed(
        ics(
            "UID:1\nSUMMARY:A\nDTSTART:20240310T100000Z\nSTATUS:CANCELLED",
            "UID:2\nSUMMARY:B\nDTSTART:20240311T100000Z\nCLASS:PRIVATE",
            "UID:3\nSUMMARY:No start",
            "UID:4\nSUMMARY:D\nDTSTART:20240310T100000Z\nDTEND:20240309T100000Z",
            "UID:5\nSUMMARY:E\nDTSTART:tomorrow",
        )
    )
    assert [entry.doc.title for entry in diary.entries] == ["D"]
    assert diary.entries[0].event_end is None
    assert "could not be read" in diary.words
    assert "marked as private was left out" in diary.words


def test_what_comes_next_stands_first_and_old_events_of_a_long_calendar_are_left_out() -> None:
    days = [f"UID:{n}\nSUMMARY:{n}\nDTSTART;VALUE=DATE:{1990 + n}0301" for n in range(1, 36)]
    assert [e.doc.title for e in parsed(ics(*days)).entries][:3] == ["34", "35", "33"]
    more = [f"UID:x{n}\nSUMMARY:x\nDTSTART:20200310T100000Z" for n in range(100)]
    assert [e.doc.title for e in parsed(ics(*days, *more)).entries] == ["34", "35", "33"]


@pytest.mark.parametrize(
    ("more", "start"),
    [
        ("", utc(2024, 2, 16, 18)),
        ("\nEXDATE;TZID=Europe/London:20240216T180000", utc(2024, 2, 23, 18)),
        ("\nRDATE;TZID=Europe/London:20240216T170000", utc(2024, 2, 16, 17)),
        (";INTERVAL=4", utc(2024, 3, 1, 18)),
        (";COUNT=3", utc(2024, 1, 19, 18)),
        (";UNTIL=20240119", utc(2024, 1, 19, 18)),
        # Rules that cannot be followed, or not to an end: the event is its first occurrence.
        (";FREQ=SECONDLY", utc(2024, 1, 5, 18)),
        (";BYMONTH=2;BYMONTHDAY=30", utc(2024, 1, 5, 18)),
        (";NONSENSE=1", utc(2024, 1, 5, 18)),
    ],
)
def test_an_event_that_recurs_is_its_next_occurrence(more: str, start: dt.datetime) -> None:
    assert only(ics(WEEKLY + more)).event_start == start


def test_a_day_that_recurs_is_a_day() -> None:
    entry = only(ics("UID:1\nSUMMARY:A\nDTSTART;VALUE=DATE:20230701\nRRULE:FREQ=YEARLY"))
    assert entry.doc.event is not None
    assert entry.doc.event.all_day
    assert entry.event_start == utc(2024, 6, 30, 23)


def test_each_occurrence_is_an_entry_of_its_own_when_it_comes() -> None:
    first, later = only(ics(WEEKLY)), only(ics(WEEKLY), now=NOW + 7 * DAY)
    assert first.identity != later.identity
    during = only(ics(WEEKLY), now=NOW + dt.timedelta(hours=6, minutes=30))
    assert during.identity == first.identity


def test_an_occurrence_that_was_moved_stands_once() -> None:
    moved = (
        "UID:w\nSUMMARY:An hour later\nDTSTART;TZID=Europe/London:20240216T190000\n"
        "RECURRENCE-ID;TZID=Europe/London:20240216T180000"
    )
    entries = parsed(ics(WEEKLY, moved)).entries
    assert [(e.doc.title, e.event_start) for e in entries] == [
        ("An hour later", utc(2024, 2, 16, 19)),
        ("W", utc(2024, 2, 23, 18)),
    ]


def test_the_zone_of_an_event_and_of_a_calendar_is_kept() -> None:
    event = "UID:1\nSUMMARY:A\nDTSTART{}:20240610T100000"
    outlook = only(ics(event.format(";TZID=Romance Standard Time")))
    assert outlook.event_start == utc(2024, 6, 10, 8)
    assert outlook.doc.event is not None
    assert outlook.doc.event.zone == "Europe/Paris"
    assert only(ics(event.format(""), head="X-WR-TIMEZONE:America/New_York")).event_start == utc(2024, 6, 10, 14)
    assert only(ics(event.format(""))).event_start == utc(2024, 6, 10, 9)


def test_when_it_was_made_is_when_it_was_published_and_a_time_stamp_is_not() -> None:
    event = "UID:1\nSUMMARY:A\nDTSTART:20240610T100000Z\nDTSTAMP:20240216T110000Z"
    assert only(ics(event)).published_at is None
    assert only(ics(event + "\nCREATED:20240201T080000Z")).published_at == utc(2024, 2, 1, 8)
    assert only(ics(event + "\nCREATED:00001231T000000Z")).published_at is None


def test_the_order_of_days_that_the_clocks_change_is_kept() -> None:
    entry = only(ics("UID:1\nSUMMARY:A\nDTSTART;VALUE=DATE:20240330\nDTEND;VALUE=DATE:20240401"))
    assert (entry.event_start, entry.event_end) == (utc(2024, 3, 30), utc(2024, 3, 31, 23))


def test_a_calendar_with_lines_that_break_the_rules_is_read_as_far_as_possible() -> None:
    body = ics("UID:1\nSUMMARY:A\nDTSTART:20240610T100000Z\nnonsense", "UID:2\nSUMMARY:B\nDTSTART:20240611T100000Z")
    assert "B" in [entry.doc.title for entry in parsed(body).entries]


def test_an_empty_calendar_is_a_quiet_week() -> None:
    assert parsed(ics()).entries == ()


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet="DTSARUE:;=0123456789ZNDFQWKLY\n -/,COUMINBP", max_size=120))
def test_no_event_makes_the_reader_raise(lines: str) -> None:
    body = ics(f"UID:1\nSUMMARY:A\nDTSTART:20240101T100000Z\n{lines}")
    assert isinstance(parse_feed(body, reading()), ParsedFeed | Refused)
