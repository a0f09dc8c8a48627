"""The editors' history: who changed what when, in words, and what two changes have to do with each other. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from digest.compose.edit import OVER, EditKind, EditValue
from digest.compose.headline import cut

LONGEST_TITLE = 70  # characters of a headline in a line
_TEXTS = {
    EditKind.INTRO: ("intro", "markdown"),
    EditKind.OUTRO: ("closing words", "markdown"),
    EditKind.SUBJECT: ("subject", "text"),
    EditKind.PREHEADER: ("preheader", "text"),
    EditKind.WHEN: ("time of sending", "at"),
}
_FIELDS = {
    "title": "title",
    "summary": "summary",
    "url": "link",
    "image": "picture",
    "alt": "picture's description",
    "start": "date",
    "end": "end",
    "place": "place",
    "closing": "closing date",
}
Facet = tuple[str, object, str]  # what is spoken of, which one, which part of it; "" for all of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One stored change. `base` is the revision it was made on; `at` is aware."""

    seq: int
    base: int
    at: dt.datetime
    edit: EditValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One change in words that follow its actor's name. `undone`: it was taken back since and does not count."""

    seq: int
    at: dt.datetime
    actor: str
    words: str
    undone: bool = False
    entries: tuple[int, ...] = ()  # the items it speaks of


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All changes, the oldest first, and what the next undo and redo would do; "" where there is nothing."""

    lines: tuple[Line, ...]
    undo: str = ""
    redo: str = ""


def history(recorded: Sequence[Recorded], *, titles: Mapping[int, str], sections: Mapping[str, str]) -> History:
    """`titles` names the entries, `sections` the sections; an unknown one is named by its number or id."""
    tell = _teller(titles, sections)
    told: list[Line] = []
    done, undone, targets = _walk(recorded)
    gone = {row.seq for row in undone} | _overtaken(recorded, done, undone)
    for row in recorded:
        target = targets.get(row.seq)
        words = tell(row.edit)
        if row.edit.kind in (EditKind.UNDO, EditKind.REDO):
            verb = "undid" if row.edit.kind is EditKind.UNDO else "did again"
            words = f"{verb}: {tell(target.edit)}" if target else f"{verb} nothing"
        told.append(
            Line(
                seq=row.seq,
                at=row.at,
                actor=row.edit.actor,
                words=words,
                undone=row.seq in gone,
                entries=tuple(sorted(_entries((target or row).edit))),
            )
        )
    return History(
        lines=tuple(told),
        undo=tell(done[-1].edit) if done else "",
        redo=tell(undone[-1].edit) if undone else "",
    )


def entries_named(recorded: Iterable[Recorded]) -> set[int]:
    """The entries whose titles `history` needs."""
    return {entry for row in recorded for entry in _entries(row.edit)}


def colliding(mine: EditValue, recorded: Sequence[Recorded], *, since: int) -> list[Recorded]:
    """Those changes made on revision `since` or later that speak of the same as `mine`: its maker has not seen them.

    Two changes that touch different items, different fields of one item, or different texts can be made in either
    order. What happens to an item as a whole (drop, merge, ...) goes with nothing else that is done to it. An undo
    takes back what its maker saw as the last change, so it goes with nothing at all.
    """
    targets = _walk(recorded)[2]
    later = [row for row in recorded if row.base >= since and row.edit.kind is not EditKind.REVIEWED]
    if mine.kind in (EditKind.UNDO, EditKind.REDO):
        return later
    facets = _facets(mine)
    return [
        row
        for row in later
        if any(_meet(one, other) for one in facets for other in _facets(targets.get(row.seq, row).edit))
    ]


def _walk(recorded: Iterable[Recorded]) -> tuple[list[Recorded], list[Recorded], dict[int, Recorded]]:
    """What stands, what a redo would bring back, and for each undo and redo the change it speaks of."""
    done: list[Recorded] = []
    undone: list[Recorded] = []
    targets: dict[int, Recorded] = {}
    for row in recorded:
        if row.edit.kind is EditKind.UNDO:
            if done:
                targets[row.seq] = done[-1]
                undone.append(done.pop())
        elif row.edit.kind is EditKind.REDO:
            if undone:
                targets[row.seq] = undone[-1]
                done.append(undone.pop())
        elif row.edit.kind is not EditKind.REVIEWED:
            done.append(row)
            undone.clear()
    return done, undone, targets


def _overtaken(recorded: Iterable[Recorded], done: Iterable[Recorded], undone: Iterable[Recorded]) -> set[int]:
    """What was undone and can no longer be brought back, because something else was done since."""
    stands = {row.seq for row in (*done, *undone)}
    passing = (EditKind.UNDO, EditKind.REDO, EditKind.REVIEWED)
    return {row.seq for row in recorded if row.edit.kind not in passing and row.seq not in stands}


def _entries(edit: EditValue) -> set[int]:
    if edit.kind is EditKind.ORDER or edit.entry is None:
        return set()
    others = (edit.value.get(key) for key in ("other", "into"))
    return {edit.entry, *(other for other in others if isinstance(other, int))}


def _facets(edit: EditValue) -> list[Facet]:
    kind, entry, value = edit.kind, edit.entry, edit.value
    if kind in _TEXTS:
        return [("text", kind, "")]
    if kind is EditKind.ORDER:
        return [("order", value.get("section"), "")]
    if kind is EditKind.REWRITE:
        return [("item", entry, key) for key in value if key != OVER]
    if kind is EditKind.PIN:
        return [("item", entry, "place")]
    if kind is EditKind.MOVE:
        order: list[Facet] = [("order", value["section"], "")] if value.get("entries") else []
        return [("item", entry, "place"), *order]
    return [("item", key, "") for key in _entries(edit)]


def _meet(one: Facet, other: Facet) -> bool:
    return one[:2] == other[:2] and ("" in (one[2], other[2]) or one[2] == other[2])


def _teller(titles: Mapping[int, str], sections: Mapping[str, str]) -> Callable[[EditValue], str]:
    def title(entry: object) -> str:
        known = titles.get(entry) if isinstance(entry, int) else None
        return f"“{cut(known, LONGEST_TITLE)}”" if known else f"item {entry}"

    def section(edit: EditValue) -> str:
        key = str(edit.value.get("section", ""))
        return sections.get(key, key)

    def tell(edit: EditValue) -> str:
        kind, value, item = edit.kind, edit.value, title(edit.entry)
        match kind:
            case EditKind.DROP:
                return f"dropped {item}"
            case EditKind.HOLD:
                return f"held {item} for the next issue"
            case EditKind.INCLUDE:
                return f"brought {item} into the issue"
            case EditKind.RESTORE:
                return f"put {item} back"
            case EditKind.PIN:
                return f"pinned {item} to the top" if value.get("pinned") else f"unpinned {item}"
            case EditKind.MOVE:
                return f"moved {item} to {section(edit)}"
            case EditKind.ORDER:
                return f"put {section(edit)} into another order"
            case EditKind.REWRITE:
                return _rewriting(value, item)
            case EditKind.ADD:
                return f"added {item} to {section(edit)}"
            case EditKind.APART:
                return f"took {item} and {title(value.get('other'))} apart"
            case EditKind.JOIN:
                return f"merged {item} into {title(value.get('into'))}"
            case EditKind.REVIEWED:
                return "marked the issue as reviewed"
            case EditKind.UNDO | EditKind.REDO:
                return kind.value
            case _:
                name, key = _TEXTS[kind]
                verb = "set" if kind is EditKind.WHEN else "wrote"
                return f"{verb} the {name}" if value.get(key) else f"cleared the {name}"

    return tell


def _rewriting(value: Mapping[str, object], item: str) -> str:
    written = [_FIELDS[key] for key, text in value.items() if key in _FIELDS and text is not None]
    given_back = [_FIELDS[key] for key, text in value.items() if key in _FIELDS and text is None]
    said = [f"changed the {_listed(written)} of {item}"] if written else []
    if given_back:
        of = "" if written else f" of {item}"
        said.append(f"gave the {_listed(given_back)}{of} back to its source")
    return " and ".join(said) or f"changed {item}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
