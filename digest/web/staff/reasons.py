"""What the desk's answer rests on, read from the database: findings, approvals, members, provider, sources."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.urls import reverse

from digest.compose.models import Issue, IssueKind, IssueState
from digest.config import Config, Keys
from digest.deliver.ready import require_ready
from digest.errors import DigestError
from digest.members.models import Member, MemberStatus
from digest.pipeline import Coming, Reviewed
from digest.web.staff.findings import Findings
from digest.web.staff.verdict import Reason
from digest.web.staff.when import count, distance

NOT_OUT = (IssueState.DRAFT, IssueState.HELD, IssueState.APPROVED)


def reasons(
    config: Config,
    keys: Keys,
    coming: Coming,
    *,
    findings: Findings | None,
    reviewed: Reviewed | None,
    sources: tuple[str, str],
    paused: str,
    now: dt.datetime,
) -> Iterator[Reason]:
    """In the order in which one would ask. `sources` is their tone and sentence, `paused` why sending is, or ""."""
    state = coming.issue.state
    if findings:
        stops = bool(findings.blocks) and state == IssueState.DRAFT
        words = findings.words if findings.tone != "good" else "The checks find nothing to mend."
        yield Reason(tone=findings.tone, words=words, href="#findings-h", stops=stops)
    if reviewed and state in NOT_OUT:
        yield _review(reviewed, now)
    if coming.document.number is None:
        yield Reason(tone="bad", words="No number yet: set [digest] anchor in config.toml.", stops=True)
    if paused:
        yield Reason(tone="bad", words=paused, href="#paused", stops=state in (*NOT_OUT, IssueState.HANDING_OVER))
    if state in NOT_OUT:
        yield from _delivery(config, keys)
    yield Reason(tone=sources[0], words=sources[1], href=reverse("sources"))
    if skipped := _skipped_before(coming.issue):
        yield skipped


def _review(reviewed: Reviewed, now: dt.datetime) -> Reason:
    when = distance(reviewed.at, now)
    words = f"Reviewed by {reviewed.by} {'just now' if when == 'now' else when}"
    if not reviewed.changes:
        return Reason(tone="good", words=f"{words}; nothing has changed since.", href="#changes")
    return Reason(tone="warn", words=f"{words}; {count(len(reviewed.changes), 'change')} since.", href="#changes")


def _delivery(config: Config, keys: Keys) -> Iterator[Reason]:
    try:
        require_ready(config, keys)
    except DigestError as error:
        yield Reason(tone="bad", words=error.message, stops=True)
    else:
        if config.delivery.provider == "outbox":
            yield Reason(tone="", words="Copies go into a folder, not to the members: the provider is “outbox”.")
    members = Member.objects.filter(status=MemberStatus.ACTIVE).count()
    if members:
        yield Reason(tone="good", words=f"{count(members, 'member is', 'members are')} on the list.")
    else:
        yield Reason(tone="bad", words="There are no members to send it to.", stops=True)


def _skipped_before(issue: Issue) -> Reason | None:
    """That the week before was left out, and why."""
    last = Issue.objects.filter(kind=IssueKind.WEEKLY, slot__lt=issue.title_date).order_by("-slot").first()
    if last is None or last.state != IssueState.SKIPPED:
        return None
    why = last.reason.rstrip(".") or "no reason is known"
    words = f"The issue of {last.title_date.day} {last.title_date:%b} was skipped: {why}. What it held is here."
    return Reason(tone="warn", words=words)
