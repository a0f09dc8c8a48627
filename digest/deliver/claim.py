"""Claiming: the batches that a sender is about to hand over, committed before any of them leaves.

Consent is read again here, member by member: who left, was suppressed or paused since the list was closed is
`withdrawn`, and the provider never hears of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, Subquery, Value, When

from digest.compose.models import Issue, IssueState
from digest.deliver.models import Batch, BatchState, Delivery, DeliveryState
from digest.deliver.providers.base import Release
from digest.deliver.roll import Roll
from digest.members.models import Member

SENDABLE = (IssueState.APPROVED, IssueState.HANDING_OVER, IssueState.RELEASED)
NOBODY_LEFT = "Nobody on it receives the issue any more."
_CHUNK = 500
_BATCH = -7_777_777  # stands in a compiled statement where the batch's key belongs


class Addressee(NamedTuple):
    """One member in a claimed batch, with the address that is theirs at this moment."""

    delivery: int
    public_id: str
    email: str


class Claim(NamedTuple):
    """A batch that is ours to hand over, once. `edition` is the key of the one its members get."""

    batch: int
    attempt: int
    addressees: tuple[Addressee, ...]
    edition: int
    release: Release | None = None  # when it is handed over ahead of its time


class Claimer:
    """Claims batches of one issue for one sender. The question who still receives it is compiled once a day.

    Asked anew for each batch it would cost more than everything else: the database answers it quickly, but Django
    takes longer to put it into SQL.
    """

    def __init__(self, issue: Issue, *, owner: str, fence: int = 0) -> None:
        self._issue, self._owner, self._fence = issue, owner, fence
        self._roll: Roll | None = None
        self._sql = ""
        self._params: list[Any] = []

    def claim(
        self, roll: Roll, *, most: int = 1, lanes: Mapping[int, Release | None] | None = None, now: dt.datetime
    ) -> list[Claim]:
        """At most `most` batches that are due, committed on return; none when the issue was stopped.

        With `lanes` only batches of these, each to be handed over under its lane's release, or at once where that
        is None.  A batch that loses
        everybody because they left is closed, and the next one is claimed.
        """
        if roll != self._roll:
            self._compile(roll)
        with transaction.atomic():
            claims: list[Claim] = []
            while len(claims) < most and (batches := self._due(most - len(claims), lanes, now)):
                keys = [batch for batch, *_ in batches]
                under = {batch: lanes[lane] if lanes is not None else None for batch, _, lane, _ in batches}
                for release in set(under.values()):
                    self._take([batch for batch in keys if under[batch] == release], release, now)
                members = self._members(keys, roll, now)
                claims += [
                    Claim(batch, attempt, tuple(members[batch]), edition, under[batch])
                    for batch, attempt, _, edition in batches
                    if batch in members
                ]
                if empty := [key for key in keys if key not in members]:
                    Batch.objects.filter(pk__in=empty).update(state=BatchState.CANCELLED, answer=NOBODY_LEFT)
            return claims

    def _due(
        self, most: int, lanes: Mapping[int, Release | None] | None, now: dt.datetime
    ) -> list[tuple[int, int, int, int]]:
        """(batch, attempt, lane, edition) of those that may be claimed, locked, and that nobody else is claiming now.

        Successors come first: a refused recipient is found before others are asked.
        """
        due = Batch.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            Q(not_before__isnull=True) | Q(not_before__lte=now),
            issue=self._issue,
            issue__state__in=SENDABLE,
            state=BatchState.PENDING,
        )
        if lanes is not None:
            due = due.filter(lane__in=list(lanes))
        return list(due.order_by("-attempt", "ordinal").values_list("pk", "attempt", "lane", "edition")[:most])

    def _take(self, batches: list[int], release: Release | None, now: dt.datetime) -> None:
        claimed = Batch.objects.filter(pk__in=batches, state=BatchState.PENDING).update(
            state=BatchState.CLAIMED,
            owner=self._owner,
            fence=self._fence,
            claimed_at=now,
            answer="",
            provider_batch_id=release.batch_id if release else "",
        )
        assert claimed == len(batches)  # they are locked

    def _members(self, batches: list[int], roll: Roll, now: dt.datetime) -> dict[int, list[Addressee]]:
        rows: list[tuple[Any, ...]] = []
        with connection.cursor() as cursor:
            for batch in batches:
                cursor.execute(self._sql, [batch if value == _BATCH else value for value in self._params])
                rows += cursor.fetchall()
        pending = Delivery.objects.filter(batch__in=batches, state=DeliveryState.PENDING)
        found: dict[int, list[Addressee]] = {}
        gone = []
        for batch, delivery, public_id, email, receives in rows:
            if receives:
                found.setdefault(batch, []).append(Addressee(delivery, public_id, email))
            else:
                gone.append(delivery)
        if gone:
            why = Member.objects.filter(pk=OuterRef("member_id")).annotate(why=roll.why_not("no longer receives it"))
            for start in range(0, len(gone), _CHUNK):
                pending.filter(pk__in=gone[start : start + _CHUNK]).update(
                    state=DeliveryState.WITHDRAWN, reason=Subquery(why.values("why")[:1]), state_at=now
                )
        pending.update(state=DeliveryState.CLAIMED, state_at=now)
        return found

    def _compile(self, roll: Roll) -> None:
        receives = Exists(roll.receiving().filter(pk=OuterRef("member_id")))
        rows = (
            Delivery.objects.filter(batch=_BATCH, state=DeliveryState.PENDING)
            .annotate(receives=Case(When(receives, then=Value(1)), default=Value(0), output_field=IntegerField()))
            .order_by("pk")
            .values_list("batch", "pk", F("member__public_id"), F("member__email"), "receives")
        )
        sql, params = rows.query.sql_with_params()
        self._roll, self._sql, self._params = roll, sql, [_plain(value) for value in params]


def _plain(value: Any) -> Any:
    """A parameter as a cursor takes it: Django hands dates over as this database's own form."""
    return connection.ops.adapt_datefield_value(value) if type(value) is dt.date else value
