"""An association over years: its clock is started, killed, put back and forward; its editors approve, late or never.

`true` is the hour it really is, `machine` what the machine believes. Only the machine's hour reaches the program.
"""

from __future__ import annotations

import datetime as dt
import random
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import time_machine
from apscheduler.triggers.cron import CronTrigger
from django.db import connection

from digest import pipeline
from digest.compose.models import Issue, IssueKind, IssueState
from digest.config import Config, Keys
from digest.config.weeks import Slot, latest_slot, slot_after
from digest.errors import DigestError
from digest.pipeline.departure import departure_of
from digest.pipeline.week import Move, backup_at, reminders
from digest.schedule import build_scheduler
from tests.weeks.fast import Feed, fast

MINUTE, HOUR, DAY, WEEK = (dt.timedelta(**{unit: 1}) for unit in ("minutes", "hours", "days", "weeks"))


class Killed(BaseException):
    """The process ends here, in the middle of whatever it did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From `start` to `end` no clock runs (`step` zero), or the machine's clock is wrong by `step`."""

    start: dt.datetime
    end: dt.datetime
    step: dt.timedelta = dt.timedelta()

    def touches(self, start: dt.datetime, end: dt.datetime) -> bool:
        return self.start < end and start < self.end


@dataclass
class Told:
    """What happened, to be counted."""

    rings: int = 0
    kills: int = 0
    sent_by_hand: set[int] = field(default_factory=set)  # issues that a person sent late
    said: list[str] = field(default_factory=list)


class World:
    """`weeks` of an association. The same seed, the same years."""

    def __init__(self, config: Config, keys: Keys, *, start: dt.datetime, weeks: int, seed: int) -> None:
        self.config, self.keys, self.told = config, keys, Told()
        self.pick = random.Random(seed)
        self.start, self.end = start, start + weeks * WEEK
        self.feed = Feed(list(self._publishing()))
        self.outages = self._outages()
        self.steps = self._steps()
        self.true = start
        self.people: list[tuple[dt.datetime, str]] = []  # what they do next, and when
        self._planned_for: dt.date | None = None
        self._jobs = [
            job.trigger
            for job in build_scheduler(config, keys, job=lambda: None).get_jobs()
            if isinstance(job.trigger, CronTrigger)
        ]
        self._moments: list[dt.datetime] = []

    def live(self) -> None:
        """Let the years pass."""
        with fast(lambda config, **kw: self.feed.gather(config, until=self.true, **kw)):
            while self.true < self.end:
                self._people_plan()
                self._go_on()

    @property
    def machine(self) -> dt.datetime:
        return self.true + next(
            (span.step for span in self.steps if span.start <= self.true < span.end), dt.timedelta()
        )

    def down(self, at: dt.datetime) -> bool:
        return any(span.start <= at < span.end for span in self.outages)

    def undisturbed(self, slot: Slot) -> bool:
        """Whether nothing was down or wrong from the slot's cut-off to a little after its sending."""
        near = (slot.cut_off - HOUR, slot.send_at + 5 * MINUTE)
        before = (slot.cut_off - 8 * DAY, slot.send_at + 5 * MINUTE)
        return not any(o.touches(*near) for o in self.outages) and not any(s.touches(*before) for s in self.steps)

    # --- the clock ---

    def _go_on(self) -> None:
        """To the next thing that happens."""
        machine = self.machine
        ahead = [self.true + (at - machine) for at in self._next_rings(machine)]
        ahead += [at for span in (*self.outages, *self.steps) for at in (span.start, span.end) if at > self.true]
        ahead += [max(at, self.true + dt.timedelta(seconds=1)) for at, _ in self.people]
        self.true = min(ahead)
        for at, what in [one for one in self.people if one[0] <= self.true]:
            self.people.remove((at, what))
            self._do(what)
        if not self.down(self.true):
            self._ring()

    def _next_rings(self, machine: dt.datetime) -> Iterator[dt.datetime]:
        """The alarm clock's own next times, and those of its minutely rings at which something is owed."""
        tz = self.config.association.tz
        for trigger in self._jobs:
            yield trigger.get_next_fire_time(None, (machine + dt.timedelta(seconds=1)).astimezone(tz))
        if not self._moments or self._moments[-1] <= machine or self._moments[0] > machine + WEEK:
            self._moments = sorted(self._minutely(machine))
        yield self._moments[min(bisect_right(self._moments, machine), len(self._moments) - 1)]

    def _minutely(self, machine: dt.datetime) -> Iterator[dt.datetime]:
        plan, tz = self.config.plan, self.config.association.tz
        slot = latest_slot(plan, tz, machine - WEEK)
        for _ in range(5):
            yield from reminders(plan, tz, slot)
            yield from (backup_at(plan, slot), slot.cut_off, slot.approve_by, slot.send_at)
            yield from (slot.send_at + minutes * MINUTE for minutes in (1, 11, 35))
            yield slot.send_at + (plan.grace_minutes + 1) * MINUTE
            slot = slot_after(plan, tz, slot)

    def _ring(self) -> None:
        self.told.rings += 1
        now = self.machine
        kill_at = self.pick.randint(1, 120) if self.pick.random() < 0.02 else 0
        with time_machine.travel(now, tick=False), _killed_at(kill_at):
            try:
                said = pipeline.run_due(self.config, self.keys, now=dt.datetime.now(dt.UTC), clock=lambda: now)
            except Killed:
                self.told.kills += 1
                self.people.append((self.true + self.pick.choice((MINUTE, 3 * MINUTE)), "start"))
            else:
                self.told.said += [f"{now:%Y-%m-%d %H:%M} {line}" for line in said]

    # --- people ---

    def _people_plan(self) -> None:
        """Once a week: when its issue is approved, if at all."""
        slot = latest_slot(self.config.plan, self.config.association.tz, self.true)
        if slot.date == self._planned_for:
            return
        self._planned_for = slot.date
        coming = slot_after(self.config.plan, self.config.association.tz, slot)
        for_whom = slot if self.true < slot.approve_by else coming
        dice = self.pick.random()
        if dice < 0.15:
            at = for_whom.cut_off - self.pick.uniform(0.1, 2.5) * DAY
        elif dice < 0.72:
            at = for_whom.cut_off + self.pick.random() * (for_whom.approve_by - for_whom.cut_off)
        elif dice < 0.84:
            at = for_whom.approve_by + self.pick.random() * (for_whom.send_at + HOUR - for_whom.approve_by)
        elif dice < 0.90:
            at = for_whom.send_at + self.pick.uniform(0.2, 5) * DAY
        else:
            return
        self.people.append((max(at, self.true + MINUTE), "approve"))

    def _do(self, what: str) -> None:
        with time_machine.travel(self.machine, tick=False):
            now = dt.datetime.now(dt.UTC)
            try:
                if what == "approve":
                    issue = Issue.objects.filter(kind=IssueKind.WEEKLY, state=IssueState.DRAFT).first()
                    if issue is not None:
                        pipeline.approve(self.config, issue.pk, actor="sam", now=now, revision=issue.revision)
                elif what == "decide":
                    for issue in Issue.objects.filter(state__in=(IssueState.APPROVED, IssueState.HANDING_OVER)):
                        if departure_of(self.config, issue, now).move is Move.ASK:
                            pipeline.send(self.config, self.keys, issue, now=now, actor="sam")
                            self.told.sent_by_hand.add(issue.pk)
            except DigestError as error:
                self.told.said.append(f"{now:%Y-%m-%d %H:%M} {what}: {error.message}")
        if what == "approve" and self.pick.random() < 0.6:
            self.people.append((self.true + self.pick.uniform(0.3, 3) * DAY, "decide"))

    # --- what befalls it ---

    def _publishing(self) -> Iterator[dt.datetime]:
        at = self.start - 3 * DAY
        while at < self.end:
            at += self.pick.uniform(2, 40) * HOUR if self.pick.random() < 0.97 else self.pick.uniform(5, 12) * DAY
            yield at.replace(microsecond=0)

    def _outages(self) -> list[Span]:
        spans, at = [], self.start
        while at < self.end:
            at += self.pick.uniform(4, 45) * DAY
            length = self.pick.choice((2 * MINUTE, 20 * MINUTE, HOUR, 3 * HOUR, 3 * HOUR, 3 * DAY))
            if self.pick.random() < 0.05:
                length = 16 * DAY
            if self.pick.random() < 0.5:  # when it hurts
                slot = latest_slot(self.config.plan, self.config.association.tz, at)
                at = (
                    slot_after(self.config.plan, self.config.association.tz, slot).send_at
                    - self.pick.random() * length
                )
            spans.append(Span(start=at, end=at + length))
            at += length
        return spans

    def _steps(self) -> list[Span]:
        spans, at = [], self.start
        while at < self.end:
            at += self.pick.uniform(20, 70) * DAY
            step = self.pick.choice((-DAY, -HOUR, -5 * MINUTE, 5 * MINUTE, HOUR, 5 * HOUR))
            length = self.pick.uniform(0.5, 30) * HOUR
            spans.append(Span(start=at, end=at + length, step=step))
        return spans


@contextmanager
def _killed_at(statement: int) -> Iterator[None]:
    """End the process at that statement to the database; 0: never. What was not committed is rolled back."""
    left = [statement]

    def execute(run: Any, *arguments: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return run(*arguments)

    if not statement:
        yield
        return
    with connection.execute_wrapper(execute):
        yield
