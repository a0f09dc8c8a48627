"""From the week's plan to instants: wall time, both clock changes, zones."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.config import Moment, Plan
from digest.config.weeks import latest_slot, next_slot, slot_after, slot_before

LONDON = ZoneInfo("Europe/London")
ZONES = ["Europe/London", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]
instants = st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2035, 1, 1), timezones=st.just(dt.UTC))


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(dt.UTC)


def test_the_default_plan_of_issue_736() -> None:
    slot = latest_slot(Plan(), LONDON, at("2024-02-12 07:00"))
    assert slot.date == dt.date(2024, 2, 12)
    assert slot.cut_off == at("2024-02-12 07:00")
    assert slot.approve_by == at("2024-02-12 08:00")
    assert slot.hand_over == at("2024-02-12 08:30")
    assert slot.send_at == at("2024-02-12 09:00")


def test_one_second_before_the_cut_off_the_week_is_the_one_before() -> None:
    before = at("2024-02-12 07:00") - dt.timedelta(seconds=1)
    assert latest_slot(Plan(), LONDON, before).date == dt.date(2024, 2, 5)
    assert next_slot(Plan(), LONDON, before).date == dt.date(2024, 2, 12)


def test_a_week_that_is_cut_off_on_friday_is_dated_by_its_sending() -> None:
    plan = Plan(cut_off=Moment.parse("Fri 17:00"), send=Moment.parse("Mon 09:00"), lead_minutes=60)
    slot = latest_slot(plan, LONDON, at("2024-02-10 12:00"))
    assert (slot.cut_off, slot.send_at) == (at("2024-02-09 17:00"), at("2024-02-12 09:00"))
    assert slot.date == dt.date(2024, 2, 12)


@pytest.mark.parametrize(("sunday", "hours"), [("2026-03-29", 167), ("2026-10-25", 169)])
def test_the_weeks_of_both_clock_changes_keep_their_wall_time(sunday: str, hours: int) -> None:
    monday = at(f"{sunday} 12:00") + dt.timedelta(days=1)
    slot = latest_slot(Plan(), LONDON, monday)
    assert slot.send_at.astimezone(LONDON).strftime("%a %H:%M") == "Mon 09:00"
    assert slot.cut_off - slot_before(Plan(), LONDON, slot).cut_off == dt.timedelta(hours=hours)


def test_a_wall_time_that_does_not_exist_moves_behind_the_gap() -> None:
    plan = Plan(cut_off=Moment.parse("Sun 01:30"), send=Moment.parse("Sun 09:00"))
    slot = latest_slot(plan, LONDON, at("2026-03-29 12:00"))
    assert slot.cut_off == dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC)  # 02:30 in London


def test_a_wall_time_that_comes_twice_is_the_first() -> None:
    plan = Plan(cut_off=Moment.parse("Sun 01:30"), send=Moment.parse("Sun 09:00"))
    slot = latest_slot(plan, LONDON, at("2026-10-25 12:00"))
    assert slot.cut_off == dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)


@given(now=instants, zone=st.sampled_from(ZONES), cut=st.integers(0, 10079), gap=st.integers(60, 5000))
def test_slots_tile_time(now: dt.datetime, zone: str, cut: int, gap: int) -> None:
    def moment(minutes: int) -> Moment:
        minutes %= 10080
        return Moment(weekday=minutes // 1440, time=dt.time(minutes % 1440 // 60, minutes % 60))

    plan, tz = Plan(cut_off=moment(cut), send=moment(cut + gap), lead_minutes=30), ZoneInfo(zone)
    latest, coming = latest_slot(plan, tz, now), next_slot(plan, tz, now)
    assert latest.cut_off <= now < coming.cut_off
    assert slot_after(plan, tz, latest) == coming
    assert slot_before(plan, tz, coming) == latest
    assert latest.send_at.astimezone(tz).date() == latest.date
    # An hour the spring change swallows may push one link of the chain behind the next, never by more than it.
    slack = dt.timedelta(hours=1)
    assert latest.cut_off <= latest.approve_by + slack <= latest.hand_over + 2 * slack
