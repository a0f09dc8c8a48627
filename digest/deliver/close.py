"""An issue is `sent` as soon as nothing of it is left to do or to find out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Exists, OuterRef

from digest.compose.models import Issue, IssueState
from digest.deliver import lanes
from digest.deliver.ledger import is_settled
from digest.deliver.models import Batch, BatchState, Delivery, DeliveryState
from digest.installation.audit import record


def close_issues(issues: Iterable[int], *, actor: str, now: dt.datetime) -> list[int]:
    """Move those released issues to `sent` of which no delivery is pending, claimed or unknown, and no lane is
    half taken back; which they are.

    Call it inside the transaction that settled their last deliveries.
    """
    done = []
    for issue in sorted(set(issues)):
        if not Issue.objects.filter(pk=issue, state=IssueState.RELEASED).exists():
            continue
        if lanes.unfinished(issue) or not is_settled(issue):
            continue
        if Issue.objects.filter(pk=issue, state=IssueState.RELEASED).update(state=IssueState.SENT):
            record(actor=actor, verb=f"issue.{IssueState.SENT}", subject=f"issue:{issue}", now=now)
            done.append(issue)
    return done


def close_batches(batches: Iterable[int], words: str) -> int:
    """Move those batches from `unknown` to `accepted` of which no copy is open any more; how many they are."""
    still_open = Delivery.objects.filter(
        batch=OuterRef("pk"), state__in=(DeliveryState.PENDING, DeliveryState.CLAIMED, DeliveryState.UNKNOWN)
    )
    unknown = Batch.objects.filter(~Exists(still_open), pk__in=sorted(set(batches)), state=BatchState.UNKNOWN)
    return unknown.update(state=BatchState.ACCEPTED, answer=words)
