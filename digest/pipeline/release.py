"""Release: hand an approved issue over now, before its planned time."""

from __future__ import annotations

import datetime as dt

from digest.compose.models import Issue, IssueState
from digest.config import Config, Keys
from digest.errors import StateError
from digest.installation.audit import record
from digest.pipeline.send import SendReport, send


def release(config: Config, keys: Keys, issue_id: int, *, actor: str, now: dt.datetime, revision: int) -> SendReport:
    """Hand the approved issue over at once. `revision` is what was looked at.

    StateError when it is not approved, or no longer that; where the plan sends at the planned time only; and as
    `send`, which does it and can be run again when it is broken off.
    """
    issue = Issue.objects.filter(pk=issue_id).first()
    if issue is None or issue.state != IssueState.APPROVED:
        raise StateError("Only an approved issue that waits can be sent now.", hint="Load the page again.")
    if issue.revision != revision:
        raise StateError("The issue is not what you looked at any more.", hint="Look at it again.")
    planned = issue.send_at
    report = send(config, keys, issue, now=now, actor=actor)
    record(
        actor=actor,
        verb="issue.release",
        subject=f"issue:{issue_id}",
        now=now,
        planned=planned.isoformat() if planned else None,
    )
    return report
