"""Is Monday all right? One sentence, and what it rests on. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from digest.web.staff.outlook import Outlook

_ANSWERS = {"good": "Yes", "brand": "Not yet", "warn": "Not yet", "bad": "No"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing the answer rests on. `tone` is good, warn, bad or none; it `stops` the issue or does not."""

    tone: str
    words: str
    href: str = ""
    stops: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`Not yet: waits for approval`, in its tone, with the reasons: those that stop the issue first."""

    question: str
    tone: str
    sentence: str
    reasons: tuple[Reason, ...]


def verdict(outlook: Outlook, reasons: Iterable[Reason], *, send_at: dt.datetime, tz: dt.tzinfo) -> Verdict:
    """The answer: the outlook's, unless something else stops the issue."""
    listed = tuple(sorted(reasons, key=lambda reason: not reason.stops))
    tone, headline = outlook.tone, outlook.headline
    stopping = [reason for reason in listed if reason.stops]
    if stopping and tone != "bad":
        tone, headline = "bad", stopping[0].words.split(". ")[0]
    return Verdict(
        question=f"Is {send_at.astimezone(tz):%A} all right?",
        tone=tone,
        sentence=f"{_ANSWERS[tone]}: {headline[0].lower()}{headline[1:]}".rstrip("."),
        reasons=listed,
    )
