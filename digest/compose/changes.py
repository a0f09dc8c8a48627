"""What a source changed after it had brought an entry: for staff, never for what members get. Pure.

A draft compares the form in which an entry first came with the latest one. Where an editor wrote words of their own,
what counts is what the source said when they did: the change keeps it (`Overlay.over`). An approved issue compares
what it says with what its source says now.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from digest.compose.rewrite import FIELDS_OF, with_words
from digest.gather.document import EntryDoc, EventTime, Image, Publication

MOST = 140  # characters of a changed text that are shown
_SHORT = 70  # up to here both are shown whole
_AROUND = 3  # words that are shown before and after what differs


class Said(Protocol):
    """An entry's form, or an item's."""

    @property
    def title(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def authors(self) -> tuple[str, ...]: ...
    @property
    def categories(self) -> tuple[str, ...]: ...
    @property
    def image(self) -> Image | None: ...
    @property
    def event(self) -> EventTime | None: ...
    @property
    def publication(self) -> Publication | None: ...
    @property
    def closing(self) -> dt.date | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that a source changed. `before` and `now` are plain text, "" for nothing.

    `edited` says that the issue has an editor's words there, which stay.
    """

    what: str  # "title", "summary", "date", ...
    before: str
    now: str
    edited: bool = False

    @property
    def words(self) -> str:
        """`the title was “A”, and is now “B”`"""
        before, now = excerpts(self.before, self.now)
        if self.edited:
            given = f"is now {now}" if now else "is now gone"
            return f"the source's {self.what} {given}; the issue keeps the editor's"
        if not before:
            return f"the {self.what} is new: {now}"
        return (
            f"the {self.what} was {before}, and is now {now}" if now else f"the {self.what} is gone; it was {before}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceNote:
    """What staff should know of an entry's source. `changed_at` and `gone_at` are when a gather saw it; aware UTC."""

    changed_at: dt.datetime | None = None
    changes: tuple[Change, ...] = ()
    gone_at: dt.datetime | None = None

    def sentences(self, tz: dt.tzinfo) -> tuple[str, ...]:
        """`the source changed this on Tue 13 Feb 2024, 10:05: the title was ...`; `no longer in its feed since`."""
        said = []
        if self.changed_at is not None:
            words = "; ".join(change.words for change in self.changes)
            said.append(f"the source changed this on {_moment(self.changed_at, tz)}: {words}")
        if self.gone_at is not None:
            said.append(f"no longer in its feed since {_moment(self.gone_at, tz)}")
        return tuple(said)

    def as_json(self) -> dict[str, Any]:
        """`{changed_at, changes: [{what, before, now, edited}], gone_at}`; instants as ISO 8601, null for none."""
        return {
            "changed_at": self.changed_at.isoformat() if self.changed_at else None,
            "changes": [{"what": c.what, "before": c.before, "now": c.now, "edited": c.edited} for c in self.changes],
            "gone_at": self.gone_at.isoformat() if self.gone_at else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """What editors wrote of one entry, and what its source said there at that time, by field."""

    words: Mapping[str, str] = field(default_factory=dict)
    over: Mapping[str, str] = field(default_factory=dict)


def source_note(
    before: Said | None,
    now: EntryDoc,
    *,
    changed_at: dt.datetime | None,
    gone_at: dt.datetime | None,
    edits: Rewritten | None = None,
    tz: dt.tzinfo,
) -> SourceNote | None:
    """What changed from `before` to `now`; None when there is nothing to say. `before` is None where nothing changed.

    What no reader sees (markup, the language named) is no change.
    """
    found = changes(before, now, edits=edits or Rewritten(), tz=tz) if before is not None else ()
    if not found and gone_at is None:
        return None
    return SourceNote(changed_at=changed_at if found else None, changes=found, gone_at=gone_at)


def changes(before: Said, now: EntryDoc, *, edits: Rewritten, tz: dt.tzinfo) -> tuple[Change, ...]:
    """What differs, in the order in which a reader meets it."""
    found: list[Change] = []
    worded = with_words(now, edits.words, tz)
    for key, (what, said) in _FIELDS.items():
        new = said(now, tz)
        edited = any(field in edits.words for field in FIELDS_OF.get(key, ()))
        if edited:
            # Their words stand above both; it matters when the source went on from what they had before them.
            old = edits.over.get(key, new)
            differs = not _same(old, new) and not _same(said(worded, tz), new)
        else:
            old = said(before, tz)
            differs = not _same(old, new)
        if differs:
            found.append(Change(what=what, before=old, now=new, edited=edited))
    if (
        isinstance(before, EntryDoc)
        and not _same(before.text, now.text)
        and not any(c.what == "summary" for c in found)
    ):
        found.append(Change(what="full text", before=before.text, now=now.text))
    return tuple(found)


def excerpts(before: str, now: str) -> tuple[str, str]:
    """Both in quotation marks, each cut to where they part, with a few words around it; "" stays "".

    >>> excerpts("Doors open at seven on Monday evening", "Doors open at eight on Monday evening")
    ('“Doors open at seven on Monday evening”', '“Doors open at eight on Monday evening”')
    """
    old, new = before.split(), now.split()
    shorter = min(len(old), len(new))
    head = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    tail = next((n for n in range(shorter - head) if old[-1 - n] != new[-1 - n]), shorter - head)
    whole = len(" ".join(old)) <= _SHORT and len(" ".join(new)) <= _SHORT
    if whole:
        head = tail = 0
    return _quoted(old, head, tail), _quoted(new, head, tail)


def _quoted(words: list[str], head: int, tail: int) -> str:
    if not words:
        return ""
    start, end = max(0, head - _AROUND), len(words) - max(0, tail - _AROUND)
    text, cut = " ".join(words[start:end]), end < len(words)
    if len(text) > MOST:
        text, cut = text[:MOST].rsplit(" ", 1)[0], True
    return f"“{'… ' if start else ''}{text}{' …' if cut else ''}”"


def _same(one: str, other: str) -> bool:
    return one.split() == other.split()


def _moment(at: dt.datetime, tz: dt.tzinfo) -> str:
    local = at.astimezone(tz)
    return f"{local:%a} {local.day} {local:%b %Y}, {local:%H:%M}"


def _day(day: dt.date | None) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}" if day else ""


def _when(event: EventTime | None, tz: dt.tzinfo) -> str:
    if event is None:
        return ""
    if event.all_day:
        first = event.start.astimezone(tz).date()
        # iCalendar's end of a whole day is the day after (RFC 5545, 3.6.1).
        last = (event.end.astimezone(tz) - dt.timedelta(microseconds=1)).date() if event.end else first
        return _day(first) if last <= first else f"{_day(first)} to {_day(last)}"
    start = event.start.astimezone(tz)
    if event.end is None:
        return _moment(start, tz)
    end = event.end.astimezone(tz)
    return f"{_moment(start, tz)} to {f'{end:%H:%M}' if end.date() == start.date() else _moment(end, tz)}"


def _where(event: EventTime | None) -> str:
    return (event.place or ("online" if event.online else "")) if event else ""


def _citation(of: Publication | None) -> str:
    return ", ".join(part for part in (of.journal, of.volume, of.issue, of.pages, of.doi) if part) if of else ""


# By FIELDS_OF it is known by which of an editor's fields each of them is rewritten, where it can be.
_FIELDS: dict[str, tuple[str, Callable[[Said, dt.tzinfo], str]]] = {
    "title": ("title", lambda said, _tz: said.title),
    "event": ("date", lambda said, tz: _when(said.event, tz)),
    "place": ("place", lambda said, _tz: _where(said.event)),
    "closing": ("closing date", lambda said, _tz: _day(said.closing)),
    "url": ("address", lambda said, _tz: said.url),
    "summary": ("summary", lambda said, _tz: said.summary),
    "authors": ("list of authors", lambda said, _tz: ", ".join(said.authors)),
    "publication": ("citation", lambda said, _tz: _citation(said.publication)),
    "categories": ("list of categories", lambda said, _tz: ", ".join(said.categories)),
    "image": ("picture", lambda said, _tz: said.image.url if said.image else ""),
}


def said_in_words(said: Said, tz: dt.tzinfo) -> dict[str, str]:
    """All that a reader sees of an entry or an item, by its name: "title", "date", ...; what is empty left out."""
    found = {what: words(said, tz) for what, words in _FIELDS.values()}
    return {what: words for what, words in found.items() if words}


def changes_in_words(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[Change, ...]:
    """What differs between two of `said_in_words`, in the order in which a reader meets it."""
    return tuple(
        Change(what=what, before=before.get(what, ""), now=now.get(what, ""))
        for what, _ in _FIELDS.values()
        if not _same(before.get(what, ""), now.get(what, ""))
    )


def said_of(doc: EntryDoc, keys: Mapping[str, Any], tz: dt.tzinfo) -> dict[str, str]:
    """What a source says where an editor rewrites those fields of `keys`: kept with the editor's change."""
    return {what: _FIELDS[what][1](doc, tz) for what, fields in FIELDS_OF.items() if keys.keys() & set(fields)}
