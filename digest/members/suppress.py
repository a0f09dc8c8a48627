"""Addresses that nothing may be sent to. They are kept as keyed hashes, so they outlive the member's row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import islice

from django.db import transaction

from digest.installation.audit import record
from digest.members.models import Suppression, SuppressionScope

CHUNK = 500  # keys in one query: well under every database's limit of parameters
STOPS_THE_DIGEST = (SuppressionScope.ALL, SuppressionScope.DIGEST)


def suppressed_keys(keys: Iterable[str], *, scopes: Sequence[SuppressionScope] = STOPS_THE_DIGEST) -> dict[str, str]:
    """Those of `keys` (address keys) that are suppressed now, each with the latest reason."""
    found: dict[str, str] = {}
    remaining = iter(keys)
    while chunk := list(islice(remaining, CHUNK)):
        rows = Suppression.objects.filter(address_key__in=chunk, lifted_at__isnull=True, scope__in=scopes)
        found.update(rows.order_by("at", "pk").values_list("address_key", "reason"))
    return found


def suppress(
    address_key: str,
    *,
    reason: str,
    source: str,
    actor: str,
    now: dt.datetime,
    scope: SuppressionScope = SuppressionScope.ALL,
) -> bool:
    """Send nothing of `scope` to this address from now on; False when that is so already, from this source.

    `source` is "bounce", "complaint", "provider", "manual" or "erased"; `reason` is for a person and must not
    name the address.
    """
    with transaction.atomic():
        standing = Suppression.objects.filter(
            address_key=address_key, scope=scope, source=source, lifted_at__isnull=True
        )
        if standing.exists():
            return False
        row = Suppression.objects.create(address_key=address_key, scope=scope, reason=reason, source=source, at=now)
        record(actor=actor, verb="suppression.add", subject=f"suppression:{row.pk}", now=now, source=source)
    return True
