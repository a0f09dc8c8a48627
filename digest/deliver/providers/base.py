"""What every provider is: one way in, and one vocabulary for what came of it.

An outcome speaks of one request. Its words are for staff, and hold no member's address (`without_addresses`). Where
copies leave one by one, the outcome is `Mixed`: it speaks of each of them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, NamedTuple, Protocol, Self, runtime_checkable

from digest.config import Config, Keys
from digest.deliver.message import Mailing, Recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider's clear yes, for every recipient of the request."""

    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The provider's clear no: nothing was taken.

    `recipients` are the deliveries it named as the cause; empty when it did not say, so the batch has to be halved
    until they are found. `whole`: the fault lies in what all recipients share, and halving would only refuse them
    one by one.
    """

    words: str
    recipients: frozenset[int] = frozenset()
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """No byte of the message left. It may be tried again."""

    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """The provider took nothing and asks to wait until `until` (aware UTC)."""

    words: str
    until: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The provider does not let this installation in: stop, and tell staff."""

    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Nobody can say whether it was taken. Never tried again by a timer."""

    words: str


Failure = Rejected | NotSent | Wait | Refused | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """The copies of the request fared differently: what came of each, by delivery, in the order they were tried.

    Every recipient of the request is in `answers`.  `after` is what keeps the requests that follow back too; None
    when nothing does.
    """

    words: str
    answers: Mapping[int, Accepted | Failure]
    after: NotSent | Wait | Refused | None = None


Outcome = Accepted | Failure | Mixed


def of_each(
    deliveries: Sequence[int],
    answers: Mapping[int, Accepted | Failure],
    *,
    rest: Failure | None = None,
    after: NotSent | Wait | Refused | None = None,
) -> Outcome:
    """One outcome where all copies fared alike, else what came of each; `rest` is that of those without an answer."""
    whole = dict(answers)
    if rest is not None:
        whole |= {delivery: rest for delivery in deliveries if delivery not in whole}
    first = next(iter(whole.values()))
    if all(isinstance(answer, Accepted) for answer in whole.values()):
        return first
    if after is not None and all(answer == after for answer in whole.values()):
        return after
    taken = sum(isinstance(answer, Accepted) for answer in whole.values())
    return Mixed(words=f"{taken} of {len(whole)} copies taken", answers=whole, after=after)


# Of a provider that can take mail back before its time. SendGrid's figures, the only one that can so far:
# https://www.twilio.com/docs/sendgrid/api-reference/cancel-scheduled-sends
LAST_CANCEL = dt.timedelta(minutes=10)  # before the release: a later cancellation is not promised to hold
MOST_CANCELLED = 10  # ids that may be cancelled or paused at one time, on the whole account
FURTHEST_AHEAD = dt.timedelta(hours=72)  # that a release may lie


class Release(NamedTuple):
    """When the provider lets go of what it is given early, and the id under which it can be taken back until then."""

    batch_id: str
    send_at: dt.datetime


class Trial(NamedTuple):
    """What came of a request in the provider's sandbox, and its size."""

    outcome: Outcome
    bytes: int


class Finding(StrEnum):
    """What a look at the account found."""

    GOOD = "good"
    LESS = "less"  # it will do, with something missing
    BAD = "bad"
    CANNOT_SAY = "cannot say"  # a person may know


class Look(NamedTuple):
    """One thing that was looked at on the provider's side. `words` say what to do where it is not good."""

    subject: str
    finding: Finding
    words: str


class Suppressed(NamedTuple):
    """An address that the provider sends nothing to. `source` is one of Suppression's."""

    email: str
    source: str
    reason: str
    at: dt.datetime


class Channel(Protocol):
    """A provider opened for one mailing. `hand_over` may be called from several threads at once."""

    def hand_over(self, batch: int, recipients: Sequence[Recipient], *, now: dt.datetime) -> Outcome:
        """Give one request to the provider. `batch` is the ledger's row; failures are values, never exceptions."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class SchedulingChannel(Channel, Protocol):
    """A channel that can also be given mail ahead of its time."""

    def schedule(self, batch: int, recipients: Sequence[Recipient], *, release: Release, now: dt.datetime) -> Outcome:
        """As `hand_over`, but nothing goes out before `release.send_at`."""
        ...


@runtime_checkable
class SandboxChannel(Channel, Protocol):
    """A channel whose requests can be tried out: checked as real ones are, and nothing is sent."""

    def try_out(self, batch: int, recipients: Sequence[Recipient], *, now: dt.datetime) -> Trial:
        """Post the real request in the sandbox. `Refused` also where there is none, and it was taken for real."""
        ...


class ScheduledSends(Protocol):
    """What can be done about mail that was handed over ahead of its time. Failures are values."""

    def draw(self, *, now: dt.datetime) -> str | Failure:
        """A new id, never given before. One that is not used does no harm."""
        ...

    def cancel(self, batch_id: str, *, now: dt.datetime) -> Outcome:
        """Ask that nothing under this id ever goes out, whether it is there already or still comes."""
        ...

    def is_cancelled(self, batch_id: str, *, now: dt.datetime) -> bool | Failure:
        """Whether the provider says that it will not go out."""
        ...

    def cancelled(self, *, now: dt.datetime) -> frozenset[str] | Failure:
        """Every id that is cancelled or paused on the account, whoever did it."""
        ...

    def lift(self, batch_id: str, *, now: dt.datetime) -> Outcome:
        """Forget a cancellation. Before the release of its mail that would send it."""
        ...

    def close(self) -> None: ...


class Provider(Protocol):
    """A way for mail to leave. Stateless until it is opened."""

    @property
    def name(self) -> str: ...

    needs_arming: ClassVar[bool]  # mail leaves the house: a person must have armed this installation
    repeatable: ClassVar[bool]  # the same batch handed over twice is still one copy each
    schedules: ClassVar[bool]  # takes mail ahead of its time, and back again: it is a SchedulingProvider too
    most_at_once: ClassVar[int]  # recipients of a request; where copies leave one by one, so many may be `unknown`

    @classmethod
    def of(cls, config: Config, keys: Keys) -> Self:
        """The provider as config describes it. Raises ProviderError when a secret is missing."""
        ...

    @property
    def connections(self) -> int:
        """How many requests may be under way at once."""
        ...

    def open(self, mailing: Mailing) -> Channel: ...


@runtime_checkable
class SchedulingProvider(Provider, Protocol):
    """A provider that takes mail ahead of its time. Its channels are SchedulingChannels."""

    @property
    def account(self) -> str:
        """Tells this account from any other, and gives nothing of its key away."""
        ...

    def scheduled_sends(self) -> ScheduledSends: ...


@runtime_checkable
class InspectedProvider(Protocol):
    """A provider whose account can be looked at before it is used."""

    def look(self, sender: str) -> list[Look]:
        """Whether the key may do what is asked of it, and whether `sender` may be written from. Never raises."""
        ...


@runtime_checkable
class SuppressingProvider(Protocol):
    """A provider that keeps lists of addresses it sends nothing to."""

    def suppressed(self, *, since: dt.datetime | None, now: dt.datetime) -> Iterator[list[Suppressed] | Failure]:
        """Pages of what was added since, or ever; a failure ends one list, and the next begins."""
        ...


_ADDRESS = re.compile(r"[^\s<>\"',;:()]+@[^\s<>\"',;:()]+")


def without_addresses(words: str) -> str:
    """A server's own words on one line, fit to be kept: none of them names anybody."""
    return _ADDRESS.sub("(an address)", " ".join(words.split())).replace("@", "(at)")[:500]
