"""Stop: nothing more of an issue is handed over, and what is with the provider is taken back while there is time.

The issue is `stopped` already when this begins (`forbid`), so no sender claims any more. Whatever dies in between,
calling it again goes on; each step asks the database how far the last one came.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from digest.compose.models import Issue, IssueState
from digest.config import Config, Keys
from digest.deliver import lanes, ledger
from digest.deliver.gate import lock, turn_name
from digest.deliver.lanes import Verdict
from digest.deliver.models import Batch, BatchState, Delivery, DeliveryState, Lane, LaneState
from digest.deliver.providers import SchedulingProvider, build
from digest.deliver.recover import cancel_lane
from digest.errors import DigestError
from digest.installation.lease import new_owner
from digest.installation.turn import Turn

Clock = Callable[[], dt.datetime]
STOPPED_WORDS = "The issue was stopped before this copy was handed over."


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """What stopping came to. Copies: taken back or never handed over; gone or going; nobody can say.

    `again`: something is left that another try, while there is time, may still take back.
    """

    cancelled: int
    gone: int
    unknown: int
    again: bool
    problems: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What happened, in a sentence or two."""
        if not (self.cancelled or self.gone or self.unknown):
            return "Nothing of it had been handed over."
        said = [f"{_copies(self.cancelled)} will not go out." if self.cancelled else "None of it could be kept back."]
        if self.gone:
            said.append(f"{_copies(self.gone)} can no longer be stopped.")
        if self.unknown:
            said.append(f"Of {_copies(self.unknown)} nobody can say whether they go out.")
        return " ".join(said)


def forbid(issue: Issue, *, states: tuple[IssueState, ...], why: str, now: dt.datetime) -> bool:
    """Make the issue `stopped`, after which no sender claims; False when it is in none of `states`."""
    with transaction.atomic():
        lock(issue.pk)
        moved = Issue.objects.filter(pk=issue.pk, state__in=states).update(
            state=IssueState.STOPPED, reason=why, stopped_at=now
        )
    issue.refresh_from_db()
    return bool(moved)


def take_back(config: Config, keys: Keys, issue: Issue, *, clock: Clock) -> Stopped:
    """Cancel what was not handed over, and every lane that the provider still holds."""
    _give_up_claims(issue, clock())
    cancel_pending(issue, now=clock())
    problems: list[str] = []
    held = [lane for lane in lanes.of_issue(issue, LaneState.OPEN, LaneState.CANCELLING) if _holds_mail(lane)]
    if held:
        try:
            problems += _cancel_lanes(config, keys, held, clock)
        except DigestError as error:
            problems.append(str(error))
    lanes.close_batches(issue, now=clock())
    cancel_pending(issue, now=clock())  # a sender that was at work may have put batches back meanwhile
    return _stopped(issue, problems, now=clock())


def is_unfinished(issue: Issue, now: dt.datetime) -> bool:
    """Whether a stopped issue has something left to cancel, or a request whose answer nobody has written down."""
    left = (BatchState.PENDING, BatchState.CLAIMED)
    if Batch.objects.filter(issue=issue, state__in=left).exists() or lanes.unfinished(issue.pk):
        return True
    held = lanes.of_issue(issue, LaneState.OPEN)
    return any(now <= lanes.last_moment(lane) and _holds_mail(lane) for lane in held)


def cancel_pending(issue: Issue, *, now: dt.datetime) -> None:
    """Close the batches of a stopped issue that were never handed over; in pieces, each committed by itself."""
    pending = Batch.objects.filter(issue=issue, state=BatchState.PENDING).order_by("pk")
    while some := list(pending.values_list("pk", flat=True)[: lanes.CHUNK]):
        with transaction.atomic():
            lock(issue.pk)
            if not Issue.objects.filter(pk=issue.pk, state=IssueState.STOPPED).exists():
                return
            Batch.objects.filter(pk__in=some, state=BatchState.PENDING).update(
                state=BatchState.CANCELLED, answer=STOPPED_WORDS
            )
            Delivery.objects.filter(batch__in=some, state=DeliveryState.PENDING).update(
                state=DeliveryState.CANCELLED, reason=STOPPED_WORDS, state_at=now
            )


def _give_up_claims(issue: Issue, now: dt.datetime) -> None:
    """What a sender claimed and did not live to settle is `unknown`: of a stopped issue no other sender finds it."""
    turn = Turn.take(turn_name(issue.pk), owner=new_owner(), now=now, seconds=60)
    if turn is None:  # it lives, and writes its answers down itself
        return
    try:
        ledger.abandon(issue, repeatable=False, now=now)
    finally:
        turn.end()


def _cancel_lanes(config: Config, keys: Keys, held: list[Lane], clock: Clock) -> list[str]:
    provider = build(config, keys)
    if not isinstance(provider, SchedulingProvider):
        return [f"{provider.name} cannot take mail back; it was handed over through another provider."]
    problems: list[str] = []
    sends = provider.scheduled_sends()
    try:
        for lane in held:
            found, words = cancel_lane(lane, sends, clock=clock)
            if found is not Verdict.CANCELLED:
                problems.append(f"{_WORDS[found]} {words}".strip())
    finally:
        sends.close()
    return list(dict.fromkeys(problems))


_WORDS = {
    Verdict.STANDS: "A part of the issue could not be taken back.",
    Verdict.OPEN_QUESTION: "The provider does not confirm that a part is taken back; it is asked again.",
    Verdict.LOST: "That a part is taken back was not confirmed in time.",
}


def _holds_mail(lane: Lane) -> bool:
    return Batch.objects.filter(
        issue=lane.issue_id, provider_batch_id=lane.provider_batch_id, state__in=lanes.TAKEN
    ).exists()


def _stopped(issue: Issue, problems: list[str], *, now: dt.datetime) -> Stopped:
    counts = ledger.counts(issue)
    came_out = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.BOUNCED, DeliveryState.COMPLAINED)
    return Stopped(
        cancelled=counts.get(DeliveryState.CANCELLED, 0),
        gone=sum(counts.get(state, 0) for state in came_out),
        unknown=counts.get(DeliveryState.UNKNOWN, 0) + counts.get(DeliveryState.CLAIMED, 0),
        again=is_unfinished(issue, now),
        problems=tuple(problems),
    )


def _copies(count: int) -> str:
    return "1 copy" if count == 1 else f"{count:,} copies"
