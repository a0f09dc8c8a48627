"""What every provider is: one way in, and one vocabulary for what came of it.

An outcome speaks of one request. Its words are for staff, and hold no member's address.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
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
Outcome = Accepted | Failure

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

    name: ClassVar[str]
    needs_arming: ClassVar[bool]  # mail leaves the house: a person must have armed this installation
    repeatable: ClassVar[bool]  # the same batch handed over twice is still one copy each
    schedules: ClassVar[bool]  # takes mail ahead of its time, and back again: it is a SchedulingProvider too

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
