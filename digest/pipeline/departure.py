"""The clock and what is approved: handed over, released and published at its time; asked about or given up later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db.models import Max

from digest.compose.models import Approval, Issue, IssueKind, IssueState
from digest.compose.naming import key_of, name_of
from digest.config import Config, Keys
from digest.config.weeks import latest_slot, slot_after
from digest.deliver import ledger
from digest.deliver.providers import schedules
from digest.deliver.sandbox import never_claimed
from digest.deliver.send import Clock
from digest.errors import DigestError
from digest.pipeline.coming import ensure_draft, slot_of
from digest.pipeline.send import CLOCK, SendReport, advance, publish
from digest.pipeline.skip import pass_on, skip_approved
from digest.pipeline.stop import stop
from digest.pipeline.week import ON_TIME, ApprovedFacts, Departure, Move, departure

NOBODY_DECIDED = "it could not go out at its time, and nobody sent it before the next issue's cut-off"


def send_due(config: Config, keys: Keys, *, clock: Clock) -> Iterator[str]:
    """Take every approved issue as far as it can come by now; a sentence for each thing that staff should know."""
    under_way = Issue.objects.filter(
        state__in=(IssueState.APPROVED, IssueState.HANDING_OVER, IssueState.RELEASED)
    ).order_by("slot")
    for issue in under_way:
        now, name = clock(), name_of(issue)  # asked before the database may be gone
        owed = departure_of(config, issue, now)
        if owed.move is Move.ASK:
            yield f"{name} {_asked(config, issue, owed)}"
        elif owed.move is Move.GIVE_UP:
            yield from _give_up(config, keys, issue, name, now, clock)
        elif owed.move is Move.GO:
            yield from _go(config, keys, issue, name, now, clock)
    for issue in Issue.objects.filter(state=IssueState.SENT, published_at__isnull=True, document__isnull=False):
        try:
            if publish(config, issue, now=clock()):
                yield f"{name_of(issue)} was published in the archive."
        except DigestError as error:
            yield f"{name_of(issue)} is not in the archive yet: {error}"


def departure_of(config: Config, issue: Issue, now: dt.datetime) -> Departure:
    """What is owed to an approved issue at `now`, read from the database."""
    if issue.send_at is None:
        return Departure(move=Move.WAIT)
    lead = dt.timedelta(minutes=config.plan.lead_minutes) if schedules(config) else dt.timedelta()
    approvals = Approval.objects.filter(issue=issue, voided_at__isnull=True).exclude(actor=CLOCK)
    others = Issue.objects.filter(kind=IssueKind.WEEKLY, released_at__lte=now).exclude(pk=issue.pk)
    facts = ApprovedFacts(
        state=IssueState(issue.state),
        hand_over=issue.send_at - lead,
        send_at=issue.send_at,
        following=_following(config, issue, now),
        begun=issue.state == IssueState.HANDING_OVER and not never_claimed(issue),
        approved_at=approvals.aggregate(at=Max("at"))["at"],
        # An announcement is sent between the issues; how close to one is its editor's affair.
        last_release=others.aggregate(at=Max("released_at"))["at"] if issue.kind == IssueKind.WEEKLY else None,
    )
    return departure(config.plan, facts, now)


def lateness(config: Config, issue: Issue) -> str:
    """`It went out 40 minutes late.`, of a weekly issue that was released; "" when it was in time."""
    if issue.kind != IssueKind.WEEKLY or issue.released_at is None:
        return ""
    late = issue.released_at - slot_of(config, issue).send_at
    return f"It went out {_span(late)} late." if late > ON_TIME else ""


def _following(config: Config, issue: Issue, now: dt.datetime) -> dt.datetime:
    tz = config.association.tz
    slot = latest_slot(config.plan, tz, now) if issue.planned_cutoff is None else slot_of(config, issue)
    return slot_after(config.plan, tz, slot).cut_off


def _go(config: Config, keys: Keys, issue: Issue, name: str, now: dt.datetime, clock: Clock) -> Iterator[str]:
    was = issue.state
    try:
        before = (issue.state, ledger.counts(issue))
        report = advance(config, keys, issue, now=now, clock=clock)
        if report.problems or (report.state, report.counts) != before:
            yield from _sentences(name, report)
        if was in (IssueState.APPROVED, IssueState.HANDING_OVER) and (late := lateness(config, issue)):
            yield late
    except DigestError as error:
        yield f"{name}: {error}"


def _give_up(config: Config, keys: Keys, issue: Issue, name: str, now: dt.datetime, clock: Clock) -> Iterator[str]:
    """Nobody got any of it: its items pass to its successor, whose week has come; its number stays with it."""
    try:
        if issue.state == IssueState.APPROVED:
            skip_approved(config, issue, why=NOBODY_DECIDED, actor=CLOCK, now=now)
        else:
            stop(config, keys, issue, why=NOBODY_DECIDED, actor=CLOCK, now=now, clock=clock)
            pass_on(issue, actor=CLOCK, now=now)
        ensure_draft(config, now=now)
    except DigestError as error:
        yield f"{name}: {error}"
    else:
        passes = " What it held passes to the next issue." if issue.kind == IssueKind.WEEKLY else ""
        yield f"{name} was given up: {NOBODY_DECIDED}.{passes}"


def _asked(config: Config, issue: Issue, owed: Departure) -> str:
    assert issue.send_at is not None
    at = f"{issue.send_at.astimezone(config.association.tz):%a %d %b %Y %H:%M}"
    passes = ", and what it holds passes on" if issue.kind == IssueKind.WEEKLY else ""
    return (
        f"should have gone out at {at}, and {owed.why}. A person decides: `digest send {key_of(issue)}` sends it "
        f"now; else it is given up at the next issue's cut-off{passes}."
    )


def _sentences(name: str, report: SendReport) -> list[str]:
    counts = ", ".join(f"{count} {state}" for state, count in report.counts.items() if count)
    return [f"{name} is {report.state}: {counts or 'no members'}.", *report.notes, *report.problems]


def _span(span: dt.timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // 1440} days"
