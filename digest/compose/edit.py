"""The editors' changes as an overlay: values folded into one state, applied whenever the issue is composed.

A gather never touches them, and they never touch an entry.  Undo and redo are changes too: `fold` walks the history
and leaves out what was undone, so nothing an editor did is ever lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from digest.compose.rewrite import FIELDS_OF, check_words, tidy
from digest.errors import UsageError

LONGEST_TEXT = 20_000  # characters of an intro or outro
LONGEST_LINE = 300  # characters of a subject or preheader


class EditKind(StrEnum):
    """What an editor may do. In braces: the value that goes with it."""

    DROP = "drop"  # an item, out of this issue
    HOLD = "hold"  # out of this issue, into the next
    INCLUDE = "include"  # into this issue, whatever left it out
    RESTORE = "restore"  # undoes drop, hold and include
    PIN = "pin"  # to the top of its section {"pinned": bool}
    MOVE = "move"  # {"section": id}, with "entries" also to a place in that section's order
    ORDER = "order"  # {"section": id, "entries": [entry, ...]}
    REWRITE = "rewrite"  # any of REWRITABLE (rewrite.py); None: back to the source's. "over": see OVER
    ADD = "add"  # an item made by hand {"section": id}
    APART = "apart"  # not the same story as {"other": entry}
    JOIN = "join"  # the same story as {"into": entry}
    INTRO = "intro"  # {"markdown": str}
    OUTRO = "outro"
    SUBJECT = "subject"  # {"text": str}; empty: back to the made one
    PREHEADER = "preheader"
    WHEN = "when"  # of an announcement: {"at": an instant in ISO 8601}; empty: at once
    UNDO = "undo"  # the last change not undone yet
    REDO = "redo"
    REVIEWED = "reviewed"  # somebody looked at it all {"snapshot": ...}; changes nothing


_WITHOUT_ENTRY = {
    EditKind.ORDER,
    EditKind.INTRO,
    EditKind.OUTRO,
    EditKind.SUBJECT,
    EditKind.PREHEADER,
    EditKind.WHEN,
    EditKind.UNDO,
    EditKind.REDO,
    EditKind.REVIEWED,
}
_TEXTS = {
    EditKind.INTRO: ("markdown", LONGEST_TEXT),
    EditKind.OUTRO: ("markdown", LONGEST_TEXT),
    EditKind.SUBJECT: ("text", LONGEST_LINE),
    EditKind.PREHEADER: ("text", LONGEST_LINE),
    EditKind.WHEN: ("at", 40),
}
OVER = "over"  # in the value of a rewriting: what the source said there when the editor wrote


@dataclass(frozen=True, slots=True, kw_only=True)
class EditValue:
    """One change. `entry` is the entry's key for the kinds that speak of one."""

    kind: EditKind
    entry: int | None = None
    value: Mapping[str, Any] = field(default_factory=dict)
    actor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """All changes that stand, folded. None means: not overridden."""

    dropped: Mapping[int, str] = field(default_factory=dict)  # entry -> who
    held: Mapping[int, str] = field(default_factory=dict)
    included: Mapping[int, str] = field(default_factory=dict)
    pinned: Sequence[int] = ()
    moved: Mapping[int, str] = field(default_factory=dict)  # entry -> section
    order: Mapping[str, Sequence[int]] = field(default_factory=dict)  # section -> entries
    rewritten: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    over: Mapping[int, Mapping[str, str]] = field(default_factory=dict)  # what the source said where it was rewritten
    added: Mapping[int, str] = field(default_factory=dict)  # entry -> section
    apart: frozenset[frozenset[int]] = frozenset()
    joined: Mapping[int, int] = field(default_factory=dict)  # entry -> the one it joins
    intro: str | None = None
    outro: str | None = None
    subject: str | None = None
    preheader: str | None = None
    when: str | None = None

    @property
    def by_hand(self) -> frozenset[int]:
        """What an editor pinned, included or added: above every limit."""
        return frozenset((*self.pinned, *self.included, *self.added))

    @property
    def worded(self) -> frozenset[int]:
        """The entries whose teaser is an editor's."""
        return frozenset((*(entry for entry, words in self.rewritten.items() if "summary" in words), *self.added))


def check_edit(edit: EditValue, *, sections: Iterable[str] = ()) -> EditValue:
    """`edit` with its texts trimmed. Raises UsageError in words when its parts do not fit its kind.

    `sections` are the ids that a section may be moved to; empty: any.
    """
    kind, value = edit.kind, dict(edit.value)
    if kind not in _WITHOUT_ENTRY and edit.entry is None:
        raise UsageError(f"The change {kind.value!r} must name an item.")
    if kind in _TEXTS:
        key, limit = _TEXTS[kind]
        value = {key: tidy(value.get(key), key, limit, lines=key == "markdown")}
    elif kind in (EditKind.MOVE, EditKind.ADD, EditKind.ORDER):
        section, known = value.get("section"), set(sections)
        if not isinstance(section, str) or (known and section not in known):
            raise UsageError(f"There is no section {section!r}.", hint=f"There are: {', '.join(sorted(known))}.")
        entries = [_entry(e) for e in value.get("entries") or ()]
        value = {"section": section}
        if kind is EditKind.ORDER or (kind is EditKind.MOVE and entries):
            value["entries"] = entries
    elif kind is EditKind.REWRITE:
        value = check_words(value)
    elif kind is EditKind.APART:
        value = {"other": _entry(value.get("other"))}
    elif kind is EditKind.JOIN:
        value = {"into": _entry(value.get("into"))}
        if value["into"] == edit.entry:
            raise UsageError("An item cannot be merged into itself.")
    elif kind is EditKind.PIN:
        value = {"pinned": bool(value.get("pinned", True))}
    elif kind is not EditKind.REVIEWED:
        value = {}
    return EditValue(kind=kind, entry=edit.entry, value=value, actor=edit.actor)


def standing(edits: Iterable[EditValue]) -> tuple[list[EditValue], list[EditValue]]:
    """The changes that stand, and those undone that a redo would bring back, last undone last."""
    done: list[EditValue] = []
    undone: list[EditValue] = []
    for edit in edits:
        if edit.kind is EditKind.UNDO:
            if done:
                undone.append(done.pop())
        elif edit.kind is EditKind.REDO:
            if undone:
                done.append(undone.pop())
        elif edit.kind is not EditKind.REVIEWED:
            done.append(edit)
            undone.clear()
    return done, undone


def fold(edits: Iterable[EditValue]) -> Overlay:
    """The state after all `edits`, in their order."""
    state = _Folding()
    for edit in standing(edits)[0]:
        state.apply(edit)
    return state.overlay()


class _Folding:
    """The overlay while it is being folded."""

    def __init__(self) -> None:
        self.fate: dict[int, tuple[EditKind, str]] = {}
        self.pinned: list[int] = []
        self.moved: dict[int, str] = {}
        self.order: dict[str, Sequence[int]] = {}
        self.rewritten: dict[int, dict[str, str]] = {}
        self.over: dict[int, dict[str, str]] = {}
        self.added: dict[int, str] = {}
        self.apart: set[frozenset[int]] = set()
        self.joined: dict[int, int] = {}
        self.texts: dict[EditKind, str] = {}

    def apply(self, edit: EditValue) -> None:
        kind, entry, value = edit.kind, edit.entry, edit.value
        if kind in _TEXTS:
            self.texts[kind] = str(value[_TEXTS[kind][0]])
        elif kind is EditKind.ORDER:
            self.order[str(value["section"])] = tuple(value["entries"])
        elif entry is not None:
            self._apply_to_entry(kind, entry, value, edit.actor)

    def _apply_to_entry(self, kind: EditKind, entry: int, value: Mapping[str, Any], actor: str) -> None:
        match kind:
            case EditKind.DROP | EditKind.HOLD | EditKind.INCLUDE:
                self.fate[entry] = (kind, actor)
            case EditKind.RESTORE:
                self.fate.pop(entry, None)
            case EditKind.PIN:
                self.pinned = [e for e in self.pinned if e != entry]
                if value["pinned"]:
                    self.pinned.append(entry)
            case EditKind.MOVE:
                self.moved[entry] = str(value["section"])
                if "entries" in value:
                    self.order[str(value["section"])] = tuple(value["entries"])
            case EditKind.REWRITE:
                self._rewrite(entry, {key: text for key, text in value.items() if key != OVER}, value.get(OVER) or {})
            case EditKind.ADD:
                self.added[entry] = str(value["section"])
            case EditKind.APART:
                self.apart.add(frozenset((entry, int(value["other"]))))
                self.joined.pop(entry, None)
            case EditKind.JOIN:
                self.joined[entry] = int(value["into"])
                self.apart.discard(frozenset((entry, int(value["into"]))))
            case _:
                pass

    def _rewrite(self, entry: int, value: Mapping[str, Any], over: Mapping[str, Any]) -> None:
        texts, said = self.rewritten.setdefault(entry, {}), self.over.setdefault(entry, {})
        for key, text in value.items():
            texts.pop(key, None)
            if text is not None:
                texts[key] = str(text)
        for what, keys in FIELDS_OF.items():
            if value.keys() & set(keys):
                said.pop(what, None)
                if what in over and texts.keys() & set(keys):
                    said[what] = str(over[what])

    def overlay(self) -> Overlay:
        def those(kind: EditKind) -> dict[int, str]:
            return {entry: actor for entry, (fate, actor) in self.fate.items() if fate is kind}

        return Overlay(
            dropped=those(EditKind.DROP),
            held=those(EditKind.HOLD),
            included=those(EditKind.INCLUDE),
            pinned=tuple(self.pinned),
            moved=self.moved,
            order=self.order,
            rewritten=self.rewritten,
            over=self.over,
            added=self.added,
            apart=frozenset(self.apart),
            joined=self.joined,
            intro=self.texts.get(EditKind.INTRO),
            outro=self.texts.get(EditKind.OUTRO),
            subject=self.texts.get(EditKind.SUBJECT) or None,
            preheader=self.texts.get(EditKind.PREHEADER) or None,
            when=self.texts.get(EditKind.WHEN) or None,
        )


def _entry(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise UsageError("The change must name another item.")
    return value
