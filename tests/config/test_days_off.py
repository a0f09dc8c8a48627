"""Days off: weeks that are closed or moved, and those around them."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from digest.config.plan import Plan
from digest.config.weeks import Slot, latest_slot, slot_after, slot_before

LONDON = ZoneInfo("Europe/London")


def plan(**values: Any) -> Plan:
    return Plan.model_validate(values)


def weeks(plan: Plan, start: str, count: int, tz: ZoneInfo = LONDON) -> list[Slot]:
    slots = [latest_slot(plan, tz, dt.datetime.fromisoformat(f"{start}T12:00+00:00"))]
    while len(slots) < count:
        slots.append(slot_after(plan, tz, slots[-1]))
    return slots


def test_without_a_calendar_every_week_has_its_issue() -> None:
    assert not [slot for slot in weeks(plan(), "2024-12-02", 10) if slot.closed or slot.moved]


def test_a_public_holiday_closes_its_week() -> None:
    closed = {slot.date: slot.closed for slot in weeks(plan(holidays="GB-ENG"), "2024-03-04", 12) if slot.closed}
    assert closed == {dt.date(2024, 4, 1): "Easter Monday", dt.date(2024, 5, 6): "May Day"}


def test_or_moves_it_to_the_next_working_day_with_all_its_times() -> None:
    slots = weeks(plan(holidays="GB-ENG", on_holiday="shift"), "2022-12-19", 3)
    moved = slots[1]
    assert (moved.date, moved.moved) == (dt.date(2022, 12, 28), "Boxing Day")  # the 27th stands in for Christmas Day
    local = [f"{at.astimezone(LONDON):%a %H:%M}" for at in (moved.cut_off, moved.approve_by, moved.send_at)]
    assert local == ["Wed 07:00", "Wed 08:00", "Wed 09:00"]
    assert slots[2].date == dt.date(2023, 1, 3)
    assert slot_before(plan(holidays="GB-ENG", on_holiday="shift"), LONDON, slots[2]) == moved


def test_a_moved_week_is_the_latest_from_its_own_cut_off_on() -> None:
    moving = plan(holidays="GB-ENG", on_holiday="shift")
    before, after = (dt.datetime(2024, 4, 2, 5, minute, tzinfo=dt.UTC) for minute in (59, 0))
    assert latest_slot(moving, LONDON, before).date == dt.date(2024, 3, 25)
    assert latest_slot(moving, LONDON, after + dt.timedelta(hours=1)).date == dt.date(2024, 4, 2)


def test_what_would_come_too_close_to_the_next_issue_is_left_out() -> None:
    easter = {"holidays": "GB-ENG", "on_holiday": "shift"}
    off = ["2024-04-02", "2024-04-03", "2024-04-04", "2024-04-05"]
    [slot] = [slot for slot in weeks(plan(**easter, skip_dates=off), "2024-03-25", 3) if slot.closed]
    assert slot.closed == "Easter Monday, and the next working day is too close to the next issue"


def test_a_date_of_the_plans_own_is_left_out_whatever_the_rule() -> None:
    slots = weeks(plan(skip_dates=["2024-08-12"], on_holiday="shift"), "2024-08-05", 3)
    assert [slot.closed for slot in slots] == ["", "the plan leaves this date out", ""]


@pytest.mark.parametrize("name", ["XX", "GB-QQ", "Britain"])
def test_a_calendar_that_is_none(name: str) -> None:
    with pytest.raises(ValidationError, match="GB-ENG"):
        plan(holidays=name)


@pytest.mark.parametrize("country", ["GB-SCT", "US", "AU-NSW", "IN", "JP", "DE-BY"])
@pytest.mark.parametrize("rule", ["skip", "shift", "double"])
def test_weeks_follow_one_another_for_years(country: str, rule: str) -> None:
    slots = weeks(plan(holidays=country, on_holiday=rule), "2024-01-08", 110)
    for one, other in pairwise(slots):
        assert dt.timedelta(days=2) < other.send_at - one.send_at < dt.timedelta(days=12)
        assert one.cut_off < one.approve_by <= one.hand_over < one.send_at < other.cut_off
