"""Hand an issue over: claim a batch, give it to the provider, write down the answer, until nothing is due."""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from django.db import transaction

from digest.compose.models import Issue
from digest.compose.number import number_of
from digest.config import Config, Keys
from digest.deliver import ledger
from digest.deliver.arming import require_armed
from digest.deliver.claim import Claim, Claimer
from digest.deliver.course import Course
from digest.deliver.links import LinkMaker, trial_links
from digest.deliver.message import Mailing, Recipient, mailing_of, shared_headers
from digest.deliver.models import Edition
from digest.deliver.providers import Accepted, Channel, Outcome, Provider, Unknown, build
from digest.deliver.roll import Roll
from digest.errors import ProviderError, UsageError
from digest.installation.turn import Turn
from digest.members.address import Refused, normalise
from digest.render.models import MergeTags, RenderedIssue

Clock = Callable[[], dt.datetime]
TEST_MARK = "[TEST] "
TEST_FOLDER = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """Where a sending stands. `counts` are deliveries by state; `problems` are sentences for staff.

    `resume_at`: when to call again; None when everything was tried, or a person must act first.
    """

    counts: Mapping[str, int]
    settled: bool
    problems: tuple[str, ...] = ()
    resume_at: dt.datetime | None = None


def require_ready(config: Config, keys: Keys) -> Provider:
    """The provider, when mail may leave through it now. Raises ConfigError or ProviderError in words."""
    shared_headers(config, 1)
    provider = build(config, keys)
    require_armed(config)
    return provider


def deliver(
    config: Config,
    keys: Keys,
    issue: Issue,
    edition: Edition,
    *,
    now: dt.datetime,
    owner: str,
    clock: Clock | None = None,
) -> DeliveryReport:
    """Hand over what is due of `issue`, whose list is closed first if that is still to do; call again to go on.

    `owner` names this very call: batches that any other sender has left claimed are given up as `unknown`.  `clock`
    tells the time while it works; without one, time runs on from `now`.  Raises ProviderError and ConfigError before
    anything has left; afterwards failures are in the report.
    """
    provider = require_ready(config, keys)
    clock = clock or _running_from(now)
    ledger.freeze(config, issue, edition, now=now)
    turn = Turn.take(f"deliver:{issue.pk}", owner=owner, now=now, seconds=_lease_seconds(config))
    if turn is None:
        return _report(config, issue, Course(problems=["Another process is handing this issue over."]))
    course = Course()
    try:
        if given_up := ledger.abandon(issue, repeatable=provider.repeatable, now=now):
            _note_given_up(course, given_up, repeatable=provider.repeatable)
        number = number_of(issue)
        mailing = mailing_of(
            config,
            name=_name(issue, number),
            subject=edition.subject,
            html=edition.html,
            text=edition.text,
            tags=MergeTags.of(issue.merge_tag),
            number=number,
        )
        channel = provider.open(mailing)
        try:
            sending = _Sending(config, keys, issue, mailing, channel, turn, course, clock)
            sending.run(lanes=max(1, provider.connections))
        finally:
            channel.close()
    finally:
        turn.end()
    return _report(config, issue, course)


def send_one(
    config: Config, keys: Keys, rendered: RenderedIssue, *, merge_tag: str, to: str, now: dt.datetime
) -> str:
    """Send a test of `rendered` to one address; a sentence saying where it went. Nothing is recorded.

    The subject is marked, and the member's links are ones that act on nobody.  Raises UsageError for an address that
    is none, ProviderError when the provider did not take it.
    """
    address = normalise(to)
    if isinstance(address, Refused):
        raise UsageError(f"{to!r} is no address that mail can be sent to. {address.reason}")
    provider = require_ready(config, keys)
    mailing = mailing_of(
        config,
        name=TEST_FOLDER,
        subject=TEST_MARK + rendered.subject,
        html=rendered.html,
        text=rendered.text,
        tags=MergeTags.of(merge_tag),
        number=None,
    )
    # The name is new each time: a provider that knows a copy by its name must not take it for an earlier test.
    ref = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    recipient = Recipient(delivery=0, ref=ref, email=address, links=trial_links(config))
    channel = provider.open(mailing)
    try:
        outcome = channel.hand_over(0, [recipient], now=now)
    finally:
        channel.close()
    if not isinstance(outcome, Accepted):
        raise ProviderError(f"The test did not go out. {outcome.words}")
    return f"The test for {address} is with {provider.name}: {outcome.words}."


class _Sending:
    """One run. Only the calling thread touches the database; the lanes' threads do nothing but wait for answers."""

    def __init__(
        self,
        config: Config,
        keys: Keys,
        issue: Issue,
        mailing: Mailing,
        channel: Channel,
        turn: Turn,
        course: Course,
        clock: Clock,
    ) -> None:
        self._config, self._issue = config, issue
        self._channel, self._turn, self._course, self._clock = channel, turn, course, clock
        self._claimer = Claimer(issue, owner=turn.owner, fence=turn.fence)
        self._links = LinkMaker(config, keys, mailing.name)
        self._under_way: dict[Future[Outcome], Claim] = {}

    def run(self, *, lanes: int) -> None:
        with ThreadPoolExecutor(max_workers=lanes, thread_name_prefix="lane") as pool:
            done: Iterable[Future[Outcome]] = ()
            try:
                while True:
                    for claim in self._settle_and_claim(done, lanes):
                        self._under_way[pool.submit(self._hand_over, claim, self._clock())] = claim
                    if not self._under_way:
                        break
                    done, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
            finally:
                # Also when a person breaks off: what is under way gets its answer, within the provider's deadline.
                self._settle(list(self._under_way))
        if self._course.resume_at is not None:
            ledger.hold(self._issue, self._course.resume_at)

    def _settle_and_claim(self, done: Iterable[Future[Outcome]], lanes: int) -> list[Claim]:
        """Write down the answers that are there and fill the lanes again, in one commit: a disk makes few."""
        with transaction.atomic():
            self._settle(done)
            free = min(lanes, self._course.width or lanes) - len(self._under_way)
            now = self._clock()
            if self._course.stopped or free < 1:
                return []
            if not self._turn.keep(now):
                self._course.problems.append("Another process took over the handing over of this issue.")
                self._course.stopped = True
                return []
            roll = Roll(kind=self._issue.kind, day=now.astimezone(self._config.association.tz).date())
            return self._claimer.claim(roll, most=free, now=now)

    def _hand_over(self, claim: Claim, now: dt.datetime) -> Outcome:
        links = self._links
        try:
            recipients = [Recipient(delivery, ref, email, links(ref)) for delivery, ref, email in claim.addressees]
            return self._channel.hand_over(claim.batch, recipients, now=now)
        except Exception as error:
            # A defect of ours, perhaps after the request had left: the one safe reading is that nobody can say.
            return Unknown(words=f"Handing it over failed ({type(error).__name__}).")

    def _settle(self, done: Iterable[Future[Outcome]]) -> None:
        accepted: dict[int, str] = {}
        for future in done:
            claim = self._under_way.pop(future)
            outcome, now = future.result(), self._clock()
            if isinstance(outcome, Accepted):
                accepted[claim.batch] = outcome.words
            else:
                ledger.settle(claim.batch, outcome, now=now)
            retry_at = now + ledger.backoff(claim.attempt)
            self._course.note(outcome, members=len(claim.addressees), retry_at=retry_at, now=now)
        if accepted:
            ledger.accept(accepted, now=self._clock())


def _report(config: Config, issue: Issue, course: Course) -> DeliveryReport:
    settled = ledger.is_settled(issue)
    resume_at = None if settled else course.resume_at or ledger.next_attempt(issue)
    problems = list(course.problems)
    if resume_at is not None:
        problems.append(f"What is left is due at {resume_at.astimezone(config.association.tz):%H:%M:%S %Z}.")
    return DeliveryReport(counts=ledger.counts(issue), settled=settled, problems=tuple(problems), resume_at=resume_at)


def _note_given_up(course: Course, copies: int, *, repeatable: bool) -> None:
    if not repeatable:
        course.problems.append(
            f"An earlier sending was broken off: of {copies:,} copies nobody can say whether they went out. "
            "They are not sent again unasked."
        )


def _name(issue: Issue, number: int | None) -> str:
    """The issue's number, else its slot: the folder in the outbox, and what a view-in-browser link asks for."""
    if number is not None:
        return str(number)
    return issue.slot.isoformat() if issue.slot else f"{issue.kind}-{issue.pk}"


def _lease_seconds(config: Config) -> float:
    """Longer than any one request may take, twice over."""
    return 60 + 2 * config.delivery.sendgrid.timeout


def _running_from(now: dt.datetime) -> Clock:
    start = time.monotonic()
    return lambda: now + dt.timedelta(seconds=time.monotonic() - start)
