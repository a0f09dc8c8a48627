"""Bring the members' rows over to a new suppression key.

A hash can be made anew only where the address is known. Members' own, and what stands against them, move; hashes of
addresses that are on no roll stay as they are, and every look-up asks for all keys that are listed. So an older key
goes on being listed as long as anything was suppressed under it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from digest.config import Keys
from digest.installation.audit import record
from digest.members.address import address_key
from digest.members.models import Member, Suppression

CHUNK = 1_000  # members in one transaction: nobody waits long, and a run that was cut short goes on where it was


@dataclass(frozen=True, slots=True, kw_only=True)
class Rekeyed:
    """What a rekeying did: rows moved, and suppressions whose address nobody knows, which stay under their key."""

    members: int
    suppressions: int
    left_behind: int


def rekey(keys: Keys, *, actor: str, now: dt.datetime) -> Rekeyed:
    """Move every member, and what stands against them, to the current suppression key. Safe to run again."""
    moved = moved_suppressions = last = 0
    while True:
        with transaction.atomic():
            found = Member.objects.select_for_update().filter(pk__gt=last, email__isnull=False).order_by("pk")[:CHUNK]
            rows = list(found)
            if not rows:
                break
            last = rows[-1].pk
            changes = _changes(keys, rows)
            for row in rows:
                row.address_key = changes.get(row.address_key, row.address_key)
            moved += len(changes)
            if changes:
                Member.objects.bulk_update(rows, ["address_key"], batch_size=250)
                standing = list(Suppression.objects.filter(address_key__in=changes))
                for suppression in standing:
                    suppression.address_key = changes[suppression.address_key]
                moved_suppressions += Suppression.objects.bulk_update(standing, ["address_key"], batch_size=250)
    with transaction.atomic():
        unknown = Suppression.objects.exclude(address_key__in=Member.objects.values("address_key")).count()
        record(
            actor=actor,
            verb="members.rekey",
            subject="members",
            now=now,
            members=moved,
            suppressions=moved_suppressions,
            key=keys.suppression[0].id,
        )
    return Rekeyed(members=moved, suppressions=moved_suppressions, left_behind=unknown)


def _changes(keys: Keys, rows: Sequence[Member]) -> dict[str, str]:
    """The old key of each row that has one, and the new. A new key that another row holds already is left alone: that
    is the same address twice, which only a person can settle."""
    changes = {row.address_key: address_key(keys, str(row.email)) for row in rows}
    changes = {old: new for old, new in changes.items() if old != new}
    taken = set(Member.objects.filter(address_key__in=changes.values()).values_list("address_key", flat=True))
    return {old: new for old, new in changes.items() if new not in taken}
