"""Events, by their start. One that is over before the issue goes out is left out."""

from __future__ import annotations

import datetime as dt

from digest.compose.document import Candidate, Outcome
from digest.compose.sections.base import Exit, SectionKind

LAST_CHANCE = dt.timedelta(days=3)


def _leave_out(candidate: Candidate, send_at: dt.datetime, tz: dt.tzinfo) -> Exit | None:
    event = candidate.doc.event
    if event is None:
        return None
    ends = event.end or event.start + (dt.timedelta(days=1) if event.all_day else dt.timedelta(0))
    if ends > send_at:
        return None
    day = ends.astimezone(tz)
    return Exit(outcome=Outcome.EVENT_OVER, reason=f"the event was over on {day.day} {day:%b %Y}, before the sending")


def _flags(candidate: Candidate, send_at: dt.datetime) -> tuple[str, ...]:
    event = candidate.doc.event
    soon = event is not None and send_at <= event.start <= send_at + LAST_CHANCE
    return ("last-chance",) if soon else ()


KIND = SectionKind(name="events", sort="event", leave_out=_leave_out, flags=_flags)
