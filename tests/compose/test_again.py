"""What stood in an earlier issue does not come again, whatever its source calls it now."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.again import EarlierItem, EarlierItems, stood_before
from digest.compose.document import Candidate
from tests.compose.values import at, story


def earlier(**values: Any) -> EarlierItems:
    base = story("A library opens", "2024-02-01 10:00", url="https://e.example/library", key=7)
    item = EarlierItem(
        entry=7,
        issue="issue 735",
        source="news",
        url_key=base.url_key,
        title_key=base.title_key,
        summary="",
        published_at=at("2024-02-01 10:00"),
    )
    return EarlierItems([EarlierItem(**{field: values.get(field, getattr(item, field)) for field in item.__slots__})])


@pytest.mark.parametrize(
    ("title", "published", "url", "key", "reason"),
    [
        ("Anything", "2024-02-06 10:00", "https://e.example/x", 7, "it stood in issue 735"),
        ("A library opens", "2024-02-06 10:00", "https://e.example/library", 8, "(the same address)"),
        ("A library opens (corrected)", "2024-02-01 12:00", "https://e.example/library", 8, "(the same address)"),
        ("A library opens", "2024-02-01 10:00", "https://e.example/?p=12", 8, "(the same headline)"),
    ],
)
def test_it_comes_again(title: str, published: str, url: str, key: int, reason: str) -> None:
    found = stood_before(story(title, published, url=url, key=key), earlier())
    assert found is not None
    assert found.endswith(reason)


@pytest.mark.parametrize(
    ("title", "published", "url"),
    [
        ("Something else at a page that is written over", "2024-02-08 10:00", "https://e.example/library"),
        ("A library opens", "2024-02-08 10:00", "https://e.example/another-library"),
        ("Nothing alike", "2024-02-01 10:00", "https://e.example/other"),
    ],
)
def test_it_is_another_story(title: str, published: str, url: str) -> None:
    assert stood_before(story(title, published, url=url, key=8), earlier()) is None


def test_undated_stories_are_known_by_what_they_say() -> None:
    undated = {"seen": "2024-02-08 10:00", "url": "https://e.example/new", "key": 8}
    assert stood_before(
        story("A library opens", None, summary="Doors at nine.", **undated), earlier(summary="Doors at nine.")
    )
    assert not stood_before(story("A library opens", None, summary="Another.", **undated), earlier(summary="Doors."))


def test_another_source_may_tell_it_under_its_own_address() -> None:
    again = story("A library opens", "2024-02-01 10:00", source="blog", url="https://b.example/1", key=8)
    assert stood_before(again, earlier()) is None


def spent(candidate: Candidate, issue: str = "issue 735") -> EarlierItem:
    return EarlierItem(
        entry=candidate.key,
        issue=issue,
        source=candidate.source,
        url_key=candidate.url_key,
        title_key=candidate.title_key,
        summary=candidate.doc.summary,
        published_at=candidate.published_at,
        title=candidate.doc.title,
        event_start=candidate.doc.event.start if candidate.doc.event else None,
    )


def again(first: Candidate, *following: Candidate) -> list[str | None]:
    earlier_items = EarlierItems([spent(first)])
    return [stood_before(candidate, earlier_items) for candidate in following]


PAGE = "https://e.example/events"
WORDY = "Doors open at nine in the old sail loft, and the talks begin at ten with a word from the harbour master."


def test_entries_that_all_link_to_one_page_are_different_stories() -> None:
    first = story("A talk about captions for beginners", "2024-02-11 10:00", url=PAGE)
    next_day = story("Harbour supper tickets", "2024-02-12 10:00", url=PAGE)
    part_two = story("A talk about captions for experts, 2", "2024-02-12 10:00", url=PAGE)
    corrected = story("Corrected: a talk about captions", "2024-02-12 10:00", url=PAGE)
    reworded = story("Come and hear Farida", "2024-02-12 10:00", url=PAGE, summary=WORDY)
    assert again(first, next_day) == [None]
    assert again(first, corrected) == ["it stood in issue 735 under another identity (the same address)"]
    assert again(story("CPD webinar 1", "2024-02-11 10:00", url=PAGE), part_two) == [None]
    assert again(story("Farida speaks", "2024-02-11 10:00", url=PAGE, summary=WORDY), reworded) != [None]


def test_an_address_that_was_a_list_before_is_one_still() -> None:
    before = [story(f"A talk about captions, {k}", "2024-02-10 10:00", url=PAGE) for k in ("Leeds", "London")]
    now = story("A talk about captions, Bristol", "2024-02-11 10:00", url=PAGE)
    assert stood_before(now, EarlierItems(map(spent, before))) is None
    assert stood_before(now, EarlierItems([spent(before[0])])) is not None


def test_a_home_page_tells_nothing() -> None:
    home = "https://e.example/"
    first = story("A talk about captions", "2024-02-11 10:00", url=home)
    assert again(first, story("A talk about captions, revisited", "2024-02-12 10:00", url=home)) == [None]


def test_the_next_meeting_of_a_series_is_another_one() -> None:
    title = "Reading circle for lecturers and librarians"
    first = story(title, "2024-02-01 10:00", event="2024-02-13 12:00", url=PAGE)
    assert again(first, story(title, "2024-02-01 12:00", event="2024-03-13 12:00", url=PAGE)) == [None]
    assert again(first, story(title, "2024-02-20 12:00", event="2024-02-13 12:00", url=PAGE)) != [None]


def test_minutes_are_the_next_ones() -> None:
    page = "https://e.example/minutes"
    first = story("Minutes", "2024-02-01 10:00", url=page)
    assert again(first, story("Minutes", "2024-03-01 10:00", url=page)) == [None]
    assert again(first, story("Minutes", "2024-02-02 10:00", url=page)) != [None]


@pytest.mark.parametrize(("days", "same"), [(0, True), (30, True), (60, True), (61, False)])
def test_the_same_headline_over_the_same_text(days: int, same: bool) -> None:
    first = story("Minutes", "2024-02-01 10:00", summary=WORDY, url="https://e.example/1")
    when = at("2024-02-01 10:00") + dt.timedelta(days=days)
    later = story("Minutes", when, summary=WORDY, url="https://e.example/2")
    assert (again(first, later) != [None]) is same
    assert again(
        first, story("Minutes", when + dt.timedelta(hours=1), summary="Others", url="https://e.example/2")
    ) == [None]


@given(
    st.sampled_from(["Minutes", "A library opens", "Reading circle for lecturers and librarians"]),
    st.sampled_from(["", WORDY]),
    st.sampled_from([PAGE, "https://e.example/", ""]),
    st.integers(0, 400),
)
def test_an_entry_that_is_spent_is_always_known_again(title: str, text: str, url: str, days: int) -> None:
    first = story(title, "2024-02-01 10:00", summary=text, url=url, key=7)
    moved = story("Renamed since", at("2024-02-01 10:00") + dt.timedelta(days=days), key=7)
    twin = story(title, "2024-02-01 10:00", summary=text, url=url, key=8)
    assert again(first, first, moved) == ["it stood in issue 735"] * 2
    assert again(first, twin)[0] is not None, "the same in all but its guid"
