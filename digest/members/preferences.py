"""What a member chose, and the key of the edition that follows from it.

Members who chose the same content share one edition: `edition_key` is a pure function of those choices, so two
members have the same key exactly when they get the same mail. When to send (the first issue of a month only, a pause)
changes nothing in an issue and is not part of it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self, TypeVar

from django.db import transaction

from digest.installation.audit import record
from digest.members.models import Consent, Member, MemberStatus

FULL = "full"  # the edition of everybody who chose nothing
LONGEST_PAUSE = dt.timedelta(days=366)
_T = TypeVar("_T", bound=StrEnum)


class Depth(StrEnum):
    FULL = "full"
    HEADLINES = "headlines"


class Format(StrEnum):
    HTML = "html"  # with the plain text beside it
    TEXT = "text"  # plain text alone


class Cadence(StrEnum):
    WEEKLY = "weekly"
    MONTHLY_FIRST = "monthly-first"  # the first issue of each month


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """One member's choices. The default is what everybody gets who never chose.

    `sections` are section ids, None for all there are and will be. `language` is an IETF tag, "" for the
    association's own. `paused_until` is the local date of the first day on which mail is wanted again.
    """

    sections: frozenset[str] | None = None
    depth: Depth = Depth.FULL
    format: Format = Format.HTML
    cadence: Cadence = Cadence.WEEKLY
    language: str = ""
    paused_until: dt.date | None = None

    @property
    def edition_key(self) -> str:
        """The same for the same content: "full" for the default, else like "headlines.text.de.3f1c09a2b4d1".

        The words are for people who read the ledger; the digits, of the SHA-256 of the choices, tell the selection
        of sections apart.
        """
        content = {
            "depth": self.depth.value,
            "format": self.format.value,
            "language": self.language.lower(),
            "sections": None if self.sections is None else sorted(self.sections),
        }
        if content == _CONTENT_OF_FULL:
            return FULL
        words = [
            self.depth.value if self.depth is not Depth.FULL else "",
            self.format.value if self.format is not Format.HTML else "",
            self.language.lower(),
            "sections" if self.sections is not None else "",
        ]
        whole = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        mark = hashlib.sha256(whole.encode()).hexdigest()[:12]
        return ".".join([*(word for word in words if word), mark])

    def stored(self) -> dict[str, Any]:
        """As Member.preferences keeps it; language and pause have columns of their own."""
        return {
            "sections": None if self.sections is None else sorted(self.sections),
            "depth": self.depth.value,
            "format": self.format.value,
            "cadence": self.cadence.value,
        }

    @classmethod
    def read(cls, stored: Mapping[str, Any], *, language: str = "", paused_until: dt.date | None = None) -> Self:
        """What `stored` says; whatever is missing or no longer understood is as if it had not been chosen."""
        sections = stored.get("sections")
        return cls(
            sections=frozenset(map(str, sections)) if isinstance(sections, list) and sections else None,
            depth=_one_of(Depth, stored.get("depth"), Depth.FULL),
            format=_one_of(Format, stored.get("format"), Format.HTML),
            cadence=_one_of(Cadence, stored.get("cadence"), Cadence.WEEKLY),
            language=language,
            paused_until=paused_until,
        )

    def in_words(self) -> str:
        """For the consent record and for staff, in English."""
        which = "all sections" if self.sections is None else f"sections {', '.join(sorted(self.sections))}"
        parts = [
            which,
            "in full" if self.depth is Depth.FULL else "headlines only",
            "HTML" if self.format is Format.HTML else "plain text",
            "every week" if self.cadence is Cadence.WEEKLY else "the first issue of each month",
            f"language {self.language}" if self.language else "the association's language",
        ]
        if self.paused_until is not None:
            parts.append(f"paused until {self.paused_until.isoformat()}")
        return "; ".join(parts)


_CONTENT_OF_FULL = {"depth": Depth.FULL.value, "format": Format.HTML.value, "language": "", "sections": None}


class Saving(StrEnum):
    """What became of a wish to change one's choices."""

    SAVED = "saved"
    UNCHANGED = "unchanged"
    UNKNOWN = "unknown"  # no such member, or all of it has been erased


def chosen_sections(ticked: Iterable[str], known: Iterable[str]) -> frozenset[str] | None:
    """What a form says of `known` sections: None when all are ticked, so that a section to come is included."""
    chosen, offered = frozenset(ticked), frozenset(known)
    return None if chosen >= offered else chosen & offered


def pause_problem(until: dt.date, *, today: dt.date) -> str:
    """Why a pause until this day makes no sense: "past", "too-long", or "" when it does."""
    if until <= today:
        return "past"
    return "too-long" if until - today > LONGEST_PAUSE else ""


def preferences_of(member: Member) -> Preferences:
    """A member's choices as the row holds them."""
    stored = member.preferences if isinstance(member.preferences, dict) else {}
    return Preferences.read(stored, language=member.language, paused_until=member.paused_until)


def save(public_id: str, wanted: Preferences, *, how: str, now: dt.datetime, actor: str = "member") -> Saving:
    """Keep what the member chose, with the key of the edition and a consent record; once for the same choice."""
    with transaction.atomic():
        member = Member.objects.select_for_update().filter(public_id=public_id).first()
        if member is None or member.status == MemberStatus.ERASED:
            return Saving.UNKNOWN
        if preferences_of(member) == wanted and member.edition_key == wanted.edition_key:
            return Saving.UNCHANGED
        Member.objects.filter(pk=member.pk).update(
            preferences=wanted.stored(),
            language=wanted.language,
            paused_until=wanted.paused_until,
            edition_key=wanted.edition_key,
        )
        Consent.objects.create(member=member, action="choose", how=how, wording=wanted.in_words(), at=now)
        record(
            actor=actor,
            verb="member.choose",
            subject=f"member:{public_id}",
            now=now,
            how=how,
            edition=wanted.edition_key,
            cadence=wanted.cadence.value,
        )
    return Saving.SAVED


def _one_of(kind: type[_T], value: object, otherwise: _T) -> _T:
    return next((choice for choice in kind if choice.value == value), otherwise)
