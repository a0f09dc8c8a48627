"""Withdraw an approval, hold an issue and let it go on, skip a week: what a person takes back in time.

Each is one conditional UPDATE on the state that was looked at; the loser of a race is told so.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import F

from digest.compose.models import Approval, Issue, IssueState, Number, NumberKind, Placement
from digest.config import Config
from digest.errors import StateError, UsageError
from digest.installation.audit import record
from digest.pipeline.coming import ensure_draft

LONGEST_WHY = 500
_BACK = {"window_end": None, "document": None, "document_sha": "", "send_at": None}


def void_approval(config: Config, issue_id: int, *, actor: str, now: dt.datetime, why: str = "") -> Issue:
    """Back to draft; the number stays with the issue. Only before the hand-over, else StateError."""
    with transaction.atomic():
        moved = Issue.objects.filter(pk=issue_id, state=IssueState.APPROVED).update(
            state=IssueState.DRAFT, revision=F("revision") + 1, **_BACK
        )
        if not moved:
            raise StateError(
                "The approval can no longer be withdrawn: the issue is not waiting to be sent.",
                hint="Load the page again to see its state.",
            )
        void_rows(issue_id, actor=actor, now=now, why=why)
    return Issue.objects.get(pk=issue_id)


def void_rows(issue_id: int, *, actor: str, now: dt.datetime, why: str) -> None:
    """The rest of voiding, inside the transaction that moved the issue out of `approved`."""
    for approval in Approval.objects.filter(issue_id=issue_id, voided_at__isnull=True):
        approval.voided_at = now
        approval.why = "; withdrawn: ".join(filter(None, (approval.why, why)))
        approval.save(update_fields=["voided_at", "why"])
    Placement.objects.filter(issue_id=issue_id).delete()
    record(actor=actor, verb="issue.void", subject=f"issue:{issue_id}", now=now, why=why)


def hold(config: Config, issue_id: int | None, *, why: str, actor: str, now: dt.datetime, revision: int) -> Issue:
    """Let nobody, and no clock, approve or send the issue until somebody lets it go on; an approval is voided.

    `revision` is what was looked at. UsageError without a reason, StateError when the issue is no longer that.
    """
    why = reason(why)
    issue_id = issue_id if issue_id is not None else ensure_draft(config, now=now).pk
    with transaction.atomic():
        before = _move(issue_id, (IssueState.DRAFT, IssueState.APPROVED), IssueState.HELD, revision, reason=why)
        if before == IssueState.APPROVED:
            void_rows(issue_id, actor=actor, now=now, why=f"held: {why}")
        record(actor=actor, verb="issue.hold", subject=f"issue:{issue_id}", now=now, why=why)
    return Issue.objects.get(pk=issue_id)


def unhold(config: Config, issue_id: int, *, actor: str, now: dt.datetime, revision: int) -> Issue:
    """A held issue becomes a draft again. StateError when it is not held, or not what was looked at."""
    with transaction.atomic():
        _move(issue_id, (IssueState.HELD,), IssueState.DRAFT, revision, reason="")
        record(actor=actor, verb="issue.unhold", subject=f"issue:{issue_id}", now=now)
    return Issue.objects.get(pk=issue_id)


def skip(config: Config, issue_id: int | None, *, why: str, actor: str, now: dt.datetime, revision: int) -> Issue:
    """Leave this week's issue out; its window, and so what it held, passes to its successor, which is the new draft.

    A number that an approval had given is void, with the reason. Raises as `hold` does.
    """
    why = reason(why)
    issue_id = issue_id if issue_id is not None else ensure_draft(config, now=now).pk
    with transaction.atomic():
        before = _move(
            issue_id,
            (IssueState.DRAFT, IssueState.HELD, IssueState.APPROVED),
            IssueState.SKIPPED,
            revision,
            reason=why,
        )
        if before == IssueState.APPROVED:
            void_rows(issue_id, actor=actor, now=now, why=f"skipped: {why}")
        void_number(issue_id, why=why, actor=actor, now=now)
        record(actor=actor, verb="issue.skip", subject=f"issue:{issue_id}", now=now, reason=why)
    ensure_draft(config, now=now)
    return Issue.objects.get(pk=issue_id)


def void_number(issue_id: int, *, why: str, actor: str, now: dt.datetime) -> None:
    """Say of a skipped issue's number, where it had got one, that it is used up, and why."""
    given = Number.objects.filter(issue_id=issue_id, kind=NumberKind.ISSUED)
    given.update(kind=NumberKind.VOID, why=f"skipped: {why}", actor=actor, at=now)


def reason(why: str) -> str:
    """`why` on one line. UsageError when there is none."""
    why = " ".join(why.split())[:LONGEST_WHY]
    if not why:
        raise UsageError("The reason is missing.", hint="It stands with the issue for ever: say it in a few words.")
    return why


def _move(issue_id: int, states: tuple[IssueState, ...], new: IssueState, revision: int, *, reason: str) -> str:
    """Move the issue on from one of `states`; which one it was. StateError, in words, when it cannot be."""
    issue = Issue.objects.filter(pk=issue_id).first()
    if issue is None:
        raise StateError("That issue is no longer there.", hint="Load the page again.")
    state = issue.state
    if state not in states:
        raise StateError(_too_late(state, new), hint="Load the page again to see its state.")
    still = Issue.objects.filter(pk=issue_id, state=state, revision=revision)
    if not still.update(state=new, revision=F("revision") + 1, reason=reason, **_BACK):
        raise StateError("Somebody changed the issue while you were looking at it.", hint="Look at it again.")
    return state


def _too_late(state: str, new: IssueState) -> str:
    is_now = f"The issue is {state.replace('_', ' ')}"
    match new:
        case IssueState.HELD:
            return f"{is_now}, so it cannot be held."
        case IssueState.SKIPPED:
            return f"{is_now}, so it can no longer be skipped."
    return f"{is_now}, not held."
