"""From the week's plan to instants: wall times of the association's zone, never "plus seven days in UTC".

A wall time that does not exist (the hour skipped in spring) is read with the offset before the change, so
01:30 becomes 02:30; one that comes twice (autumn) is the first of the two (PEP 495, fold=0).

A week whose sending falls on a day off is closed (skipped, or made good by a double issue), or all of it is moved to
the next working day. The slots that follow one another here are those of the calendar, closed ones among them.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass, replace

from digest.config.days_off import holiday, is_weekend
from digest.config.plan import Moment, Plan

WEEK = dt.timedelta(days=7)
MOST_MOVED = 4  # days; later than that an issue would come too close to the next one


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One planned week. `date` is the local date of the planned send: the date in the issue's title."""

    date: dt.date
    cut_off: dt.datetime  # aware UTC, as are the others
    approve_by: dt.datetime
    hand_over: dt.datetime
    send_at: dt.datetime
    closed: str = ""  # why this week has no issue: "Christmas Day"
    moved: str = ""  # why it goes out later than on its usual day


def instant(day: dt.date, time: dt.time, tz: zoneinfo.ZoneInfo) -> dt.datetime:
    """The UTC instant of a wall time."""
    return dt.datetime.combine(day, time, tzinfo=tz).astimezone(dt.UTC)


def slot_of_cut_off(plan: Plan, tz: zoneinfo.ZoneInfo, cut_off_day: dt.date) -> Slot:
    """The slot whose cut-off falls on the local date `cut_off_day`, which must be of the planned weekday."""

    def following(moment: Moment) -> dt.date:
        minutes = plan.cut_off.time.hour * 60 + plan.cut_off.time.minute + plan.after_cut_off(moment)
        return cut_off_day + dt.timedelta(days=minutes // 1440)

    send_at = instant(following(plan.send), plan.send.time, tz)
    deadline = plan.approval_deadline
    return Slot(
        date=following(plan.send),
        cut_off=instant(cut_off_day, plan.cut_off.time, tz),
        approve_by=instant(following(deadline), deadline.time, tz),
        hand_over=send_at - dt.timedelta(minutes=plan.lead_minutes),
        send_at=send_at,
    )


def slot_of_week(plan: Plan, tz: zoneinfo.ZoneInfo, day: dt.date) -> Slot:
    """The slot of the week whose cut-off is usually on `day`, with its day off heeded: closed or moved."""
    slot = slot_of_cut_off(plan, tz, day)
    if slot.date in plan.skip_dates:
        return replace(slot, closed="the plan leaves this date out")
    if not (name := holiday(plan.holidays, slot.date)):
        return slot
    if plan.on_holiday != "shift":
        return replace(slot, closed=name)
    for days in range(1, MOST_MOVED + 1):
        later = slot_of_cut_off(plan, tz, day + dt.timedelta(days=days))
        off = is_weekend(plan.holidays, later.date) or holiday(plan.holidays, later.date)
        if not off and later.date not in plan.skip_dates:
            return replace(later, moved=name)
    return replace(slot, closed=f"{name}, and the next working day is too close to the next issue")


def latest_slot(plan: Plan, tz: zoneinfo.ZoneInfo, now: dt.datetime) -> Slot:
    """The slot of the last planned cut-off at or before `now`."""
    day = usual_day(plan, now.astimezone(tz).date() + dt.timedelta(days=1))  # a day's margin for zones and folds
    slot = slot_of_week(plan, tz, day)
    while slot.cut_off > now:
        day -= WEEK
        slot = slot_of_week(plan, tz, day)
    return slot


def next_slot(plan: Plan, tz: zoneinfo.ZoneInfo, now: dt.datetime) -> Slot:
    """The slot of the first planned cut-off after `now`."""
    return slot_after(plan, tz, latest_slot(plan, tz, now))


def slot_before(plan: Plan, tz: zoneinfo.ZoneInfo, slot: Slot) -> Slot:
    """The slot one week earlier, in wall time."""
    return slot_of_week(plan, tz, _day_of(plan, tz, slot) - WEEK)


def slot_after(plan: Plan, tz: zoneinfo.ZoneInfo, slot: Slot) -> Slot:
    """The slot one week later, in wall time."""
    return slot_of_week(plan, tz, _day_of(plan, tz, slot) + WEEK)


def usual_day(plan: Plan, day: dt.date) -> dt.date:
    """The usual day of the cut-off at or before `day`: a slot that was moved is known by it."""
    return day - dt.timedelta(days=(day.weekday() - plan.cut_off.weekday) % 7)


def _day_of(plan: Plan, tz: zoneinfo.ZoneInfo, slot: Slot) -> dt.date:
    return usual_day(plan, slot.cut_off.astimezone(tz).date())
