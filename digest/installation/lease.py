"""A lease: the right to do one named thing, held in the database so that several clocks are harmless."""

from __future__ import annotations

import datetime as dt
import secrets

from django.db.models import F, Q

from digest.installation.models import Lease


def new_owner() -> str:
    """A name for this process, unlike any other's."""
    return secrets.token_hex(8)


def acquire(name: str, *, owner: str, now: dt.datetime, seconds: float) -> int | None:
    """Take or renew the lease; its fence (>= 1), or None when another owner holds it.

    The fence grows each time the lease changes hands, so that a holder that slept through its expiry can be
    told from its successor: pass it to `holds` before acting.
    """
    Lease.objects.get_or_create(name=name)
    until = now + dt.timedelta(seconds=seconds)
    if Lease.objects.filter(name=name, owner=owner, expires_at__gt=now).update(expires_at=until):
        return Lease.objects.values_list("fence", flat=True).get(name=name)
    taken = Lease.objects.filter(Q(expires_at__isnull=True) | Q(expires_at__lte=now), name=name).update(
        owner=owner, expires_at=until, fence=F("fence") + 1
    )
    if not taken:
        return None
    row = Lease.objects.get(name=name)
    return row.fence if row.owner == owner else None


def holds(name: str, *, owner: str, fence: int, now: dt.datetime) -> bool:
    """Whether `owner` still holds the lease under `fence` at `now`."""
    return Lease.objects.filter(name=name, owner=owner, fence=fence, expires_at__gt=now).exists()


def release(name: str, *, owner: str, fence: int) -> None:
    """Give the lease back early; does nothing when it is no longer held."""
    Lease.objects.filter(name=name, owner=owner, fence=fence).update(expires_at=None, owner="")
