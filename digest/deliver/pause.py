"""Pause and resume: while sending is paused no batch is claimed. It holds for the whole installation.

It is kept in the database, so it outlives every process. What a provider holds already goes out at its time: to take
that back is to stop the issue (stop.py).
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from digest.config import Config
from digest.installation.audit import record
from digest.installation.models import Installation


def pause(*, why: str, actor: str, now: dt.datetime) -> bool:
    """Let nothing more be handed over; False when it was paused before, and nothing changed."""
    with transaction.atomic():
        Installation.objects.get_or_create(pk=1, defaults={"created_at": now})
        paused = Installation.objects.filter(pk=1, paused_at__isnull=True).update(
            paused_at=now, paused_by=actor, paused_why=why
        )
        if paused:
            record(actor=actor, verb="sending.pause", subject="installation", now=now, why=why)
        return bool(paused)


def resume(*, actor: str, now: dt.datetime) -> bool:
    """Let sending go on; False when it was not paused."""
    with transaction.atomic():
        resumed = Installation.objects.filter(pk=1, paused_at__isnull=False).update(
            paused_at=None, paused_by="", paused_why=""
        )
        if resumed:
            record(actor=actor, verb="sending.resume", subject="installation", now=now)
        return bool(resumed)


def why_paused(config: Config) -> str:
    """A sentence saying who paused the sending, when and why; "" when it is not paused."""
    row = Installation.objects.filter(pk=1, paused_at__isnull=False).first()
    if row is None or row.paused_at is None:
        return ""
    at = f"{row.paused_at.astimezone(config.association.tz):%a %d %b %H:%M %Z}"
    why = f" Why: {row.paused_why.rstrip('.')}." if row.paused_why else ""
    return f"Sending is paused since {at}, by {row.paused_by}.{why}"
