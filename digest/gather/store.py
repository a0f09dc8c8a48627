"""From what the sources say now to rows: entries stored once, every fetch recorded. The rim: Django from here on."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import DatabaseError, transaction

from digest.config import Config
from digest.config import Source as SourceConfig
from digest.errors import UsageError
from digest.gather.entries import Counts, store_entries
from digest.gather.fetch import Validators
from digest.gather.health import (
    CHURN_WORDS,
    History,
    flood_words,
    is_flood,
    lasting_silence,
    silence,
)
from digest.gather.models import Fetch, FetchOutcome, Source, SourceState
from digest.gather.read import Memory, ReadResult, read_many
from digest.gather.standing import count_held, read_histories
from digest.installation.audit import record

log = logging.getLogger(__name__)

CONFIG = "config.toml"  # who the audit trail names for what config says
MANUAL = "manual"  # the source of items made by hand; it stands in no config
SIGHTINGS = 3  # of a permanent redirect to one address before it is believed
FAILURES = 2  # in a row at an address that config does not name, before the one that it names is asked again
_NOTHING = Counts()
_BATCH, _BATCH_ENTRIES = 12, 1000  # sources and entries in one transaction: few of them, and none that lasts


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


def gather_sources(config: Config, *, now: dt.datetime, only: Sequence[str] = ()) -> list[SourceReport]:
    """Fetch every source (or those named in `only`), store what is new; one report a source, in config's order.

    One that says it is gone for good is retired: it is asked again when it is named in `only`, or when config has
    another address for it. Raises UsageError for a name that config does not have.
    """
    wanted = _wanted(config, only)
    rows = _sync_sources(config, now)
    reports: dict[str, SourceReport] = {}
    due = []
    for source in wanted:
        row = rows[source.id]
        if row.retired_at is not None and not only:
            reports[source.id] = _report(source, FetchOutcome.FAILED, row.words)
        elif row.not_before is not None and row.not_before > now:
            reports[source.id] = _waiting(source, row, config)
        else:
            due.append(source)
    memories = {source.id: _memory(rows[source.id]) for source in due}
    past = _Past(
        histories=dict(read_histories(now)) if due else {},
        held=count_held(rows[source.id].pk for source in due),
        most=config.gather.max_items,
    )
    for batch in _batches(read_many(config, tuple(due), now=now, memories=memories)):
        with transaction.atomic():
            for result in batch:
                reports[result.source.id] = _store_safely(result, rows[result.source.id], past, now)
    return [reports[source.id] for source in wanted]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """What was known of the sources before, by their primary keys."""

    histories: Mapping[int, History]
    held: Mapping[int, int]
    most: int  # entries that are read of one feed


def _batches(results: Iterable[ReadResult]) -> Iterator[list[ReadResult]]:
    batch: list[ReadResult] = []
    entries = 0
    for result in results:
        batch.append(result)
        entries += len(result.feed.entries) if result.feed else 0
        if len(batch) >= _BATCH or entries >= _BATCH_ENTRIES:
            yield batch
            batch, entries = [], 0
    if batch:
        yield batch


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
            record(actor=CONFIG, verb="source.add", subject=f"source:{source.id}", now=now)
        elif row.configured_url != address:
            # Another address is another feed as far as HTTP goes; its entries stay those of this source.
            row.url, row.configured_url = source.url, address
            row.etag = row.last_modified = row.body_hash = row.moved_to = ""
            row.moved_sightings, row.not_before, row.retired_at = 0, None, None
            row.state = SourceState.OK
            row.save()
            record(actor=CONFIG, verb="source.readdress", subject=f"source:{source.id}", now=now)
    configured = {source.id for source in config.sources}
    # A source may have been retired by its own server before config dropped it; then only the address has to go.
    left = [row for key, row in rows.items() if key not in configured and key != MANUAL and row.configured_url]
    if left:
        Source.objects.filter(pk__in=[row.pk for row in left]).update(
            # Without an address, so that it counts as another one should config name the source again.
            configured_url="",
            retired_at=now,
            state=SourceState.RETIRED,
        )
        for row in left:
            record(actor=CONFIG, verb="source.drop", subject=f"source:{row.key}", now=now)
    return rows


def _report(source: SourceConfig, outcome: FetchOutcome, words: str, counts: Counts = _NOTHING) -> SourceReport:
    return SourceReport(
        source=source.id,
        title=source.title,
        outcome=outcome,
        words=words,
        seen=counts.seen,
        new=counts.new,
        changed=counts.changed,
    )


def _waiting(source: SourceConfig, row: Source, config: Config) -> SourceReport:
    assert row.not_before is not None
    until = row.not_before.astimezone(config.association.tz)
    return _report(source, FetchOutcome.UNCHANGED, f"asked us to wait until {until:%H:%M} on {until.day} {until:%B}")


def _store_safely(result: ReadResult, row: Source, past: _Past, now: dt.datetime) -> SourceReport:
    """As `_store`; what the database refuses to take is a failure of this source and of no other."""
    try:
        with transaction.atomic():
            return _store(result, row, past, now)
    except (DatabaseError, ValueError) as error:
        log.exception("source %s", row.key)
        words = f"brought something that could not be stored ({type(error).__name__})"
        row.refresh_from_db()
        with transaction.atomic():
            return _store(ReadResult(source=result.source, failure=words), row, past, now)


def _store(result: ReadResult, row: Source, past: _Past, now: dt.datetime) -> SourceReport:
    counts, before = _NOTHING, row.state
    if result.failure:
        outcome, words = FetchOutcome.FAILED, result.failure
        row.words = words = _remember_failure(row, result, words, now)
    else:
        history = past.histories.get(row.pk, History())
        if result.feed is not None:
            counts = store_entries(
                row,
                result.feed.entries,
                now,
                is_flood=lambda new: is_flood(new, history, last_read=row.last_ok_at, now=now),
                whole=len(result.feed.entries) < past.most,
                read_anew=_read_anew(row.body_hash, result.body_hash),
            )
        outcome = FetchOutcome.NEW if counts.new else FetchOutcome.UNCHANGED
        words = _success_words(result, counts)
        _remember_success(row, result, counts, now)
        words += _follow_move(row, result)
        state_words = _settle(row, result, counts, history, past.held.get(row.pk, 0) + counts.held, now)
        row.words = state_words or words
        if state_words:
            words = f"{words}; {state_words}"
    row.save()
    if row.state != before:
        record(
            actor="digest", verb="source.state", subject=f"source:{row.key}", now=now, state=row.state, before=before
        )
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
    return _report(result.source, outcome, words, counts)


def _read_anew(before: str, now: str) -> bool:
    """Whether this digest reads the feed in another way than the last time (ReadResult.body_hash)."""
    return bool(before) and before[48:] != now[48:]


def _remember_failure(row: Source, result: ReadResult, words: str, now: dt.datetime) -> str:
    row.failures += 1
    row.last_failed_at, row.state = now, SourceState.FAILING
    row.not_before = now + result.wait if result.wait else None
    if result.source.url and row.url != result.source.url and (result.gone or row.failures >= FAILURES):
        # It was found or had moved there: the address that config names may know better by now.
        row.url = result.source.url
        row.etag = row.last_modified = row.body_hash = row.moved_to = ""
        row.moved_sightings, row.retired_at = 0, None
        return f"{words}; the address in config.toml is asked again the next time"
    if not result.gone:
        row.retired_at = None
        return words
    row.retired_at, row.state = now, SourceState.RETIRED
    return f"{words}; it is not asked any more until its address in config.toml is another"


def _remember_success(row: Source, result: ReadResult, counts: Counts, now: dt.datetime) -> None:
    row.failures, row.not_before, row.retired_at = 0, None, None
    row.first_ok_at = row.first_ok_at or now
    row.last_ok_at = now
    if counts.new:
        row.last_new_at = now
    row.body_hash = result.body_hash
    if result.feed_url:  # found on the page that config names: the page need not be asked each time
        row.url, row.etag, row.last_modified = result.feed_url, "", ""
    if result.fetched is not None:
        answered = result.fetched.validators
        full = result.fetched.body is not None
        row.etag = answered.etag or ("" if full else row.etag)
        row.last_modified = answered.last_modified or ("" if full else row.last_modified)


def _follow_move(row: Source, result: ReadResult) -> str:
    """Believe a permanent redirect (301, 308) when it has led to the same address three times running."""
    to = result.fetched.moved_to if result.fetched is not None else ""
    if not to or to == row.url:
        row.moved_to, row.moved_sightings = "", 0
        return ""
    row.moved_sightings = row.moved_sightings + 1 if row.moved_to == to else 1
    row.moved_to = to
    if row.moved_sightings < SIGHTINGS:
        return ""
    row.url, row.moved_to, row.moved_sightings = to, "", 0
    return f"; it has moved for good and is read from {to} from now on"


def _settle(row: Source, result: ReadResult, counts: Counts, history: History, held: int, now: dt.datetime) -> str:
    """Set the state of a source that was read; the words for it, "" when all is well."""
    if counts.dates:
        history = History(dates=tuple(sorted((*history.dates, *counts.dates))))
    quiet = silence(history, watched_since=row.first_ok_at, now=now)
    if row.state == SourceState.SILENT and not history.per_week and not counts.new and row.last_new_at:
        quiet = lasting_silence(row.last_new_at, now)
    was_churning = row.state == SourceState.GUID_CHURN and result.feed is None
    if held:
        row.state, words = SourceState.FLOODING, flood_words(held, history)
    elif counts.churning or was_churning:
        row.state, words = SourceState.GUID_CHURN, CHURN_WORDS
    elif quiet:
        row.state, words = SourceState.SILENT, quiet
    else:
        row.state, words = SourceState.OK, ""
    return words


def _success_words(result: ReadResult, counts: Counts) -> str:
    if result.feed is None:
        return "has not changed since the last time"
    parts = []
    if counts.new:
        parts.append(f"{counts.new} new {'entry' if counts.new == 1 else 'entries'}")
    if counts.changed:
        more = "" if counts.new else " entry" if counts.changed == 1 else " entries"
        parts.append(f"{counts.changed} changed{more}")
    if parts:
        words = f"brought {' and '.join(parts)}"
    else:
        words = "brought nothing new" if counts.seen else "is in order, but holds no entries"
    return f"{words} ({result.feed.words})" if result.feed.words else words
