"""The week's plan, in wall time of the association's zone.

A week is planned as a chain that must not run backwards:

    cut-off  <=  approve-by  <=  send - lead

The weekday of each link may differ (cut-off Friday 17:00, send Monday 09:00); a chain longer than five
days is refused, because it is nearly always a send time that stands before its cut-off.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, field_validator, model_validator

from digest.config.days_off import check_calendar

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WEEK_MINUTES = 7 * 24 * 60
LONGEST_CHAIN_MINUTES = 5 * 24 * 60
_MOMENT = re.compile(r"^([A-Za-z]{3,9})\s+([01]?\d|2[0-3]):([0-5]\d)$")
_CLOCK = re.compile(r"^([01]?\d|2[0-3]):([0-5]\d)$")


class Moment(BaseModel):
    """A weekday and a wall time, written `Mon 07:00`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weekday: int = Field(ge=0, le=6)  # Monday is 0, as in datetime.date.weekday
    time: dt.time

    @property
    def minutes(self) -> int:
        """Minutes since Monday 00:00 (0 .. 10,079)."""
        return self.weekday * 1440 + self.time.hour * 60 + self.time.minute

    def __str__(self) -> str:
        return f"{WEEKDAYS[self.weekday]} {self.time:%H:%M}"

    @classmethod
    def parse(cls, text: str) -> Self:
        found = _MOMENT.match(text.strip())
        if found is None or found[1][:3].title() not in WEEKDAYS:
            raise ValueError('expected a weekday and a time, like "Mon 07:00"')
        return cls(
            weekday=WEEKDAYS.index(found[1][:3].title()),
            time=dt.time(int(found[2]), int(found[3])),
        )


def _read_moment(value: Any) -> Any:
    return Moment.parse(value) if isinstance(value, str) else value


def _read_clock(value: Any) -> Any:
    if isinstance(value, str):
        if not (found := _CLOCK.match(value.strip())):
            raise ValueError('expected a time of day, like "06:30"')
        return dt.time(int(found[1]), int(found[2]))
    return value


WeekMoment = Annotated[Moment, BeforeValidator(_read_moment), PlainSerializer(str, return_type=str)]
ClockTime = Annotated[dt.time, BeforeValidator(_read_clock)]


class Plan(BaseModel):
    """When the week's window closes, until when it may be approved, when it goes out, and when it does not.

    `remind`: when staff are told that a draft waits, besides the cut-off. `without_approval`: what becomes of a draft
    that nobody approved by the deadline. `on_holiday`: what becomes of an issue whose day is a public holiday by
    `holidays`; a date among `skip_dates` has none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cut_off: WeekMoment = Moment(weekday=0, time=dt.time(7, 0))
    approve_by: WeekMoment | None = None
    send: WeekMoment = Moment(weekday=0, time=dt.time(9, 0))
    lead_minutes: int = Field(default=30, ge=0, le=24 * 60)
    gather: tuple[ClockTime, ...] = (dt.time(6, 30), dt.time(12, 30), dt.time(18, 30))
    approval: Literal["required", "automatic"] = "required"
    grace_minutes: int = Field(default=120, ge=0, le=24 * 60)
    remind: tuple[WeekMoment, ...] = (Moment(weekday=4, time=dt.time(14, 0)),)
    backup_hours: float = Field(default=1, ge=0, le=96)  # before the deadline, when the deputies are told too
    without_approval: Literal["hold", "send-if-clean", "send-unflagged"] = "hold"
    min_items: int = Field(default=1, ge=1, le=1000)
    skip_dates: tuple[dt.date, ...] = ()
    holidays: str = ""
    on_holiday: Literal["skip", "shift", "double"] = "skip"
    approvers: int = Field(default=1, ge=1, le=5)  # how many different people must approve
    early_release: bool = True  # whether an approved issue may be sent before its planned time

    @field_validator("holidays")
    @classmethod
    def _calendar(cls, value: str) -> str:
        if value:
            check_calendar(value)
        return value

    def after_cut_off(self, moment: Moment) -> int:
        """Minutes from the cut-off to the next `moment` of the weekly cycle (0 .. 10,079)."""
        return (moment.minutes - self.cut_off.minutes) % WEEK_MINUTES

    @property
    def approval_deadline(self) -> Moment:
        """`approve_by`, or half an hour before the hand-over, never before the cut-off."""
        if self.approve_by is not None:
            return self.approve_by
        offset = max(0, self.after_cut_off(self.send) - self.lead_minutes - 30)
        total = (self.cut_off.minutes + offset) % WEEK_MINUTES
        return Moment(weekday=total // 1440, time=dt.time(total % 1440 // 60, total % 60))

    @model_validator(mode="after")
    def _people_or_nobody(self) -> Self:
        if self.approval == "automatic" and self.approvers > 1:
            raise ValueError(
                f'approvers = {self.approvers} asks for that many people, and approval = "automatic" for none; '
                "leave one of them out"
            )
        return self

    @model_validator(mode="after")
    def _possible(self) -> Self:
        send = self.after_cut_off(self.send)
        if send > LONGEST_CHAIN_MINUTES:
            raise ValueError(
                f"the plan is impossible: send ({self.send}) must follow cut_off ({self.cut_off}) within five "
                f"days; as written, the next {self.send} is {send // 1440} days later"
            )
        if send < self.lead_minutes:
            raise ValueError(
                f"the plan is impossible: send ({self.send}) less the lead of {self.lead_minutes} minutes lies "
                f"before cut_off ({self.cut_off}); move send later, cut_off earlier, or shorten lead_minutes"
            )
        if self.after_cut_off(self.approval_deadline) > send - self.lead_minutes:
            raise ValueError(
                f"the plan is impossible: approve_by ({self.approve_by}) must lie between cut_off "
                f"({self.cut_off}) and send ({self.send}) less the lead of {self.lead_minutes} minutes"
            )
        return self
