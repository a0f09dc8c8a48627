"""Which week an entry belongs to. Windows are half-open and tile time; nothing falls between two."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass

from digest.compose.document import Candidate, Outcome, Window
from digest.compose.sections.base import Exit, moment
from digest.config import Plan
from digest.config.weeks import Slot, slot_before

_MOST_CLOSED = 8  # weeks in a row


@dataclass(frozen=True, slots=True, kw_only=True)
class LateRule:
    """How entries that come late are taken: published before the window, first seen within it.

    They count as news of this week when they are younger than `limit` and their source was already being
    gathered when they appeared - else the first gather of a new source would pour its whole history in.
    """

    limit: dt.timedelta
    gathered_since: Mapping[str, dt.datetime]  # source -> its first successful fetch


@dataclass(frozen=True, slots=True, kw_only=True)
class InWindow:
    """The candidate belongs to this window. `why` is for a person; `flag` for the templates, "" as a rule."""

    why: str = "published within this issue's week"
    code: str = "in-window"
    flag: str = ""


def week_window(plan: Plan, tz: zoneinfo.ZoneInfo, slot: Slot) -> Window:
    """The ordinary week that ends at the slot's cut-off: seven wall-clock days, or more after a week off."""
    before = slot_before(plan, tz, slot)
    for _ in range(_MOST_CLOSED):
        if not before.closed:
            break
        before = slot_before(plan, tz, before)
    return Window(start=before.cut_off, end=slot.cut_off)


def judge(candidate: Candidate, window: Window, late: LateRule | None) -> InWindow | Exit | None:
    """Whether `candidate` belongs to `window`; None when this window has nothing to say about it.

    Without a `late` rule only publication dates count (the look at a past week).
    """
    at = moment(candidate)
    if at in window:
        return InWindow()
    if late is None:
        return None
    if at >= window.end:
        if candidate.first_seen_at < window.end:
            return Exit(
                outcome=Outcome.WAITING, reason="it is dated after this issue's cut-off and waits for the next issue"
            )
        return None
    if candidate.first_seen_at not in window:
        return None
    since = late.gathered_since.get(candidate.source)
    if since is None or since >= window.start:
        return Exit(
            outcome=Outcome.TOO_OLD, reason="it was published before this week, when its source was not yet read"
        )
    if window.start - at > late.limit:
        days = late.limit.days
        return Exit(outcome=Outcome.TOO_OLD, reason=f"it came late and is more than {days} days older than this week")
    return InWindow(why="published earlier, but first seen this week", code="late", flag="late")
