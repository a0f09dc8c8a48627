"""The entries of one feed as rows: what is new, what has changed, what is there still."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from digest.gather.models import Entry, Source, SourceState
from digest.gather.values import DateQuality, IdentityKind, ParsedEntry

_CHUNK = 300  # identities in one query: databases limit the parameters of a statement
FEWEST_RENAMED = 3  # entries under new identities that make a habit of it
FEWEST_DATED = 4  # entries from which the time that a feed covers can be told


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What came of storing a feed."""

    seen: int = 0
    new: int = 0
    changed: int = 0
    held: int = 0  # of the new ones
    churning: bool = False  # most of what is known came under new identities
    dates: tuple[dt.datetime, ...] = ()  # of the new ones that were let in


@dataclass(slots=True, kw_only=True)
class _Plan:
    """What storing a feed comes to: worked out before anything is written."""

    new: list[Entry] = field(default_factory=list)
    changed: list[Entry] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)


def store_entries(
    row: Source,
    entries: Iterable[ParsedEntry],
    now: dt.datetime,
    *,
    is_flood: Callable[[int], bool] = lambda _new: False,
    whole: bool = True,
    read_anew: bool = False,
) -> Counts:
    """Store what is new and what has changed; new entries of a flood are held back.

    `whole` says that `entries` are all that the feed holds: only then can something be missing from it.
    `read_anew` says that they were read in another way than before (after an upgrade, with other teasers): what
    differs then is not the source's doing.
    """
    entries = tuple(entries)
    known, renamed = _known(row, entries)
    plan = _plan(row, entries, known, now, read_anew=read_anew)
    held = len(plan.new) if is_flood(len(plan.new)) else 0
    if held:
        for entry in plan.new:
            entry.quarantined_at = now
    if plan.new:
        Entry.objects.bulk_create(plan.new)
    if plan.changed:
        fields = (
            "first_doc",
            "latest_doc",
            "changed_at",
            "published_raw",
            "published_at",
            "updated_at",
            "date_quality",
        )
        more = ("event_start", "event_end", "url_key", "title_key")
        Entry.objects.bulk_update(plan.changed, [*fields, *more], batch_size=100)
    for start in range(0, len(plan.seen), _CHUNK):
        Entry.objects.filter(pk__in=plan.seen[start : start + _CHUNK]).update(last_seen_at=now, gone_at=None)
    if whole and plan.seen:
        _mark_gone(row, entries, now)
    return Counts(
        seen=len(entries),
        new=len(plan.new),
        changed=sum(entry.changed_at == now for entry in plan.changed),
        held=held,
        churning=renamed >= FEWEST_RENAMED and 2 * renamed >= len(plan.seen),
        dates=() if held else tuple(min(e.published_at or now, now) for e in plan.new),
    )


def _known(row: Source, entries: Sequence[ParsedEntry]) -> tuple[dict[str, Entry], int]:
    """The stored rows of `entries`, by the identity that each has now, and how many were known by another."""
    known: dict[str, Entry] = {}
    renamed = 0
    if row.first_ok_at is None and not Entry.objects.filter(source=row).exists():
        return known, 0
    identities = [entry.identity for entry in entries]
    for start in range(0, len(identities), _CHUNK):
        for stored in Entry.objects.filter(source=row, identity__in=identities[start : start + _CHUNK]):
            known[stored.identity] = stored
    # A site that was moved or rebuilt gives its old articles new guids: what has the same address, title and date
    # is the same entry, and keeps the identity that it was stored under.
    strangers = [entry for entry in entries if entry.identity not in known and entry.url_key]
    taken = {stored.pk for stored in known.values()}
    for start in range(0, len(strangers), _CHUNK):
        part = strangers[start : start + _CHUNK]
        candidates = {
            (stored.url_key, stored.title_key, stored.published_raw): stored
            for stored in Entry.objects.filter(source=row, url_key__in=[entry.url_key for entry in part])
            if stored.pk not in taken
        }
        for entry in part:
            key = (entry.url_key, entry.title_key, entry.published_raw)
            if key in candidates:
                known[entry.identity] = candidates.pop(key)
                renamed += 1
    by_address = _known_by_address(row, entries, known)
    return known | by_address, renamed + len(by_address)


def _known_by_address(row: Source, entries: Sequence[ParsedEntry], known: Mapping[str, Entry]) -> dict[str, Entry]:
    """Where identities and dates change at every fetch: what has the address and the title of a stored entry.

    One entry like that may be another one of a series, so most of the feed has to be like that.
    """
    strangers = [e for e in entries if e.identity not in known and e.identity_kind is IdentityKind.GUID and e.url_key]
    if not strangers or 2 * len(strangers) < len(entries):
        return {}
    taken = {stored.pk for stored in known.values()}
    addresses = Counter(entry.url_key for entry in entries)
    stored_by: dict[str, list[Entry]] = defaultdict(list)
    for start in range(0, len(strangers), _CHUNK):
        keys = [entry.url_key for entry in strangers[start : start + _CHUNK]]
        for stored in Entry.objects.filter(source=row, url_key__in=keys):
            stored_by[stored.url_key].append(stored)
    found = {
        entry.identity: same[0]
        for entry in strangers
        if addresses[entry.url_key] == 1
        and len(same := stored_by[entry.url_key]) == 1
        and same[0].pk not in taken
        and (same[0].title_key, same[0].event_start) == (entry.title_key, entry.event_start)
    }
    churns = row.state == SourceState.GUID_CHURN or len(found) >= FEWEST_RENAMED
    return found if churns and 2 * len(found) >= len(entries) else {}


def _mark_gone(row: Source, entries: Sequence[ParsedEntry], now: dt.datetime) -> None:
    """Mark what the feed no longer holds although it still covers the time when that was published.

    Told only of a feed that lists what it has by date: one that drops its entries in another order drops them for
    other reasons than that they were withdrawn.
    """
    dates = [e.published_at for e in entries if e.published_at is not None and e.date_quality is DateQuality.EXACT]
    if len(dates) < max(FEWEST_DATED, len(entries)) or dates != sorted(dates, reverse=True):
        return
    # Entries that are seen, and new ones, have just been marked so; two older ones must have stayed.
    missing = Entry.objects.filter(
        source=row, gone_at=None, last_seen_at__lt=now, published_at__gt=dates[-2], date_quality=DateQuality.EXACT
    )
    keys = list(missing.values_list("pk", flat=True)[: len(entries)])
    if 2 * len(keys) <= len(entries):  # else it is another feed altogether
        Entry.objects.filter(pk__in=keys[:_CHUNK]).update(gone_at=now)


def _plan(
    row: Source, entries: Iterable[ParsedEntry], known: dict[str, Entry], now: dt.datetime, *, read_anew: bool
) -> _Plan:
    plan = _Plan()
    for entry in entries:
        doc = entry.doc.model_dump(mode="json")
        stored = known.get(entry.identity)
        if stored is None:
            plan.new.append(_row(row, entry, doc, now))
            continue
        plan.seen.append(stored.pk)
        if stored.latest_doc != doc:
            _apply_change(stored, entry, doc, now, read_anew=read_anew)
            plan.changed.append(stored)
    return plan


def _row(row: Source, entry: ParsedEntry, doc: dict[str, Any], now: dt.datetime) -> Entry:
    return Entry(
        source=row,
        identity=entry.identity,
        identity_kind=entry.identity_kind.value,
        url_key=entry.url_key,
        title_key=entry.title_key,
        published_raw=entry.published_raw,
        published_at=entry.published_at,
        updated_at=entry.updated_at,
        first_seen_at=now,
        last_seen_at=now,
        date_quality=entry.date_quality.value,
        event_start=entry.event_start,
        event_end=entry.event_end,
        first_doc=doc,
        latest_doc=doc,
    )


def _apply_change(
    stored: Entry, entry: ParsedEntry, doc: dict[str, Any], now: dt.datetime, *, read_anew: bool
) -> None:
    if read_anew and stored.changed_at is None:
        stored.first_doc = doc
    elif not read_anew:
        stored.changed_at = now
    stored.latest_doc = doc
    stored.updated_at = entry.updated_at
    stored.event_start, stored.event_end = entry.event_start, entry.event_end
    stored.url_key, stored.title_key = entry.url_key, entry.title_key
    # The first date decides the week: a feed that redates its articles must not bring them back as news.
    if stored.date_quality == DateQuality.MISSING and entry.published_at is not None:
        stored.published_raw, stored.published_at = entry.published_raw, entry.published_at
        stored.date_quality = entry.date_quality.value
