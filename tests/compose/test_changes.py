"""What a source changed after it had brought an entry."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.assemble import compose
from digest.compose.changes import MOST, Rewritten, changes, excerpts, source_note
from digest.compose.document import Composition, Window
from digest.compose.edit import OVER, EditKind, EditValue, Overlay, fold
from digest.config import Config
from digest.gather.document import EntryDoc, EventTime, Image, Publication
from tests.compose.values import LONDON, at, story

SEEN = at("2024-02-08 10:05")


def doc(title: str = "A talk", **more: Any) -> EntryDoc:
    return EntryDoc(title=title, **more)


def told(before: EntryDoc, now: EntryDoc, edits: Rewritten | None = None) -> list[str]:
    return [change.words for change in changes(before, now, edits=edits or Rewritten(), tz=LONDON)]


def event(start: str, **more: Any) -> EventTime:
    return EventTime(start=at(start), **more)


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        (doc("A talk"), doc("A lecture"), "the title was “A talk”, and is now “A lecture”"),
        (doc(summary="Old."), doc(summary="New."), "the summary was “Old.”, and is now “New.”"),
        (doc(summary=""), doc(summary="New."), "the summary is new: “New.”"),
        (doc(summary="Old."), doc(), "the summary is gone; it was “Old.”"),
        (doc(text="One two."), doc(text="One three."), "the full text was “One two.”, and is now “One three.”"),
        (
            doc(event=event("2024-02-13 10:00", end=at("2024-02-13 11:00"))),
            doc(event=event("2024-02-14 10:00", end=at("2024-02-14 11:00"))),
            "the date was “Tue 13 Feb 2024, 10:00 to 11:00”, and is now “Wed 14 Feb 2024, 10:00 to 11:00”",
        ),
        (
            doc(event=event("2024-02-13 00:00", all_day=True, end=at("2024-02-14 00:00"))),
            doc(event=event("2024-02-13 00:00", all_day=True, end=at("2024-02-16 00:00"))),
            "the date was “Tue 13 Feb 2024”, and is now “Tue 13 Feb 2024 to Thu 15 Feb 2024”",
        ),
        (
            doc(event=event("2024-02-13 10:00", place="Leeds")),
            doc(event=event("2024-02-13 10:00", online=True)),
            "the place was “Leeds”, and is now “online”",
        ),
        (
            doc(closing=dt.date(2024, 3, 1)),
            doc(closing=dt.date(2024, 3, 10)),
            "the closing date was “Fri 1 Mar 2024”, and is now “Sun 10 Mar 2024”",
        ),
        (doc(url="https://a.example/1"), doc(url="https://a.example/2"),
         "the address was “https://a.example/1”, and is now “https://a.example/2”"),
        (doc(authors=("A", "B")), doc(authors=("A",)), "the list of authors was “A, B”, and is now “A”"),
        (doc(image=None), doc(image=Image(url="https://a.example/i.png")),
         "the picture is new: “https://a.example/i.png”"),
        (doc(publication=Publication(doi="10.1/x")), doc(publication=Publication(doi="10.1/y")),
         "the citation was “10.1/x”, and is now “10.1/y”"),
    ],
)  # fmt: skip
def test_what_changed_is_told_in_words(before: EntryDoc, now: EntryDoc, words: str) -> None:
    assert told(before, now) == [words]


def test_what_no_reader_sees_is_no_change() -> None:
    before = doc(summary="One  two", html="<p>One two</p>", language="en")
    assert told(before, doc(summary="One two", html="<div>One two</div>", language="de")) == []
    assert source_note(before, before, changed_at=SEEN, gone_at=None, tz=LONDON) is None


def test_a_summary_is_not_told_twice() -> None:
    assert told(doc(summary="A", text="A b"), doc(summary="C", text="C b")) == ["the summary was “A”, and is now “C”"]


def test_long_texts_are_cut_to_where_they_part() -> None:
    long = "word " * 60
    before, now = excerpts(f"{long} doors open at seven tonight {long}", f"{long} doors open at eight tonight {long}")
    assert (before, now) == (
        "“… doors open at seven tonight word word …”",
        "“… doors open at eight tonight word word …”",
    )


@given(st.text(max_size=600), st.text(max_size=600))
def test_two_texts_that_differ_are_never_shown_as_one(one: str, other: str) -> None:
    before, now = excerpts(one, other)
    assert max(len(before), len(now)) <= MOST + 8
    assert (before == "") == (not one.split())
    if len(one) <= MOST - 8 and len(other) <= MOST - 8:
        assert (before == now) == (one.split() == other.split())


# under the editors' changes --------------------------------------------------------------------------------------


def overlay(*values: dict[str, Any]) -> Overlay:
    return fold(EditValue(kind=EditKind.REWRITE, entry=1, value=value) for value in values)


def composed(config: Config, over: Overlay, *, first: EntryDoc, gone: bool = False) -> Composition:
    candidate = story(
        "The source's title", "2024-02-07 10:00", key=1, first=first, changed_at=SEEN, gone_at=SEEN if gone else None
    )
    window = Window(start=at("2024-02-05 07:00"), end=at("2024-02-12 07:00"))
    return compose(
        config, [candidate], window=window, date=dt.date(2024, 2, 12), send_at=at("2024-02-12 09:00"), number=736,
        overlay=over,
    )  # fmt: skip


def sentences(composition: Composition) -> tuple[str, ...]:
    return composition.notes[1].sentences(LONDON) if composition.notes else ()


def test_a_draft_says_that_a_source_changed_an_item(config: Config) -> None:
    first = doc("Its first title", url=story("The source's title", "2024-02-07 10:00").doc.url)
    found = composed(config, Overlay(), first=first, gone=True)
    assert sentences(found) == (
        "the source changed this on Thu 8 Feb 2024, 10:05: the title was “Its first title”, and is now "
        "“The source's title”",
        "no longer in its feed since Thu 8 Feb 2024, 10:05",
    )
    (placement,) = found.as_json()["placements"]
    assert placement["source_note"]["changes"][0]["before"] == "Its first title"
    # Members see the latest form, and nothing of its past.
    assert "first title" not in str(found.document.as_json())
    assert found.document.items[0].flags == ()


@pytest.mark.parametrize(
    ("source_said", "expected"),
    [
        ("Its first title", "the source's title is now “The source's title”; the issue keeps the editor's"),
        ("The source's title", ""),  # the editor wrote when the source had changed it already
    ],
)
def test_an_editors_title_stays_and_what_the_source_says_since_is_told(
    config: Config, source_said: str, expected: str
) -> None:
    first = doc("Its first title", url=story("The source's title", "2024-02-07 10:00").doc.url)
    edited = overlay({"title": "The editor's title", OVER: {"title": source_said}})
    found = composed(config, edited, first=first)
    assert found.document.items[0].title == "The editor's title"
    assert [words.partition(": ")[2] for words in sentences(found)] == ([expected] if expected else [])


def test_an_editor_who_was_ahead_of_the_source_hears_nothing(config: Config) -> None:
    first = doc("Its first title", url=story("The source's title", "2024-02-07 10:00").doc.url)
    edited = overlay({"title": "The source's title", OVER: {"title": "Its first title"}})
    assert sentences(composed(config, edited, first=first)) == ()


def test_going_back_to_the_sources_words_forgets_what_they_stood_over() -> None:
    folded = overlay({"title": "Mine", OVER: {"title": "Its"}}, {"title": None, OVER: {"title": "Other"}})
    assert (folded.rewritten, folded.over) == ({1: {}}, {1: {}})
