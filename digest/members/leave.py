"""Leave, say why, and come back. Leaving and coming back
are one conditional UPDATE each, with the consent and the audit line beside it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction
from django.db.models import Count

from digest.config import Keys
from digest.installation.audit import record
from digest.members.address import address_keys
from digest.members.models import Consent, Member, MemberStatus
from digest.members.suppress import suppressed_keys

# A mail can be forwarded, and its links work for whoever holds it: coming back by link is for second thoughts,
# not a way to sign a person up again years later.
RETURN_WITHIN = dt.timedelta(days=30)
LONGEST_REASON = 500  # characters


class Leaving(StrEnum):
    """What became of a wish to leave."""

    LEFT = "left"
    ALREADY = "already"
    UNKNOWN = "unknown"  # no such member, or all of it has been erased


class Reason(StrEnum):
    """Why somebody left, if they say so. Counted under these names."""

    TOO_OFTEN = "too-often"
    NOT_FOR_ME = "not-for-me"
    NOT_ASKED = "not-asked"  # "I never asked for it"
    ELSEWHERE = "elsewhere"  # reads it on the web, or under another address
    OTHER = "other"


class Returning(StrEnum):
    """What became of a wish to come back."""

    RETURNED = "returned"
    ALREADY = "already"
    TOO_LATE = "too-late"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a member stands, for the member's own page."""

    status: MemberStatus
    suppressed: bool  # on the roll or not: nothing is sent
    left_at: dt.datetime | None
    may_return: bool
    said_why: bool = False  # gave a reason for this leaving

    @property
    def receiving(self) -> bool:
        return self.status is MemberStatus.ACTIVE and not self.suppressed


def leave(public_id: str, *, how: str, now: dt.datetime, wording: str = "") -> Leaving:
    """Take the member off the list, once. `how` says by which way ("page", "one-click", "staff").

    It holds for every request to the provider that is built after this transaction.
    """
    with transaction.atomic():
        moved = Member.objects.filter(
            public_id=public_id, status__in=[MemberStatus.ACTIVE, MemberStatus.UNCONFIRMED]
        ).update(status=MemberStatus.LEFT, left_at=now)
        if moved:
            _note(public_id, action="leave", how=how, wording=wording, now=now)
            return Leaving.LEFT
    known = Member.objects.filter(public_id=public_id, status=MemberStatus.LEFT).exists()
    return Leaving.ALREADY if known else Leaving.UNKNOWN


def return_(public_id: str, *, how: str, now: dt.datetime, wording: str = "") -> Returning:
    """Undo a leaving of the last 30 days."""
    with transaction.atomic():
        moved = Member.objects.filter(
            public_id=public_id, status=MemberStatus.LEFT, left_at__gt=now - RETURN_WITHIN
        ).update(status=MemberStatus.ACTIVE, left_at=None)
        if moved:
            _note(public_id, action="return", how=how, wording=wording, now=now)
            return Returning.RETURNED
    status = Member.objects.filter(public_id=public_id).values_list("status", flat=True).first()
    if status == MemberStatus.ACTIVE:
        return Returning.ALREADY
    return Returning.TOO_LATE if status == MemberStatus.LEFT else Returning.UNKNOWN


def give_reason(public_id: str, reason: Reason, *, words: str = "", now: dt.datetime) -> bool:
    """Keep why a member left: one reason for each leaving. False when one is there, or they have not left."""
    with transaction.atomic():
        member = Member.objects.select_for_update().filter(public_id=public_id, status=MemberStatus.LEFT).first()
        if member is None or member.left_at is None:
            return False
        if Consent.objects.filter(member=member, action="reason", at__gte=member.left_at).exists():
            return False
        text = " ".join(words.replace("\x00", "").split())[:LONGEST_REASON]
        Consent.objects.create(member=member, action="reason", how=reason.value, wording=text, at=now)
    return True


def reasons() -> dict[str, int]:
    """How often each reason was given, most frequent first."""
    rows = Consent.objects.filter(action="reason").values_list("how").annotate(times=Count("pk"))
    return dict(rows.order_by("-times", "how"))


def standing(public_id: str, *, keys: Keys, now: dt.datetime) -> Standing | None:
    """Where the member stands; None where there is none, or all of it has been erased."""
    member = Member.objects.filter(public_id=public_id).first()
    if member is None or member.status == MemberStatus.ERASED:
        return None
    known_as = {member.address_key, *(address_keys(keys, member.email) if member.email else ())}
    left = member.status == MemberStatus.LEFT
    return Standing(
        status=MemberStatus(member.status),
        suppressed=bool(suppressed_keys(known_as)),
        left_at=member.left_at,
        said_why=left
        and Consent.objects.filter(member=member, action="reason", at__gte=member.left_at or now).exists(),
        may_return=left and member.left_at is not None and member.left_at > now - RETURN_WITHIN,
    )


def _note(public_id: str, *, action: str, how: str, wording: str, now: dt.datetime) -> None:
    member = Member.objects.get(public_id=public_id)
    Consent.objects.create(member=member, action=action, how=how, wording=wording, at=now)
    record(actor="member", verb=f"member.{action}", subject=f"member:{public_id}", now=now, how=how)
