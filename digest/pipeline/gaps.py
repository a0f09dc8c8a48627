"""Weeks that never had a draft: days off, and weeks in which nothing ran. Each gets an issue that says why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from digest.compose.models import Issue, IssueKind, IssueState, Number, NumberKind
from digest.compose.number import next_number
from digest.config import Config
from digest.config.weeks import Slot, slot_before
from digest.deliver.editions import new_merge_tag
from digest.installation.audit import record

NOBODY_THERE = "the clock did not run when it was due"
LONGEST = 520  # weeks that are looked back over


def passed_over(config: Config, *, last: dt.date | None, slot: Slot) -> list[Slot]:
    """The weeks between the issue of `last` and that of `slot`, the oldest first."""
    found: list[Slot] = []
    while last is not None and len(found) < LONGEST:
        slot = slot_before(config.plan, config.association.tz, slot)
        if slot.date <= last:
            break
        found.append(slot)
    return found[::-1]


def skip_weeks(
    config: Config, slots: Sequence[Slot], *, window_start: dt.datetime, actor: str, now: dt.datetime
) -> None:
    """A skipped issue for each week that never had a draft. Call it inside the transaction that makes the next draft.

    Raises IntegrityError when another process was there before.
    """
    for slot in slots:
        double = bool(slot.closed) and config.plan.on_holiday == "double"
        why = slot.closed or NOBODY_THERE
        if double:
            number = next_number(config, slot.date)
            why = f"{why}; the next issue is a double one"
            Number.objects.create(
                number=number,
                kind=NumberKind.SKIPPED,
                why=f"part of the double issue that follows {slot.date} ({slot.closed})",
                actor=actor,
                at=now,
            )
        issue = Issue.objects.create(
            kind=IssueKind.WEEKLY,
            slot=slot.date,
            title_date=slot.date,
            window_start=window_start,
            planned_cutoff=slot.cut_off,
            state=IssueState.SKIPPED,
            reason=why,
            merge_tag=new_merge_tag(),
            created_at=now,
        )
        record(actor=actor, verb="issue.skip", subject=f"issue:{issue.pk}", now=now, reason=why)
