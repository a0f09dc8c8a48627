"""The ledger: what became of each member's copy. Every move is a conditional UPDATE of whole batches.

A row of Batch is one request. A claim (claim.py) is committed before that request leaves and `settle` writes down its
answer; a request that took nothing leaves its row behind, with the answer, and a successor holds the members. So
whatever dies in between, what was certainly not sent goes on, and what may have been sent is `unknown` until a
person, or the provider's events, say otherwise.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Count, Max, Min, Q, QuerySet

from digest.compose.models import Issue
from digest.deliver.freeze import Frozen, freeze, is_frozen
from digest.deliver.models import Batch, BatchState, Delivery, DeliveryState
from digest.deliver.prepared import execute, marks, table
from digest.deliver.providers.base import Accepted, Failure, Mixed, NotSent, Outcome, Refused, Rejected, Unknown, Wait

__all__ = [
    "Frozen",
    "abandon",
    "backoff",
    "counts",
    "freeze",
    "hold",
    "is_frozen",
    "is_settled",
    "last_attempt",
    "next_attempt",
    "reasons",
    "settle",
    "successor",
]

OPEN = (DeliveryState.PENDING, DeliveryState.CLAIMED, DeliveryState.UNKNOWN)
OPEN_BATCH = (BatchState.PENDING, BatchState.CLAIMED, BatchState.UNKNOWN)
# An answer that comes after its request was given up as unknown is still the truth about that request.
UNANSWERED_BATCH = (BatchState.CLAIMED, BatchState.UNKNOWN)
UNANSWERED = (DeliveryState.CLAIMED, DeliveryState.UNKNOWN)
FIRST_BACKOFF, LONGEST_BACKOFF = dt.timedelta(seconds=30), dt.timedelta(minutes=15)
LONGEST_PUT_OFF = dt.timedelta(hours=24)  # that a server may put one copy off (grey-listing takes minutes)
LONGEST_ANSWER = 1000  # characters kept of a provider's words
_ACCEPT = f"UPDATE {table(Batch)} SET state = %s, answer = %s WHERE id = %s AND state IN (%s, %s)"  # noqa: S608
_ACCEPT_COPIES = (
    f"UPDATE {table(Delivery)} SET state = %s, reason = '', state_at = %s "  # noqa: S608
    "WHERE state IN (%s, %s) AND batch_id IN "
)


def accept(answers: Mapping[int, str], *, now: dt.datetime) -> int:
    """Write down that the provider has taken these batches, each in the words given; how many were still open."""
    with transaction.atomic(savepoint=False):
        taken = [
            batch
            for batch, words in sorted(answers.items())
            if execute(_ACCEPT, [BatchState.ACCEPTED, words[:LONGEST_ANSWER], batch, *UNANSWERED_BATCH])
        ]
        if taken:
            execute(_ACCEPT_COPIES + marks(taken), [DeliveryState.ACCEPTED, now, *UNANSWERED, *taken])
        return len(taken)


def settle(batch_id: int, outcome: Outcome, *, now: dt.datetime) -> bool:
    """Write down what came of a claimed batch; False when it was settled otherwise before, and nothing changed.

    What was certainly not taken is pending again: in a successor after `NotSent` and `Wait`, halved or without the
    refused members after `Rejected`, as it was after `Refused`.  `Mixed` is written down copy by copy.
    """
    if isinstance(outcome, Accepted):
        return accept({batch_id: outcome.words}, now=now) == 1
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=batch_id)
        if batch.state not in ((BatchState.CLAIMED,) if isinstance(outcome, Unknown) else UNANSWERED_BATCH):
            return False
        match outcome:
            case Unknown():
                _close(batch, BatchState.UNKNOWN, outcome.words)
                _move(batch, DeliveryState.UNKNOWN, reason=outcome.words, now=now)
            case Rejected(whole=True) | Refused():
                _close(batch, BatchState.PENDING, outcome.words)
                _move(batch, DeliveryState.PENDING, now=now)
            case Rejected():
                _reject(batch, outcome, now)
            case Mixed():
                _settle_each(batch, outcome, now)
            case NotSent() | Wait():
                _close(batch, BatchState.CANCELLED, outcome.words)
                until = outcome.until if isinstance(outcome, Wait) else now + backoff(batch.attempt)
                _move(batch, DeliveryState.PENDING, now=now, to=successor(batch, not_before=until))
    return True


def backoff(attempt: int) -> dt.timedelta:
    """How long to wait after attempt number `attempt` (1, 2, ...) did not reach the provider."""
    doublings = min(attempt - 1, 10)
    return min(FIRST_BACKOFF * (1 << doublings), LONGEST_BACKOFF)


def hold(issue: Issue, until: dt.datetime) -> None:
    """Let no pending batch of `issue` be claimed before `until`: what stopped one would stop the next."""
    early = Q(not_before__isnull=True) | Q(not_before__lt=until)
    Batch.objects.filter(early, issue=issue, state=BatchState.PENDING).update(not_before=until)


def abandon(issue: Issue, *, repeatable: bool, now: dt.datetime) -> int:
    """Give up the batches that a sender claimed and did not live to settle; how many copies that concerns.

    Call it only where no other sender is at work. They become `unknown`; where handing over twice still makes one
    copy (`repeatable`), they are pending again instead.
    """
    words = "The sending was broken off before the provider's answer was written down."
    dead = Batch.objects.filter(issue=issue, state=BatchState.CLAIMED)
    with transaction.atomic():
        ids = list(dead.values_list("pk", flat=True))
        Batch.objects.filter(pk__in=ids).update(
            state=BatchState.PENDING if repeatable else BatchState.UNKNOWN, answer=words
        )
        return Delivery.objects.filter(batch__in=ids, state=DeliveryState.CLAIMED).update(
            state=DeliveryState.PENDING if repeatable else DeliveryState.UNKNOWN,
            reason="" if repeatable else words,
            state_at=now,
        )


def counts(issue: Issue) -> dict[str, int]:
    """Deliveries by state, in the order of DeliveryState; states that nobody is in are left out."""
    found = dict(Delivery.objects.filter(issue=issue).values_list("state").annotate(n=Count("pk")).order_by())
    return {state.value: found[state] for state in DeliveryState if state in found}


def reasons(issue: Issue, state: DeliveryState) -> list[tuple[str, int]]:
    """Why deliveries are in `state`, each reason with its count, the most frequent first."""
    rows = Delivery.objects.filter(issue=issue, state=state).values_list("reason").annotate(n=Count("pk"))
    return [(reason, n) for reason, n in rows.order_by("-n", "reason")]


def is_settled(issue: Issue | int) -> bool:
    """Whether nothing is left to do or to find out: no delivery is pending, claimed or unknown.

    The batches say at once that something is. Only when they do not, every copy is looked at.
    """
    waiting = Delivery.objects.filter(batch__issue=issue, batch__state__in=OPEN_BATCH, state__in=OPEN)
    return not waiting.exists() and not Delivery.objects.filter(issue=issue, state__in=OPEN).exists()


def next_attempt(issue: Issue) -> dt.datetime | None:
    """When the first of the waiting batches is due; None when none waits."""
    waiting = Batch.objects.filter(issue=issue, state=BatchState.PENDING, not_before__isnull=False)
    due: dt.datetime | None = waiting.aggregate(due=Min("not_before"))["due"]
    return due


def last_attempt(issue: Issue) -> dt.datetime | None:
    """When the last of the waiting batches is due; None when none waits."""
    waiting = Batch.objects.filter(issue=issue, state=BatchState.PENDING, not_before__isnull=False)
    due: dt.datetime | None = waiting.aggregate(due=Max("not_before"))["due"]
    return due


def _reject(batch: Batch, outcome: Rejected, now: dt.datetime) -> None:
    """Take the culprits out where the provider named them; else halve, until one is left alone with the blame."""
    members = list(_members(batch).order_by("pk").values_list("pk", flat=True))
    culprits = set(members) & outcome.recipients
    if not culprits and len(members) == 1:
        culprits = set(members)
    _close(batch, BatchState.REJECTED, outcome.words)
    if culprits:
        _move(batch, DeliveryState.REJECTED, reason=outcome.words, now=now, only=Q(pk__in=culprits))
        if len(culprits) < len(members):
            _move(batch, DeliveryState.PENDING, now=now, to=successor(batch))
        return
    middle = members[len(members) // 2]
    second = successor(batch, ordinal=_next_ordinal(batch))
    _move(batch, DeliveryState.PENDING, now=now, to=successor(batch), only=Q(pk__lt=middle))
    _move(batch, DeliveryState.PENDING, now=now, to=second, only=Q(pk__gte=middle))


def _settle_each(batch: Batch, outcome: Mixed, now: dt.datetime) -> None:
    """Copies that fared alike move together; those that are tried again share a request, by when it is due."""
    alike: dict[Accepted | Failure, list[int]] = {}
    for delivery, answer in outcome.answers.items():
        alike.setdefault(_final(batch, answer, now), []).append(delivery)
    again: dict[dt.datetime | None, Batch] = {}
    for answer, deliveries in alike.items():
        only = Q(pk__in=deliveries)
        match answer:
            case Accepted():
                _move(batch, DeliveryState.ACCEPTED, now=now, only=only)
            case Unknown(words=words):
                _move(batch, DeliveryState.UNKNOWN, reason=words, now=now, only=only)
            case Rejected(words=words):
                _move(batch, DeliveryState.REJECTED, reason=words, now=now, only=only)
            case NotSent() | Wait() | Refused():
                due = _due(batch, answer, now)
                if due not in again:
                    again[due] = successor(batch, ordinal=_next_ordinal(batch) if again else None, not_before=due)
                _move(batch, DeliveryState.PENDING, now=now, to=again[due], only=only)
    kinds = {type(answer) for answer in alike}
    state = next((state for kind, state in _OF_MIXED if kind in kinds), BatchState.CANCELLED)
    _close(batch, state, outcome.words)


# What a request is called of which copies fared differently: by what most needs looking at.
_OF_MIXED = ((Unknown, BatchState.UNKNOWN), (Accepted, BatchState.ACCEPTED), (Rejected, BatchState.REJECTED))


def _due(batch: Batch, answer: NotSent | Wait | Refused, now: dt.datetime) -> dt.datetime | None:
    match answer:
        case NotSent():
            return now + backoff(batch.attempt)
        case Wait(until=until):
            return until
        case Refused():
            return None


def _final(batch: Batch, answer: Accepted | Failure, now: dt.datetime) -> Accepted | Failure:
    """A copy that is put off for a day is given up: the next issue would overtake it."""
    begun = batch.issue.released_at or batch.issue.send_at
    if isinstance(answer, Wait) and answer.until > now and begun is not None and now - begun > LONGEST_PUT_OFF:
        return Rejected(words=f"Put off again and again, so it was given up. {answer.words}")
    return answer


def _next_ordinal(batch: Batch) -> int:
    Issue.objects.select_for_update().get(pk=batch.issue_id)  # one settler at a time draws a new ordinal
    last: int = Batch.objects.filter(issue=batch.issue_id).aggregate(last=Max("ordinal"))["last"]
    return last + 1


def _close(batch: Batch, state: BatchState, words: str) -> None:
    Batch.objects.filter(pk=batch.pk).update(state=state, answer=words[:LONGEST_ANSWER])


def _members(batch: Batch, only: Q | None = None) -> QuerySet[Delivery]:
    """The deliveries of a request that still wait for its answer."""
    return Delivery.objects.filter(only or Q(), batch=batch, state__in=UNANSWERED)


def _move(
    batch: Batch,
    state: DeliveryState,
    *,
    now: dt.datetime,
    reason: str = "",
    to: Batch | None = None,
    only: Q | None = None,
) -> None:
    _members(batch, only).update(state=state, reason=reason[:LONGEST_ANSWER], state_at=now, batch=to or batch)


def successor(batch: Batch, *, ordinal: int | None = None, not_before: dt.datetime | None = None) -> Batch:
    """A new row for the next request with members of `batch`."""
    return Batch.objects.create(
        issue_id=batch.issue_id,
        edition_id=batch.edition_id,
        ordinal=batch.ordinal if ordinal is None else ordinal,
        attempt=batch.attempt + 1,
        parent=batch,
        lane=batch.lane,
        not_before=not_before,
    )
