"""What every provider is: one way in, and one vocabulary for what came of it.

An outcome speaks of one request. Its words are for staff, and hold no member's address.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self

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


Outcome = Accepted | Rejected | NotSent | Wait | Refused | Unknown


class Channel(Protocol):
    """A provider opened for one mailing. `hand_over` may be called from several threads at once."""

    def hand_over(self, batch: int, recipients: Sequence[Recipient], *, now: dt.datetime) -> Outcome:
        """Give one request to the provider. `batch` is the ledger's row; failures are values, never exceptions."""
        ...

    def close(self) -> None: ...


class Provider(Protocol):
    """A way for mail to leave. Stateless until it is opened."""

    name: ClassVar[str]
    needs_arming: ClassVar[bool]  # mail leaves the house: a person must have armed this installation
    repeatable: ClassVar[bool]  # the same batch handed over twice is still one copy each

    @classmethod
    def of(cls, config: Config, keys: Keys) -> Self:
        """The provider as config describes it. Raises ProviderError when a secret is missing."""
        ...

    @property
    def connections(self) -> int:
        """How many requests may be under way at once."""
        ...

    def open(self, mailing: Mailing) -> Channel: ...
