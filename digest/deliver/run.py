"""One run of handing over: fill the connections, write the answers down, fill them again, until nothing is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import NamedTuple

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from digest.compose.models import Issue
from digest.config import Config
from digest.deliver import ledger
from digest.deliver.channels import Channels
from digest.deliver.claim import Claim, Claimer
from digest.deliver.course import Course
from digest.deliver.gate import Gate, gate
from digest.deliver.links import LinkMaker
from digest.deliver.message import Recipient
from digest.deliver.pause import why_paused
from digest.deliver.providers import Accepted, Channel, Outcome, Release, SchedulingChannel, Unknown
from digest.deliver.roll import Roll, has_monthly
from digest.errors import StorageError
from digest.installation import halt
from digest.installation.turn import Turn

Clock = Callable[[], dt.datetime]
# Seconds between the tries to write answers down. With SQLite's own wait of 30 s for a lock, a database that is
# locked or full for some minutes costs nothing.
WRITE_AGAIN = (1, 2, 5, 10, 20, 30, 30)


class Answer(NamedTuple):
    """What the provider said, kept until it is written down."""

    claim: Claim
    outcome: Outcome
    at: dt.datetime


class Sending:
    """One run. Only the calling thread touches the database; the lanes' threads do nothing but wait for answers.

    With `lanes` only their batches are handed over, each under its lane's release, or at once where that is None.
    Nothing is claimed from `until` on.
    """

    def __init__(
        self,
        config: Config,
        issue: Issue,
        channels: Channels,
        links: LinkMaker,
        turn: Turn,
        course: Course,
        clock: Clock,
        *,
        lanes: Mapping[int, Release | None] | None = None,
        until: dt.datetime | None = None,
        wait: Callable[[float], None],
    ) -> None:
        self._config, self._issue, self._links = config, issue, links
        self._channels, self._turn, self._course, self._clock = channels, turn, course, clock
        self._claimer = Claimer(issue, owner=turn.owner, fence=turn.fence)
        self._monthly = has_monthly(issue)
        self._lanes, self._until, self._wait = lanes, until, wait
        self._under_way: dict[Future[Outcome], Claim] = {}
        self._answers: list[Answer] = []
        self._gave_up = False
        self._lost = 0  # copies whose answer could not be written down

    def run(self, *, connections: int) -> None:
        """Raises StorageError when answers could not be written down: what they were about is `unknown` then."""
        with ThreadPoolExecutor(max_workers=connections, thread_name_prefix="lane") as pool:
            try:
                while True:
                    for claim in self._write_and_claim(connections):
                        channel = self._channels.channel(claim.edition)
                        self._under_way[pool.submit(self._hand_over, channel, claim, self._clock())] = claim
                    if not self._under_way:
                        break
                    done, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
                    self._collect(done)
            finally:
                # Also when a person breaks off: what is under way gets its answer, within the provider's deadline.
                self._collect(list(self._under_way))
                if self._answers:
                    self._write_and_claim(0, again=() if self._gave_up else WRITE_AGAIN)
        if self._course.resume_at is not None:
            ledger.hold(self._issue, self._course.resume_at)

    def _collect(self, done: Iterable[Future[Outcome]]) -> None:
        for future in done:
            claim = self._under_way.pop(future)
            outcome, now = future.result(), self._clock()
            self._answers.append(Answer(claim, outcome, now))
            retry_at = now + ledger.backoff(claim.attempt)
            self._course.note(outcome, members=claim.copies, retry_at=retry_at, now=now)

    def _write_and_claim(self, connections: int, *, again: Sequence[float] = WRITE_AGAIN) -> list[Claim]:
        """Write down the answers that are there and fill the connections again, in one commit: a disk makes few.

        Answers are forgotten only when they are committed.
        """
        if halt.asked() and connections and not self._course.stopped:
            self._course.say("The program was told to stop. What was not handed over yet goes on at its next start.")
            self._course.stop(None)
        for pause in (*again, None):
            try:
                free = min(connections, self._course.width or connections) - len(self._under_way)
                claiming = free > 0 and not self._course.stopped and self._keeps_turn()
                with transaction.atomic():
                    self._write()
                    claims = self._claim(free) if claiming else []
                self._answers.clear()
                return claims
            except (OperationalError, InterfaceError) as error:
                if pause is None:
                    self._gave_up = True
                    raise self._unwritten(error) from error
                self._wait(pause)
                if not connection.in_atomic_block:  # a server that was restarted wants a new connection
                    connection.close_if_unusable_or_obsolete()
        raise AssertionError("unreachable")

    def _keeps_turn(self) -> bool:
        if self._turn.keep(self._clock()):
            return True
        self._lose_turn()
        return False

    def _claim(self, most: int) -> list[Claim]:
        now = self._clock()
        if self._until is not None and now >= self._until:
            return []
        match gate(self._turn, now):
            case Gate.LOST:
                self._lose_turn()
                return []
            case Gate.PAUSED:
                self._course.say(why_paused(self._config))
                self._course.stop(None)
                return []
        day = now.astimezone(self._config.association.tz).date()
        roll = Roll(kind=self._issue.kind, day=day, monthly=self._monthly)
        claims = self._claimer.claim(roll, most=most, lanes=self._lanes, now=now)
        # Before the claims are committed: should an edition not be had, nothing is claimed.
        busy = {claim.edition for claim in self._under_way.values()}
        self._channels.ready((claim.edition for claim in claims), busy=busy)
        return claims

    def _hand_over(self, channel: Channel, claim: Claim, now: dt.datetime) -> Outcome:
        try:
            addressees = claim.addressees
            links = self._links.of(addressee.public_id for addressee in addressees)
            recipients = [Recipient(*addressee, own) for addressee, own in zip(addressees, links, strict=True)]
            if claim.release is None:
                return channel.hand_over(claim.batch, recipients, now=now)
            assert isinstance(channel, SchedulingChannel)
            return channel.schedule(claim.batch, recipients, release=claim.release, now=now)
        except Exception as error:
            # A defect of ours, perhaps after the request had left: the one safe reading is that nobody can say.
            return Unknown(words=f"Handing it over failed ({type(error).__name__}).")

    def _write(self) -> None:
        accepted: dict[int, str] = {}
        for answer in self._answers:
            if isinstance(answer.outcome, Accepted):
                accepted[answer.claim.batch] = answer.outcome.words
            else:
                ledger.settle(answer.claim.batch, answer.outcome, now=answer.at)
        if accepted:
            ledger.accept(accepted, now=self._clock())

    def _lose_turn(self) -> None:
        self._course.say("Another process took over the handing over of this issue, or this one took too long.")
        self._course.stop(None)

    def _unwritten(self, error: DatabaseError | InterfaceError) -> StorageError:
        self._lost += sum(answer.claim.copies for answer in self._answers)
        self._answers.clear()
        lost = f"What the provider said about {self._lost:,} copies could not be kept. " if self._lost else ""
        return StorageError(
            f"The database cannot be written ({error}). {lost}Nothing more is handed over.",
            hint="Make room on the disk, or end what holds the database, and send again: nobody gets it twice. "
            "Copies whose answer is lost are `unknown` then.",
        )
