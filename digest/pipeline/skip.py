"""Skip: a week without an issue, explained. What it held passes to its successor."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from digest.compose.models import Issue, IssueState, Placement
from digest.config import Config
from digest.installation.audit import record
from digest.pipeline.withdraw import void_approval, void_number


def skip_open(issue: Issue, *, why: str, actor: str, now: dt.datetime) -> bool:
    """Skip a draft, or one that is held; False when it is neither any more."""
    with transaction.atomic():
        skipped = Issue.objects.filter(pk=issue.pk, state__in=(IssueState.DRAFT, IssueState.HELD)).update(
            state=IssueState.SKIPPED, reason=why
        )
        if skipped:
            void_number(issue.pk, why=why, actor=actor, now=now)
            record(actor=actor, verb="issue.skip", subject=f"issue:{issue.pk}", now=now, reason=why)
    return bool(skipped)


def skip_approved(config: Config, issue: Issue, *, why: str, actor: str, now: dt.datetime) -> None:
    """Skip an issue that was approved and never handed over: its items pass on, its number stays with it.

    Raises StateError when it is not approved any more.
    """
    with transaction.atomic():
        void_approval(config, issue.pk, actor=actor, now=now, why=why)
        skip_open(issue, why=why, actor=actor, now=now)


def pass_on(issue: Issue, *, actor: str, now: dt.datetime) -> None:
    """Let what a stopped issue held pass to its successor: nobody got any of it."""
    with transaction.atomic():
        if Issue.objects.filter(pk=issue.pk, state=IssueState.STOPPED).update(window_end=None):
            Placement.objects.filter(issue=issue).delete()
            record(actor=actor, verb="issue.pass-on", subject=f"issue:{issue.pk}", now=now)
