"""From what the sources say now to rows: entries stored once, every fetch recorded. The rim: Django from here on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from digest.config import Config
from digest.config import Source as SourceConfig
from digest.errors import UsageError
from digest.gather.fetch import Validators
from digest.gather.models import Entry, Fetch, FetchOutcome, Source, SourceState
from digest.gather.read import Memory, ReadResult, read_many
from digest.gather.values import DateQuality, ParsedEntry

MANUAL = "manual"  # the source of items made by hand; it stands in no config
_CHUNK = 300  # identities in one query: databases limit the parameters of a statement


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """What became of one source. `words` have no subject: "brought 3 new entries"."""

    source: str
    title: str
    outcome: FetchOutcome
    words: str
    seen: int = 0
    new: int = 0
    changed: int = 0

    @property
    def failed(self) -> bool:
        return self.outcome is FetchOutcome.FAILED


@dataclass(slots=True, kw_only=True)
class _Counts:
    seen: int = 0
    new: int = 0
    changed: int = 0


@dataclass(slots=True, kw_only=True)
class _Plan:
    """What storing a feed comes to: worked out before anything is written."""

    new: list[Entry] = field(default_factory=list)
    changed: list[Entry] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)


def gather_sources(config: Config, *, now: dt.datetime, only: Sequence[str] = ()) -> list[SourceReport]:
    """Fetch every source (or those named in `only`), store what is new; one report a source, in config's order.

    Each source is stored in a transaction of its own. Raises UsageError for a name that config does not have.
    """
    wanted = _wanted(config, only)
    rows = _sync_sources(config, now)
    reports: dict[str, SourceReport] = {}
    due = []
    for source in wanted:
        row = rows[source.id]
        if row.not_before is not None and row.not_before > now:
            reports[source.id] = _waiting(source, row, config)
        else:
            due.append(source)
    memories = {source.id: _memory(rows[source.id]) for source in due}
    for result in read_many(config, tuple(due), now=now, memories=memories):
        reports[result.source.id] = _store(result, rows[result.source.id], now)
    return [reports[source.id] for source in wanted]


def _wanted(config: Config, only: Sequence[str]) -> tuple[SourceConfig, ...]:
    known = {source.id: source for source in config.sources}
    for name in only:
        if name not in known:
            raise UsageError(
                f"There is no source {name!r} in config.toml.",
                hint=f"Its sources are: {', '.join(known) or 'none yet'}.",
            )
    return tuple(source for source in config.sources if not only or source.id in only)


def _memory(row: Source) -> Memory:
    return Memory(
        url=row.url,
        validators=Validators(etag=row.etag, last_modified=row.last_modified),
        body_hash=row.body_hash,
    )


@transaction.atomic
def _sync_sources(config: Config, now: dt.datetime) -> dict[str, Source]:
    """A row for each configured source; those that config no longer names are retired, their entries kept."""
    rows = {row.key: row for row in Source.objects.all()}
    for source in config.sources:
        row = rows.get(source.id)
        address = source.url or f"file:{source.path}"
        if row is None:
            rows[source.id] = Source.objects.create(key=source.id, url=source.url, configured_url=address)
        elif row.configured_url != address or row.retired_at is not None:
            # Another address is another feed as far as HTTP goes; its entries stay those of this source.
            row.url, row.configured_url = source.url, address
            row.etag = row.last_modified = row.body_hash = row.moved_to = ""
            row.moved_sightings, row.not_before, row.retired_at = 0, None, None
            row.state = SourceState.OK
            row.save()
    configured = {source.id for source in config.sources}
    left = [row for key, row in rows.items() if key not in configured and key != MANUAL and row.retired_at is None]
    if left:
        Source.objects.filter(pk__in=[row.pk for row in left]).update(retired_at=now, state=SourceState.RETIRED)
    return rows


def _waiting(source: SourceConfig, row: Source, config: Config) -> SourceReport:
    assert row.not_before is not None
    until = row.not_before.astimezone(config.association.tz)
    words = f"asked us to wait until {until:%H:%M} on {until.day} {until:%B}"
    return SourceReport(source=source.id, title=source.title, outcome=FetchOutcome.UNCHANGED, words=words)


def _store(result: ReadResult, row: Source, now: dt.datetime) -> SourceReport:
    counts = _Counts()
    with transaction.atomic():
        if result.failure:
            outcome, words = FetchOutcome.FAILED, result.failure
            row.failures += 1
            row.last_failed_at, row.state = now, SourceState.FAILING
            row.not_before = now + result.wait if result.wait else None
        else:
            if result.feed is not None:
                counts = _store_entries(row, result.feed.entries, now)
            outcome = FetchOutcome.NEW if counts.new else FetchOutcome.UNCHANGED
            words = _success_words(result, counts)
            _remember_success(row, result, counts, now)
        row.words = words
        row.save()
        Fetch.objects.create(
            source=row,
            at=now,
            outcome=outcome,
            words=words,
            seen=counts.seen,
            new=counts.new,
            changed=counts.changed,
            duration_ms=int(result.duration.total_seconds() * 1000),
        )
    return SourceReport(
        source=result.source.id,
        title=result.source.title,
        outcome=outcome,
        words=words,
        seen=counts.seen,
        new=counts.new,
        changed=counts.changed,
    )


def _remember_success(row: Source, result: ReadResult, counts: _Counts, now: dt.datetime) -> None:
    row.failures, row.state, row.not_before = 0, SourceState.OK, None
    row.first_ok_at = row.first_ok_at or now
    row.last_ok_at = now
    if counts.new:
        row.last_new_at = now
    row.body_hash = result.body_hash
    if result.fetched is not None:
        answered = result.fetched.validators
        full = result.fetched.body is not None
        row.etag = answered.etag or ("" if full else row.etag)
        row.last_modified = answered.last_modified or ("" if full else row.last_modified)


def _success_words(result: ReadResult, counts: _Counts) -> str:
    if result.feed is None:
        return "has not changed since the last time"
    parts = []
    if counts.new:
        parts.append(f"{counts.new} new {'entry' if counts.new == 1 else 'entries'}")
    if counts.changed:
        parts.append(f"{counts.changed} changed")
    if parts:
        words = f"brought {' and '.join(parts)}"
    else:
        words = "brought nothing new" if counts.seen else "is in order, but holds no entries"
    return f"{words} ({result.feed.words})" if result.feed.words else words


def _store_entries(row: Source, entries: Iterable[ParsedEntry], now: dt.datetime) -> _Counts:
    entries = tuple(entries)
    plan = _plan(row, entries, _known(row, entries), now)
    if plan.new:
        Entry.objects.bulk_create(plan.new)
    if plan.changed:
        fields = ("latest_doc", "changed_at", "published_raw", "published_at", "updated_at", "date_quality")
        more = ("event_start", "event_end", "url_key", "title_key")
        Entry.objects.bulk_update(plan.changed, [*fields, *more], batch_size=100)
    for start in range(0, len(plan.seen), _CHUNK):
        Entry.objects.filter(pk__in=plan.seen[start : start + _CHUNK]).update(last_seen_at=now, gone_at=None)
    return _Counts(seen=len(entries), new=len(plan.new), changed=len(plan.changed))


def _known(row: Source, entries: Sequence[ParsedEntry]) -> dict[str, Entry]:
    """The stored rows of `entries`, by the identity that each entry has now."""
    known: dict[str, Entry] = {}
    if row.first_ok_at is None and not Entry.objects.filter(source=row).exists():
        return known
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
    return known


def _plan(row: Source, entries: Iterable[ParsedEntry], known: dict[str, Entry], now: dt.datetime) -> _Plan:
    plan = _Plan()
    for entry in entries:
        doc = entry.doc.model_dump(mode="json")
        stored = known.get(entry.identity)
        if stored is None:
            plan.new.append(_row(row, entry, doc, now))
            continue
        plan.seen.append(stored.pk)
        if stored.latest_doc != doc:
            _apply_change(stored, entry, doc, now)
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


def _apply_change(stored: Entry, entry: ParsedEntry, doc: dict[str, Any], now: dt.datetime) -> None:
    stored.latest_doc, stored.changed_at = doc, now
    stored.updated_at = entry.updated_at
    stored.event_start, stored.event_end = entry.event_start, entry.event_end
    stored.url_key, stored.title_key = entry.url_key, entry.title_key
    # The first date decides the week: a feed that redates its articles must not bring them back as news.
    if stored.date_quality == DateQuality.MISSING and entry.published_at is not None:
        stored.published_raw, stored.published_at = entry.published_raw, entry.published_at
        stored.date_quality = entry.date_quality.value
