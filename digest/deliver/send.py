"""Hand an issue over: close its list, try it out, hand over until nothing is due, take back what is unknown."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from django.db import DatabaseError

from digest.compose.models import Issue
from digest.config import Config, Keys
from digest.deliver import canary, lanes, ledger
from digest.deliver.channels import Channels, mailing_for
from digest.deliver.course import Course
from digest.deliver.gate import turn_name
from digest.deliver.lanes import releases
from digest.deliver.links import LinkMaker
from digest.deliver.models import Edition
from digest.deliver.one import send_one
from digest.deliver.proof import why_not_proven
from digest.deliver.providers import Provider, Release, SandboxChannel, SchedulingProvider
from digest.deliver.ready import require_ready
from digest.deliver.recover import Recovery, draw_lanes
from digest.deliver.run import Sending
from digest.deliver.sandbox import editions_waiting, never_claimed, try_before, why_refused
from digest.errors import ProviderError
from digest.installation.turn import Turn

__all__ = ["Clock", "DeliveryReport", "deliver", "require_ready", "running_from", "send_one", "try_message"]

LONGEST_REQUEST = 90.0  # seconds, of providers whose time-out is not configured here
Clock = Callable[[], dt.datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """Where a sending stands. `counts` are deliveries by state; `problems` are sentences for staff.

    `notes` are sentences too, of what goes as it was set.  `resume_at`: when to call again; None when everything was
    tried, or a person must act first.
    """

    counts: Mapping[str, int]
    settled: bool
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    resume_at: dt.datetime | None = None


def deliver(
    config: Config,
    keys: Keys,
    issue: Issue,
    edition: Edition,
    *,
    now: dt.datetime,
    owner: str,
    send_at: dt.datetime | None = None,
    clock: Clock | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> DeliveryReport:
    """Hand over what is due of `issue`, whose list is closed first if that is still to do; call again to go on.

    Every batch goes in its own edition; `edition` is the full one, and everybody's where the list is closed here.

    With `send_at` still to come the provider, which must be one that schedules, is told to let nothing go before
    it; the call then ends at `send_at` at the latest. Without, everything goes at once.

    `owner` names this very call: batches that any other sender has left claimed are given up as `unknown`.  `clock`
    tells the time while it works; without one, time runs on from `now`.  `wait` sleeps for some seconds.  Raises
    ProviderError and ConfigError before anything has left, StorageError when the database can no longer be written;
    all other failures are in the report.
    """
    provider = require_ready(config, keys)
    clock = clock or running_from(now)
    if not ledger.is_frozen(issue):
        ledger.freeze(config, issue, edition, now=now)
    turn = Turn.take(turn_name(issue.pk), owner=owner, now=now, seconds=_lease_seconds(config))
    if turn is None:
        return _report(config, issue, Course(problems=["Another process is handing this issue over."]))
    try:
        handing = _HandingOver(config, keys, issue, edition, provider, turn, clock, wait)
        handing.run(send_at if send_at is not None and send_at > now else None)
    finally:
        with suppress(DatabaseError):  # a database that cannot be written has been spoken of; the lease runs out
            turn.end()
    return _report(config, issue, handing.course, handing.notes)


def try_message(config: Config, keys: Keys, issue: Issue, edition: Edition, *, now: dt.datetime) -> None:
    """Try the message out in the provider's sandbox, if it has one. Raises ProviderError when it is refused there.

    Nothing is recorded. A sandbox that cannot be reached says nothing of the message.
    """
    mailing = mailing_for(config, issue, edition)
    channel = require_ready(config, keys).open(mailing)
    try:
        problem = why_refused(config, mailing, channel, now=now) if isinstance(channel, SandboxChannel) else ""
        if problem:
            raise ProviderError(problem, hint="Withdraw the approval and mend the issue, or mend the settings.")
    finally:
        channel.close()


class _HandingOver:
    """One call of `deliver`, by the holder of the turn."""

    def __init__(
        self,
        config: Config,
        keys: Keys,
        issue: Issue,
        edition: Edition,
        provider: Provider,
        turn: Turn,
        clock: Clock,
        wait: Callable[[float], None],
    ) -> None:
        self.course = Course()
        self.notes: list[str] = []
        self._config, self._issue, self._provider = config, issue, provider
        self._turn, self._clock, self._wait = turn, clock, wait
        self._edition, self._channels = edition, Channels(config, issue, provider)
        mailing = mailing_for(config, issue, edition)
        self._links = LinkMaker(config, keys, mailing.name, leaves=mailing.leaves)
        self._why_not_proven = why_not_proven(provider)

    def run(self, send_at: dt.datetime | None) -> None:
        repeatable = self._provider.repeatable
        if given_up := ledger.abandon(self._issue, repeatable=repeatable, now=self._clock()):
            _note_given_up(self.course, given_up, repeatable=repeatable)
        lanes.close_batches(self._issue, now=self._clock())  # should that have been broken off
        try:
            if never_claimed(self._issue):
                self._try_out()
            if not self._canary_first():
                return
            if isinstance(self._provider, SchedulingProvider):
                self._with_lanes(self._provider, send_at)
            else:
                self._send(None)
        finally:
            self._channels.close()

    def _canary_first(self) -> bool:
        """Hand over to the canary group, at once whatever the time of sending; whether the others may follow."""
        if never_claimed(self._issue) and canary.is_missing(self._config, self._issue):
            self.course.say("Nobody of the canary group receives this issue, so nobody got it first.")
        if canary.verdict(self._config, self._issue, self._clock()).sign is canary.Sign.GO:
            return True
        self._send(None, lanes={canary.LANE: None})
        found = canary.verdict(self._config, self._issue, self._clock())
        if found.sign is canary.Sign.HOLD:
            self.course.say(found.words)
            self.course.stop(None)
        elif found.sign is canary.Sign.WAIT:
            self.notes.append(found.words)
            self.course.stop(found.until or ledger.next_attempt(self._issue))
        return found.sign is canary.Sign.GO and not self.course.stopped

    def _with_lanes(self, provider: SchedulingProvider, send_at: dt.datetime | None) -> None:
        if send_at is None and not lanes.of_issue(self._issue, *lanes.IN_QUESTION):
            self._send(None)
            return
        sends = provider.scheduled_sends()
        recovery = Recovery(self._issue, sends, self._turn, self.course, self._clock, why_not=self._why_not_proven)
        try:
            while True:
                if send_at is not None and not self.course.stopped:
                    draw_lanes(self._issue, sends, self.course, send_at=send_at, clock=self._clock)
                self._send(send_at)
                if self.course.stopped or not recovery.run():
                    break
        finally:
            sends.close()

    def _send(
        self,
        send_at: dt.datetime | None,
        *,
        lanes: Mapping[int, Release | None] | None = None,
    ) -> None:
        sending = Sending(
            self._config,
            self._issue,
            self._channels,
            self._links,
            self._turn,
            self.course,
            self._clock,
            lanes=lanes if send_at is None else releases(self._issue),
            until=send_at,
            wait=self._wait,
        )
        sending.run(connections=max(1, self._provider.connections))

    def _try_out(self) -> None:
        """Every edition in the provider's sandbox, if it has one."""
        for edition in editions_waiting(self._issue) or [self._edition.pk]:
            self._channels.ready([edition])
            channel = self._channels.channel(edition)
            if self.course.stopped or not isinstance(channel, SandboxChannel):
                return
            mailing = self._channels.mailing(edition)
            try_before(
                self._config, self._issue, edition, mailing, channel, self._links, self.course, now=self._clock()
            )


def running_from(now: dt.datetime) -> Clock:
    """A clock that reads `now` and runs on from there, also while the machine sleeps."""
    # Asleep, a machine counts no monotonic seconds, and what may still be taken back depends on them.
    start, wall = time.monotonic(), time.time()
    return lambda: now + dt.timedelta(seconds=max(time.monotonic() - start, time.time() - wall))


def _report(config: Config, issue: Issue, course: Course, notes: Sequence[str] = ()) -> DeliveryReport:
    settled = ledger.is_settled(issue) and not lanes.unfinished(issue.pk)
    resume_at = None if settled else course.resume_at or ledger.next_attempt(issue)
    problems, notes = list(course.problems), list(notes)
    if resume_at is not None:
        due = f"What is left is due at {resume_at.astimezone(config.association.tz):%H:%M:%S %Z}."
        (problems if problems else notes).append(due)
    if config.delivery.max_per_hour and (last := ledger.last_attempt(issue)) is not None:
        at = f"{last.astimezone(config.association.tz):%a %H:%M}"
        notes.append(f"At {config.delivery.max_per_hour:,} copies an hour the last are handed over at {at}.")
    return DeliveryReport(
        counts=ledger.counts(issue),
        settled=settled,
        problems=tuple(problems),
        notes=tuple(notes),
        resume_at=resume_at,
    )


def _note_given_up(course: Course, copies: int, *, repeatable: bool) -> None:
    if not repeatable:
        course.problems.append(
            f"An earlier sending was broken off: of {copies:,} copies nobody can say whether they went out. "
            "They are not sent again unasked."
        )


def _lease_seconds(config: Config) -> float:
    """Longer than any one request may take, twice over."""
    return 60 + 2 * max(config.delivery.sendgrid.timeout, config.delivery.smtp.timeout, LONGEST_REQUEST)
