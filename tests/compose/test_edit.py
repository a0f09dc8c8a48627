"""The editors' overlay: folding, undo and redo, and what each change does to an issue."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.assemble import compose
from digest.compose.diff import difference, snapshot
from digest.compose.document import Composition, Window
from digest.compose.edit import EditKind, EditValue, Overlay, check_edit, fold, standing
from digest.compose.window import LateRule
from digest.config import Config
from digest.errors import UsageError
from tests.compose.values import at, story

WEEK = Window(start=at("2024-02-05 07:00"), end=at("2024-02-12 07:00"))
SINCE = LateRule(limit=dt.timedelta(days=28), gathered_since={"news": at("2024-01-01 00:00")})


def edit(kind: str, entry: int | None = None, **value: Any) -> EditValue:
    return check_edit(EditValue(kind=EditKind(kind), entry=entry, value=value, actor="sam"))


def issue(config: Config, *edits: EditValue) -> Composition:
    stories = [
        story("First of February", "2024-02-10 10:00", key=1),
        story("Second opinion", "2024-02-09 10:00", key=2),
        story("Third party", "2024-02-08 10:00", key=3),
        story("A post", "2024-02-08 10:00", key=4, section="blog"),
        story("Long gone", "2023-10-08 10:00", key=5, seen="2024-02-07 10:00"),
        story("Made by hand", None, key=6, seen="2024-02-10 10:00", source="manual", section=""),
    ]
    return compose(
        config,
        [s for s in stories if s.key != 6 or any(e.entry == 6 for e in edits)],
        window=WEEK,
        date=dt.date(2024, 2, 12),
        send_at=at("2024-02-12 09:00"),
        number=736,
        overlay=fold(edits),
        late=SINCE,
    )


def keys(composition: Composition, section: str = "news") -> list[int | None]:
    [found] = [s for s in composition.document.sections if s.id == section]
    return [item.entry for item in found.items]


def fate(composition: Composition, key: int) -> str:
    [placed] = [p for p in composition.placements if p.candidate.key == key]
    return f"{placed.outcome.value}: {placed.reason}"


def test_without_changes(config: Config) -> None:
    assert keys(issue(config)) == [1, 2, 3]
    assert fate(issue(config), 5).startswith("too-old")


def test_hold_and_drop(config: Config) -> None:
    composition = issue(config, edit("hold", 1), edit("drop", 2))
    assert keys(composition) == [3]
    assert fate(composition, 1) == "held: held for the next issue by sam"
    assert fate(composition, 2) == "dropped: dropped by sam"


def test_restore_undoes_any_fate(config: Config) -> None:
    assert keys(issue(config, edit("hold", 1), edit("restore", 1))) == [1, 2, 3]
    assert keys(issue(config, edit("include", 5), edit("restore", 5))) == [1, 2, 3]


def test_include_brings_in_what_was_left_out(config: Config) -> None:
    composition = issue(config, edit("include", 5))
    assert 5 in keys(composition)
    assert fate(composition, 5) == "included: included by an editor"


def test_pin_stands_first(config: Config) -> None:
    assert keys(issue(config, edit("pin", 3))) == [3, 1, 2]
    assert keys(issue(config, edit("pin", 3), edit("pin", 3, pinned=False))) == [1, 2, 3]
    assert keys(issue(config, edit("pin", 3), edit("pin", 2))) == [3, 2, 1]


def test_move_to_another_section(config: Config) -> None:
    composition = issue(config, edit("move", 3, section="blog"))
    assert keys(composition) == [1, 2]
    assert set(keys(composition, "blog")) == {3, 4}


def test_order_by_hand_and_what_came_since(config: Config) -> None:
    assert keys(issue(config, edit("order", section="news", entries=[3, 1]))) == [3, 1, 2]


def test_rewriting_keeps_the_source_as_it_was(config: Config) -> None:
    change = edit("rewrite", 1, title="A better title", summary="Better words.", image="https://e.example/p.jpg")
    item = issue(config, change).document.items[0]
    assert (item.title, item.summary) == ("A better title", "Better words.")
    assert item.image is not None
    back = edit("rewrite", 1, title=None, image="")
    item = issue(config, change, back).document.items[0]
    assert (item.title, item.summary, item.image) == ("First of February", "Better words.", None)


def test_an_item_made_by_hand(config: Config) -> None:
    composition = issue(config, edit("add", 6, section="announcements"))
    assert keys(composition, "announcements") == [6]
    assert fate(composition, 6) == "included: added by an editor"


def test_undo_and_redo_walk_the_history(config: Config) -> None:
    history = [edit("drop", 1), edit("drop", 2), edit("undo")]
    assert keys(issue(config, *history)) == [2, 3]
    assert keys(issue(config, *history, edit("undo"))) == [1, 2, 3]
    assert keys(issue(config, *history, edit("redo"))) == [3]
    assert keys(issue(config, *history, edit("drop", 3), edit("redo"))) == [2], (
        "a new change ends what could be redone"
    )


@pytest.mark.parametrize(
    ("kind", "entry", "value", "words"),
    [
        ("hold", None, {}, "must name an item"),
        ("move", 1, {}, "no section None"),
        ("rewrite", 1, {"colour": "red"}, "nothing else"),
        ("rewrite", 1, {"title": " "}, "cannot be empty"),
        ("rewrite", 1, {"url": "javascript:alert(1)"}, "must begin with https"),
        ("rewrite", 1, {"summary": "x" * 3001}, "3,001 characters"),
        ("join", 1, {"into": 1}, "into itself"),
        ("join", 1, {"into": "2"}, "must name another item"),
        ("apart", 1, {"other": True}, "must name another item"),
    ],
)
def test_a_change_that_makes_no_sense(kind: str, entry: int | None, value: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        edit(kind, entry, **value)


def test_only_sections_that_exist() -> None:
    change = EditValue(kind=EditKind.MOVE, entry=1, value={"section": "nosuch"})
    with pytest.raises(UsageError, match="There are: blog, news"):
        check_edit(change, sections=["news", "blog"])


_changes = st.one_of(
    st.builds(
        lambda k, e: EditValue(kind=EditKind(k), entry=e),
        st.sampled_from(["drop", "hold", "restore"]),
        st.integers(1, 4),
    ),
    st.builds(lambda t: EditValue(kind=EditKind.INTRO, value={"markdown": t}), st.text(max_size=5)),
)


@given(st.lists(_changes, max_size=12), st.integers(0, 12))
def test_undoing_everything_and_redoing_it_is_where_one_was(changes: list[EditValue], back: int) -> None:
    back = min(back, len(changes))
    undo, redo = EditValue(kind=EditKind.UNDO), EditValue(kind=EditKind.REDO)
    assert fold([*changes, *[undo] * back]) == fold(changes[: len(changes) - back])
    assert fold([*changes, *[undo] * back, *[redo] * back]) == fold(changes)
    assert fold([*changes, *[undo] * (len(changes) + 3)]) == Overlay()


@given(st.lists(st.one_of(_changes, st.sampled_from([EditValue(kind=EditKind.UNDO), EditValue(kind=EditKind.REDO)]))))
def test_what_stands_is_always_part_of_the_history(changes: list[EditValue]) -> None:
    done, undone = standing(changes)
    made = [c for c in changes if c.kind not in (EditKind.UNDO, EditKind.REDO)]
    assert all(c in made for c in (*done, *undone))
    assert len(done) + len(undone) <= len(made)


def test_the_difference_since_the_review(config: Config) -> None:
    before = snapshot(issue(config).document)
    assert difference(before, issue(config).document) == []
    after = issue(
        config,
        edit("drop", 1),
        edit("move", 3, section="blog"),
        edit("rewrite", 2, title="Second thoughts"),
        edit("intro", markdown="Hello"),
        edit("include", 5),
    ).document
    assert difference(before, after) == [
        "new in News: Long gone",
        "gone from News: First of February",
        "changed: Second thoughts (the title was “Second opinion”, and is now “Second thoughts”)",
        "moved from News to Blog: Third party",
        "the preheader changed (it was “First of February · A post · Second opinion · Third party”, "
        "and is now “Second thoughts · A post · Long gone · Third party”)",
        "the intro is new (“Hello”)",
    ]
