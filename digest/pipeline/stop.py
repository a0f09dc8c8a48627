"""Stop, pause, resume: a person's word against what the clock would do."""

from __future__ import annotations

import datetime as dt

from digest.compose.models import Issue, IssueState
from digest.compose.naming import name_of as _name
from digest.config import Config, Keys
from digest.deliver import stop as stopping
from digest.deliver.pause import pause as pause_sending
from digest.deliver.pause import resume as resume_sending
from digest.deliver.send import Clock, running_from
from digest.deliver.stop import Stopped
from digest.errors import StateError, UsageError
from digest.installation.audit import record

STOPPABLE = (IssueState.APPROVED, IssueState.HANDING_OVER, IssueState.RELEASED)
LONGEST_WHY = 500


def stop(
    config: Config,
    keys: Keys,
    issue: Issue,
    *,
    why: str,
    actor: str,
    now: dt.datetime,
    clock: Clock | None = None,
) -> Stopped:
    """Let nothing more of `issue` go out, and take back what the provider still holds; what that came to.

    Nothing is handed over from the first moment on. Stopping a stopped issue goes on with what was left. Raises
    UsageError without a reason, StateError for an issue of which nothing can be stopped.
    """
    clock = clock or running_from(now)
    why = _reason(why)
    if stopping.forbid(issue, states=STOPPABLE, why=why, now=now):
        record(actor=actor, verb="issue.stop", subject=f"issue:{issue.pk}", now=now, why=why)
    elif issue.state == IssueState.SENT:
        raise StateError(f"{_name(issue)} is sent: every copy is out, so nothing of it can be stopped.")
    elif issue.state != IssueState.STOPPED:
        raise StateError(f"{_name(issue)} is {issue.state}, so there is nothing to stop.")
    return stopping.take_back(config, keys, issue, clock=clock)


def finish_stops(config: Config, keys: Keys, *, now: dt.datetime, clock: Clock | None = None) -> list[str]:
    """Go on with stops that were broken off or not confirmed; a sentence for each."""
    said, clock = [], clock or running_from(now)
    for issue in Issue.objects.filter(state=IssueState.STOPPED, stopped_at__gte=now - dt.timedelta(days=2)):
        if stopping.is_unfinished(issue, clock()):
            stopped = stopping.take_back(config, keys, issue, clock=clock)
            said.append(" ".join([f"{_name(issue)} is stopped.", stopped.words, *stopped.problems]))
    return said


def pause(*, why: str, actor: str, now: dt.datetime) -> bool:
    """Let nothing more be handed over, of any issue, until `resume`; False when it was paused before."""
    return pause_sending(why=" ".join(why.split())[:LONGEST_WHY], actor=actor, now=now)


def resume(*, actor: str, now: dt.datetime) -> bool:
    """Let sending go on; False when it was not paused."""
    return resume_sending(actor=actor, now=now)


def _reason(why: str) -> str:
    why = " ".join(why.split())[:LONGEST_WHY]
    if not why:
        raise UsageError("The reason is missing.", hint="Say it with --why: it stands with the issue for ever.")
    return why
