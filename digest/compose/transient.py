"""Candidates of sources that are read now and forgotten: the look at a past week without a database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence, Set
from dataclasses import dataclass

from digest.compose.assemble import compose
from digest.compose.document import Candidate, Composition
from digest.compose.headline import counted_from_anchor
from digest.compose.window import week_window
from digest.config import Config
from digest.config.weeks import latest_slot
from digest.gather.transient import ReadSource, read_sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Transient:
    candidates: Sequence[Candidate]
    sources: Sequence[ReadSource]


def transient_candidates(config: Config, *, now: dt.datetime, besides: Set[str] = frozenset()) -> Transient:
    """Fetch every source not in `besides`. Keys count down from -1, so they meet no row's."""
    wanted = tuple(s for s in config.sources if s.id not in besides)
    if not wanted:
        return Transient(candidates=(), sources=())
    sources = read_sources(config.with_values(sources=wanted), now=now)
    candidates: list[Candidate] = []
    for read in sources:
        for entry in read.entries:
            candidates.append(
                Candidate(
                    key=-1 - len(candidates),
                    source=read.source.id,
                    source_title=read.source.title,
                    section=read.source.section,
                    identity=entry.identity,
                    url_key=entry.url_key,
                    title_key=entry.title_key,
                    published_at=entry.published_at,
                    first_seen_at=now,
                    date_quality=str(entry.date_quality),
                    doc=entry.doc,
                )
            )
    return Transient(candidates=candidates, sources=sources)


def as_of_unstored(config: Config, *, when: dt.datetime) -> tuple[Composition, Sequence[ReadSource]]:
    """The issue of the latest planned cut-off at or before `when`, from the feeds as they are now.

    Needs no database and leaves nothing behind; the second value says how each source was read.
    """
    slot = latest_slot(config.plan, config.association.tz, when)
    read = transient_candidates(config, now=when)
    composition = compose(
        config,
        read.candidates,
        window=week_window(config.plan, config.association.tz, slot),
        date=slot.date,
        send_at=slot.send_at,
        number=counted_from_anchor(config, slot.date),
    )
    return composition, read.sources
