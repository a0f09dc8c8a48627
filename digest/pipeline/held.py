"""What is kept about one member, as values that JSON knows."""

from __future__ import annotations

from typing import Any

from digest.config import Keys
from digest.members.models import Consent, Member


def held_on(keys: Keys, member: Member) -> dict[str, Any]:
    """All that the roll keeps of a member: address, name, choices, and every yes and no with its wording."""
    return {
        "address": member.email,
        "name": member.name,
        "status": member.status,
        "joined_at": member.joined_at.isoformat(),
        "left_at": member.left_at.isoformat() if member.left_at else None,
        "paused_until": member.paused_until.isoformat() if member.paused_until else None,
        "language": member.language,
        "preferences": member.preferences,
        "consents": [
            {"at": row.at.isoformat(), "action": row.action, "how": row.how, "wording": row.wording}
            for row in Consent.objects.filter(member=member).order_by("at", "pk")
        ],
    }
