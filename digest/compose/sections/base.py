"""What every section kind answers: who is out, and who stands before whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from digest.compose.document import Candidate, Outcome

_LONG_AGO = dt.datetime(1, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """Why a kind leaves a candidate out."""

    outcome: Outcome
    reason: str


def moment(candidate: Candidate) -> dt.datetime:
    """The instant by which an entry belongs to a week: its publication, else when it was first seen."""
    return candidate.published_at or candidate.first_seen_at


def by_newest(candidate: Candidate) -> tuple[object, ...]:
    return (-(moment(candidate) - _LONG_AGO).total_seconds(), candidate.doc.title.casefold(), candidate.key)


def by_oldest(candidate: Candidate) -> tuple[object, ...]:
    return ((moment(candidate) - _LONG_AGO).total_seconds(), candidate.doc.title.casefold(), candidate.key)


def by_title(candidate: Candidate) -> tuple[object, ...]:
    return (candidate.doc.title.casefold(), candidate.key)


def by_event(candidate: Candidate) -> tuple[object, ...]:
    """Earliest start first; entries without a known start after them, newest first."""
    if candidate.doc.event is not None:
        return (0, candidate.doc.event.start.timestamp(), candidate.doc.title.casefold(), candidate.key)
    return (1, *by_newest(candidate))


SORTS: dict[str, Callable[[Candidate], tuple[object, ...]]] = {
    "newest": by_newest,
    "oldest": by_oldest,
    "title": by_title,
    "event": by_event,
}


def keep(_candidate: Candidate, _send_at: dt.datetime, _tz: dt.tzinfo) -> Exit | None:
    """A kind that leaves nothing out."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionKind:
    """One kind of section.

    `leave_out(candidate, send_at, tz)` gives the reason an entry does not belong any more, or None;
    `flags(candidate, send_at)` are words the templates may show, like "last-chance".
    """

    name: str
    sort: str = "newest"
    leave_out: Callable[[Candidate, dt.datetime, dt.tzinfo], Exit | None] = keep
    flags: Callable[[Candidate, dt.datetime], tuple[str, ...]] = lambda _candidate, _send_at: ()


def sort_items(
    kind: SectionKind, wanted: str, candidates: Iterable[Candidate], *, rank: Mapping[str, int]
) -> list[Candidate]:
    """In the order that config asks for, or in the kind's own for "default".

    `rank` gives each source's place in config, for "source": source by source, newest first within each.
    """
    if wanted == "source":
        return sorted(candidates, key=lambda c: (rank.get(c.source, len(rank)), *by_newest(c)))
    return sorted(candidates, key=SORTS[kind.sort if wanted == "default" else wanted])
