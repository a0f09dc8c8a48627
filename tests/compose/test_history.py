"""Who changed what: in words, and which changes of two people can both stand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.edit import EditKind, EditValue, check_edit, fold
from digest.compose.history import Recorded, colliding, history
from tests.compose.values import at

TITLES = {1: "First", 2: "Second", 3: "Third"}
SECTIONS = {"news": "News", "events": "Events"}


def edit(kind: str, entry: int | None = None, actor: str = "sam", **value: Any) -> EditValue:
    return check_edit(EditValue(kind=EditKind(kind), entry=entry, value=value, actor=actor))


def recorded(*edits: EditValue) -> list[Recorded]:
    start = at("2024-02-09 15:00")
    return [
        Recorded(seq=n, base=n, at=start + dt.timedelta(minutes=n), edit=one) for n, one in enumerate(edits, start=1)
    ]


def words(*edits: EditValue) -> list[str]:
    return [
        line.words + (" (undone)" if line.undone else "")
        for line in history(recorded(*edits), titles=TITLES, sections=SECTIONS).lines
    ]


def test_every_change_in_words() -> None:
    assert words(
        edit("drop", 1),
        edit("hold", 2),
        edit("include", 9),
        edit("restore", 1),
        edit("pin", 1),
        edit("pin", 1, pinned=False),
        edit("move", 1, section="events"),
        edit("order", section="news", entries=[2, 1]),
        edit("rewrite", 1, title="x", summary="y"),
        edit("rewrite", 1, title=None),
        edit("rewrite", 1, url="https://example.org", start=None),
        edit("add", 3, section="gone"),
        edit("apart", 1, other=2),
        edit("join", 1, into=2),
        edit("intro", markdown="x"),
        edit("outro", markdown=""),
        edit("subject", text="x"),
    ) == [
        "dropped “First”",
        "held “Second” for the next issue",
        "brought item 9 into the issue",
        "put “First” back",
        "pinned “First” to the top",
        "unpinned “First”",
        "moved “First” to Events",
        "put News into another order",
        "changed the title and summary of “First”",
        "gave the title of “First” back to its source",
        "changed the link of “First” and gave the date back to its source",
        "added “Third” to gone",
        "took “First” and “Second” apart",
        "merged “First” into “Second”",
        "wrote the intro",
        "cleared the closing words",
        "wrote the subject",
    ]


@pytest.mark.parametrize("kind", EditKind)
def test_every_kind_is_told_and_goes_with_no_other_of_itself(kind: EditKind) -> None:
    value = {"section": "news", "entries": [1], "other": 2, "into": 2, "pinned": True, "title": "x"}
    one = EditValue(kind=kind, entry=1, value=value, actor="sam")
    assert words(one)[0]
    assert bool(colliding(one, recorded(one), since=1)) is (kind is not EditKind.REVIEWED)


def test_undone_is_marked_and_named() -> None:
    told = [edit("drop", 1), edit("drop", 2), edit("undo"), edit("undo"), edit("redo"), edit("drop", 3)]
    assert words(*told) == [
        "dropped “First”",
        "dropped “Second” (undone)",
        "undid: dropped “Second”",
        "undid: dropped “First”",
        "did again: dropped “First”",
        "dropped “Third”",
    ]
    now = history(recorded(*told[:4]), titles=TITLES, sections=SECTIONS)
    assert (now.undo, now.redo) == ("", "dropped “First”")


@pytest.mark.parametrize(
    ("mine", "theirs", "collide"),
    [
        (edit("drop", 1), edit("drop", 2), False),
        (edit("drop", 1), edit("rewrite", 1, title="x"), True),
        (edit("rewrite", 1, title="x"), edit("rewrite", 1, title="y"), True),
        (edit("rewrite", 1, title="x"), edit("rewrite", 1, summary="y"), False),
        (edit("pin", 1), edit("rewrite", 1, title="x"), False),
        (edit("pin", 1), edit("move", 1, section="events"), True),
        (edit("order", section="news", entries=[1, 2]), edit("order", section="news", entries=[2, 1]), True),
        (edit("order", section="news", entries=[1, 2]), edit("order", section="events", entries=[3]), False),
        (edit("order", section="news", entries=[1, 2]), edit("drop", 1), False),
        (edit("move", 1, section="news", entries=[1]), edit("order", section="news", entries=[2]), True),
        (edit("join", 1, into=2), edit("drop", 2), True),
        (edit("apart", 1, other=2), edit("rewrite", 2, title="x"), True),
        (edit("intro", markdown="x"), edit("intro", markdown="y"), True),
        (edit("intro", markdown="x"), edit("outro", markdown="y"), False),
        (edit("subject", text="x"), edit("preheader", text="y"), False),
        (edit("undo"), edit("drop", 1), True),
        (edit("add", 3, section="news"), edit("drop", 1), False),
    ],
)
def test_which_changes_speak_of_the_same(mine: EditValue, theirs: EditValue, collide: bool) -> None:
    assert bool(colliding(mine, recorded(theirs), since=1)) is collide
    assert not colliding(mine, recorded(theirs), since=2)  # made before: its maker has seen it
    if mine.kind is not EditKind.UNDO:
        assert bool(colliding(theirs, recorded(mine), since=1)) is collide


def test_an_undo_speaks_of_what_it_took_back() -> None:
    rows = recorded(edit("drop", 1), edit("undo"))
    assert colliding(edit("pin", 1), rows, since=2) == rows[1:]
    assert colliding(edit("pin", 2), rows, since=2) == []


ENTRIES = st.integers(min_value=1, max_value=3)
EDITS = st.one_of(
    st.builds(lambda kind, e: edit(kind, e), st.sampled_from(["drop", "hold", "include", "restore", "pin"]), ENTRIES),
    st.builds(lambda e, s: edit("move", e, section=s), ENTRIES, st.sampled_from(["news", "events"])),
    st.builds(lambda s, o: edit("order", section=s, entries=o), st.sampled_from(["news", "events"]),
              st.permutations([1, 2, 3])),
    st.builds(lambda e, k, t: edit("rewrite", e, **{k: t}), ENTRIES, st.sampled_from(["title", "summary"]),
              st.sampled_from(["x", "y"])),
    st.builds(lambda k, t: edit(k, markdown=t), st.sampled_from(["intro", "outro"]), st.sampled_from(["x", "y"])),
)  # fmt: skip


@given(before=st.lists(EDITS, max_size=4), mine=EDITS, theirs=EDITS)
def test_changes_that_do_not_collide_can_be_made_in_either_order(
    before: list[EditValue], mine: EditValue, theirs: EditValue
) -> None:
    rows = recorded(*before, theirs)
    if colliding(mine, rows, since=len(rows)) or {mine.kind, theirs.kind} == {EditKind.PIN}:
        return  # two pins differ in who stands first; both are at the top
    assert fold([*before, mine, theirs]) == fold([*before, theirs, mine])
