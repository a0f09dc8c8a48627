"""Approvals as they stand: who has approved, who is still to, and what became different since. Reads only."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from digest.compose.diff import Difference, differences
from digest.compose.edit import EditKind
from digest.compose.models import Approval, Edit, Issue, IssueState
from digest.config import Config
from digest.pipeline.coming import Coming

CLOCK = "clock"  # the actor of whatever nobody does by hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The approvals of an issue that are in force, the first one first, and how many the plan asks for."""

    approvals: tuple[Approval, ...]
    needed: int

    @property
    def missing(self) -> int:
        """How many other persons must still approve. What the clock approved by the plan's own rule is complete."""
        if any(approval.actor == CLOCK for approval in self.approvals):
            return 0
        return max(0, self.needed - len(self.people))

    @property
    def people(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(approval.actor for approval in self.approvals))

    @property
    def words(self) -> str:
        """`one of two`, for an approval that is not complete; else ""."""
        return f"{_NUMBERS.get(len(self.people), len(self.people))} of {_NUMBERS.get(self.needed, self.needed)}"


_NUMBERS = {0: "none", 1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Voided:
    """The last approval, which stands no more, and what the issue has now that it did not have then."""

    by: str
    at: dt.datetime
    voided_at: dt.datetime
    why: str
    document_sha: str
    changes: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """Who last marked the draft as reviewed, in which revision, and what changed since."""

    by: str
    at: dt.datetime
    revision: int
    changes: tuple[Difference, ...]


def standing_of(config: Config, issue: Issue) -> Standing:
    """The approvals that cover the issue's document as it is frozen."""
    found: tuple[Approval, ...] = ()
    if issue.pk is not None and issue.document_sha:
        rows = Approval.objects.filter(issue=issue, voided_at__isnull=True, document_sha=issue.document_sha)
        found = tuple(rows.order_by("at", "pk"))
    return Standing(approvals=found, needed=config.plan.approvers)


def last_voided(coming: Coming) -> Voided | None:
    """The approval that a change or a person's word has voided, while the issue is not approved again; else None."""
    if coming.issue.pk is None or coming.issue.state not in (IssueState.DRAFT, IssueState.HELD):
        return None
    row = Approval.objects.filter(issue=coming.issue, voided_at__isnull=False).order_by("-at", "-pk").first()
    if row is None or row.voided_at is None:
        return None
    return Voided(
        by=row.actor,
        at=row.at,
        voided_at=row.voided_at,
        why=row.why,
        document_sha=row.document_sha,
        changes=differences(row.snapshot, coming.document) if row.snapshot else (),
    )


def last_review(coming: Coming) -> Reviewed | None:
    """The last time somebody marked the draft as reviewed; None when nobody has."""
    row = Edit.objects.filter(issue=coming.issue.pk, kind=EditKind.REVIEWED).order_by("-seq").first()
    if row is None:
        return None
    return Reviewed(
        by=row.actor,
        at=row.at,
        revision=row.base_revision,
        changes=differences(row.value["snapshot"], coming.document),
    )
