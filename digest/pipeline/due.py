"""run_due: whatever the clock owes at `now`, read from the database. Running it twice is harmless."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from contextlib import suppress

from django.db import DatabaseError
from django.db.models import Max

from digest.compose.models import Issue, IssueKind, IssueState
from digest.config import Config, Keys
from digest.config.weeks import instant, latest_slot
from digest.deliver.arming import renew_in_time
from digest.deliver.send import Clock, running_from
from digest.errors import DigestError, StorageError
from digest.gather.models import Source
from digest.installation import halt
from digest.installation.lease import new_owner
from digest.installation.models import Installation
from digest.installation.turn import Turn
from digest.pipeline.check import check_links
from digest.pipeline.coming import compose_draft, ensure_draft
from digest.pipeline.deadline import settle_draft
from digest.pipeline.departure import send_due
from digest.pipeline.forget import apply_retention
from digest.pipeline.gather import gather
from digest.pipeline.hub import tell_hub
from digest.pipeline.joining import join_and_notify
from digest.pipeline.public_record import make_findable
from digest.pipeline.river_index import list_in_river
from digest.pipeline.send import CLOCK
from digest.pipeline.stop import finish_stops
from digest.pipeline.tally import count_due
from digest.pipeline.tell import tell_staff

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
    last_ring = _rang(now)
    renew_in_time(config, now=now)
    steps: tuple[Callable[[], Iterable[str]], ...] = (
        lambda: finish_stops(config, keys, now=now, clock=clock),  # the most urgent: it has a last moment
        lambda: _gather(config, now),
        lambda: settle_draft(config, now=now),
        lambda: send_due(config, keys, clock=clock),
        lambda: tell_staff(config, keys, now=clock(), last_ring=last_ring),
        lambda: make_findable(config),  # after the mail: it may wait for this, and the mail must not
        lambda: join_and_notify(config, keys, now=clock()),
        lambda: _list_in_river(config, clock()),
        lambda: tell_hub(config, now=clock()),
        lambda: apply_retention(config, now=now, actor=CLOCK),
        lambda: count_due(config, now=clock()),
        lambda: _check_links(config, now),  # last: it may take a minute, and nothing waits for it
    )
    said: list[str] = []
    try:
        for step in steps:
            if halt.asked():
                break  # what is due now is due at the next start, too
            for sentence in step():  # one by one: what was done before the database failed is said all the same
                said.append(sentence)
    except DatabaseError as error:
        raise StorageError("\n".join([*said, f"The database refused: {error}."]), hint=DATABASE_HINT) from error
    finally:
        with suppress(DatabaseError):  # this process knows that it is over, and of any other the lease runs out
            turn.end()
    return said


def _rang(now: dt.datetime) -> dt.datetime | None:
    """Write down that the clock rings; when it did before."""
    last = Installation.objects.filter(pk=1).values_list("rung_at", flat=True).first()
    Installation.objects.filter(pk=1).update(rung_at=now)
    return last


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


def _list_in_river(config: Config, now: dt.datetime) -> list[str]:
    """What was let in, or belongs elsewhere since config.toml changed: rarely anything, and nobody needs to know."""
    list_in_river(config, now=now)
    return []


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
