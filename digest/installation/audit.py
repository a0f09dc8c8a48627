"""The audit trail. Call `record` inside the transaction of the change it speaks of."""

from __future__ import annotations

import datetime as dt
from typing import Any

from digest.installation.models import Audit


def record(*, actor: str, verb: str, subject: str, now: dt.datetime, **detail: Any) -> None:
    """Append one line. `detail` must be JSON values and must never hold a member's address."""
    Audit.objects.create(at=now, actor=actor, verb=verb, subject=subject, detail=detail)
