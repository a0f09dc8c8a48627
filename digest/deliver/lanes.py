"""Lanes: the ids under which an issue is handed over ahead of its time. What the database holds of them.

    open -> cancelling -> cancelled     its batches are handed over again under a new id, or are cancelled
                       -> open          the provider said no: its mail stands
                       -> lost          asked and not confirmed in time: its mail is `unknown`

Every step is committed before the next is taken, so whoever finds a lane knows how far it came. An id is never used
again. Going on is for one process at a time (the turn of sending), stopping for anybody: each move is a conditional
UPDATE, and what becomes of a cancelled lane's batches follows from the issue's state.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, OuterRef, Q

from digest.compose.models import Issue, IssueState
from digest.deliver import canary
from digest.deliver.gate import lock
from digest.deliver.ledger import LONGEST_ANSWER, successor
from digest.deliver.models import Batch, BatchState, Delivery, DeliveryState, Lane, LaneState
from digest.deliver.providers.base import LAST_CANCEL, Accepted, Failure, Outcome, Release, Unknown

CANCEL_TAKES = dt.timedelta(minutes=1)  # what is asked for later than this before the last moment may come too late
QUIET = dt.timedelta(minutes=2)  # after which no request to cancel can still be on its way
CHUNK = 100  # batches closed in one transaction: no lock is held for long
IN_QUESTION = (LaneState.CANCELLING, LaneState.CANCELLED, LaneState.LOST)
TAKEN = (BatchState.CLAIMED, BatchState.ACCEPTED, BatchState.UNKNOWN)
# What the provider reported already (delivered, bounced, ...) is past taking back.
AT_PROVIDER = (DeliveryState.CLAIMED, DeliveryState.ACCEPTED, DeliveryState.UNKNOWN)
CANCELLED_WORDS = "Taken back: its lane was cancelled before the release."
LOST_WORDS = "It was to be taken back, and the provider did not confirm that in time."


class Verdict(StrEnum):
    """What a lane is after asking the provider."""

    CANCELLED = "cancelled"
    STANDS = "stands"  # certainly not cancelled
    OPEN_QUESTION = "open question"  # ask again
    LOST = "lost"


def verdict(
    asked: Outcome | None, standing: bool | Failure, *, first: bool, in_time: bool, quiet: bool, over: bool
) -> Verdict:
    """What follows from the answers to "cancel it" (None: not asked now) and "is it cancelled?". Pure.

    `first`: nobody asked before.  `in_time`: the second answer came before the last moment.  `quiet`: no request
    to cancel can still be on its way.  `over`: the time of release has come.
    """
    if standing is True:
        return Verdict.CANCELLED if in_time else Verdict.LOST
    # A clear no to the only request there ever was. A failure to connect is one: nothing left.
    if first and asked is not None and _is_no(asked):
        return Verdict.STANDS
    if standing is False and quiet:
        return Verdict.STANDS
    return Verdict.LOST if over else Verdict.OPEN_QUESTION


def _is_no(outcome: Outcome) -> bool:
    return not isinstance(outcome, Accepted | Unknown)


def last_moment(lane: Lane) -> dt.datetime:
    """Until when a cancellation of `lane` is promised to hold."""
    return lane.send_at - LAST_CANCEL


def releases(issue: Issue) -> dict[int, Release]:
    """The open lanes by number: under which id, and until when, batches of each are handed over now."""
    rows = Lane.objects.filter(issue=issue, state=LaneState.OPEN).values_list(
        "number", "provider_batch_id", "send_at"
    )
    return {number: Release(batch_id, send_at) for number, batch_id, send_at in rows}


def without_id(issue: Issue, now: dt.datetime) -> list[int]:
    """Numbers of the lanes that need a new id: with a batch to hand over now, no open id, and none in question."""
    due = Batch.objects.filter(
        Q(not_before__isnull=True) | Q(not_before__lte=now), issue=issue, state=BatchState.PENDING
    ).exclude(lane=canary.LANE)
    held = Lane.objects.filter(issue=issue, state__in=(LaneState.OPEN, LaneState.CANCELLING))
    return sorted(
        set(due.values_list("lane", flat=True).distinct().order_by()) - set(held.values_list("number", flat=True))
    )


def open_lane(issue: Issue, number: int, batch_id: str, *, send_at: dt.datetime, now: dt.datetime) -> bool:
    """Hand batches of lane `number` over under `batch_id` from now on; False when a rival opened it first."""
    try:
        with transaction.atomic():
            last = Lane.objects.filter(issue=issue, number=number).aggregate(last=Max("attempt"))["last"] or 0
            Lane.objects.create(
                issue=issue,
                number=number,
                attempt=last + 1,
                provider_batch_id=batch_id,
                send_at=send_at,
                opened_at=now,
            )
    except IntegrityError:
        return False
    return True


def in_use(issue: Issue) -> int:
    """How many lanes would have to be cancelled to stop the issue whole, those that still get a new id among them."""
    return Lane.objects.filter(issue=issue).values("number").distinct().count()


def of_issue(issue: Issue, *states: LaneState) -> list[Lane]:
    """Lanes of `issue` in these states, in their order."""
    return list(Lane.objects.filter(issue=issue, state__in=states).order_by("number", "attempt"))


def suspects(issue: Issue) -> list[Lane]:
    """Open lanes with a batch of which nobody can say whether the provider took it."""
    unknown = Batch.objects.filter(
        issue=issue, provider_batch_id=OuterRef("provider_batch_id"), state=BatchState.UNKNOWN
    )
    waiting = Delivery.objects.filter(
        batch__issue=issue, batch__provider_batch_id=OuterRef("provider_batch_id"), state=DeliveryState.UNKNOWN
    )
    return list(
        Lane.objects.filter(Exists(unknown), Exists(waiting), issue=issue, state=LaneState.OPEN).order_by("number")
    )


def ask(lane: Lane, now: dt.datetime) -> bool:
    """Commit that the provider is about to be asked to cancel `lane`; False when it is past that."""
    states = (LaneState.OPEN, LaneState.CANCELLING)
    return _move(lane, LaneState.CANCELLING, among=states, asked_at=now)


def settle(lane: Lane, outcome: Verdict, words: str, *, now: dt.datetime) -> None:
    """Write the verdict on a lane that is being cancelled down. Its batches follow: `close_batches`."""
    cancelling = (LaneState.CANCELLING,)
    match outcome:
        case Verdict.CANCELLED:
            _move(lane, LaneState.CANCELLED, among=cancelling, answer=words)
        case Verdict.LOST:
            _move(lane, LaneState.LOST, among=cancelling, answer=words)
        case Verdict.STANDS:
            _move(lane, LaneState.OPEN, among=cancelling, answer=words)
        case Verdict.OPEN_QUESTION:
            Lane.objects.filter(pk=lane.pk, state=LaneState.CANCELLING).update(answer=words[:LONGEST_ANSWER])


def close_batches(issue: Issue, *, now: dt.datetime) -> None:
    """Let the batches of cancelled and lost lanes follow; in pieces, each committed by itself.

    A cancelled lane's copies are pending again in new batches, or `cancelled` when the issue was stopped; a lost
    one's are `unknown`.
    """
    for lane in of_issue(issue, LaneState.CANCELLED, LaneState.LOST):
        lost = lane.state == LaneState.LOST
        states = (BatchState.CLAIMED, BatchState.ACCEPTED) if lost else TAKEN
        while _close_some(issue, lane, states, now):
            pass


def unfinished(issue: int) -> bool:
    """Whether anything of a lane is still to be asked or written down."""
    if Lane.objects.filter(issue=issue, state=LaneState.CANCELLING).exists():
        return True
    cancelled = Lane.objects.filter(issue=issue, state=LaneState.CANCELLED).values("provider_batch_id")
    return Batch.objects.filter(issue=issue, provider_batch_id__in=cancelled, state__in=TAKEN).exists()


def _close_some(issue: Issue, lane: Lane, states: tuple[BatchState, ...], now: dt.datetime) -> bool:
    with transaction.atomic():
        lock(issue.pk)
        stopped = Issue.objects.filter(pk=issue.pk, state=IssueState.STOPPED).exists()
        batches = Batch.objects.select_for_update().filter(
            issue=issue, provider_batch_id=lane.provider_batch_id, state__in=states
        )
        some = list(batches.order_by("pk")[:CHUNK])
        for batch in some:
            copies = Delivery.objects.filter(batch=batch, state__in=AT_PROVIDER)
            if lane.state == LaneState.LOST:
                Batch.objects.filter(pk=batch.pk).update(state=BatchState.UNKNOWN, answer=LOST_WORDS)
                copies.update(state=DeliveryState.UNKNOWN, reason=LOST_WORDS, state_at=now)
                continue
            Batch.objects.filter(pk=batch.pk).update(state=BatchState.CANCELLED, answer=CANCELLED_WORDS)
            if stopped:
                copies.update(state=DeliveryState.CANCELLED, reason=CANCELLED_WORDS, state_at=now)
            elif copies.exists():
                copies.update(state=DeliveryState.PENDING, reason="", state_at=now, batch=successor(batch))
        return len(some) == CHUNK


def _move(lane: Lane, state: LaneState, *, among: tuple[LaneState, ...], **fields: str | dt.datetime) -> bool:
    if "answer" in fields:
        fields["answer"] = str(fields["answer"])[:LONGEST_ANSWER]
    moved = Lane.objects.filter(pk=lane.pk, state__in=among).update(state=state, **fields)
    lane.refresh_from_db()
    return bool(moved)
