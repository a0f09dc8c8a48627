"""Addresses that nothing may be sent to. They are kept as keyed hashes, so they outlive the member's row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from django.db import transaction
from django.db.models import OuterRef, Subquery

from digest.config import Keys
from digest.errors import UsageError
from digest.installation.audit import record
from digest.members.address import address_keys
from digest.members.models import Member, Suppression, SuppressionScope

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

    `source` is "bounce", "complaint", "provider", "unsubscribed", "manual" or "erased"; `reason` is for a person and
    must not name the address.
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


def key_of(keys: Keys, address: str) -> str:
    """The key under which a suppression of this address must stand: its member's own, which may have been made with
    an older suppression key; for an address that is no member's, the current key's."""
    known_as = address_keys(keys, address)
    own = Member.objects.filter(address_key__in=known_as).values_list("address_key", flat=True).first()
    return own or known_as[0]


def suppress_address(
    keys: Keys,
    address: str,
    *,
    reason: str,
    source: str,
    actor: str,
    now: dt.datetime,
    scope: SuppressionScope = SuppressionScope.ALL,
) -> bool:
    """`suppress` of a normalised address, whether it is a member's or nobody's."""
    key = key_of(keys, address)
    return suppress(key, reason=reason, source=source, actor=actor, now=now, scope=scope)


def standing_for(keys: Keys, address: str) -> list[Suppression]:
    """What stands against an address now, under whichever key it was made; the oldest first."""
    found = Suppression.objects.filter(address_key__in=address_keys(keys, address), lifted_at__isnull=True)
    return list(found.order_by("at", "pk"))


def lift(
    keys: Keys,
    address: str,
    *,
    why: str,
    actor: str,
    now: dt.datetime,
    scope: SuppressionScope | None = None,
) -> int:
    """Let mail be sent to the address again; the number of suppressions lifted. `scope`: only those of that scope.

    Only a person does this, with a reason, which is kept. Raises UsageError when there is none.
    """
    if not why.strip():
        raise UsageError("A suppression is lifted only with a reason.", hint='Say it with --why "...".')
    with transaction.atomic():
        rows = Suppression.objects.filter(address_key__in=address_keys(keys, address), lifted_at__isnull=True)
        if scope is not None:
            rows = rows.filter(scope=scope)
        chosen = list(rows.values_list("pk", flat=True))
        lifted = Suppression.objects.filter(pk__in=chosen, lifted_at__isnull=True).update(
            lifted_at=now, lifted_by=actor[:200], lifted_why=why.strip()
        )
        for pk in chosen:
            record(actor=actor, verb="suppression.lift", subject=f"suppression:{pk}", now=now, why=why.strip())
    return lifted


def list_suppressions(*, lifted: bool = False) -> Iterator[tuple[Suppression, str]]:
    """Suppressions, the newest first, each with the member's address where one is on the roll; else ""."""
    rows = Suppression.objects.order_by("-at", "-pk")
    if not lifted:
        rows = rows.filter(lifted_at__isnull=True)
    member = Member.objects.filter(address_key=OuterRef("address_key")).values("email")[:1]
    for row in rows.annotate(email=Subquery(member)).iterator(chunk_size=2000):
        yield row, row.email or ""
