"""A week too full for one e-mail: which items go to the web, and how short the other teasers become. Pure.

The heaviest section gives first, and its last item first, again and again, until the estimate fits: so the sections
meet at about the same weight, and the order an editor or the section's sorting gave says who stays. No section is cut
below FLOOR items (or its own `min_items`), and what an editor pinned, included or added is never left out. When that
is not enough, teasers are shortened; and when that is not enough either, nobody but a person can help.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from digest.compose.document import IssueDocument
from digest.compose.edit import Overlay
from digest.config import Config
from digest.gather.clean.teaser import shorten

FLOOR = 3  # items that a section keeps, however full the week
TEASERS = (200, 140, 90, 0)  # characters, tried from the longest
MORE_LINE = 350  # bytes of HTML of the line "12 more on the web"


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionSize:
    """Bytes of HTML of one section, and of each of its items in their order."""

    id: str
    bytes: int
    items: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Bytes of one rendering as the member with the longest links gets it."""

    html: int
    text: int
    style: int  # of `html`: the style blocks, which Gmail drops beyond 8 KB
    frame: int  # of `html`: what surrounds the sections, without the style blocks
    sections: tuple[SectionSize, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What is taken from a composition: entries left out, and the longest teaser of the rest (None: as they are)."""

    left_out: frozenset[int] = frozenset()
    teaser: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the cutting keeps to. `limit`: the bytes that must not be reached; entries by their key."""

    limit: int
    floors: Mapping[str, int] = field(default_factory=dict)  # items that stay, by section
    by_hand: Set[int] = frozenset()  # never left out
    worded: Set[int] = frozenset()  # never shortened: the teaser is an editor's


def rules_of(config: Config, overlay: Overlay) -> Rules:
    """The rules that config.toml and the editors' changes set."""
    floors = {section.id: max(FLOOR, section.min_items) for section in config.sections}
    return Rules(limit=config.digest.max_bytes, floors=floors, by_hand=overlay.by_hand, worded=overlay.worded)


def next_cut(document: IssueDocument, sizes: Sizes, rules: Rules, cut: Cut, *, haste: int = 1) -> Cut | None:
    """What to cut besides `cut`, which gave `document` its measured `sizes`; None when it fits or nothing may go.

    `haste` is by how much to overdo it, for measurements that lead nowhere.
    """
    over = (sizes.html - rules.limit + 1) * haste
    if over <= 0:
        return None
    if left_out := _leave_out(document, sizes, rules, over):
        return Cut(left_out=cut.left_out | left_out, teaser=cut.teaser)
    teaser = _shorter(document, rules, over, below=cut.teaser)
    return None if teaser is None else Cut(left_out=cut.left_out, teaser=teaser)


@dataclass(slots=True)
class _Load:
    """A section under the knife. `free` are those of its entries that may go, with their bytes, the last one last."""

    place: int
    bytes: int
    free: list[tuple[int, int]]
    spare: int  # how many may go
    more: bool  # whether it says "... more on the web" already


def _leave_out(document: IssueDocument, sizes: Sizes, rules: Rules, over: int) -> frozenset[int]:
    measured = {section.id: section for section in sizes.sections}
    loads: list[_Load] = []
    for place, section in enumerate(document.sections):
        size = measured.get(section.id)
        if size is None:
            continue
        free = [
            (item.entry, weight)
            for item, weight in zip(section.items, size.items, strict=True)
            if item.entry is not None and item.entry not in rules.by_hand
        ]
        spare = len(section.items) - rules.floors.get(section.id, FLOOR)
        loads.append(_Load(place=place, bytes=size.bytes, free=free, spare=spare, more=section.more > 0))
    gone: set[int] = set()
    while over > 0:
        full = [load for load in loads if load.free and load.spare > 0]
        if not full:
            break
        heaviest = max(full, key=lambda load: (load.bytes, load.place))
        entry, weight = heaviest.free.pop()
        heaviest.spare -= 1
        if not heaviest.more:
            heaviest.more, weight = True, weight - MORE_LINE
        heaviest.bytes -= weight
        over -= weight
        gone.add(entry)
    return frozenset(gone)


def _shorter(document: IssueDocument, rules: Rules, over: int, *, below: int | None) -> int | None:
    """The longest teaser that saves enough, else the one that saves most; None when none saves anything."""
    teasers = [item.summary for item in document.items if item.entry not in rules.worded]
    best = None
    for length in TEASERS:
        if below is not None and length >= below:
            continue
        saved = sum(_octets(teaser) - _octets(shorten(teaser, length)) for teaser in teasers)
        if saved > 0:
            best = length
        if saved >= over:
            break
    return best


def _octets(text: str) -> int:
    """Bytes of `text` in the HTML part, which is ASCII: all else is written as &#23398;."""
    return len(text.encode("ascii", "xmlcharrefreplace"))
