"""The view of the issue that is edited: its sections and items as the mail will show them. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from digest.compose.document import Composition, DocumentSection, Outcome, Placed
from digest.compose.edit import Overlay
from digest.config import Config
from digest.render.models import Links
from digest.render.view import ItemView, view_of
from digest.web.staff.desk import DeskItem, DeskSection, desk_sections


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Another telling of an item's story, merged into it."""

    entry: int
    title: str
    source: str
    url: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An item in its place. `seen` is what the mail shows of it; None for one that was dropped.

    `number` counts from 1 among those that can be moved in the section, of `movable`; 0 for a pinned or dropped one.
    """

    entry: int
    title: str
    url: str
    meta: str
    seen: ItemView | None
    lead: bool = False  # its picture goes across the whole column
    why: str = ""
    flags: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    tellings: tuple[Told, ...] = ()
    pinned: bool = False
    number: int = 0
    movable: int = 0

    @property
    def dropped(self) -> bool:
        return self.seen is None

    @property
    def first(self) -> bool:
        return self.number == 1

    @property
    def last(self) -> bool:
        return self.number == self.movable


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What an editor holds for the next issue."""

    entry: int
    title: str
    source: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A section, also one without items. `order` are the entries that can be moved in it, as they stand."""

    id: str
    title: str
    kind: str
    rows: tuple[Row, ...]
    held: tuple[Held, ...]
    more: int
    calendar: bool  # the mail offers all events as one file below it

    @property
    def kept(self) -> int:
        return sum(not row.dropped for row in self.rows)

    @property
    def order(self) -> tuple[int, ...]:
        return tuple(row.entry for row in self.rows if row.number)


def blocks(
    config: Config, composition: Composition, overlay: Overlay, links: Links, *, editable: bool
) -> tuple[Block, ...]:
    """Every configured section in its order; what was dropped stands where it would be while `editable`."""
    document = composition.document
    view = view_of(document, links)
    seen: dict[int | None, ItemView] = {}
    seen_sections = {section.id: section for section in view.sections}
    for section in document.sections:
        if section.items:
            seen |= zip((item.entry for item in section.items), seen_sections[section.id].items, strict=True)
    tellings, held = _asides(composition.placements)
    desk = desk_sections(config, composition, editable=editable)
    return tuple(
        Block(
            id=shown.id,
            title=shown.title,
            kind=section.kind,
            rows=tuple(_rows(shown, seen, overlay, tellings)),
            held=tuple(held.get(shown.id, ())) if editable else (),
            more=shown.more,
            calendar=bool(section.items) and bool(seen_sections[section.id].calendar),
        )
        for shown, section in zip(desk, document.sections, strict=True)
    )


def find(shown: Iterable[Block], entry: int) -> tuple[Block, Row] | None:
    """An item and its section."""
    return next(((block, row) for block in shown for row in block.rows if row.entry == entry), None)


def where(shown: Iterable[Block], entry: int) -> str:
    """`“A title” is now 2 of 5 in News.`: what a person hears after moving an item; "" when it is not there."""
    found = find(shown, entry)
    if found is None or found[1].dropped:
        return ""
    block, row = found
    if row.pinned:
        return f"“{row.title}” is pinned to the top of {block.title}."
    return f"“{row.title}” is now {row.number} of {row.movable} in {block.title}."


def titles_of(composition: Composition) -> dict[int, str]:
    """The headline of every entry the window saw: as it stands in the issue, else as its source gave it."""
    titles = {placed.candidate.key: placed.candidate.doc.title for placed in composition.placements}
    return titles | {item.entry: item.title for item in composition.document.items if item.entry is not None}


def section_of(composition: Composition, entry: int) -> DocumentSection | None:
    """The section in which an entry stands, or would stand."""
    home = next((p.section for p in composition.placements if p.candidate.key == entry), "")
    return next((section for section in composition.document.sections if section.id == home), None)


def _rows(
    shown: DeskSection,
    seen: Mapping[int | None, ItemView],
    overlay: Overlay,
    tellings: Mapping[int, list[Told]],
) -> Iterable[Row]:
    pinned = set(overlay.pinned)
    movable = sum(not item.dropped and item.entry not in pinned for item in shown.items)
    number, first = 0, True
    for item in shown.items:
        if item.entry is None:
            continue
        view = None if item.dropped else seen[item.entry]
        is_pinned = item.entry in pinned and not item.dropped
        counts = not item.dropped and not is_pinned
        number += counts
        lead = first and view is not None and view.image is not None and view.image.wide
        first = first and item.dropped
        yield Row(
            entry=item.entry,
            title=item.title,
            url=item.url,
            meta=" · ".join(part for part in (item.source, item.when, item.place) if part),
            seen=view,
            lead=lead,
            why=item.why,
            flags=(*_marks(item, overlay), *item.flags),
            notes=item.notes,
            tellings=tuple(tellings.get(item.entry, ())),
            pinned=is_pinned,
            number=number if counts else 0,
            movable=movable if counts else 0,
        )


def _marks(item: DeskItem, overlay: Overlay) -> Iterable[tuple[str, str]]:
    """What editors did to an item, as badges."""
    if item.entry in overlay.pinned:
        yield "Pinned", "brand"
    if item.entry in overlay.added:
        yield "Added by hand", "brand"
    elif item.entry in overlay.included:
        yield "Brought in", "brand"
    if item.entry is not None and overlay.rewritten.get(item.entry):
        yield "Edited", "brand"


def _asides(placements: Iterable[Placed]) -> tuple[dict[int, list[Told]], dict[str, list[Held]]]:
    """The tellings merged into each item, and what is held, by section."""
    tellings: dict[int, list[Told]] = {}
    held: dict[str, list[Held]] = {}
    for placed in placements:
        candidate = placed.candidate
        title = candidate.doc.title
        if placed.outcome is Outcome.MERGED and placed.merged_into is not None:
            told = Told(
                entry=candidate.key,
                title=title,
                source=candidate.source_title,
                url=candidate.doc.url,
                reason=placed.reason,
            )
            tellings.setdefault(placed.merged_into, []).append(told)
        elif placed.outcome is Outcome.HELD:
            kept = Held(entry=candidate.key, title=title, source=candidate.source_title, why=placed.reason)
            held.setdefault(placed.section, []).append(kept)
    return tellings, held


def ago(at: dt.datetime, now: dt.datetime) -> str:
    """`just now`, `5 minutes ago`, `3 hours ago`, `2 days ago`."""
    minutes = int((now - at).total_seconds() // 60)
    for size, unit in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"
