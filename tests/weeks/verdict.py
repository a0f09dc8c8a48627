"""What must hold of every week, whatever befell it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from itertools import pairwise

from digest.compose.models import Approval, Issue, IssueKind, IssueState, Placement
from digest.compose.number import number_of
from digest.config.weeks import Slot, latest_slot, slot_after
from digest.deliver.models import Delivery, DeliveryState, Notice, StaffNote
from digest.gather.models import Entry
from digest.members.models import Member
from digest.pipeline.numbers import report
from digest.pipeline.send import CLOCK
from digest.pipeline.week import APART
from tests.weeks.world import MINUTE, World

EXPLAINED = (IssueState.SKIPPED, IssueState.STOPPED)


def verdict(world: World) -> list[str]:
    """What is wrong; empty when nothing is."""
    wrong: list[str] = []
    issues = {issue.slot: issue for issue in Issue.objects.filter(kind=IssueKind.WEEKLY)}
    slots = list(_slots(world))
    for slot in slots:
        wrong += _of_week(world, slot, issues.get(slot.date))
    moved = {slot.date for slot in slots}
    first, last = slots[0].date, slots[-1].date
    wrong += [
        f"{date}: an issue of no week" for date in issues if date and first <= date <= last and date not in moved
    ]
    wrong += _apart(world)
    wrong += _numbers()
    wrong += _entries(world)
    told = Counter(Notice.objects.values_list("dedupe_key", flat=True))
    wrong += [f"a notice was written twice: {key}" for key, count in told.items() if count > 1]
    if StaffNote.objects.filter(told_at__isnull=True, urgent=True, at__lt=world.machine - 5 * MINUTE).exists():
        wrong.append("staff were never told of something urgent")
    return wrong


def _slots(world: World) -> list[Slot]:
    """Every week that is over, from the first that had an issue."""
    plan, tz = world.config.plan, world.config.association.tz
    first = Issue.objects.filter(kind=IssueKind.WEEKLY).order_by("slot").first()
    assert first is not None
    assert first.planned_cutoff is not None
    slot, found = latest_slot(plan, tz, first.planned_cutoff), []
    while slot_after(plan, tz, slot).cut_off < world.end:
        found.append(slot)
        slot = slot_after(plan, tz, slot)
    return found


def _of_week(world: World, slot: Slot, issue: Issue | None) -> list[str]:
    name = f"{slot.date}"
    if issue is None:
        return [f"{name}: neither an issue nor a reason"]
    if issue.state in EXPLAINED:
        wrong = [] if issue.reason else [f"{name}: {issue.state} without a reason"]
        if slot.closed and slot.closed not in issue.reason:
            wrong.append(f"{name}: closed ({slot.closed}), but {issue.reason}")
        if not slot.closed and world.undisturbed(slot) and "clock did not run" in issue.reason:
            wrong.append(f"{name}: the clock ran, but {issue.reason}")
        return wrong
    if issue.state != IssueState.SENT or issue.released_at is None:
        return [f"{name}: ends as {issue.state}"]
    wrong = []
    if slot.closed:
        wrong.append(f"{name}: sent on a day off")
    copies = Counter(Delivery.objects.filter(issue=issue).values_list("state", flat=True))
    if copies != {DeliveryState.ACCEPTED: Member.objects.count()}:
        wrong.append(f"{name}: copies {dict(copies)}")
    late = issue.released_at - slot.send_at
    approved = Approval.objects.filter(issue=issue, voided_at__isnull=True).latest("at")
    if late < dt.timedelta():
        wrong.append(f"{name}: sent {-late} early")
    in_time = approved.at <= slot.send_at
    if in_time and late > dt.timedelta(minutes=world.config.plan.grace_minutes) and not _by_hand(world, issue):
        wrong.append(f"{name}: sent {late} late, unasked")
    if in_time and world.undisturbed(slot) and late > 2 * MINUTE and not _by_hand(world, issue):
        wrong.append(f"{name}: sent {late} late, and nothing was amiss")
    return wrong


def _by_hand(world: World, issue: Issue) -> bool:
    return issue.pk in world.told.sent_by_hand


def _apart(world: World) -> list[str]:
    released = Issue.objects.filter(kind=IssueKind.WEEKLY, released_at__isnull=False).order_by("released_at")
    wrong = []
    for one, other in pairwise(released):
        assert one.released_at is not None
        assert other.released_at is not None
        if other.released_at - one.released_at >= APART or _by_hand(world, other):
            continue
        people = Approval.objects.filter(issue=other, voided_at__isnull=True).exclude(actor=CLOCK)
        if not people.filter(at__gt=one.released_at).exists():
            wrong.append(f"{other.slot}: sent {other.released_at - one.released_at} after the one before, unasked")
    return wrong


def _numbers() -> list[str]:
    wrong = [
        f"{line.number}-{line.last}: a gap nobody explains" for line in report() if not line.kind and not line.to_come
    ]
    issued = [
        number_of(i) for i in Issue.objects.filter(kind=IssueKind.WEEKLY, state=IssueState.SENT).order_by("slot")
    ]
    return wrong + ([] if issued == sorted(set(issued), key=lambda n: n or 0) else [f"numbers run {issued}"])


def _entries(world: World) -> list[str]:
    """Each story stands in one issue that went out, unless it is too young for that."""
    closed = Issue.objects.filter(kind=IssueKind.WEEKLY, state=IssueState.SENT).order_by("-window_end").first()
    assert closed is not None
    spent = set(Placement.objects.filter(binding=True, issue__state=IssueState.SENT).values_list("entry", flat=True))
    placed = dict(Placement.objects.filter(issue__state=IssueState.SENT).values_list("entry", "reason"))
    due = Entry.objects.filter(first_seen_at__lt=closed.window_end, published_at__lt=closed.window_end)
    lost = [entry for entry in due if entry.pk not in spent and entry.pk not in placed]
    return [f"story of {entry.published_at} (seen {entry.first_seen_at}) stands nowhere" for entry in lost]


def summary(world: World) -> str:
    """What there was, in a line."""
    states = Counter(Issue.objects.filter(kind=IssueKind.WEEKLY).values_list("state", flat=True))
    said = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    mails = Notice.objects.filter(kind="staff").count()
    return (
        f"{said}; {world.told.rings} rings, {world.told.kills} kills, {len(world.outages)} outages, "
        f"{len(world.steps)} wrong clocks, {len(world.told.sent_by_hand)} sent late by a person, {mails} mails to staff"
    )
