"""Approve: close the window, give the number, freeze document and dress; and a second person's word on just that."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from digest.compose.diff import snapshot
from digest.compose.document import Composition, IssueDocument, Outcome
from digest.compose.models import Approval, Issue, IssueState, Placement
from digest.compose.number import give_number
from digest.config import Config
from digest.deliver.editions import weigh_edition
from digest.deliver.models import Edition
from digest.errors import StateError
from digest.installation.audit import record
from digest.pipeline.approvals import Standing, standing_of
from digest.pipeline.check import check_coming, check_mail, refuse_blocked
from digest.pipeline.coming import Coming, approved_composition, compose_draft, ensure_draft, slot_of
from digest.pipeline.fitting import check_fits
from digest.pipeline.prepare import AT_APPROVAL, prepare
from digest.pipeline.render import FULL, PUBLIC, render_for_members, render_public, renderer_of
from digest.render.models import RenderedIssue

LONGEST_REASON = 500  # characters of a reason to approve in spite of what the checks say


def approve(
    config: Config,
    issue_id: int | None,
    *,
    actor: str,
    now: dt.datetime,
    revision: int,
    content_sha: str = "",
    override: str = "",
) -> Issue:
    """The approved issue: numbered, its window closed at the cut-off or at `now`, whichever is earlier.

    `revision`, and `content_sha` where given (IssueDocument.content_sha256), say what the approver looked at;
    StateError when the issue is no longer that, and when the checks find what blocks it while `override` gives no
    reason why it goes all the same. The reason is kept; no link is asked here. Everything is rendered before anything
    is stored, so a broken template leaves the draft as it was.

    Where the plan asks for several approvers, the first one freezes the issue and the others approve just that; it is
    sent when they are complete (`standing_of`).
    """
    issue = Issue.objects.filter(pk=issue_id).first() if issue_id else ensure_draft(config, now=now)
    if issue is None:
        raise StateError("That issue is no longer there.", hint="Load the page again.")
    if issue.state == IssueState.APPROVED and (standing := standing_of(config, issue)).missing:
        return _approve_too(
            config, issue, standing, actor=actor, now=now, looked_at=(revision, content_sha), override=override
        )
    _check_looked_at(issue, revision)
    composition = compose_draft(config, issue, closes=now)
    document = composition.document
    if content_sha and document.content_sha256 != content_sha:
        raise StateError(
            "The issue has changed since you looked at it: a gather brought something new.",
            hint="Look at it again, then approve.",
        )
    if document.is_empty:
        hint = "Write its text first." if document.is_announcement else "Gather first, or wait."
        raise StateError("It is empty, so there is nothing to approve.", hint=hint)
    renderer = renderer_of(config)
    mail = render_for_members(config, renderer, document, issue)
    check_fits(config, weigh_edition(config, document, issue.merge_tag, html=mail.html, text=mail.text))
    record_form = render_public(config, renderer, document)
    if issue.merge_tag in record_form.html or issue.merge_tag in record_form.text:
        raise StateError("A text in this issue holds the mark that stands for members' links; it cannot be sent.")
    override = " ".join(override.split())[:LONGEST_REASON]
    overridden = refuse_blocked(check_mail(config, issue, document, mail, now=now), override)
    number = document.number
    if number is None and not document.is_announcement:
        raise StateError("The issue has no number.", hint="Set [digest] anchor in config.toml.")

    slot = slot_of(config, issue)
    with transaction.atomic():
        moved = Issue.objects.filter(pk=issue.pk, state=IssueState.DRAFT, revision=revision).update(
            state=IssueState.APPROVED,
            revision=F("revision") + 1,
            **_of_its_own(document),
            document=document.as_json(),
            document_sha=document.sha256,
            send_at=max(slot.send_at, now),
        )
        if not moved:
            raise StateError("Somebody else changed or approved the issue a moment ago.", hint="Load the page again.")
        if number is not None:
            give_number(issue, number, actor=actor, now=now)
        Placement.objects.bulk_create(placements_of(issue, composition), batch_size=500)
        Approval.objects.create(
            issue=issue,
            revision=revision,
            actor=actor,
            document_sha=document.sha256,
            fingerprint=renderer.fingerprint,
            at=now,
            why=override if overridden else "",
            snapshot=snapshot(document),
        )
        for key, rendered in ((FULL, mail), (PUBLIC, record_form)):
            _store_edition(issue, key, rendered, document_sha=document.sha256, dress=renderer.fingerprint, now=now)
        record(
            actor=actor,
            verb="issue.approve",
            subject=f"issue:{issue.pk}",
            now=now,
            **({"number": number} if number is not None else {"slug": document.slug}),
            document=document.sha256,
            revision=revision,
            **_how_many(config, 1),
            **overridden,
        )
    issue.refresh_from_db()
    # The editions that most members chose are made now, while the templates are those that were approved.
    prepare(config, issue, now=now, at_most=AT_APPROVAL)
    return issue


def _approve_too(
    config: Config,
    issue: Issue,
    standing: Standing,
    *,
    actor: str,
    now: dt.datetime,
    looked_at: tuple[int, str],
    override: str,
) -> Issue:
    """A further person's approval of what the first one froze."""
    if actor in standing.people:
        raise StateError(
            "You have approved it already; the next approval must be another person's.",
            hint=f"The plan asks for {standing.needed} of them.",
        )
    revision, content_sha = looked_at
    current = Coming(issue=issue, slot=slot_of(config, issue), composition=approved_composition(config, issue))
    if issue.revision != revision or (content_sha and content_sha != current.document.content_sha256):
        raise StateError("The issue is not what you looked at any more.", hint="Look at it again, then approve.")
    first = standing.approvals[0]
    override, overridden = " ".join(override.split())[:LONGEST_REASON], {}
    if not any(approval.why for approval in standing.approvals):  # what the first one let pass was let pass
        overridden = dict(refuse_blocked(check_coming(config, current, now=now), override))
    complete = {} if standing.missing > 1 or issue.send_at is None else {"send_at": max(issue.send_at, now)}
    try:
        with transaction.atomic():
            same = Issue.objects.filter(
                pk=issue.pk, state=IssueState.APPROVED, revision=revision, document_sha=first.document_sha
            )
            if not same.update(revision=F("revision"), **complete):
                raise StateError("Somebody withdrew the approval a moment ago.", hint="Load the page again.")
            Approval.objects.create(
                issue=issue,
                revision=first.revision,
                actor=actor,
                document_sha=first.document_sha,
                fingerprint=first.fingerprint,
                at=now,
                why=override if overridden else "",
                snapshot=first.snapshot,
            )
            record(
                actor=actor,
                verb="issue.approve",
                subject=f"issue:{issue.pk}",
                now=now,
                number=current.document.number,
                document=first.document_sha,
                revision=first.revision,
                **_how_many(config, len(standing.people) + 1),
                **overridden,
            )
    except IntegrityError:
        raise StateError("You have approved it already, a moment ago.", hint="Load the page again.") from None
    issue.refresh_from_db()
    return issue


def _how_many(config: Config, approvals: int) -> dict[str, str]:
    return {"approvals": f"{approvals} of {config.plan.approvers}"} if config.plan.approvers > 1 else {}


def _of_its_own(document: IssueDocument) -> dict[str, Any]:
    """What approving closes: a weekly issue's window; for an announcement, its name."""
    if not document.is_announcement:
        return {"window_end": document.window.end}
    if not document.title:
        raise StateError("The announcement has no subject.", hint="Write one first.")
    if Issue.objects.filter(slug=document.slug).exclude(document_sha="").exists():
        raise StateError(
            "An announcement with this subject was approved for the same day.",
            hint="Where it is another one, give it a subject of its own.",
        )
    return {"slug": document.slug, "title_date": document.date}


def _check_looked_at(issue: Issue, revision: int) -> None:
    if issue.state != IssueState.DRAFT:
        raise StateError(f"The issue is {issue.state.replace('_', ' ')} already.", hint="Load the page again.")
    if issue.revision != revision:
        raise StateError(
            "Somebody changed the issue while you were looking at it.", hint="Look at it again, then approve."
        )


def placements_of(issue: Issue, composition: Composition) -> list[Placement]:
    """One row each. A story that stands here is spent, and so are those merged into it."""
    included = {p.candidate.key for p in composition.placements if p.outcome is Outcome.INCLUDED}
    return [
        Placement(
            issue=issue,
            entry_id=placed.candidate.key,
            outcome=placed.outcome.value,
            reason_code=placed.code,
            reason=placed.reason,
            section=placed.section,
            position=placed.position,
            merged_into_id=placed.merged_into,
            binding=placed.candidate.key in included or placed.merged_into in included,
        )
        for placed in composition.placements
    ]


def _store_edition(
    issue: Issue, key: str, rendered: RenderedIssue, *, document_sha: str, dress: str, now: dt.datetime
) -> None:
    Edition.objects.get_or_create(
        issue=issue,
        document_sha=document_sha,
        fingerprint=dress,
        key=key,
        defaults={
            "subject": rendered.subject,
            "html": rendered.html,
            "text": rendered.text,
            "web": rendered.web,
            "sha256": rendered.sha256,
            "bytes": rendered.bytes,
            "created_at": now,
        },
    )
