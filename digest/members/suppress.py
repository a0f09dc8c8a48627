"""Addresses that nothing may be sent to. They are kept as keyed hashes, so they outlive the member's row."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from django.db import transaction

from digest.config import Keys
from digest.errors import UsageError
from digest.installation.audit import record
from digest.members.address import Refused, address_keys, normalise
from digest.members.models import Member, Suppression, SuppressionScope
from digest.members.table import read_table

CHUNK = 500  # keys in one query: well under every database's limit of parameters
EARLIER_TOOL = "left the list of an earlier tool"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What taking a list over did. `refused` are the numbers of rows that hold no address."""

    understood: str
    rows: int
    new: int
    known: int
    refused: tuple[int, ...]


def suppress_list(path: Path, *, keys: Keys, now: dt.datetime, actor: str) -> Kept:
    """Suppress everybody on a CSV file, as those who left the list of an earlier tool. All of it, or nothing.

    Whether they are members does not matter.  Raises UsageError when it is no such file.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", hint="Check the path.") from None
    table = read_table(data, name=path.name)
    new, seen, refused = 0, set(), []
    with transaction.atomic():
        for row in table.rows:
            address = normalise(row.address)
            if row.wrong or isinstance(address, Refused):
                refused.append(row.number)
                continue
            known = address_keys(keys, address)
            if known[0] not in seen:
                seen.add(known[0])
                own = Member.objects.filter(address_key__in=known).values_list("address_key", flat=True).first()
                new += suppress(own or known[0], reason=EARLIER_TOOL, source="manual", actor=actor, now=now)
        record(
            actor=actor,
            verb="members.suppress",
            subject="members",
            now=now,
            file_sha256=hashlib.sha256(data).hexdigest(),
            rows=len(table.rows),
            new=new,
        )
    return Kept(
        understood=table.understood, rows=len(table.rows), new=new, known=len(seen) - new, refused=tuple(refused)
    )
