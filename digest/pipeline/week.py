"""What the clock owes a week, decided from stored facts. Pure: nothing here looks anything up.

A draft is left alone, skipped with a reason, or approved for want of a person. An approved issue waits for its time,
goes, is asked about because its time is long past, or is given up for its successor.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from digest.compose.models import IssueState
from digest.config import Plan
from digest.config.plan import Moment
from digest.config.weeks import Slot, instant

APART = dt.timedelta(days=2)  # two issues closer than this are not sent unasked
ON_TIME = dt.timedelta(minutes=10)  # what is later than this is said to be late


class Owed(StrEnum):
    """What is owed to a draft."""

    NOTHING = "nothing"
    SKIP = "skip"
    APPROVE = "approve"  # as config says, unless the checks find what blocks it
    APPROVE_IF_CLEAN = "approve-if-clean"
    APPROVE_UNFLAGGED = "approve-unflagged"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftFacts:
    """An open weekly issue. `following` is the next week's cut-off; `items` None where nobody has counted.

    `read`: whether any source was read since the cut-off, so that few items are no failure of the line.
    """

    state: IssueState
    slot: Slot
    following: dt.datetime
    reason: str = ""  # why it is held
    items: int | None = None
    read: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftVerdict:
    owed: Owed
    why: str = ""


def draft_owed(plan: Plan, draft: DraftFacts, now: dt.datetime) -> DraftVerdict:
    """What is owed to the draft at `now`."""
    slot = draft.slot
    if now >= draft.following:
        return DraftVerdict(owed=Owed.SKIP, why=_never_approved(draft))
    if slot.closed and now >= slot.cut_off:
        return DraftVerdict(owed=Owed.SKIP, why=slot.closed)
    at_cut_off = plan.approval == "automatic"
    due = now >= (slot.cut_off if at_cut_off else slot.approve_by)
    if draft.state != IssueState.DRAFT or not due or is_past_grace(plan, slot.send_at, now):
        return DraftVerdict(owed=Owed.NOTHING)
    # What staff may still add counts: an issue with too little in it has until the deadline.
    if draft.items is not None and draft.items < plan.min_items and draft.read:
        few = now >= slot.approve_by
        return DraftVerdict(owed=Owed.SKIP if few else Owed.NOTHING, why=too_few(plan, draft.items))
    if at_cut_off:
        return DraftVerdict(owed=Owed.APPROVE)
    return DraftVerdict(
        owed={
            "hold": Owed.NOTHING,
            "send-if-clean": Owed.APPROVE_IF_CLEAN,
            "send-unflagged": Owed.APPROVE_UNFLAGGED,
        }[plan.without_approval]
    )


def too_few(plan: Plan, items: int) -> str:
    """Why an issue of `items` is none."""
    if not items:
        return "there was nothing to send"
    counted = "only 1 item" if items == 1 else f"only {items} items"
    return f"{counted}, and the plan asks for at least {plan.min_items}"


def is_past_grace(plan: Plan, planned: dt.datetime, now: dt.datetime) -> bool:
    """Whether `planned` is too long ago for the clock to send anything unasked."""
    return now - planned > dt.timedelta(minutes=plan.grace_minutes)


def _never_approved(draft: DraftFacts) -> str:
    if draft.state == IssueState.HELD:
        why = f" ({draft.reason.rstrip('.')})" if draft.reason else ""
        return f"it was held{why}, and not released before the next issue's cut-off"
    return "nobody approved it before the next issue's cut-off"


class Move(StrEnum):
    """What is owed to an approved issue."""

    WAIT = "wait"
    GO = "go"
    ASK = "ask"  # a person decides
    GIVE_UP = "give-up"  # nobody decided until its successor's cut-off


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedFacts:
    """An issue between its approval and its last copy.

    `hand_over` is when the provider may be given it, `begun` whether it was given any. `approved_at`: when a person
    last approved it, None when it was the clock. `last_release`: of the issue before.
    """

    state: IssueState
    hand_over: dt.datetime
    send_at: dt.datetime
    following: dt.datetime
    begun: bool
    approved_at: dt.datetime | None
    last_release: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    move: Move
    why: str = ""  # of asking, after "Issue 736"


def departure(plan: Plan, issue: ApprovedFacts, now: dt.datetime) -> Departure:
    """What is owed to the approved issue at `now`. What has begun to go out is finished, however late."""
    if now < issue.hand_over:
        return Departure(move=Move.WAIT)
    if issue.begun or issue.state == IssueState.RELEASED:
        return Departure(move=Move.GO)
    if is_past_grace(plan, issue.send_at, now):
        if now >= issue.following:
            return Departure(move=Move.GIVE_UP)
        return Departure(move=Move.ASK, why="is too late to be sent unasked")
    last = issue.last_release
    decided = last is not None and issue.approved_at is not None and issue.approved_at > last
    if last is not None and dt.timedelta() <= now - last < APART and not decided:
        return Departure(move=Move.ASK, why="would follow the issue before within two days")
    return Departure(move=Move.GO)


def reminders(plan: Plan, tz: ZoneInfo, slot: Slot) -> list[dt.datetime]:
    """When staff are told that the draft of `slot` waits: the plan's moments before its deadline."""
    return sorted({_before(moment, slot.approve_by, tz) for moment in plan.remind})


def backup_at(plan: Plan, slot: Slot) -> dt.datetime:
    """When the deputies are told, too."""
    return slot.approve_by - dt.timedelta(hours=plan.backup_hours)


def _before(moment: Moment, end: dt.datetime, tz: ZoneInfo) -> dt.datetime:
    day = end.astimezone(tz).date()
    day -= dt.timedelta(days=(day.weekday() - moment.weekday) % 7)
    at = instant(day, moment.time, tz)
    return at if at < end else instant(day - dt.timedelta(days=7), moment.time, tz)
