"""Announcements apart from the digest: a member can leave the one and keep the other, and take that back.

A leaving is a suppression of the scope `announcements`, under the address's keyed hash: it outlives the member's row,
and a roll that is brought in anew does not undo it.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from django.db import transaction
from django.db.models import QuerySet

from digest.config import Keys
from digest.installation.audit import record
from digest.members.address import address_keys
from digest.members.models import Consent, Member, MemberStatus, Suppression, SuppressionScope

SOURCE = "unsubscribed"
REASON = "Left the announcements, and keeps the digest."
LIFTED = "The member wants announcements again."
WORDING = {
    True: "Wants announcements beside the digest.",
    False: "Wants no announcements, and keeps the digest.",
}


class Heard(StrEnum):
    """What became of a wish to have announcements, or to have none."""

    SAVED = "saved"
    UNCHANGED = "unchanged"
    UNKNOWN = "unknown"  # no such member, or all of it has been erased


def hears(member: Member, *, keys: Keys) -> bool:
    """Whether the member has not left the announcements."""
    return not _left(member, keys).exists()


def choose(public_id: str, wanted: bool, *, keys: Keys, how: str, now: dt.datetime) -> Heard:
    """Leave the announcements or have them again, with the consent and the audit line beside it; once for each.

    It holds for every request to the provider that is built after this transaction. What others have suppressed - a
    bounce, a member of the staff - is theirs to lift.
    """
    with transaction.atomic():
        member = Member.objects.select_for_update().filter(public_id=public_id).first()
        if member is None or member.status == MemberStatus.ERASED:
            return Heard.UNKNOWN
        own = _left(member, keys)
        if wanted:
            if not own.update(lifted_at=now, lifted_by="member", lifted_why=LIFTED):
                return Heard.UNCHANGED
        elif own.exists():
            return Heard.UNCHANGED
        else:
            Suppression.objects.create(
                address_key=member.address_key,
                scope=SuppressionScope.ANNOUNCEMENTS,
                reason=REASON,
                source=SOURCE,
                at=now,
            )
        Consent.objects.create(member=member, action="choose", how=how, wording=WORDING[wanted], at=now)
        verb = "member.announcements" if wanted else "member.no_announcements"
        record(actor="member", verb=verb, subject=f"member:{public_id}", now=now, how=how)
    return Heard.SAVED


def _left(member: Member, keys: Keys) -> QuerySet[Suppression]:
    known_as = {member.address_key, *(address_keys(keys, member.email) if member.email else ())}
    return Suppression.objects.filter(
        address_key__in=known_as, scope=SuppressionScope.ANNOUNCEMENTS, source=SOURCE, lifted_at__isnull=True
    )
