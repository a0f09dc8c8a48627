"""A person settles copies of which nobody can say whether the provider took them. No timer ever does.

`sent` makes them accepted. `not-sent` puts them into a new request, so that they go out (again): the request they
were in stays in the ledger, with what was said of it. Should the provider report them after all, before that request
is made, they are not sent again (digest/deliver/events.py).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction
from django.db.models import Max

from digest.compose.models import Issue, IssueState
from digest.deliver.claim import SENDABLE
from digest.deliver.close import close_batches, close_issues
from digest.deliver.ledger import LONGEST_ANSWER
from digest.deliver.models import Batch, BatchState, Delivery, DeliveryState
from digest.errors import StateError, UsageError
from digest.installation.audit import record

LONGEST_WHY = 500


class Verdict(StrEnum):
    """What a person found out."""

    SENT = "sent"
    NOT_SENT = "not-sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What a settling came to. `closed`: with it the issue is sent, and nothing of it is open any more."""

    copies: int
    batches: tuple[int, ...]  # their ordinals
    closed: bool


def settle_unknown(
    issue: Issue,
    verdict: Verdict,
    *,
    ordinal: int | None,
    why: str,
    actor: str,
    now: dt.datetime,
    expected: int | None = None,
) -> Settled:
    """Settle the unknown copies of the batch `ordinal`, or of all batches when it is None.

    `expected` is how many the person saw: when there are others by now, nothing is done.  Raises UsageError without a
    reason, StateError when there is nothing to settle or when `not-sent` could not lead to a sending.
    """
    why = " ".join(why.split())[:LONGEST_WHY]
    if not why:
        raise UsageError("Say how you know.", hint='It is kept for ever: --why "..."')
    with transaction.atomic():
        state = Issue.objects.select_for_update().values_list("state", flat=True).get(pk=issue.pk)
        if verdict is Verdict.NOT_SENT and state not in SENDABLE:
            raise StateError(
                f"The issue is {state}, so nothing of it would be sent again.",
                hint="Copies that the provider did not take can only be sent while the issue is going out.",
            )
        unknown = Delivery.objects.filter(issue=issue, state=DeliveryState.UNKNOWN)
        if ordinal is not None:
            unknown = unknown.filter(batch__ordinal=ordinal)
        keys = sorted(set(unknown.order_by().values_list("batch_id", flat=True)))
        batches = list(Batch.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
        copies = unknown.count()
        if expected is not None and copies != expected:
            raise StateError(
                f"The unknown copies are {copies:,} now, not {expected:,}; nothing was changed.", hint="Look again."
            )
        if not copies:
            where = "" if ordinal is None else f" in batch {ordinal}"
            raise StateError(f"No copy{where} is unknown, so there is nothing to settle.")
        words = f"A person settled it as {verdict}: {why}"
        for batch in batches:
            _settle(batch, verdict, words, now)
        ordinals = tuple(sorted({batch.ordinal for batch in batches}))
        record(
            actor=actor,
            verb="delivery.settle",
            subject=f"issue:{issue.pk}",
            now=now,
            verdict=verdict.value,
            copies=copies,
            batches=list(ordinals),
            why=why,
        )
        closed = close_issues([issue.pk], actor=actor, now=now)
    issue.refresh_from_db(fields=["state"])
    return Settled(copies=copies, batches=ordinals, closed=bool(closed) and issue.state == IssueState.SENT)


def _settle(batch: Batch, verdict: Verdict, words: str, now: dt.datetime) -> None:
    unknown = Delivery.objects.filter(batch=batch, state=DeliveryState.UNKNOWN)
    if verdict is Verdict.SENT:
        unknown.update(state=DeliveryState.ACCEPTED, reason=words[:LONGEST_ANSWER], state_at=now)
        close_batches([batch.pk], _answer(batch, words))
        return
    last: int = Batch.objects.filter(issue=batch.issue_id, ordinal=batch.ordinal).aggregate(last=Max("attempt"))[
        "last"
    ]
    successor = Batch.objects.create(
        issue_id=batch.issue_id,
        edition_id=batch.edition_id,
        ordinal=batch.ordinal,
        attempt=last + 1,
        parent=batch,
        lane=batch.lane,
    )
    unknown.update(state=DeliveryState.PENDING, reason="", state_at=now, batch=successor)
    if not Batch.objects.filter(pk=batch.pk, state=BatchState.UNKNOWN).update(
        state=BatchState.CANCELLED, answer=_answer(batch, words)
    ):
        raise StateError(f"Batch {batch.ordinal} has moved on meanwhile; nothing was changed.", hint="Look again.")


def _answer(batch: Batch, words: str) -> str:
    return f"{batch.answer} {words}".strip()[-LONGEST_ANSWER:]
