"""Closing the list of an issue: from then on it is fixed who gets a copy, and why anybody does not.

Both statements are INSERT ... SELECT: the database makes a row for each member without one of them passing through
here, so a list of a million closes in seconds and in constant memory.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Window
from django.db.models.functions import RowNumber

from digest.compose.models import Issue
from digest.config import Config
from digest.deliver.arming import renewed
from digest.deliver.models import Batch, BatchState, Delivery, DeliveryState, Edition
from digest.deliver.roll import Roll
from digest.members.models import Member

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
    """Make one delivery for every member who receives `issue`, in batches of `delivery.batch_size` by member id.

    Every other member gets a row too, `excluded` with the reason.  An issue whose list was closed before stays as
    it is: freezing twice adds nothing.
    """
    roll = Roll(kind=issue.kind, day=now.astimezone(config.association.tz).date())
    with renewed(config):
        Issue.objects.select_for_update().get(pk=issue.pk)
        if not Delivery.objects.filter(issue=issue).exists():
            _make_batches(issue, edition, roll.receiving().count(), config.delivery.batch_size)
            _insert_recipients(issue, edition, roll, config.delivery.batch_size, now)
            _insert_excluded(issue, roll, now)
            # Somebody who left between the count and the statement can leave the last batches empty.
            Batch.objects.filter(issue=issue).filter(~Exists(Delivery.objects.filter(batch=OuterRef("pk")))).delete()
        excluded = Delivery.objects.filter(issue=issue, state=DeliveryState.EXCLUDED).count()
        return Frozen(
            recipients=Delivery.objects.filter(issue=issue).count() - excluded,
            excluded=excluded,
            batches=Batch.objects.filter(issue=issue).count(),
        )


def is_frozen(issue: Issue) -> bool:
    """Whether the list of `issue` was closed; False for one that was closed while there was no member at all."""
    return Delivery.objects.filter(issue=issue).exists()


def _make_batches(issue: Issue, edition: Edition, members: int, size: int) -> None:
    ordinals = range(1, -(-members // size) + 1)
    Batch.objects.bulk_create(
        (Batch(issue=issue, edition=edition, ordinal=n, lane=n % LANES, state=BatchState.PENDING) for n in ordinals),
        batch_size=CHUNK,
    )


def _insert_recipients(issue: Issue, edition: Edition, roll: Roll, size: int, now: dt.datetime) -> None:
    listed = (
        roll.receiving()
        .annotate(place=Window(RowNumber(), order_by="id"))
        .order_by()
        .values_list("id", "address_key", "place")
    )
    sql, params = listed.query.sql_with_params()
    # An inner join: should the list have grown since it was counted, who does not fit in any batch is left to the
    # second statement, which says so.
    _insert(
        f"SELECT %s, m.id, m.address_key, %s, b.id, %s, %s, %s FROM ({sql}) m "  # noqa: S608 - Django's own SQL
        f"JOIN {_table(Batch)} b ON b.issue_id = %s AND b.attempt = 1 AND b.ordinal = (m.place - 1) / %s + 1",
        [issue.pk, edition.pk, DeliveryState.PENDING.value, "", _stamp(now), *params, issue.pk, size],
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
