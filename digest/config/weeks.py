"""From the week's plan to instants: wall times of the association's zone, never "plus seven days in UTC".

A wall time that does not exist (the hour skipped in spring) is read with the offset before the change, so
01:30 becomes 02:30; one that comes twice (autumn) is the first of the two (PEP 495, fold=0).
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass

from digest.config.plan import Moment, Plan

WEEK = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One planned week. `date` is the local date of the planned send: the date in the issue's title."""

    date: dt.date
    cut_off: dt.datetime  # aware UTC, as are the others
    approve_by: dt.datetime
    hand_over: dt.datetime
    send_at: dt.datetime


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


def latest_slot(plan: Plan, tz: zoneinfo.ZoneInfo, now: dt.datetime) -> Slot:
    """The slot of the last planned cut-off at or before `now`."""
    local = now.astimezone(tz).date() + dt.timedelta(days=1)  # a day's margin for zones and folds
    day = local - dt.timedelta(days=(local.weekday() - plan.cut_off.weekday) % 7)
    slot = slot_of_cut_off(plan, tz, day)
    while slot.cut_off > now:
        day -= WEEK
        slot = slot_of_cut_off(plan, tz, day)
    return slot


def next_slot(plan: Plan, tz: zoneinfo.ZoneInfo, now: dt.datetime) -> Slot:
    """The slot of the first planned cut-off after `now`."""
    latest = latest_slot(plan, tz, now)
    return slot_of_cut_off(plan, tz, latest.cut_off.astimezone(tz).date() + WEEK)


def slot_before(plan: Plan, tz: zoneinfo.ZoneInfo, slot: Slot) -> Slot:
    """The slot one week earlier, in wall time."""
    return slot_of_cut_off(plan, tz, slot.cut_off.astimezone(tz).date() - WEEK)


def slot_after(plan: Plan, tz: zoneinfo.ZoneInfo, slot: Slot) -> Slot:
    """The slot one week later, in wall time."""
    return slot_of_cut_off(plan, tz, slot.cut_off.astimezone(tz).date() + WEEK)
