"""How the coming issue stands with people: reviewed, approved, changed since; and what can be done now."""

from __future__ import annotations

import datetime as dt
from typing import Any

from digest import pipeline
from digest.compose.models import IssueState
from digest.config import Config
from digest.pipeline import Coming
from digest.web.staff.outlook import Approved
from digest.web.staff.when import distance, long_time


def changes_context(config: Config, coming: Coming, *, now: dt.datetime) -> dict[str, Any]:
    """What changed since somebody looked at it all, and since the approval that stands no more."""
    tz = config.association.tz
    review = pipeline.last_review(coming)
    voided = pipeline.last_voided(coming)
    return {
        "reviewed": review,
        "reviewed_at": long_time(review.at, tz) if review else "",
        "reviewed_distance": distance(review.at, now) if review else "",
        "voided": voided,
        "voided_approved_at": long_time(voided.at, tz) if voided else "",
        "voided_at": long_time(voided.voided_at, tz) if voided else "",
    }


def may_be_done(
    config: Config, coming: Coming, approved: Approved | None, *, by: str, now: dt.datetime
) -> dict[str, bool]:
    """Which of the desk's buttons make sense for the issue as it is, for somebody with the right to press them."""
    issue = coming.issue
    state = issue.state
    draft, waiting = state == IssueState.DRAFT, state == IssueState.APPROVED
    missing = approved.missing if approved else 0
    mine = approved is not None and by in approved.by.split(" and ")
    return {
        "approvable": bool(coming.document.items) and (draft or (waiting and missing > 0 and not mine)),
        "waits_for_others": waiting and missing > 0 and mine,
        "withdrawable": waiting,
        "releasable": waiting
        and not missing
        and (config.plan.early_release or now >= (issue.send_at or coming.slot.send_at)),
        "holdable": draft or waiting,
        "held": state == IssueState.HELD,
        "skippable": draft or waiting or state == IssueState.HELD,
        "stoppable": state == IssueState.HANDING_OVER,
        "reviewable": draft and bool(coming.document.items),
    }
