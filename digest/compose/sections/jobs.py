"""Jobs: those with a closing date show it, and are left out once it has passed."""

from __future__ import annotations

import datetime as dt

from digest.compose.document import Candidate, Outcome
from digest.compose.sections.base import Exit, SectionKind


def expired(candidate: Candidate, send_at: dt.datetime, tz: dt.tzinfo) -> Exit | None:
    """Out when the closing day ended before the local day of the sending."""
    closing = candidate.doc.closing
    if closing is None or closing >= send_at.astimezone(tz).date():
        return None
    return Exit(outcome=Outcome.EXPIRED, reason=f"it closed on {closing.day} {closing:%b %Y}")


KIND = SectionKind(name="jobs", leave_out=expired)
