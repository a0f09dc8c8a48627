"""How the mail looks in a list of mails, and whether its subject and preheader have room there. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from digest.config import Config
from digest.render.preflight.preheader import LONGEST, SHORTEST
from digest.render.preflight.subject import LONGEST as DESKTOP

PHONE = 40  # characters of a subject that a phone shows, held upright


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """A text's length in characters against what is good. `scale` is where the meter is full."""

    length: int
    low: int
    high: int
    scale: int
    tone: str  # "good" or "warn"
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    sender: str
    initial: str
    subject: str
    preheader: str
    subject_meter: Meter
    preheader_meter: Meter


def inbox(config: Config, subject: str, preheader: str) -> Inbox:
    subject, preheader = " ".join(subject.split()), " ".join(preheader.split())
    sender = config.delivery.from_name or config.association.name
    return Inbox(
        sender=sender,
        initial=sender[:1].upper(),
        subject=subject,
        preheader=preheader,
        subject_meter=subject_meter(subject),
        preheader_meter=preheader_meter(preheader),
    )


def subject_meter(text: str) -> Meter:
    length = len(text)
    if not text:
        tone, words = "warn", "There is no subject."
    elif length <= PHONE:
        tone, words = "good", f"{length} characters: whole on phones and desktops."
    elif length <= DESKTOP:
        tone, words = "good", f"{length} characters: whole on desktops; phones show the first {PHONE} or so."
    else:
        tone, words = "warn", f"{length} characters: desktops show the first {DESKTOP} or so, phones {PHONE}."
    return Meter(length=length, low=1, high=DESKTOP, scale=DESKTOP * 2, tone=tone, words=words)


def preheader_meter(text: str) -> Meter:
    length = len(text)
    if not text:
        tone, words = "warn", "There is no preheader: inboxes show whatever stands first in the mail."
    elif length < SHORTEST:
        tone, words = "warn", f"{length} characters: {SHORTEST} to {LONGEST} are best, or the mail's words follow."
    elif length <= LONGEST:
        tone, words = "good", f"{length} characters: a good length."
    else:
        tone, words = "warn", f"{length} characters: {SHORTEST} to {LONGEST} are best; the end is not shown."
    return Meter(length=length, low=SHORTEST, high=LONGEST, scale=LONGEST + SHORTEST, tone=tone, words=words)
