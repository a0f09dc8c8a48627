"""Forget a member: what remains in members/ is a row that names nobody, and a keyed hash that keeps suppressing.

Deliveries and mails belong to deliver/; `pipeline.forget` does all of it in one transaction.
"""

from __future__ import annotations

import datetime as dt
import secrets

from digest.installation.audit import record
from digest.members.models import Consent, Member, MemberStatus
from digest.members.suppress import suppress

# Takes the place of the address's hash, so that nobody who has the key can ask whose row this was.
NO_ADDRESS = "erased:"


def erase_member(member: Member, *, why: str, source: str, actor: str, now: dt.datetime) -> str | None:
    """Empty the member's row; what now stands for its address there, or None when it was empty already.

    `source` says under which name the hash goes on suppressing; empty: the address may come again, as that of one
    who never confirmed. Call it in a transaction.
    """
    instead = NO_ADDRESS + secrets.token_hex(24)
    moved = (
        Member.objects.filter(pk=member.pk)
        .exclude(status=MemberStatus.ERASED)
        .update(**_emptied(), address_key=instead, left_at=member.left_at or now)
    )
    if not moved:
        return None
    if source:
        suppress(member.address_key, reason=why, source=source, actor=actor, now=now)
    consents = Consent.objects.filter(member=member)
    consents.update(wording="")  # may hold a person's own words
    consents.filter(how__contains="@").update(how="")
    record(actor=actor, verb="member.erase", subject=f"member:{member.public_id}", now=now, why=why)
    return instead


def _emptied() -> dict[str, object]:
    """Every column about the person as a new row would have it. What says that there was one, stays."""
    kept = {"id", "public_id", "address_key", "joined_at", "left_at"}
    values = {
        field.attname: None if field.null else field.get_default()
        for field in Member._meta.concrete_fields
        if field.attname not in kept
    }
    return {**values, "email": None, "status": MemberStatus.ERASED}
