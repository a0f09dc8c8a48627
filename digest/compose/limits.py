"""One section's arithmetic: in which order its candidates stand, and which of them fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from digest.compose.document import Candidate, Outcome
from digest.compose.edit import Overlay
from digest.compose.sections import KINDS, sort_items
from digest.compose.sections.base import Exit
from digest.config import Config, Section


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """The candidates that stand in the section, in order, and those that do not, with why."""

    taken: Sequence[Candidate]
    left: Sequence[tuple[Candidate, Exit]]

    @property
    def more(self) -> int:
        """How many a reader can still find on the web."""
        return sum(out.outcome is Outcome.OVER_LIMIT for _, out in self.left)


def fit(section: Section, candidates: Sequence[Candidate], overlay: Overlay, rank: Mapping[str, int]) -> Fitted:
    """Sort and cut. What an editor pinned or included by hand is above every limit."""
    ordered = arrange(section, candidates, overlay, rank)
    kept_by_hand = overlay.by_hand
    taken: list[Candidate] = []
    left: list[tuple[Candidate, Exit]] = []
    room = section.max_items - sum(c.key in kept_by_hand for c in ordered)
    per_source: Counter[str] = Counter()
    for candidate in ordered:
        if candidate.key in kept_by_hand:
            taken.append(candidate)
        elif section.max_per_source and per_source[candidate.source] >= section.max_per_source:
            limit = f"over the limit of {section.max_per_source} from {candidate.source_title}"
            left.append((candidate, _over(section, limit)))
        elif room <= 0:
            left.append((candidate, _over(section, f"over the section's limit of {section.max_items}")))
        else:
            room -= 1
            per_source[candidate.source] += 1
            taken.append(candidate)
    if len(taken) < section.min_items and not any(c.key in kept_by_hand for c in taken):
        reason = f"fewer than the {section.min_items} that the section needs; carried over into the next issue"
        left = [*((c, Exit(outcome=Outcome.CARRIED, reason=reason)) for c in taken), *left]
        taken = []
    return Fitted(taken=taken, left=left)


def more_url(config: Config, section: str) -> str:
    """Where a reader finds what had no room in `section`."""
    return f"{config.web.base_url}/river/{section}/"


def arrange(
    section: Section, candidates: Sequence[Candidate], overlay: Overlay, rank: Mapping[str, int]
) -> list[Candidate]:
    """Pinned first, then as an editor ordered them, then what came since, in the section's own order."""
    by_sort = sort_items(KINDS[section.kind], section.sort, candidates, rank=rank)
    by_hand = {key: place for place, key in enumerate(overlay.order.get(section.id, ()))}
    pinned = {key: place for place, key in enumerate(overlay.pinned)}

    def place(candidate: Candidate) -> tuple[int, int]:
        if candidate.key in pinned:
            return (0, pinned[candidate.key])
        if candidate.key in by_hand:
            return (1, by_hand[candidate.key])
        return (2, 0)

    return sorted(by_sort, key=place)


def _over(section: Section, reason: str) -> Exit:
    if section.overflow == "carry":
        return Exit(outcome=Outcome.CARRIED, reason=f"{reason}; carried over into the next issue")
    return Exit(outcome=Outcome.OVER_LIMIT, reason=reason)
