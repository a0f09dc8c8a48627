"""Whether a sending goes on after each answer. Pure.

One bad answer concerns one batch. Some concern all that follow, and going on would only spread the damage: a provider
that is down would make the whole list `unknown`, a message it objects to would have every member `rejected`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from digest.deliver.providers.base import Accepted, Failure, Mixed, NotSent, Outcome, Refused, Rejected, Unknown, Wait

UNKNOWN_IN_A_ROW = 3
LONE_REJECTIONS = 3
AFTER_UNKNOWN = dt.timedelta(minutes=10)  # until the batches that were not tried are


@dataclass(slots=True)
class Course:
    """What the answers so far say about the next request. Feed it with `note`."""

    accepted: int = 0
    problems: list[str] = field(default_factory=list)
    stopped: bool = False
    resume_at: dt.datetime | None = None  # None with `stopped`: only a person can mend it
    _unknown_in_a_row: int = 0
    _lone_rejections: int = 0

    @property
    def width(self) -> int | None:
        """How many requests may be under way: one until the provider has said yes once, then as many as it takes."""
        return None if self.accepted else 1

    def note(self, outcome: Outcome, *, members: int, retry_at: dt.datetime, now: dt.datetime) -> None:
        """Take account of the answer to a request with `members` recipients. `retry_at` is the backoff after it."""
        if isinstance(outcome, Mixed):
            self._note_each(outcome, retry_at=retry_at, now=now)
            return
        self._unknown_in_a_row = self._unknown_in_a_row + 1 if isinstance(outcome, Unknown) else 0
        match outcome:
            case Accepted():
                self.accepted += 1
            case Unknown(words=words):
                self.say(f"{_copies(members)}: nobody can say whether the provider took it. {words}")
                if self._unknown_in_a_row >= UNKNOWN_IN_A_ROW:
                    self.say("The provider gives no clear answers, so the rest waits.")
                    self.stop(now + AFTER_UNKNOWN)
            case Rejected(words=words, whole=True):
                self.say(f"The provider refuses the message itself. {words}")
                self.stop(None)
            case Rejected(words=words, recipients=named):
                if members == 1 or named:
                    self.say(f"{_copies(len(named) or 1)} refused. {words}")
                if members == 1 and not named and not self.accepted:
                    self._lone_rejections += 1
                    if self._lone_rejections >= LONE_REJECTIONS:
                        self.say("It has refused one member after another, so the message must be at fault.")
                        self.stop(None)
            case Refused(words=words):
                self.say(f"{words} Nothing more is sent until that is mended.")
                self.stop(None)
            case Wait(words=words, until=until):
                self.say(words)
                self.stop(until)
            case NotSent(words=words):
                self.say(words)
                self.stop(retry_at)

    def _note_each(self, outcome: Mixed, *, retry_at: dt.datetime, now: dt.datetime) -> None:
        """Copies that fared alike are spoken of together. `after` keeps others back, and unknowns in a row do."""
        counts: dict[Accepted | Failure, int] = {}
        for answer in outcome.answers.values():
            counts[answer] = counts.get(answer, 0) + 1
        for answer, copies in counts.items():
            match answer:
                case Accepted():
                    self.accepted += 1
                case Rejected(words=words):
                    self.say(f"{_copies(copies)} refused. {words}")
                case Unknown():
                    self.note(answer, members=copies, retry_at=retry_at, now=now)
        if outcome.after is not None:
            self.note(outcome.after, members=len(outcome.answers), retry_at=retry_at, now=now)
        elif not any(isinstance(answer, Unknown) for answer in counts):
            self._unknown_in_a_row = 0

    def say(self, words: str) -> None:
        """Tell staff, once."""
        if words not in self.problems:
            self.problems.append(words)

    def stop(self, resume_at: dt.datetime | None) -> None:
        """Of two reasons to stop, the one a person has to mend outweighs, then the longer wait."""
        if self.stopped and (self.resume_at is None or (resume_at is not None and resume_at < self.resume_at)):
            return
        self.stopped, self.resume_at = True, resume_at


def _copies(count: int) -> str:
    return "1 copy" if count == 1 else f"{count:,} copies"
