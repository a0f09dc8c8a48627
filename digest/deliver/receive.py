"""Receive events: store each once, and apply what is new to the ledger. One short transaction a post.

Events are believed only of the person whose copy they name: the address they speak of must be the delivery's or its
member's. Another installation on the same account, a staging one for instance, numbers its deliveries from 1 as well.
What fits no delivery of ours is kept unapplied; the alarms look at it (digest/pipeline/alarms.py).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from django.db import connection, transaction
from django.db.models.fields.json import KeyTextTransform

from digest.deliver.close import close_batches, close_issues
from digest.deliver.consequences import Consequence, take_off
from digest.deliver.events import PROVES_SENT, SUPPRESSES, TRACKING, Event, Meaning, Standing, outcome
from digest.deliver.ledger import OPEN
from digest.deliver.models import Batch, Delivery, DeliveryState, ProviderEvent
from digest.installation.audit import record
from digest.installation.models import Audit

ACTOR = "provider"
SECOND_COPY = "delivery.second-copy"  # the audit's verb
CHUNK = 500
# PostgreSQL looks for a deadlock after a second and then gives up either side. This side can come again; a sender
# that has just heard the provider's answer had better not have to.
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '700ms'"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What became of a post: stored = applied + unapplied; moved deliveries; the rest was known or not wanted."""

    stored: int = 0
    applied: int = 0
    moved: int = 0


class _Row(NamedTuple):
    """A delivery as it stands, locked."""

    pk: int
    issue: int
    batch: int | None
    state: str
    reason: str
    at: dt.datetime
    address_key: str
    member_key: str
    public_id: str


def receive(events: Sequence[Event], *, tracking: bool, now: dt.datetime) -> Received:
    """Store and apply; repeating it changes nothing. Opens and clicks are let go unless `tracking`.

    Raises OperationalError when the database is busy; nothing is stored then.
    """
    wanted = {event.dedupe_key: event for event in events if tracking or event.meaning not in TRACKING}
    if not wanted:
        return Received()
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(LOCK_TIMEOUT)
        for chunk in _chunks(list(wanted), CHUNK):
            for known in ProviderEvent.objects.filter(dedupe_key__in=chunk).values_list("dedupe_key", flat=True):
                del wanted[known]
        rows = _rows(event.delivery for event in wanted.values())
        ours: dict[int, list[Event]] = defaultdict(list)
        strangers: list[Event] = []
        for event in wanted.values():
            row = rows.get(event.delivery) if event.delivery is not None else None
            if row is not None and _speaks_of(event, row):
                ours[row.pk].append(event)
            else:
                strangers.append(event)
        _store(ours, strangers, now)
        moved = _move(rows, ours, now)
        _note_second_copies(rows, ours, now)
        take_off(list(_consequences(rows, ours)), now=now)
    return Received(stored=len(wanted), applied=len(wanted) - len(strangers), moved=moved)


def _rows(deliveries: Iterable[int | None]) -> dict[int, _Row]:
    found: dict[int, _Row] = {}
    wanted = sorted({pk for pk in deliveries if pk is not None})
    for chunk in _chunks(wanted, CHUNK):
        rows = Delivery.objects.filter(pk__in=chunk).exclude(state=DeliveryState.EXCLUDED)
        locked = rows.select_for_update(of=("self",)).order_by("pk")
        columns = ("pk", "issue_id", "batch_id", "state", "reason", "state_at", "address_key")
        for row in locked.values_list(*columns, "member__address_key", "member__public_id"):
            found[row[0]] = _Row(*row)
    return found


def _speaks_of(event: Event, row: _Row) -> bool:
    return row.address_key in event.address_keys or row.member_key in event.address_keys


def _store(ours: dict[int, list[Event]], strangers: list[Event], now: dt.datetime) -> None:
    """A rival that stored one of them first is no error: applying an event twice changes nothing."""
    batches = {event.batch for event in strangers if event.batch is not None}
    issues: dict[int, int] = {}
    for chunk in _chunks(sorted(batches), CHUNK):
        issues.update(Batch.objects.filter(pk__in=chunk).values_list("pk", "issue_id"))
    rows = [_stored(event, now, delivery=pk) for pk, events in ours.items() for event in events]
    for event in strangers:
        issue = issues.get(event.batch) if event.batch is not None else None
        rows.append(_stored(event, now, issue=issue))
    ProviderEvent.objects.bulk_create(rows, batch_size=CHUNK, ignore_conflicts=True)


def _stored(
    event: Event, now: dt.datetime, *, delivery: int | None = None, issue: int | None = None
) -> ProviderEvent:
    detail: dict[str, Any] = {}
    if event.reason:
        detail["reason"] = event.reason
    if event.message and event.meaning in PROVES_SENT:
        detail["message"] = event.message
    if event.machine:
        detail["machine"] = True
    if event.url:
        detail["url"] = event.url
    if delivery is None:
        # Enough to see whose they might be: the address only as its keyed hash.
        detail |= {"delivery": event.delivery, "batch": event.batch, "issue": issue}
        detail["address"] = event.address_keys[0] if event.address_keys else ""
    return ProviderEvent(
        dedupe_key=event.dedupe_key,
        delivery_id=delivery,
        type=event.name,
        detail=detail,
        provider_at=event.at,
        received_at=now,
        applied_at=now if delivery is not None else None,
    )


def _move(rows: dict[int, _Row], ours: dict[int, list[Event]], now: dt.datetime) -> int:
    """Every delivery to where its events put it; then what that settles: batches, and whole issues."""
    changes: list[tuple[Any, ...]] = []
    settled: list[_Row] = []
    for pk, events in ours.items():
        row = rows[pk]
        old = Standing(row.state, row.reason, row.at)
        new = outcome(old, events, batch=row.batch)
        if new != old:
            at = connection.ops.adapt_datetimefield_value(new.at)
            changes.append((new.state, new.reason, at, pk, row.state))
            if old.state in OPEN and new.state not in OPEN:
                settled.append(row)
    if changes:
        table = connection.ops.quote_name(Delivery._meta.db_table)
        with connection.cursor() as cursor:
            cursor.executemany(
                f"UPDATE {table} SET state = %s, reason = %s, state_at = %s WHERE id = %s AND state = %s",  # noqa: S608
                changes,
            )
            assert cursor.rowcount == len(changes)  # they are locked
    if settled:
        close_batches((row.batch for row in settled if row.batch is not None), "Settled by the provider's events.")
        close_issues((row.issue for row in settled), actor=ACTOR, now=now)
    return len(changes)


def _note_second_copies(rows: dict[int, _Row], ours: dict[int, list[Event]], now: dt.datetime) -> None:
    """Write down each delivery of which copies of two requests have left the provider, once."""
    reported = [
        pk for pk, events in ours.items() if any(event.message and event.meaning in PROVES_SENT for event in events)
    ]
    messages: dict[int, set[str]] = defaultdict(set)
    for chunk in _chunks(reported, CHUNK):
        kept = ProviderEvent.objects.filter(delivery__in=chunk)
        for pk, message in kept.values_list("delivery_id", KeyTextTransform("message", "detail")):
            if message:
                messages[pk].add(message)
    twice = {pk for pk, names in messages.items() if len(names) > 1}
    if not twice:
        return
    subjects = {f"issue:{rows[pk].issue}" for pk in twice}
    noted = Audit.objects.filter(verb=SECOND_COPY, subject__in=subjects)
    twice -= {detail.get("delivery") for detail in noted.values_list("detail", flat=True)}
    for pk in sorted(twice):
        record(actor=ACTOR, verb=SECOND_COPY, subject=f"issue:{rows[pk].issue}", now=now, delivery=pk)


def _consequences(rows: dict[int, _Row], ours: dict[int, list[Event]]) -> Iterator[Consequence]:
    for pk, events in ours.items():
        row = rows[pk]
        for event in events:
            if event.meaning in SUPPRESSES or event.meaning is Meaning.LEFT:
                # The member's own key where it fits: an address given since is another one, and stays.
                key = row.member_key if row.member_key in event.address_keys else row.address_key
                yield Consequence(event=event, address_key=key, public_id=row.public_id)


def _chunks(items: Sequence[_T], size: int) -> Iterator[list[_T]]:
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk
