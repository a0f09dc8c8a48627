"""What became of issues that went out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from digest.compose.document import IssueDocument
from digest.compose.models import Issue, IssueKind, IssueState
from digest.compose.number import number_of
from digest.deliver import ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSent:
    """The last weekly issue that was released. `counts` are its deliveries by state."""

    number: int | None
    title: str
    released_at: dt.datetime | None
    state: str
    counts: Mapping[str, int]
    issue: Issue


def latest_sent() -> LastSent | None:
    """The last released weekly issue, or None before the first."""
    issue = (
        Issue.objects.filter(kind=IssueKind.WEEKLY, state__in=(IssueState.RELEASED, IssueState.SENT))
        .order_by("-slot")
        .first()
    )
    if issue is None or issue.document is None:
        return None
    return LastSent(
        number=number_of(issue),
        title=IssueDocument.model_validate(issue.document).title,
        released_at=issue.released_at,
        state=issue.state,
        counts=ledger.counts(issue),
        issue=issue,
    )
