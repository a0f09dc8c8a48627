"""What is owed to a draft and to an approved issue, decided from facts alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from digest.compose.models import IssueState
from digest.config.plan import Plan
from digest.config.weeks import latest_slot, slot_after
from digest.pipeline.week import (
    ApprovedFacts,
    DraftFacts,
    Move,
    Owed,
    backup_at,
    departure,
    draft_owed,
    reminders,
)

LONDON = ZoneInfo("Europe/London")
CUT_OFF = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
BY, SEND, NEXT = CUT_OFF + HOUR, CUT_OFF + 2 * HOUR, CUT_OFF + 7 * DAY
SLOT = latest_slot(Plan(), LONDON, CUT_OFF)
DRAFT = DraftFacts(state=IssueState.DRAFT, slot=SLOT, following=NEXT, items=5)


def plan(**values: Any) -> Plan:
    return Plan.model_validate(values)


def owed(now: dt.datetime, draft: DraftFacts = DRAFT, **values: Any) -> Owed:
    return draft_owed(plan(**values), draft, now).owed


@pytest.mark.parametrize("now", [CUT_OFF - DAY, CUT_OFF, BY, SEND, SEND + 6 * DAY])
def test_without_approval_a_draft_is_held(now: dt.datetime) -> None:
    assert owed(now) is Owed.NOTHING


def test_until_its_successors_cut_off() -> None:
    verdict = draft_owed(plan(), DRAFT, NEXT)
    assert (verdict.owed, verdict.why) == (Owed.SKIP, "nobody approved it before the next issue's cut-off")
    held = draft_owed(plan(), replace(DRAFT, state=IssueState.HELD, reason="The chair is ill."), NEXT)
    assert held.why == "it was held (The chair is ill), and not released before the next issue's cut-off"


@pytest.mark.parametrize(
    ("rule", "what"), [("send-if-clean", Owed.APPROVE_IF_CLEAN), ("send-unflagged", Owed.APPROVE_UNFLAGGED)]
)
def test_at_the_deadline_the_plans_rule_holds_within_the_grace(rule: str, what: Owed) -> None:
    assert owed(BY - MINUTE, without_approval=rule) is Owed.NOTHING
    assert owed(BY, without_approval=rule) is what
    assert owed(SEND + 2 * HOUR, without_approval=rule) is what
    assert owed(SEND + 2 * HOUR + MINUTE, without_approval=rule) is Owed.NOTHING
    assert owed(BY, replace(DRAFT, state=IssueState.HELD), without_approval=rule) is Owed.NOTHING


def test_automatic_approval_is_due_at_the_cut_off_and_not_long_after_the_time() -> None:
    assert owed(CUT_OFF - MINUTE, approval="automatic") is Owed.NOTHING
    assert owed(CUT_OFF, approval="automatic") is Owed.APPROVE
    assert owed(SEND + 3 * HOUR, approval="automatic") is Owed.NOTHING


def test_too_little_is_skipped_at_the_deadline_with_the_reason() -> None:
    few = replace(DRAFT, items=2)
    assert owed(CUT_OFF, few, min_items=3, approval="automatic") is Owed.NOTHING
    verdict = draft_owed(plan(min_items=3), few, BY)
    assert (verdict.owed, verdict.why) == (Owed.SKIP, "only 2 items, and the plan asks for at least 3")
    assert draft_owed(plan(), replace(DRAFT, items=0), BY).why == "there was nothing to send"


def test_but_not_when_it_is_because_no_source_answered() -> None:
    assert owed(BY, replace(DRAFT, items=0, read=False)) is Owed.NOTHING


def test_a_day_off_that_came_into_the_plan_later_closes_the_week() -> None:
    closed = replace(DRAFT, slot=replace(SLOT, closed="May Day"))
    assert owed(CUT_OFF - MINUTE, closed) is Owed.NOTHING
    assert draft_owed(plan(), closed, CUT_OFF).why == "May Day"


APPROVED = ApprovedFacts(
    state=IssueState.APPROVED,
    hand_over=SEND - HOUR / 2,
    send_at=SEND,
    following=NEXT,
    begun=False,
    approved_at=BY,
    last_release=SEND - 7 * DAY,
)


def moved(now: dt.datetime, **changes: Any) -> Move:
    return departure(plan(), replace(APPROVED, **changes), now).move


@pytest.mark.parametrize(
    ("now", "move"),
    [
        (SEND - HOUR, Move.WAIT),
        (SEND - HOUR / 2, Move.GO),
        (SEND + 2 * HOUR, Move.GO),
        (SEND + 2 * HOUR + MINUTE, Move.ASK),
        (NEXT - MINUTE, Move.ASK),
        (NEXT, Move.GIVE_UP),
    ],
)
def test_what_is_approved_goes_at_its_time_or_is_asked_about(now: dt.datetime, move: Move) -> None:
    assert moved(now) is move


@pytest.mark.parametrize("now", [SEND + DAY, NEXT + DAY])
def test_what_has_begun_is_finished_however_late(now: dt.datetime) -> None:
    assert moved(now, state=IssueState.HANDING_OVER, begun=True) is Move.GO
    assert moved(now, state=IssueState.RELEASED) is Move.GO
    assert moved(now, state=IssueState.HANDING_OVER) is not Move.GO


def test_two_issues_never_follow_each_other_unasked() -> None:
    yesterday = SEND - DAY
    assert moved(SEND, last_release=yesterday, approved_at=None) is Move.ASK
    assert moved(SEND, last_release=yesterday, approved_at=yesterday - HOUR) is Move.ASK
    assert moved(SEND, last_release=yesterday, approved_at=BY) is Move.GO, "a person knew of the other"
    assert moved(SEND, last_release=SEND - 3 * DAY, approved_at=None) is Move.GO


def test_reminders_come_before_the_deadline_in_wall_time() -> None:
    asked = plan(remind=["Fri 14:00", "Mon 07:30", "Mon 08:00"])
    assert reminders(asked, LONDON, SLOT) == [
        BY - 7 * DAY,  # the deadline itself is no reminder
        dt.datetime(2024, 2, 9, 14, 0, tzinfo=dt.UTC),
        BY - HOUR / 2,
    ]
    spring = slot_after(Plan(), LONDON, latest_slot(Plan(), LONDON, dt.datetime(2024, 3, 25, 12, tzinfo=dt.UTC)))
    assert reminders(asked, LONDON, spring)[1:] == [
        dt.datetime(2024, 3, 29, 14, 0, tzinfo=dt.UTC),
        dt.datetime(2024, 4, 1, 6, 30, tzinfo=dt.UTC),
    ]
    assert backup_at(plan(backup_hours=1.5), SLOT) == BY - 1.5 * HOUR
