"""What the fake SendGrid keeps of a message, and how it can be told to misbehave."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Copy:
    """One message the fake took, as the recipient would get it. `send_at` is None for one that went at once."""

    to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]
    custom_args: Mapping[str, str]
    send_at: dt.datetime | None = None
    batch_id: str = ""


@dataclass(frozen=True)
class Answer:
    """Answer with `status` and take nothing."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Take:
    """Take the message, and then answer like this; `promised` bytes are announced, `body` is what comes."""

    status: int = 202
    body: bytes = b""
    promised: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reset:
    """Break the connection: before reading the body, or after it, with the message taken or not."""

    after_body: bool = True
    take: bool = False


@dataclass(frozen=True)
class Stall:
    """Read everything and never answer."""


@dataclass(frozen=True)
class Drip:
    """Answer a byte at a time, so that no single read is ever late."""


@dataclass(frozen=True)
class Late:
    """Never answer, and take what was asked for so many `seconds` later by the fake's clock."""

    seconds: float


Behaviour = Answer | Take | Reset | Stall | Drip | Late
