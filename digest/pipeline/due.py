"""run_due: whatever the clock owes at `now`, read from the database. Running it twice is harmless."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from django.db import DatabaseError
from django.db.models import Max

from digest.compose.models import Issue, IssueKind, IssueState
from digest.compose.number import number_of
from digest.config import Config, Keys
from digest.config.weeks import instant, latest_slot, slot_after
from digest.deliver import ledger
from digest.deliver.providers import schedules
from digest.deliver.send import Clock, running_from
from digest.errors import DigestError, StorageError
from digest.gather.models import Source
from digest.installation.audit import record
from digest.installation.lease import new_owner
from digest.installation.turn import Turn
from digest.pipeline.approve import approve
from digest.pipeline.check import check_links
from digest.pipeline.coming import compose_draft, ensure_draft, slot_of
from digest.pipeline.forget import apply_retention
from digest.pipeline.gather import gather
from digest.pipeline.joining import join_and_notify
from digest.pipeline.send import CLOCK, SendReport, advance, publish
from digest.pipeline.stop import finish_stops

LEASE_SECONDS = 30 * 60  # longer than a gather and a sending of a large list; a dead clock's lease runs out
DATABASE_HINT = "Make room on the disk, or end what holds the database. The clock then goes on by itself."
LINKS_BEFORE = dt.timedelta(hours=24)  # how long before the cut-off a draft's links begin to be asked


def run_due(config: Config, keys: Keys, *, now: dt.datetime, clock: Clock | None = None) -> list[str]:
    """Gather, approve where config says so, send, publish, skip: what was due, one sentence each.

    Several clocks at once are harmless: one of them works, the others say nothing.  `clock` tells the time while it
    works (gathering may take minutes, and what a sending may still do depends on them); without one, time runs on
    from `now`.  Raises StorageError, with all that was done and said before, when the database cannot be used.
    """
    clock = clock or running_from(now)
    turn = Turn.take("clock", owner=new_owner(), now=now, seconds=LEASE_SECONDS)
    if turn is None:
        return []
    steps: tuple[Callable[[], Iterable[str]], ...] = (
        lambda: finish_stops(config, keys, now=now, clock=clock),  # the most urgent: it has a last moment
        lambda: _gather(config, now),
        lambda: _skip_missed(config, now),
        lambda: _approve(config, now),
        lambda: _send(config, keys, clock),
        lambda: join_and_notify(config, keys, now=clock()),
        lambda: apply_retention(config, now=now, actor=CLOCK),
        lambda: _check_links(config, now),  # last: it may take a minute, and nothing waits for it
    )
    said: list[str] = []
    try:
        for step in steps:
            for sentence in step():  # one by one: what was done before the database failed is said all the same
                said.append(sentence)
    except DatabaseError as error:
        raise StorageError("\n".join([*said, f"The database refused: {error}."]), hint=DATABASE_HINT) from error
    finally:
        with suppress(DatabaseError):  # this process knows that it is over, and of any other the lease runs out
            turn.end()
    return said


def gather_due(config: Config, now: dt.datetime) -> dt.datetime:
    """The last instant at or before `now` at which the plan asks for a gather: its daily times, and each cut-off."""
    tz = config.association.tz
    today = now.astimezone(tz).date()
    days = (today, today - dt.timedelta(days=1), today - dt.timedelta(days=2))
    planned = [instant(day, time, tz) for day in days for time in config.plan.gather]
    return max([at for at in planned if at <= now] + [latest_slot(config.plan, tz, now).cut_off])


def _gather(config: Config, now: dt.datetime) -> list[str]:
    if not _sources_due(config, now):
        ensure_draft(config, now=now)
        return []
    reports = gather(config, now=now)
    failed = [r for r in reports if r.failed]
    new = sum(r.new for r in reports)
    entries = "1 new entry" if new == 1 else f"{new} new entries"
    words = f"Gathered {len(reports) - len(failed)} of {len(reports)} sources: {entries}."
    return [words, *(f"{r.title} {r.words}" for r in failed)]


def _sources_due(config: Config, now: dt.datetime) -> bool:
    """Whether any source was last read before the planned time: a gather of one by hand settles no other's turn.

    Those that asked to be left alone for a while, and those that are gone for good, owe nothing.
    """
    due = gather_due(config, now)
    rows = {row.key: row for row in Source.objects.annotate(last=Max("fetches__at"))}
    for source in config.sources:
        row = rows.get(source.id)
        if row is None:
            return True
        excused = row.retired_at is not None or (row.not_before is not None and row.not_before > now)
        if not excused and (row.last is None or row.last < due):
            return True
    return False


def _skip_missed(config: Config, now: dt.datetime) -> list[str]:
    """A draft nobody approved until the next week's cut-off is skipped; its window passes to its successor."""
    issue = Issue.objects.filter(kind=IssueKind.WEEKLY, state=IssueState.DRAFT).order_by("slot").first()
    if issue is None:
        return []
    following = slot_after(config.plan, config.association.tz, slot_of(config, issue))
    if following.cut_off > now:
        return []
    reason = "nobody approved it before the next issue's cut-off"
    if not Issue.objects.filter(pk=issue.pk, state=IssueState.DRAFT).update(state=IssueState.SKIPPED, reason=reason):
        return []
    record(actor=CLOCK, verb="issue.skip", subject=f"issue:{issue.pk}", now=now, reason=reason)
    ensure_draft(config, now=now)
    return [f"The issue of {issue.title_date} was skipped: {reason}. What it held passes to the next issue."]


def _check_links(config: Config, now: dt.datetime) -> list[str]:
    """Ask the draft's links that nobody has asked lately, from the day before the cut-off until it is approved.

    What they answer is fresh for a day, so that a clock that rings every minute asks each of them once.
    """
    issue = Issue.objects.filter(kind=IssueKind.WEEKLY, state=IssueState.DRAFT).order_by("slot").first()
    if issue is None or issue.planned_cutoff is None or issue.planned_cutoff - LINKS_BEFORE > now:
        return []
    try:
        report = check_links(config, compose_draft(config, issue).document, now=now)
    except DigestError as error:
        return [f"The links of the issue of {issue.title_date} could not be checked: {error}"]
    if not report.asked:
        return []
    asked = "1 link" if report.asked == 1 else f"{report.asked} links"
    verdict = {0: "none leads nowhere", 1: "1 leads nowhere"}.get(report.dead, f"{report.dead} lead nowhere")
    return [f"Asked {asked} of the issue of {issue.title_date}: {verdict}."]


def _approve(config: Config, now: dt.datetime) -> list[str]:
    if config.plan.approval != "automatic":
        return []
    issue = Issue.objects.filter(kind=IssueKind.WEEKLY, state=IssueState.DRAFT).order_by("slot").first()
    if issue is None or issue.planned_cutoff is None or issue.planned_cutoff > now:
        return []
    try:
        approved = approve(config, issue.pk, actor=CLOCK, now=now, revision=issue.revision)
    except DigestError as error:
        return [f"The issue of {issue.title_date} could not be approved automatically: {error}"]
    return [f"Issue {number_of(approved)} was approved automatically."]


def _send(config: Config, keys: Keys, clock: Clock) -> Iterator[str]:
    under_way = Issue.objects.filter(
        state__in=(IssueState.APPROVED, IssueState.HANDING_OVER, IssueState.RELEASED)
    ).order_by("slot")
    for issue in under_way:
        now, name = clock(), f"Issue {number_of(issue)}"  # asked before the database may be gone
        if not _is_due(config, issue, now) or issue.send_at is None:
            continue
        if issue.state == IssueState.APPROVED:
            late = now - issue.send_at
            if late > dt.timedelta(minutes=config.plan.grace_minutes):
                yield (
                    f"{name} should have gone out at {_wall(config, issue.send_at)}. That is too "
                    f"long ago to send it unasked: run `digest send {number_of(issue)}`, or withdraw the approval."
                )
                continue
        try:
            before = (issue.state, ledger.counts(issue))
            report = advance(config, keys, issue, now=now, clock=clock)
            if report.problems or (report.state, report.counts) != before:
                yield from _sentences(report)
        except DigestError as error:
            yield f"{name}: {error}"
    for issue in Issue.objects.filter(state=IssueState.SENT, published_at__isnull=True, document__isnull=False):
        try:
            if publish(config, issue, now=clock()):
                yield f"Issue {number_of(issue)} was published in the archive."
        except DigestError as error:
            yield f"Issue {number_of(issue)} is not in the archive yet: {error}"


def _is_due(config: Config, issue: Issue, now: dt.datetime) -> bool:
    """From its hand-over on with a provider that lets mail go at its time, from that time on with any other."""
    if issue.send_at is None or issue.state == IssueState.RELEASED:
        return issue.send_at is not None
    lead = dt.timedelta(minutes=config.plan.lead_minutes) if schedules(config) else dt.timedelta()
    return issue.send_at - lead <= now


def _sentences(report: SendReport) -> list[str]:
    counts = ", ".join(f"{count} {state}" for state, count in report.counts.items() if count)
    return [f"Issue {report.number} is {report.state}: {counts or 'no members'}.", *report.notes, *report.problems]


def _wall(config: Config, at: dt.datetime) -> str:
    return f"{at.astimezone(config.association.tz):%a %d %b %Y %H:%M}"
