"""Send: ledger, hand-over, release; and publish: the record in issues/."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from digest.archive.announcements import write_announcement
from digest.archive.folder import sums_hash
from digest.archive.record import write_record
from digest.compose.document import IssueDocument
from digest.compose.models import Issue, IssueState
from digest.compose.naming import name_of as _name
from digest.compose.number import number_of
from digest.config import Config, Keys
from digest.deliver import canary, ledger
from digest.deliver.models import Edition
from digest.deliver.pause import why_paused
from digest.deliver.providers import schedules
from digest.deliver.send import Clock, DeliveryReport, deliver, require_ready, running_from, try_message
from digest.deliver.suppressions import pull_suppressions
from digest.errors import StateError, StorageError
from digest.installation.audit import record
from digest.installation.lease import new_owner
from digest.members.models import Member, MemberStatus
from digest.pipeline.approvals import CLOCK as CLOCK
from digest.pipeline.approvals import standing_of
from digest.pipeline.prepare import Prepared, prepare, record_fallbacks
from digest.pipeline.public_record import make_findable
from digest.pipeline.render import FULL, PUBLIC, edition_of
from digest.render.models import RenderedIssue


@dataclass(frozen=True, slots=True, kw_only=True)
class SendReport:
    """What a sending came to. `counts` are deliveries by state; `problems` and `notes` are sentences for staff."""

    number: int | None
    title: str
    state: str
    counts: Mapping[str, int]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def send(config: Config, keys: Keys, issue: Issue, *, now: dt.datetime, actor: str = CLOCK) -> SendReport:
    """Send the approved issue at once, whatever its planned time; or go on where an earlier sending stopped.

    What was handed over ahead of its time goes out at that time all the same.  Raises as `advance` does, and
    StateError before the planned time where the plan does not allow it.
    """
    early = issue.state == IssueState.APPROVED and issue.send_at is not None and now < issue.send_at
    if early and not config.plan.early_release:
        raise StateError(
            f"{_name(issue)} goes out at its planned time and not before.",
            hint="[plan] early_release = false says so in config.toml.",
        )
    report = advance(config, keys, issue, now=now, actor=actor, at_once=True)
    make_findable(config)
    return report


def advance(
    config: Config,
    keys: Keys,
    issue: Issue,
    *,
    now: dt.datetime,
    actor: str = CLOCK,
    at_once: bool = False,
    clock: Clock | None = None,
) -> SendReport:
    """Take the issue as far as it can come by now, or, if `at_once` and not begun, out. Twice is harmless.

    Before its time it is handed to a provider that schedules; at its time it is released and published, and what is
    not with the provider yet is handed over at once.  Raises StateError for an issue that is not approved or while
    sending is paused, ProviderError when the provider may not be used or refuses the message: nothing has left then.
    """
    clock = clock or running_from(now)
    _check(config, keys, issue)
    if at_once:
        canary.send_on(issue, actor=actor, now=now)
    prepared = Prepared(editions={}) if ledger.is_frozen(issue) else prepare(config, issue, now=now)
    if issue.state == IssueState.APPROVED:
        # While nothing is frozen the approval can still be withdrawn, and the issue mended.
        try_message(config, keys, issue, edition_of(issue, FULL), now=now)
        early = {"send_at": now} if at_once and issue.send_at is not None and now < issue.send_at else {}
        _move(issue, IssueState.APPROVED, IssueState.HANDING_OVER, actor=actor, now=now, **early)
    problems: list[str] = []
    edition = edition_of(issue, FULL)
    if not ledger.is_frozen(issue):
        problems += pull_suppressions(config, keys, now=now).problems
        problems += record_fallbacks(issue, prepared, actor=actor, now=now)
    ledger.freeze(config, issue, edition, now=now, others=prepared.editions)
    send_at = issue.send_at if issue.state == IssueState.HANDING_OVER and schedules(config) else None
    if send_at is not None and now < send_at:
        report = deliver(config, keys, issue, edition, now=now, owner=new_owner(), send_at=send_at, clock=clock)
        now = clock()
        issue.refresh_from_db()
        if now < send_at or issue.state == IssueState.STOPPED:
            return _send_report(issue, edition, report, problems)
        problems += report.problems  # its time came while it was being handed over
    if issue.state == IssueState.HANDING_OVER:
        _move(issue, IssueState.HANDING_OVER, IssueState.RELEASED, actor=actor, now=now, released_at=now)
    # Members click at once, so the page is there before the first mail; a full disk must not keep the mail back.
    try:
        publish(config, issue, now=now, actor=actor)
    except StorageError as error:
        problems.append(f"The mail goes out, but the archive was not written: {error}")
    report = deliver(config, keys, issue, edition, now=now, owner=new_owner(), clock=clock)
    if report.settled:
        _move(issue, IssueState.RELEASED, IssueState.SENT, actor=actor, now=now)
    issue.refresh_from_db()
    return _send_report(issue, edition, report, problems)


def _check(config: Config, keys: Keys, issue: Issue) -> None:
    """Whether `issue` may go on; in words where it may not."""
    if issue.state not in (IssueState.APPROVED, IssueState.HANDING_OVER, IssueState.RELEASED):
        raise StateError(
            f"{_name(issue)} is {issue.state.replace('_', ' ')}, so it cannot be sent.",
            hint="Approve it first: in the newsroom, or with `digest approve`."
            if issue.state == IssueState.DRAFT
            else "",
        )
    require_ready(config, keys)
    if issue.state != IssueState.APPROVED:
        return
    if (standing := standing_of(config, issue)).missing:
        raise StateError(
            f"{_name(issue)} waits for another approval: {standing.words} so far.",
            hint="Another person approves it: in the newsroom, or with `digest approve`.",
        )
    if paused := why_paused(config):
        raise StateError(paused, hint="`digest resume` lets it go on.")
    if not Member.objects.filter(status=MemberStatus.ACTIVE).exists():
        raise StateError(
            f"{_name(issue)} has nobody to go to: there are no members.",
            hint="Bring them in with `digest members import FILE.csv --apply`.",
        )


def _send_report(issue: Issue, edition: Edition, report: DeliveryReport, problems: list[str]) -> SendReport:
    return SendReport(
        number=number_of(issue),
        title=edition.subject,
        state=issue.state,
        counts=report.counts,
        problems=tuple(dict.fromkeys([*problems, *report.problems])),
        notes=report.notes,
    )


def publish(config: Config, issue: Issue, *, now: dt.datetime, actor: str = CLOCK) -> bool:
    """Write the issue's record into issues/; False when that was done before. StorageError in words."""
    if issue.published_at is not None or issue.document is None:
        return False
    number = number_of(issue)
    if number is None and not issue.slug:
        return False
    edition = edition_of(issue, PUBLIC)
    document = IssueDocument.model_validate(issue.document).public()
    rendered = RenderedIssue(subject=edition.subject, html=edition.html, text=edition.text, web=edition.web)
    if number is None:
        folder = write_announcement(config, document, rendered)
    else:
        folder = write_record(config, document, rendered, number=number, published=issue.released_at or now)
    if Issue.objects.filter(pk=issue.pk, published_at__isnull=True).update(published_at=now):
        proof = sums_hash(folder)
        what = {"number": number} if number is not None else {"slug": issue.slug}
        record(actor=actor, verb="issue.publish", subject=f"issue:{issue.pk}", now=now, sums=proof, **what)
    issue.published_at = now
    return True


def _move(
    issue: Issue, old: IssueState, new: IssueState, *, actor: str, now: dt.datetime, **fields: dt.datetime
) -> None:
    """One conditional UPDATE. A rival that made the same move first is no error: both go on together."""
    if Issue.objects.filter(pk=issue.pk, state=old).update(state=new, **fields):
        record(actor=actor, verb=f"issue.{new}", subject=f"issue:{issue.pk}", now=now)
    issue.refresh_from_db()
    if issue.state == old:
        raise StateError(f"{_name(issue)} could not be moved from {old} to {new}.", hint="Try again.")
    if issue.state in (IssueState.DRAFT, IssueState.STOPPED, IssueState.HELD):
        raise StateError(f"{_name(issue)} is {issue.state} now; the sending stops here.")
