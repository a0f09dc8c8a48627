"""An item in an editor's words: dates as they are typed, and what cannot be."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.rewrite import check_words, event_words, with_words
from digest.errors import UsageError
from digest.gather.document import EntryDoc, EventTime, Image
from tests.compose.values import LONDON, at

TALK = EntryDoc(
    title="A talk",
    image=Image(url="https://example.org/a.png", alt="A hall", width=600),
    event=EventTime(start=at("2024-02-20 14:00"), end=at("2024-02-20 15:30"), place="Town hall", guessed=True),
)


def event(**words: str) -> EventTime:
    found = with_words(TALK, check_words(words), LONDON).event
    assert found is not None
    return found


def test_a_day_with_and_without_a_time() -> None:
    assert event(start="2024-07-01T10:00").start == dt.datetime(2024, 7, 1, 9, 0, tzinfo=dt.UTC)  # summer time
    whole = event(start="2024-07-01", end="2024-07-02")
    assert whole.all_day
    assert (whole.start, whole.end) == (at("2024-07-01 00:00"), at("2024-07-03 00:00"))  # the last day counts
    assert event(start="2024-02-20 16:00").start == at("2024-02-20 16:00")


def test_what_is_not_said_stays_the_sources() -> None:
    assert event(place="Library") == TALK.event.model_copy(update={"place": "Library"})  # type: ignore[union-attr]
    assert event(start="2024-02-20T14:30").end == at("2024-02-20 15:30")
    assert event(start="2024-02-21T09:00").end is None  # later than the end, of which nobody spoke
    assert not event(start="2024-02-21T09:00").guessed
    assert with_words(TALK, {}, LONDON) is TALK


def test_online_is_a_place_of_its_own() -> None:
    assert (event(place="online").online, event(place="online").place) == (True, "")
    assert (event(place="Online and in Hall 2").online, event(place="Online and in Hall 2").place) == (
        False,
        "Online and in Hall 2",
    )


def test_no_day_is_no_event_and_no_address_no_picture() -> None:
    assert with_words(TALK, check_words({"start": ""}), LONDON).event is None
    assert with_words(TALK, check_words({"image": ""}), LONDON).image is None
    assert with_words(EntryDoc(title="x"), check_words({"place": "Hall"}), LONDON).event is None


def test_a_pictures_description_goes_with_its_picture() -> None:
    described = with_words(TALK, check_words({"alt": "An empty hall"}), LONDON).image
    assert described == Image(url="https://example.org/a.png", alt="An empty hall", width=600)
    assert with_words(TALK, check_words({"image": "https://example.org/b.png"}), LONDON).image == Image(
        url="https://example.org/b.png"
    )


@pytest.mark.parametrize(
    "words",
    [
        {"start": "tomorrow"},
        {"start": "2024-02-30"},
        {"start": "0001-01-01"},
        {"start": "2024-02-20T10:00+01:00"},
        {"start": "2024-02-20", "end": "2024-02-19"},
        {"start": "2024-02-20T10:00", "end": "2024-02-20T09:00"},
        {"closing": "soon"},
        {"url": "javascript:alert(1)"},
        {"url": "https://"},
        {"image": "//example.org/a.png"},
        {"title": " "},
        {"title": 3},
        {"authors": "me"},
        {},
    ],
)
def test_what_cannot_be_is_refused(words: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        check_words(words)


@given(
    start=st.datetimes(min_value=dt.datetime(2000, 1, 1), max_value=dt.datetime(2100, 1, 1)),
    hours=st.integers(min_value=0, max_value=80),
    all_day=st.booleans(),
)
def test_saving_what_the_form_shows_changes_nothing(start: dt.datetime, hours: int, all_day: bool) -> None:
    start = start.replace(second=0, microsecond=0, hour=12, minute=start.minute)  # never in the hour that is twice
    begins = start.replace(hour=0, minute=0) if all_day else start
    ends = begins + dt.timedelta(days=hours // 24 + 1) if all_day else begins + dt.timedelta(hours=24 * hours)
    given_event = EventTime(
        start=begins.replace(tzinfo=LONDON).astimezone(dt.UTC),
        end=ends.replace(tzinfo=LONDON).astimezone(dt.UTC) if hours else None,
        all_day=all_day,
    )
    doc = EntryDoc(title="x", event=given_event)
    again = with_words(doc, check_words(event_words(given_event, LONDON)), LONDON).event
    assert again is not None
    one_day = all_day and ends == begins + dt.timedelta(days=1)  # of wall time: some are 23 or 25 hours long
    assert again == given_event or (one_day and again.end is None)
