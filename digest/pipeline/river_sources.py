"""The sources as the public sees them: what each brings, and whether it can be read. Nothing secret.

Staff see the words of every failure (digest/gather/standing.py); those may name files, addresses inside a network and
what is held back. Here only what the digest itself found is said, and no address that lets somebody in.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Subquery

from digest.compose.models import RiverItem
from digest.config import Config
from digest.gather.address import may_be_published
from digest.gather.models import Source, SourceState
from digest.pipeline.river_memory import remembered

LATELY = dt.timedelta(weeks=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSource:
    """A source in the list. `health` is a sentence, `well` whether all is as it should be."""

    key: str
    title: str
    section: str
    address: str  # "" where it must not be told
    health: str
    well: bool
    last: dt.datetime | None  # when it last published something
    lately: int  # entries of the last four weeks


def public_sources(config: Config, *, now: dt.datetime) -> tuple[PublicSource, ...]:
    """Every source that is configured and not retired, in config's order; `lately` as of the last full hour."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return remembered(config, ("sources", hour), lambda: _read(config, hour))


def _read(config: Config, now: dt.datetime) -> tuple[PublicSource, ...]:
    listed = RiverItem.objects.exclude(section="")
    # By the index, an entry for each source: the last of 50,000 entries by a maximum would take ten times as long.
    newest = listed.filter(source=OuterRef("pk")).order_by("-at").values("at")[:1]
    known = Source.objects.filter(key__in=[source.id for source in config.sources]).annotate(newest=Subquery(newest))
    rows = {row.key: row for row in known}
    counted = listed.filter(at__gt=now - LATELY).order_by().values_list("source").annotate(Count("pk"))
    lately = dict(counted)
    found = []
    for source in config.sources:
        row = rows.get(source.id)
        if row is not None and row.retired_at is not None:
            continue
        well, health = _health(row, config.association.tz)
        found.append(
            PublicSource(
                key=source.id,
                title=source.title,
                section=source.section,
                address=source.url if may_be_published(source.url) else "",
                health=health,
                well=well,
                last=row.newest if row is not None else None,
                lately=lately.get(row.pk, 0) if row is not None else 0,
            )
        )
    return tuple(found)


def _health(row: Source | None, tz: dt.tzinfo) -> tuple[bool, str]:
    if row is None or (row.last_ok_at is None and row.last_failed_at is None):
        return True, "Not read yet."
    if row.state == SourceState.FAILING:
        if row.last_ok_at is None:
            return False, "Could not be read so far."
        return False, f"Cannot be read at the moment; the last time it could was {_when(row.last_ok_at, tz)}."
    if row.state == SourceState.SILENT:
        return False, f"{row.words[:1].upper()}{row.words[1:]}."  # of its rhythm alone (digest/gather/health.py)
    return True, f"Read {_when(row.last_ok_at, tz)}." if row.last_ok_at else "Not read yet."


def _when(at: dt.datetime, tz: dt.tzinfo) -> str:
    local = at.astimezone(tz)
    return f"on {local.day} {local:%B %Y, %H:%M}"
