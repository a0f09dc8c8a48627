"""The clock and the open draft: moved with the plan, skipped with a reason, approved for want of a person."""

from __future__ import annotations

import datetime as dt

from django.db.models import F

from digest.compose.document import IssueDocument
from digest.compose.edit import EditKind
from digest.compose.models import Issue, IssueKind, IssueState
from digest.compose.number import number_of
from digest.config import Config
from digest.config.weeks import slot_after, slot_of_week, usual_day
from digest.errors import DigestError
from digest.gather.models import Fetch, FetchOutcome
from digest.installation.audit import record
from digest.pipeline.approve import approve
from digest.pipeline.check import Checked, check_coming
from digest.pipeline.coming import OPEN, coming, compose_draft, ensure_draft, slot_of
from digest.pipeline.edit import add_edit
from digest.pipeline.send import CLOCK
from digest.pipeline.skip import skip_open
from digest.pipeline.week import DraftFacts, Owed, draft_owed, is_past_grace

WEEDER = "the clock, because of a finding"  # who drops the items that the checks flag
MOST_WEEKS = 60  # skipped in one ring; one open draft a ring is the rule


def settle_draft(config: Config, *, now: dt.datetime) -> list[str]:
    """Do what is owed to the open draft; a sentence for what was done, and for what could not be."""
    said: list[str] = []
    for _ in range(MOST_WEEKS):
        issue = Issue.objects.filter(kind=IssueKind.WEEKLY, state__in=OPEN).order_by("slot").first()
        if issue is None:
            return said
        _follow_plan(config, issue, now)
        facts = _facts(config, issue, now)
        verdict = draft_owed(config.plan, facts, now)
        if verdict.owed is not Owed.SKIP:
            return [*said, *_approve(config, issue, verdict.owed, now)]
        if skip_open(issue, why=verdict.why, actor=CLOCK, now=now):
            said.append(
                f"The issue of {issue.title_date} was skipped: {verdict.why}. What it held passes to the next issue."
            )
        ensure_draft(config, now=now)
    return said


def _follow_plan(config: Config, issue: Issue, now: dt.datetime) -> None:
    """Give the draft the times of today's plan while its cut-off is still to come: a new day off moves it."""
    if issue.planned_cutoff is None or issue.planned_cutoff <= now:
        return
    tz = config.association.tz
    slot = slot_of_week(config.plan, tz, usual_day(config.plan, issue.planned_cutoff.astimezone(tz).date()))
    if slot.cut_off <= now or (slot.date, slot.cut_off) == (issue.slot, issue.planned_cutoff):
        return
    if Issue.objects.filter(kind=IssueKind.WEEKLY, slot__gte=slot.date).exclude(pk=issue.pk).exists():
        return
    moved = Issue.objects.filter(pk=issue.pk, state__in=OPEN, planned_cutoff=issue.planned_cutoff).update(
        slot=slot.date, title_date=slot.date, planned_cutoff=slot.cut_off, revision=F("revision") + 1
    )
    if moved:
        record(actor=CLOCK, verb="issue.move", subject=f"issue:{issue.pk}", now=now, to=slot.date.isoformat())
    issue.refresh_from_db()


def _facts(config: Config, issue: Issue, now: dt.datetime) -> DraftFacts:
    plan, tz = config.plan, config.association.tz
    slot = slot_of(config, issue)
    of_week = slot_of_week(plan, tz, usual_day(plan, slot.cut_off.astimezone(tz).date()))
    if of_week.closed:
        slot = of_week
    facts = DraftFacts(
        state=IssueState(issue.state), slot=slot, following=slot_after(plan, tz, slot).cut_off, reason=issue.reason
    )
    counted = issue.state == IssueState.DRAFT and now >= slot.cut_off and now < facts.following
    if not counted or is_past_grace(plan, slot.send_at, now):
        return facts  # composing costs too much to be done each minute for nothing
    if now < slot.approve_by and plan.approval != "automatic":
        return facts
    return DraftFacts(
        state=facts.state,
        slot=slot,
        following=facts.following,
        reason=facts.reason,
        items=len(list(compose_draft(config, issue).document.items)),
        read=_was_read(config, slot.cut_off),
    )


def _was_read(config: Config, since: dt.datetime) -> bool:
    """Whether any source answered since the cut-off; true where there are none to ask."""
    answered = Fetch.objects.filter(at__gte=since).exclude(outcome=FetchOutcome.FAILED)
    return not config.sources or answered.exists()


def _approve(config: Config, issue: Issue, owed: Owed, now: dt.datetime) -> list[str]:
    if owed is Owed.NOTHING:
        return []
    name = f"The issue of {issue.title_date}"
    try:
        if owed is Owed.APPROVE:
            approved = approve(config, issue.pk, actor=CLOCK, now=now, revision=issue.revision)
            return [f"Issue {number_of(approved)} was approved automatically."]
        checked = check_coming(config, coming(config, now=now), now=now)
        dropped = _weed(config, issue, checked, now) if owed is Owed.APPROVE_UNFLAGGED else 0
        if dropped:
            issue.refresh_from_db()
            checked = check_coming(config, coming(config, now=now), now=now)
            if len(list(compose_draft(config, issue).document.items)) < config.plan.min_items:
                return [f"{name} waits for a person: without what the checks flag too little is left of it."]
        unclean = [found for found in checked.findings if found.severity != "info"]
        if owed is Owed.APPROVE_IF_CLEAN and unclean:
            return [f"{name} waits for a person: nobody approved it, and the checks found {_count(len(unclean))}."]
        approved = approve(config, issue.pk, actor=CLOCK, now=now, revision=issue.revision)
    except DigestError as error:
        return [f"{name} could not be approved automatically: {error}"]
    without = f", without {_items(dropped)} that the checks flag" if dropped else ""
    return [f"Nobody approved issue {number_of(approved)} by its deadline, so it goes out as planned{without}."]


def _weed(config: Config, issue: Issue, checked: Checked, now: dt.datetime) -> int:
    """Drop the items that the checks flag; how many. An editor can take each of these changes back."""
    flagged = {found.entry for found in checked.findings if found.severity != "info" and found.entry is not None}
    standing = _entries(compose_draft(config, issue).document)
    revision = issue.revision
    for entry in sorted(flagged & standing):
        revision = add_edit(
            config, issue.pk, kind=EditKind.DROP, entry=entry, actor=WEEDER, now=now, base_revision=revision
        )
    return len(flagged & standing)


def _entries(document: IssueDocument) -> set[int]:
    return {item.entry for item in document.items if item.entry is not None}


def _count(findings: int) -> str:
    return "1 thing to look at" if findings == 1 else f"{findings} things to look at"


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count} items"
