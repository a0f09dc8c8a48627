"""Closing the list of an issue: from then on it is fixed who gets a copy, and why anybody does not.

Both statements are INSERT ... SELECT: the database makes a row for each member without one of them passing through
here, so a list of a million closes in seconds and in constant memory.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet, Window
from django.db.models.functions import RowNumber

from digest.compose.models import Issue
from digest.config import Config
from digest.deliver import canary
from digest.deliver.arming import renewed
from digest.deliver.models import Batch, BatchState, Delivery, DeliveryState, Edition
from digest.deliver.providers import batch_size
from digest.deliver.roll import Roll
from digest.members.models import Member

HOUR = dt.timedelta(hours=1)
CHUNK = 1000  # rows of batches in one INSERT
# Batches take turns in so many lanes. What is taken back from the provider, is taken back by the lane: with five,
# each can be cancelled once and the issue still be stopped whole, within the ten that may be cancelled at one time.
LANES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """What the list came to."""

    recipients: int
    excluded: int
    batches: int


def freeze(config: Config, issue: Issue, edition: Edition, *, now: dt.datetime) -> Frozen:
    """Make one delivery for every member who receives `issue`, in batches by member id, the canary group's first.

    Every other member gets a row too, `excluded` with the reason.  An issue whose list was closed before stays as
    it is: freezing twice adds nothing.
    """
    roll = Roll(kind=issue.kind, day=now.astimezone(config.association.tz).date())
    if is_frozen(issue):  # for ever: no reason to draw the marker anew
        return _counted(issue)
    with renewed(config):
        Issue.objects.select_for_update().get(pk=issue.pk)
        if not is_frozen(issue):
            _close_list(config, issue, edition, roll, now)
            _insert_excluded(issue, roll, now)
            # Somebody who left between the count and the statement can leave the last batches empty.
            Batch.objects.filter(issue=issue).filter(~Exists(Delivery.objects.filter(batch=OuterRef("pk")))).delete()
        return _counted(issue)


def _counted(issue: Issue) -> Frozen:
    excluded = Delivery.objects.filter(issue=issue, state=DeliveryState.EXCLUDED).count()
    return Frozen(
        recipients=Delivery.objects.filter(issue=issue).count() - excluded,
        excluded=excluded,
        batches=Batch.objects.filter(issue=issue).count(),
    )


def is_frozen(issue: Issue) -> bool:
    """Whether the list of `issue` was closed; False for one that was closed while there was no member at all."""
    return Delivery.objects.filter(issue=issue).exists()


def _close_list(config: Config, issue: Issue, edition: Edition, roll: Roll, now: dt.datetime) -> None:
    size = batch_size(config)
    chosen = canary.chosen(config, roll)
    others, first = roll.receiving(), 1
    if chosen:
        group = others.filter(pk__in=chosen)
        others = others.exclude(pk__in=chosen)
        first += _make_batches(issue, edition, len(chosen), size, lambda n: (canary.LANE, None))
        _insert_recipients(issue, edition, group, size, 1, now)
    waits = dt.timedelta(minutes=config.delivery.canary_minutes) if chosen else dt.timedelta()
    start = max(now + waits, issue.send_at or now)
    place = _places(config.delivery.max_per_hour, size, first, start)
    _make_batches(issue, edition, others.count(), size, lambda n: (n % LANES, place(n)), first)
    _insert_recipients(issue, edition, others, size, first, now)


def _places(per_hour: int, size: int, first: int, start: dt.datetime) -> Callable[[int], dt.datetime | None]:
    """When batch number n may be claimed. With a limit they stand evenly over the hours, the first one at once."""
    if not per_hour:
        return lambda n: None
    apart = HOUR / max(1, per_hour // size)
    return lambda n: start + (n - first) * apart if n > first else None


def _make_batches(
    issue: Issue,
    edition: Edition,
    members: int,
    size: int,
    place: Callable[[int], tuple[int, dt.datetime | None]],
    first: int = 1,
) -> int:
    """Batches numbered from `first` on, enough for so many members; how many. `place` gives lane and time."""
    ordinals = range(first, first - (-members // size))
    Batch.objects.bulk_create(
        (
            Batch(issue=issue, edition=edition, ordinal=n, lane=lane, not_before=due, state=BatchState.PENDING)
            for n in ordinals
            for lane, due in (place(n),)
        ),
        batch_size=CHUNK,
    )
    return len(ordinals)


def _insert_recipients(
    issue: Issue, edition: Edition, members: QuerySet[Member], size: int, first: int, now: dt.datetime
) -> None:
    """Put `members` into the batches from number `first` on."""
    listed = (
        members.annotate(place=Window(RowNumber(), order_by="id"))
        .order_by()
        .values_list("id", "address_key", "place")
    )
    sql, params = listed.query.sql_with_params()
    # An inner join: should the list have grown since it was counted, who does not fit in any batch is left to the
    # second statement, which says so.
    _insert(
        f"SELECT %s, m.id, m.address_key, %s, b.id, %s, %s, %s FROM ({sql}) m "  # noqa: S608 - Django's own SQL
        f"JOIN {_table(Batch)} b ON b.issue_id = %s AND b.attempt = 1 AND b.ordinal = (m.place - 1) / %s + %s",
        [
            issue.pk,
            edition.pk,
            DeliveryState.PENDING.value,
            "",
            _stamp(now),
            *params,
            issue.pk,
            size,
            first,
        ],
    )


def _insert_excluded(issue: Issue, roll: Roll, now: dt.datetime) -> None:
    rest = (
        Member.objects.filter(~Exists(Delivery.objects.filter(issue=issue, member=OuterRef("pk"))))
        .annotate(why=roll.why_not("joined while the list was being closed"))
        .order_by()
        .values_list("id", "address_key", "why")
    )
    sql, params = rest.query.sql_with_params()
    _insert(
        f"SELECT %s, m.id, m.address_key, NULL, NULL, %s, m.why, %s FROM ({sql}) m",  # noqa: S608
        [issue.pk, DeliveryState.EXCLUDED.value, _stamp(now), *params],
    )


def _insert(select: str, params: Sequence[Any]) -> None:
    columns = "issue_id, member_id, address_key, edition_id, batch_id, state, reason, state_at"
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {_table(Delivery)} ({columns}) {select}", params)


def _table(model: type[Batch] | type[Delivery]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _stamp(now: dt.datetime) -> Any:
    """An instant as this database's driver takes it in SQL that Django did not write."""
    return connection.ops.adapt_datetimefield_value(now)
