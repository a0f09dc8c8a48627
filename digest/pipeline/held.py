"""What we hold on you: everything that is kept about one member, as one value that JSON can write."""

from __future__ import annotations

import datetime as dt
from typing import Any

from digest.compose.models import Number
from digest.config import Keys
from digest.deliver.models import Delivery, Notice
from digest.installation.models import Audit
from digest.members.address import address_keys
from digest.members.models import Consent, Member, Suppression

_INTERNAL = {"id", "address_key"}


def held_on(keys: Keys, member: Member) -> dict[str, Any]:
    """All that the database holds on `member`, by GDPR Article 15: strings, numbers, lists and objects; instants in
    UTC, ISO 8601. Names of staff are not in it."""
    known_as = {member.address_key, *(address_keys(keys, member.email) if member.email else ())}
    own = {
        f.attname: _plain(getattr(member, f.attname))
        for f in Member._meta.concrete_fields
        if f.attname not in _INTERNAL
    }
    return {
        "member": own,
        "address_hash": "kept, so that an address that left is known again without being stored",
        "consents": [
            {"at": _plain(row.at), "action": row.action, "how": row.how, "wording": row.wording}
            for row in Consent.objects.filter(member=member).order_by("at", "pk")
        ],
        "suppressions": [
            {
                "at": _plain(row.at),
                "scope": row.scope,
                "source": row.source,
                "reason": row.reason,
                "lifted_at": _plain(row.lifted_at),
                "lifted_why": row.lifted_why,
            }
            for row in Suppression.objects.filter(address_key__in=known_as).order_by("at", "pk")
        ],
        "issues": _issues(member),
        "other_mails": [
            {"at": _plain(row.created_at), "kind": row.kind, "subject": row.subject, "state": row.state}
            for row in Notice.objects.filter(to__iexact=member.email or "-").order_by("created_at", "pk")
        ],
        "changes": [
            {"at": _plain(row.at), "what": row.verb}
            for row in Audit.objects.filter(subject=f"member:{member.public_id}").order_by("at", "pk")
        ],
    }


def _issues(member: Member) -> list[dict[str, Any]]:
    rows = Delivery.objects.filter(member=member).select_related("issue", "edition").prefetch_related("events")
    numbers = dict(Number.objects.filter(issue__deliveries__member=member).values_list("issue_id", "number"))
    return [
        {
            "issue": numbers.get(row.issue_id),
            "date": row.issue.title_date.isoformat(),
            "edition": row.edition.key if row.edition else None,
            "state": row.state,
            "since": _plain(row.state_at),
            "reason": row.reason,
            "events": [
                {"at": _plain(event.provider_at), "type": event.type, "detail": _told(event.detail)}
                for event in sorted(row.events.all(), key=lambda event: event.provider_at)
            ],
        }
        for row in rows.order_by("issue__title_date", "pk")
    ]


def _told(detail: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in detail.items() if key != "address"}  # a hash


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, dt.date) else value
