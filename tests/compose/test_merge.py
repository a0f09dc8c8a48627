"""The same story from two feeds becomes one item; different stories never do."""

from __future__ import annotations

import datetime as dt
import random
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.document import Candidate
from digest.compose.merge import Duplicate, MergeRule, find_duplicates
from tests.compose.values import at, story

RANK = {"news": 0, "events": 1, "blog": 2}


_addresses = count(1)


def told(title: str, source: str, **more: Any) -> Candidate:
    more.setdefault("url", f"https://{source}.example/{next(_addresses)}")
    return story(title, more.pop("published", "2024-02-07 10:00"), source=source, section=source, **more)


def merged(*candidates: Candidate, **more: Any) -> tuple[Duplicate, ...]:
    return find_duplicates(candidates, rank=RANK, **more)


SAME = [
    ("Landfall 2027: the full programme is here", "Landfall 2027 - the full programme is here!"),
    ("Meet our OER24 keynote speakers", "Meet our OER24 Keynote Speakers"),
    ("Announcing the ALT Awards judging panel for 2024", "Announcing the ALT awards judging panel for 2024."),
    ("The library's new reading room", "The library’s new reading room"),
    (
        "Call to get involved: join our accreditation committee",
        "Join our accreditation committee: call to get involved",
    ),
    ("A guide to organisational change", "Guide to organizational change"),
    ("Open textbooks get a second edition", "Open textbook gets a second edition"),
    ("Reflections on teaching with video – part 2", "Reflections on Teaching with Video, Part 2"),
    ("مؤتمر التعليم المفتوح يعلن برنامجه الكامل", "مؤتمر التعليم المفتوح يعلن برنامجه الكامل!"),
]
DIFFERENT = [
    ("CPD webinar 1: captions that help", "CPD webinar 2: captions that help"),
    ("Call for papers 2024: open education", "Call for papers 2025: open education"),
    ("Reflections on teaching with video, part I", "Reflections on teaching with video, part II"),
    ("Reflections on teaching with video, part one", "Reflections on teaching with video, part two"),
    ("Regional meet-up for technicians in Leeds", "Regional meet-up for technicians in London"),
    ("Regional meet-up for technicians in Newport", "Regional meet-up for technicians in Newquay"),
    ("Drop-in clinic on Monday for new members", "Drop-in clinic on Tuesday for new members"),
    ("Annual conference registration opens", "Annual conference registration closes"),
    ("Learning spaces summer workshop: beginners", "Learning spaces summer workshop: advanced"),
    ("Minutes of the trustees' meeting, January", "Minutes of the trustees' meeting, February"),
    ("Newsletter", "Newsletter"),
    ("Welcome back", "Welcome back"),
    ("Annual General Meeting", "Annual General Meeting 2024"),
    ("Special interest group A elections", "Special interest group B elections"),
    ("Postponed: technicians' day at Penhallow", "Technicians' day at Penhallow"),
    ("New guidance on recording students", "New guidance on recording seminars"),
    ("Funding for digital inclusion announced", "Funding for digital exclusion announced"),
    ("Version 4.1 of the toolkit released", "Version 4.2 of the toolkit released"),
    ("Meeting the needs of deaf learners", "Meeting the needs of dyslexic learners"),
    ("ELESIG webinar: building skills for action", "ALSIG webinar: building skills for action"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_story(one: str, other: str) -> None:
    [found] = merged(told(one, "news", key=1), told(other, "blog", key=2))
    assert (found.key, found.into) == (2, 1)
    assert found.rule in (MergeRule.SAME_TITLE, MergeRule.SIMILAR_TITLE)
    assert found.reason.endswith(f"“{one}” in News")


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_stories(one: str, other: str) -> None:
    assert merged(told(one, "news"), told(other, "blog")) == ()


def test_one_address_is_one_story() -> None:
    address = "https://example.org/story"
    [found] = merged(told("Our own words", "news", url=address), told("Quite another heading", "blog", url=address))
    assert found.rule is MergeRule.SAME_ADDRESS
    assert found.reason == "the same address as “Our own words” in News"


def test_an_address_that_a_source_gives_to_everything_says_nothing() -> None:
    home = "https://example.org/events"
    assert (
        merged(
            told("First talk of the year", "events", url=home),
            told("Second talk of the year", "events", url=home),
            told("Our events page has moved", "news", url=home),
        )
        == ()
    )


def test_the_same_headline_days_later_is_another_story() -> None:
    title = "Notes from the trustees' meeting room"
    assert merged(told(title, "news"), told(title, "blog", published="2024-02-12 06:00")) == ()
    assert merged(told(title, "news"), told(title, "blog", published="2024-02-10 10:00")) != ()


def test_the_same_title_at_another_time_is_another_event() -> None:
    title = "Reading group for learning technologists"
    one, other = (
        told(title, source, event=when)
        for source, when in (("events", "2024-03-01 12:00"), ("news", "2024-04-01 12:00"))
    )
    assert merged(one, other) == ()


def test_one_source_does_not_repeat_itself_by_title_alone() -> None:
    title = "Places left on the technicians' course"
    assert merged(told(title, "news", summary="In Leeds."), told(title, "news", summary="Bristol, next month.")) == ()
    assert (
        merged(told(title, "news", summary="In Leeds.", key=1), told(title, "news", summary="In Leeds.", key=2)) != ()
    )


def test_the_first_source_stays_then_the_fullest() -> None:
    title = "A shared library of lesson recordings"
    [found] = merged(told(title, "blog", key=1, summary="long " * 50), told(title, "news", key=2))
    assert found.into == 2
    three = [told(title, source, key=k) for k, source in ((5, "blog"), (6, "events"), (7, "news"))]
    assert {(d.key, d.into) for d in merged(*three)} == {(5, 7), (6, 7)}


def test_what_staff_took_apart_stays_apart() -> None:
    title = "A shared library of lesson recordings"
    three = [told(title, source, key=k) for k, source in ((1, "news"), (2, "events"), (3, "blog"))]
    found = merged(*three, apart=[frozenset((1, 3))])
    together = {frozenset((d.key, d.into)) for d in found}
    assert frozenset((1, 3)) not in together
    assert len(found) == 1, "not even by way of the third"


def test_what_staff_merged_is_merged_into_what_they_said() -> None:
    one, other = told("Prize-giving at Landfall", "news", key=1), told("Who won what", "blog", key=2)
    [found] = merged(one, other, joined={1: 2})
    assert (found.key, found.into, found.rule) == (1, 2, MergeRule.BY_HAND)
    assert merged(one, other, joined={1: 99}) == ()


titles = st.sampled_from([title for pair in (*SAME, *DIFFERENT) for title in pair])
drawn = st.lists(
    st.tuples(titles, st.sampled_from(list(RANK)), st.integers(0, 9), st.sampled_from(["", "https://e.example/x"])),
    max_size=14,
)


def made(rows: list[tuple[str, str, int, str]]) -> list[Candidate]:
    return [
        told(
            title,
            source,
            key=n + 1,
            published=at("2024-02-01 10:00") + dt.timedelta(days=day),
            **({"url": url} if url else {}),
        )
        for n, (title, source, day, url) in enumerate(rows)
    ]


@given(drawn, st.randoms(use_true_random=False), st.sets(st.frozensets(st.integers(1, 14), min_size=2, max_size=2)))
def test_groups_are_groups(
    rows: list[tuple[str, str, int, str]], shuffle: random.Random, apart: set[frozenset[int]]
) -> None:
    candidates = made(rows)
    found = merged(*candidates, apart=apart)
    gone = [d.key for d in found]
    assert len(gone) == len(set(gone))
    assert not {d.into for d in found} & set(gone), "what stays is never merged itself"
    shuffled = list(candidates)
    shuffle.shuffle(shuffled)
    assert merged(*shuffled, apart=apart) == found
    groups: dict[int, set[int]] = {}
    for duplicate in found:
        groups.setdefault(duplicate.into, {duplicate.into}).add(duplicate.key)
    assert not [pair for pair in apart for group in groups.values() if pair <= group]
