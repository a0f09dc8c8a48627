"""The editors' changes as an overlay: values folded into one state, applied whenever the issue is composed.

A gather never touches them, and they never touch an entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from digest.errors import UsageError

LONGEST_TEXT = 20_000  # characters of an intro or outro
LONGEST_LINE = 300  # characters of a subject or preheader


class EditKind(StrEnum):
    DROP = "drop"  # an item, out of this issue
    RESTORE = "restore"
    INTRO = "intro"  # {"markdown": str}
    OUTRO = "outro"
    SUBJECT = "subject"  # {"text": str}; empty: back to the title
    PREHEADER = "preheader"


_ON_ENTRY = {EditKind.DROP, EditKind.RESTORE}
_TEXT_KEY = {
    EditKind.INTRO: "markdown",
    EditKind.OUTRO: "markdown",
    EditKind.SUBJECT: "text",
    EditKind.PREHEADER: "text",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EditValue:
    """One change. `entry` is the entry's key for the kinds that speak of one."""

    kind: EditKind
    entry: int | None = None
    value: Mapping[str, Any] = field(default_factory=dict)
    actor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """All changes so far, folded. None means: not overridden."""

    dropped: Mapping[int, str] = field(default_factory=dict)  # entry -> who dropped it
    intro: str | None = None
    outro: str | None = None
    subject: str | None = None
    preheader: str | None = None


def check_edit(edit: EditValue) -> EditValue:
    """`edit` with its texts trimmed. Raises UsageError in words when its parts do not fit its kind."""
    if edit.kind in _ON_ENTRY:
        if edit.entry is None:
            raise UsageError(f"The change {edit.kind.value!r} must name an item.")
        return edit
    key = _TEXT_KEY[edit.kind]
    text = edit.value.get(key)
    if not isinstance(text, str):
        raise UsageError(f"The change {edit.kind.value!r} must hold a text under {key!r}.")
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    limit = LONGEST_TEXT if key == "markdown" else LONGEST_LINE
    if len(text) > limit:
        raise UsageError(f"The {edit.kind.value} is {len(text):,} characters long; at most {limit:,} fit.")
    if key == "text":
        text = " ".join(text.split())
    return EditValue(kind=edit.kind, value={key: text}, actor=edit.actor)


def fold(edits: Iterable[EditValue]) -> Overlay:
    """The state after all `edits`, in their order."""
    dropped: dict[int, str] = {}
    texts: dict[EditKind, str] = {}
    for edit in edits:
        if edit.kind is EditKind.DROP and edit.entry is not None:
            dropped[edit.entry] = edit.actor
        elif edit.kind is EditKind.RESTORE and edit.entry is not None:
            dropped.pop(edit.entry, None)
        elif edit.kind in _TEXT_KEY:
            texts[edit.kind] = str(edit.value[_TEXT_KEY[edit.kind]])
    return Overlay(
        dropped=dropped,
        intro=texts.get(EditKind.INTRO),
        outro=texts.get(EditKind.OUTRO),
        subject=texts.get(EditKind.SUBJECT) or None,
        preheader=texts.get(EditKind.PREHEADER) or None,
    )
