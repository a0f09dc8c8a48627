"""What staff should be told at `now`: read from the same facts as everything else, each thing under a key of its own.

A note says what is so and what the next step is. Whether it was told before is asked by its key, before anything that
costs time is looked at.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Set

from django.db.models import Q

from digest.compose.models import Issue, IssueState
from digest.compose.number import number_of
from digest.config import Config, Keys
from digest.deliver import ledger
from digest.deliver.models import DeliveryState, StaffNote
from digest.deliver.providers import schedules
from digest.deliver.providers.base import LAST_CANCEL
from digest.gather.models import Source, SourceState
from digest.gather.standing import read_standings
from digest.installation.models import Audit
from digest.pipeline.alarms import Kind, alarms
from digest.pipeline.departure import departure_of, lateness
from digest.pipeline.note import Note, day, wall
from digest.pipeline.notes_draft import draft_notes, obstacles
from digest.pipeline.week import Move

APPROVED = (IssueState.APPROVED, IssueState.HANDING_OVER)
KNOWN = dt.timedelta(days=60)  # nothing that is told has a key that lasts longer
FRESH = dt.timedelta(days=2)  # what is older is no news: an upgrade, or a long silence, must not tell of last month
SETTLES = dt.timedelta(minutes=30)
ALARMS = {
    Kind.SECOND_COPY: "Somebody got more than one copy",
    Kind.STRANGERS: "The provider reports on people the issue was not sent to",
    Kind.FEW_ACCEPTED: "The provider has accepted too few copies",
    Kind.WHOLE_ISSUE: "Members got the whole issue although they chose less",
    Kind.NO_ISSUE: "The issue of the week is not out",
}
STOOD_STILL = dt.timedelta(minutes=30)


def notes(config: Config, keys: Keys, *, now: dt.datetime, last_ring: dt.datetime | None) -> list[Note]:
    """Every note that is due at `now` and was not written before. `last_ring` is the ring before this one's."""
    known = set(StaffNote.objects.filter(at__gt=now - KNOWN).values_list("key", flat=True))
    found = [
        *draft_notes(config, now, known),
        *obstacles(config, keys, now),
        *_issues(config, now, known),
        *_alarms(config, now),
        *_sources(config, now, known),
        *_gap(config, now, last_ring),
    ]
    return [note for note in found if note.key not in known]


def _issues(config: Config, now: dt.datetime, known: Set[str]) -> Iterator[Note]:
    for issue in Issue.objects.filter(Q(state__in=APPROVED) | Q(released_at__gt=now - FRESH)).order_by("slot"):
        name, path = f"Issue {number_of(issue)}", f"/newsroom/deliveries/{number_of(issue)}/"
        if issue.state in APPROVED and (owed := departure_of(config, issue, now)).move is Move.ASK:
            assert issue.send_at is not None
            yield Note(
                key=f"asked:{issue.pk}:{issue.send_at.isoformat()}",
                kind="asked",
                heading=f"{name} has not gone out, and asks",
                words=f"It was to go out at {wall(config, issue.send_at)}, and {owed.why}.",
                todo=f"Send it now with `digest send {number_of(issue)}`, or withdraw the approval. If nobody "
                "decides, it is given up at the next issue's cut-off and its items pass on.",
                for_deputies=True,
            )
        if issue.state == IssueState.HANDING_OVER and issue.send_at and now < issue.send_at and schedules(config):
            yield Note(
                key=f"handed-over:{issue.pk}",
                kind="handed-over",
                heading=f"{name} is with the provider",
                words=f"It is let go at {wall(config, issue.send_at)}. {_figures(issue)}",
                todo=f"Until {wall(config, issue.send_at - LAST_CANCEL)} it can be stopped.",
            )
        done = issue.released_at and f"sent:{issue.pk}" not in known
        if done and issue.released_at and (issue.state == IssueState.SENT or issue.released_at + SETTLES <= now):
            yield Note(
                key=f"sent:{issue.pk}",
                kind="sent",
                heading=f"{name} {'is out' if issue.state == IssueState.SENT else 'is on its way'}",
                words=" ".join(filter(None, (_figures(issue), lateness(config, issue)))),
                todo="See what became of each copy.",
                path=path,
            )
    told_of = Audit.objects.filter(verb__in=("issue.skip", "issue.stop"), at__gt=now - FRESH, at__lte=now)
    ids = {int(subject.removeprefix("issue:")) for subject in told_of.values_list("subject", flat=True)}
    for issue in Issue.objects.filter(pk__in=ids, state__in=(IssueState.SKIPPED, IssueState.STOPPED)):
        yield Note(
            key=f"{issue.state}:{issue.pk}",
            kind=issue.state,
            heading=f"The issue of {day(issue.title_date)} {'is' if issue.title_date >= now.date() else 'was'} "
            f"{issue.state}",
            words=f"Reason: {issue.reason}.",
            todo="What it held passes to the next issue."
            if issue.window_end is None
            else "Its number stays with it.",
        )


def _figures(issue: Issue) -> str:
    counts = ledger.counts(issue)
    said = ", ".join(
        f"{count:,} {'still to go' if state == DeliveryState.PENDING else state}" for state, count in counts.items()
    )
    return f"Copies: {said}." if said else "Nobody is on its list."


def _alarms(config: Config, now: dt.datetime) -> Iterator[Note]:
    asking = Issue.objects.filter(state__in=APPROVED)
    asks = any(departure_of(config, issue, now).move is Move.ASK for issue in asking)
    for alarm in alarms(config, now):
        if alarm.kind is Kind.NO_ISSUE and asks:
            continue  # the issue itself asks what is to become of it
        about = alarm.number or _about(alarm.words)
        yield Note(
            key=f"alarm:{alarm.kind}:{about}",
            kind="alarm",
            heading=ALARMS[alarm.kind],
            words=alarm.words,
            todo=alarm.todo,
        )


def _about(words: str) -> str:
    """What tells an alarm without a number from the next one of its kind: the words without how long ago."""
    return hashlib.sha256(words.split(" should have")[0].encode()).hexdigest()[:12]


def _sources(config: Config, now: dt.datetime, known: Set[str]) -> Iterator[Note]:
    """Sources that want somebody's look. One failed reading is nothing: the next one may succeed."""
    ill = Source.objects.filter(
        Q(state=SourceState.FAILING, failures__gte=2)
        | Q(state__in=(SourceState.SILENT, SourceState.FLOODING, SourceState.RETIRED)),
        key__in=[source.id for source in config.sources],
    )
    since = {SourceState.FAILING: "last_ok_at", SourceState.RETIRED: "retired_at"}
    keys = {
        row.key: f"source:{row.key}:{row.state}:{getattr(row, since.get(SourceState(row.state), 'last_new_at'))}"
        for row in ill
    }
    if not set(keys.values()) - known:
        return
    for standing in read_standings(config, now=now):
        if standing.key in keys and not standing.well:
            yield Note(
                key=keys[standing.key],
                kind="source",
                heading=f"{standing.title} is {standing.called}",
                words=f"{standing.title} {standing.words}".rstrip(".") + ".",
                todo=standing.todo,
                path=f"/newsroom/sources/{standing.key}/",
                urgent=False,
            )


def _gap(config: Config, now: dt.datetime, last_ring: dt.datetime | None) -> Iterator[Note]:
    if last_ring is not None and now - last_ring > STOOD_STILL:
        yield Note(
            key=f"stood-still:{last_ring.isoformat()}",
            kind="stood-still",
            heading="The clock stood still",
            words=f"It did not ring from {wall(config, last_ring)} to {wall(config, now)}. What was due meanwhile is "
            "done now, as far as it may be.",
            todo="See why the process was not running: its service's log says so.",
            urgent=False,
        )
