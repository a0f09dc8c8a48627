"""Claiming: the batches that a sender is about to hand over, committed before any of them leaves.

Consent is read again here, member by member: who left, was suppressed or paused since the list was closed is
`withdrawn`, and the provider never hears of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery

from digest.compose.models import Issue, IssueState
from digest.deliver.models import Batch, BatchState, Delivery, DeliveryState
from digest.deliver.prepared import JOINED, Prepared, execute, marks, table
from digest.deliver.providers.base import Release
from digest.deliver.roll import Roll
from digest.members.models import Member

SENDABLE = (IssueState.APPROVED, IssueState.HANDING_OVER, IssueState.RELEASED)
NOBODY_LEFT = "Nobody on it receives the issue any more."
_CHUNK = 500
# What stands in compiled statements where a batch's key and the time belong.
_BATCH, _NOW = -7_777_777, dt.datetime(1, 1, 1, 12, tzinfo=dt.UTC)
# One row says it all of a batch: each column is a text with a line for every member who receives it.
_ONE_ROW = (
    f"SELECT COUNT(*), {JOINED}(CAST(q.delivery AS text), '\n'), {JOINED}(q.ref, '\n'), {JOINED}(q.mail, '\n') "  # noqa: S608
    "FROM ({sql}) q"
)
_TAKE = (
    f"UPDATE {table(Batch)} SET state = %s, owner = %s, fence = %s, claimed_at = %s, answer = '', "  # noqa: S608
    "provider_batch_id = %s WHERE state = %s AND id IN "
)
_CLAIM = f"UPDATE {table(Delivery)} SET state = %s, state_at = %s WHERE state = %s AND batch_id IN "  # noqa: S608


class Addressee(NamedTuple):
    """One member in a claimed batch, with the address that is theirs at this moment."""

    delivery: int
    public_id: str
    email: str


class Claim(NamedTuple):
    """A batch that is ours to hand over, once. `edition` is the key of the one its members get.

    `lines` are its members' deliveries, public ids and addresses, in one order: texts with a line for each of them,
    taken apart by whoever hands them over.
    """

    batch: int
    attempt: int
    copies: int
    lines: tuple[str, str, str]
    edition: int
    release: Release | None = None  # when it is handed over ahead of its time

    @property
    def addressees(self) -> list[Addressee]:
        deliveries, public_ids, emails = (column.split("\n") for column in self.lines)
        rows = zip(map(int, deliveries), public_ids, emails, strict=True)
        return [Addressee(*row) for row in rows]


class Claimer:
    """Claims batches of one issue for one sender."""

    def __init__(self, issue: Issue, *, owner: str, fence: int = 0) -> None:
        self._issue, self._owner, self._fence = issue, owner, fence
        self._receiving: tuple[Roll, Prepared] | None = None
        self._due: dict[tuple[int, tuple[int, ...] | None], Prepared] = {}

    def claim(
        self, roll: Roll, *, most: int = 1, lanes: Mapping[int, Release | None] | None = None, now: dt.datetime
    ) -> list[Claim]:
        """At most `most` batches that are due, committed on return; none when the issue was stopped.

        With `lanes` only batches of these, each to be handed over under its lane's release, or at once where that
        is None.  A batch that loses
        everybody because they left is closed, and the next one is claimed.
        """
        with transaction.atomic(savepoint=False):
            claims: list[Claim] = []
            while len(claims) < most and (batches := self._find(most - len(claims), lanes, now)):
                keys = [batch for batch, *_ in batches]
                under = {batch: lanes[lane] if lanes is not None else None for batch, _, lane, _ in batches}
                for release in set(under.values()):
                    self._take([batch for batch in keys if under[batch] == release], release, now)
                found = {batch: self._members(batch, roll) for batch in keys}
                claims += [
                    Claim(batch, attempt, copies, lines, edition, under[batch])
                    for batch, attempt, _, edition in batches
                    for copies, lines in (found[batch],)
                    if copies
                ]
                claimed = execute(_CLAIM + marks(keys), [DeliveryState.CLAIMED, now, DeliveryState.PENDING, *keys])
                if claimed > sum(copies for copies, _ in found.values()):
                    _withdraw(keys, claims, roll, now)
                if empty := [batch for batch in keys if not found[batch][0]]:
                    Batch.objects.filter(pk__in=empty).update(state=BatchState.CANCELLED, answer=NOBODY_LEFT)
            return claims

    def _find(
        self, most: int, lanes: Mapping[int, Release | None] | None, now: dt.datetime
    ) -> list[tuple[int, int, int, int]]:
        """(batch, attempt, lane, edition) of those that may be claimed, locked, and that nobody else is claiming now.

        Successors come first: a refused recipient is found before others are asked.
        """
        if lanes is not None and not lanes:
            return []
        kind = most, None if lanes is None else tuple(sorted(lanes))
        if kind not in self._due:
            due = Batch.objects.select_for_update(skip_locked=True, of=("self",)).filter(
                Q(not_before__isnull=True) | Q(not_before__lte=_NOW),
                issue=self._issue,
                issue__state__in=SENDABLE,
                state=BatchState.PENDING,
            )
            if lanes is not None:
                due = due.filter(lane__in=list(lanes))
            query = due.order_by("-attempt", "ordinal").values_list("pk", "attempt", "lane", "edition")[:most]
            self._due[kind] = Prepared(query, now=_NOW)
        return self._due[kind].rows(now=now)

    def _take(self, batches: Sequence[int], release: Release | None, now: dt.datetime) -> None:
        under = release.batch_id if release else ""
        values = (BatchState.CLAIMED, self._owner, self._fence, now, under, BatchState.PENDING)
        claimed = execute(_TAKE + marks(batches), [*values, *batches])
        assert claimed == len(batches)  # they are locked

    def _members(self, batch: int, roll: Roll) -> tuple[int, tuple[str, str, str]]:
        """How many of those who wait in it receive it now, and who they are: the lines of a claim."""
        if self._receiving is None or self._receiving[0] != roll:
            rows = (
                roll.receiving()
                .filter(deliveries__batch=_BATCH, deliveries__state=DeliveryState.PENDING)
                .annotate(delivery=F("deliveries__pk"), ref=F("public_id"), mail=F("email"))
                .order_by("deliveries__pk")
                .values_list("delivery", "ref", "mail")
            )
            self._receiving = roll, Prepared(rows, wrapped=_ONE_ROW, batch=_BATCH)
        ((copies, *lines),) = self._receiving[1].rows(batch=batch)
        return copies, (lines[0], lines[1], lines[2])


def _withdraw(batches: Sequence[int], claims: Sequence[Claim], roll: Roll, now: dt.datetime) -> None:
    """Those who waited in these batches, and are in no claim now, because they no longer receive it: with why."""
    claimed = Delivery.objects.filter(batch__in=batches, state=DeliveryState.CLAIMED)
    staying = {addressee.delivery for claim in claims for addressee in claim.addressees}
    gone = sorted(set(claimed.values_list("pk", flat=True)) - staying)
    why = Member.objects.filter(pk=OuterRef("member_id")).annotate(why=roll.why_not("no longer receives it"))
    for start in range(0, len(gone), _CHUNK):
        claimed.filter(pk__in=gone[start : start + _CHUNK]).update(
            state=DeliveryState.WITHDRAWN, reason=Subquery(why.values("why")[:1]), state_at=now
        )
