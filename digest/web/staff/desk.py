"""The view of the coming issue: what stands where, what was left out, and why. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from digest.compose.changes import SourceNote
from digest.compose.document import Composition, DocumentSection, IssueDocument, Item, Outcome, Placed
from digest.compose.sections import KINDS, sort_items
from digest.config import Config
from digest.gather.document import EventTime
from digest.web.staff.health import sentence
from digest.web.staff.when import short_time

_FLAGS = {
    "late": ("Came late", ""),
    "last-chance": ("Last chance", "warn"),
    "changed": ("Changed", "warn"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskItem:
    """One item of a section as the desk shows it. A dropped one keeps its place, with `why`."""

    entry: int | None
    title: str
    url: str
    source: str
    when: str  # of the event, where it is one; else of the publication
    place: str = ""
    summary: str = ""
    flags: tuple[tuple[str, str], ...] = ()  # words and tone
    also_in: tuple[str, ...] = ()
    dropped: bool = False
    why: str = ""
    notes: tuple[str, ...] = ()  # what its source changed, in sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemNote:
    """An item whose source changed it, and how, in sentences."""

    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSection:
    """A section with its items, the dropped ones among them."""

    id: str
    title: str
    items: tuple[DeskItem, ...]
    more: int

    @property
    def kept(self) -> int:
        return sum(not item.dropped for item in self.items)


def desk_sections(config: Config, composition: Composition, *, editable: bool) -> tuple[DeskSection, ...]:
    """The sections in their order. While `editable`, what was dropped stands where it would be."""
    tz = config.association.tz
    dropped: dict[str, list[Placed]] = {}
    if editable:
        for placed in composition.placements:
            if placed.outcome is Outcome.DROPPED:
                dropped.setdefault(placed.section, []).append(placed)
    orders = _orders(config, composition.placements)
    return tuple(
        DeskSection(
            id=section.id,
            title=section.title,
            items=tuple(
                _with_dropped(section, dropped.get(section.id, []), orders.get(section.id, {}), composition.notes, tz)
            ),
            more=section.more,
        )
        for section in composition.document.sections
    )


def notes_of(composition: Composition, tz: dt.tzinfo) -> tuple[ItemNote, ...]:
    """The items whose sources changed them since they came, or since the approval, in the issue's order."""
    notes = composition.notes
    return tuple(
        item_note(item.title, notes[item.entry], tz)
        for item in composition.document.items
        if item.entry is not None and item.entry in notes
    )


def item_note(title: str, note: SourceNote, tz: dt.tzinfo) -> ItemNote:
    return ItemNote(title=title, sentences=tuple(sentence(words) for words in note.sentences(tz)))


def tally(document: IssueDocument) -> tuple[tuple[str, int], ...]:
    """Each section's title and how many items it has."""
    return tuple((section.title, len(section.items)) for section in document.sections)


def _orders(config: Config, placements: Iterable[Placed]) -> dict[str, dict[int, int]]:
    """For each section the rank of every entry that is, or would be, an item of it."""
    by_section: dict[str, list[Placed]] = {}
    for placed in placements:
        if placed.outcome in (Outcome.INCLUDED, Outcome.DROPPED):
            by_section.setdefault(placed.section, []).append(placed)
    ranks: dict[str, dict[int, int]] = {}
    sources = {source.id: place for place, source in enumerate(config.sources)}
    for section in config.sections:
        candidates = [placed.candidate for placed in by_section.get(section.id, [])]
        ordered = sort_items(KINDS[section.kind], section.sort, candidates, rank=sources)
        ranks[section.id] = {candidate.key: rank for rank, candidate in enumerate(ordered)}
    return ranks


def _with_dropped(
    section: DocumentSection,
    dropped: Sequence[Placed],
    rank: Mapping[int, int],
    notes: Mapping[int, SourceNote],
    tz: dt.tzinfo,
) -> Iterable[DeskItem]:
    waiting = sorted(dropped, key=lambda placed: rank.get(placed.candidate.key, 0))
    for item in section.items:
        here = rank.get(item.entry, -1) if item.entry is not None else -1
        while waiting and rank.get(waiting[0].candidate.key, 0) < here:
            yield _dropped_item(waiting.pop(0), tz)
        yield _item(item, notes.get(item.entry) if item.entry is not None else None, tz)
    for placed in waiting:
        yield _dropped_item(placed, tz)


def _item(item: Item, note: SourceNote | None, tz: dt.tzinfo) -> DeskItem:
    when, place = _when_and_where(item.event, item.published, tz)
    return DeskItem(
        entry=item.entry,
        title=item.title,
        url=item.url,
        source=item.source_title,
        when=when,
        place=place,
        summary=item.summary,
        flags=(
            *(_FLAGS.get(flag, (flag.replace("-", " ").capitalize(), "")) for flag in item.flags),
            *(_note_flags(note) if note else ()),
        ),
        notes=item_note(item.title, note, tz).sentences if note else (),
        also_in=item.also_in,
    )


def _note_flags(note: SourceNote) -> Iterable[tuple[str, str]]:
    if note.changes:
        yield "Source changed", "warn"
    if note.gone_at is not None:
        yield "Gone from its feed", "warn"


def _dropped_item(placed: Placed, tz: dt.tzinfo) -> DeskItem:
    doc = placed.candidate.doc
    when, place = _when_and_where(doc.event, placed.candidate.published_at, tz)
    return DeskItem(
        entry=placed.candidate.key,
        title=doc.title,
        url=doc.url,
        source=placed.candidate.source_title,
        when=when,
        place=place,
        dropped=True,
        why=placed.reason,
    )


def _when_and_where(event: EventTime | None, published: dt.datetime | None, tz: dt.tzinfo) -> tuple[str, str]:
    if event is not None:
        when = _event_time(event.start, all_day=event.all_day, tz=tz)
        return when, event.place or ("Online" if event.online else "")
    return (short_time(published, tz) if published else ""), ""


def _event_time(start: dt.datetime, *, all_day: bool, tz: dt.tzinfo) -> str:
    if all_day:
        local = start.astimezone(tz)
        return f"{local:%a} {local.day} {local:%b}"
    return short_time(start, tz)
