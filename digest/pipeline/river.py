"""The river: what all the sources brought, newest first, from which the digest is drawn.

Read in stretches by a cursor, not in numbered pages: what comes in meanwhile moves nothing that somebody has before
them. Not shown is what staff hold back or took out of an issue, what waits for a look, what a source brought that is
retired or no longer configured, and the digest's own issues.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.db.models import Exists, OuterRef, Q, QuerySet

from digest.compose.document import Outcome
from digest.compose.edit import EditKind, EditValue, fold
from digest.compose.models import Edit, IssueState, Placement, RiverItem
from digest.compose.river import Cursor
from digest.config import Config
from digest.gather.document import EntryDoc
from digest.gather.models import Entry, Source
from digest.pipeline.river_memory import remembered

PER_STRETCH = 40
LONGEST_EVENT = dt.timedelta(days=366)  # what began earlier has been announced for long enough
_TAKEN_OUT = (Outcome.DROPPED.value, Outcome.HELD.value)
_STANDS = (Outcome.INCLUDED.value, Outcome.MERGED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which part of the river: of a section, of a source, in a category (its key); "" for any."""

    section: str = ""
    source: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One entry's place, without its words. `listed_at` is when it came in or changed."""

    entry: int
    at: dt.datetime
    listed_at: dt.datetime

    @property
    def cursor(self) -> Cursor:
        return Cursor(at=self.at, entry=self.entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Some entries in a row, newest first, and where the river goes on: None at its end."""

    places: tuple[Place, ...]
    older: Cursor | None = None
    newer: Cursor | None = None

    @property
    def changed(self) -> dt.datetime | None:
        return max((place.listed_at for place in self.places), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiverEntry:
    """An entry as the river shows it. All text is the source's, as plain text."""

    entry: int
    identity: str
    at: dt.datetime
    listed_at: dt.datetime
    first_seen_at: dt.datetime
    changed_at: dt.datetime | None
    source: str
    source_title: str
    section: str
    doc: EntryDoc


def stretch(
    config: Config,
    scope: Scope,
    *,
    before: Cursor | None = None,
    after: Cursor | None = None,
    most: int = PER_STRETCH,
) -> Stretch:
    """The newest entries of `scope`; those older than `before`; or those next newer than `after`.

    Kept in memory until something happens (river_memory.py).
    """
    what = (scope, before, after, most)
    return remembered(config, what, lambda: _stretch(config, scope, before, after, most))


def _stretch(config: Config, scope: Scope, before: Cursor | None, after: Cursor | None, most: int) -> Stretch:
    shown = _shown(config, scope)
    found = _next(shown, scope, newer_than=after, most=most) if after else _next(shown, scope, before, most=most)
    more, places = len(found) > most, found[:most]
    if after:
        places.reverse()
    if not places:
        return Stretch(places=())
    newest, oldest = places[0].cursor, places[-1].cursor
    is_older = more if not after else bool(_next(shown, scope, oldest, most=0))
    is_newer = more if after else before is not None and bool(_next(shown, scope, newer_than=newest, most=0))
    return Stretch(places=tuple(places), older=oldest if is_older else None, newer=newest if is_newer else None)


def entries_at(config: Config, places: Sequence[Place]) -> list[RiverEntry]:
    """The entries of `places`, in that order."""
    titles = {source.id: source.title for source in config.sources}
    fields = ("pk", "identity", "first_seen_at", "changed_at", "source__key", "river__section", "latest_doc")
    rows = {row[0]: row[1:] for row in Entry.objects.filter(pk__in=[p.entry for p in places]).values_list(*fields)}
    return [
        RiverEntry(
            entry=place.entry,
            identity=identity,
            at=place.at,
            listed_at=place.listed_at,
            first_seen_at=seen,
            changed_at=changed,
            source=source,
            source_title=titles.get(source, source),
            section=section,
            doc=EntryDoc.model_validate(doc),
        )
        for place in places
        if place.entry in rows
        for identity, seen, changed, source, section, doc in (rows[place.entry],)
    ]


def is_retired(config: Config, source: str) -> bool:
    """Whether the source has said that it is gone for good."""
    retired = Source.objects.filter(retired_at__isnull=False)
    return source in remembered(config, "retired", lambda: frozenset(retired.values_list("key", flat=True)))


def coming_events(config: Config, *, now: dt.datetime, most: int = 200) -> Stretch:
    """The entries whose event was not over at the last full hour, the next first. No cursors."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return remembered(config, ("events", hour, most), lambda: _coming(config, hour, most))


def _coming(config: Config, now: dt.datetime, most: int) -> Stretch:
    over = now - dt.timedelta(days=1)  # an event without an end, or of a whole day, is not over when it has begun
    coming = Q(event_end__gte=now) | Q(event_end=None, event_start__gte=over)
    # Few, and found by the index: what is kept back is looked for among them alone.
    rows = Entry.objects.filter(coming, event_start__gte=now - LONGEST_EVENT).order_by("event_start", "pk")
    entries = list(rows.values_list("pk", flat=True)[: 2 * most])
    shown = {place.entry: place for place in _places(_shown(config, Scope()).filter(entry__in=entries))}
    return Stretch(places=tuple([shown[entry] for entry in entries if entry in shown][:most]))


def by_day(config: Config, entries: Iterable[RiverEntry]) -> list[tuple[dt.date, list[RiverEntry]]]:
    """The entries under their days in the association's zone, as they come."""
    tz = config.association.tz
    return [(day, list(some)) for day, some in groupby(entries, key=lambda one: one.at.astimezone(tz).date())]


def _shown(config: Config, scope: Scope) -> QuerySet[RiverItem]:
    """What of the river may be seen, in no order."""
    placements = Placement.objects.filter(entry=OuterRef("entry"))
    kept_back = Exists(placements.filter(outcome__in=_TAKEN_OUT)) & ~Exists(placements.filter(outcome__in=_STANDS))
    items = RiverItem.objects.exclude(section="").exclude(source__in=_hidden_sources(config)).filter(~kept_back)
    if taken := _taken_out_of_the_draft():
        items = items.exclude(entry__in=taken)
    if scope.section:
        items = items.filter(section=scope.section)
    if scope.source:
        items = items.filter(source__in=list(Source.objects.filter(key=scope.source).values_list("pk", flat=True)))
    return items


def _hidden_sources(config: Config) -> list[int]:
    configured = {source.id for source in config.sources}
    rows = Source.objects.values_list("pk", "key", "retired_at")
    return [pk for pk, key, retired in rows if retired is not None or key not in configured]


def _taken_out_of_the_draft() -> list[int]:
    """What an editor dropped from the coming issue, or holds for a later one."""
    rows = (
        Edit.objects.filter(issue__state__in=(IssueState.DRAFT, IssueState.HELD))
        .order_by("issue", "seq")
        .values_list("issue", "kind", "entry", "value")
    )
    taken: list[int] = []
    for _issue, edits in groupby(rows, key=lambda row: row[0]):
        overlay = fold([EditValue(kind=EditKind(k), entry=e, value=v) for _, k, e, v in edits])
        taken += [*overlay.dropped, *overlay.held]
    return taken


def _next(
    shown: QuerySet[RiverItem],
    scope: Scope,
    older_than: Cursor | None = None,
    *,
    newer_than: Cursor | None = None,
    most: int,
) -> list[Place]:
    """Up to `most` + 1 places from there: downwards, or upwards where `newer_than` says so."""
    items = shown
    prefix = ""
    if scope.category:
        # By the category's own index, which knows the order: the planner would else sort all of a category.
        items = items.filter(categories__key=scope.category)
        prefix = "categories__"
    at = f"{prefix}at"
    if older_than is not None:
        items = items.filter(
            Q(**{f"{at}__lt": older_than.at}) | Q(**{at: older_than.at}, entry__lt=older_than.entry),
            **{f"{at}__lte": older_than.at},
        )
    if newer_than is not None:
        items = items.filter(
            Q(**{f"{at}__gt": newer_than.at}) | Q(**{at: newer_than.at}, entry__gt=newer_than.entry),
            **{f"{at}__gte": newer_than.at},
        )
    sign = "" if newer_than is not None else "-"
    return _places(items.order_by(f"{sign}{at}", f"{sign}entry")[: most + 1])


def _places(items: QuerySet[RiverItem]) -> list[Place]:
    return [
        Place(entry=entry, at=at, listed_at=listed)
        for entry, at, listed in items.values_list("entry_id", "at", "listed_at")
    ]
