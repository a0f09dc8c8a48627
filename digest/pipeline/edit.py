"""Edit: append an editor's change to the issue's overlay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, Max

from digest.compose.edit import EditKind, EditValue, check_edit
from digest.compose.models import Edit, Issue, IssueState
from digest.config import Config
from digest.errors import StateError, UsageError
from digest.gather.models import Entry
from digest.installation.audit import record
from digest.pipeline.coming import ensure_draft


def add_edit(
    config: Config,
    issue_id: int | None,
    *,
    kind: str,
    entry: int | None = None,
    value: Mapping[str, Any] | None = None,
    actor: str,
    now: dt.datetime,
    base_revision: int,
) -> int:
    """Append the change and give the issue's new revision.

    `base_revision` is the one the editor looked at: when somebody changed the issue meanwhile, nothing is
    stored and StateError says so. UsageError for a change that makes no sense.
    """
    if kind not in set(EditKind):
        raise UsageError(f"There is no change called {kind!r}.")
    change = check_edit(EditValue(kind=EditKind(kind), entry=entry, value=value or {}, actor=actor))
    if entry is not None and not Entry.objects.filter(pk=entry).exists():
        raise UsageError("That item is no longer there.", hint="Load the page again.")
    if issue_id is None:
        issue_id = ensure_draft(config, now=now).pk
    with transaction.atomic():
        moved = Issue.objects.filter(pk=issue_id, state=IssueState.DRAFT, revision=base_revision).update(
            revision=F("revision") + 1
        )
        if not moved:
            raise _refusal(issue_id)
        last = Edit.objects.filter(issue_id=issue_id).aggregate(last=Max("seq"))["last"] or 0
        Edit.objects.create(
            issue_id=issue_id,
            seq=last + 1,
            kind=change.kind,
            entry_id=change.entry,
            value=dict(change.value),
            actor=actor,
            at=now,
            base_revision=base_revision,
        )
        record(
            actor=actor, verb=f"issue.edit.{change.kind}", subject=f"issue:{issue_id}", now=now, entry=change.entry
        )
    return base_revision + 1


def _refusal(issue_id: int) -> StateError:
    issue = Issue.objects.filter(pk=issue_id).first()
    if issue is None:
        return StateError("That issue is no longer there.", hint="Load the page again.")
    if issue.state != IssueState.DRAFT:
        return StateError(
            f"The issue is {issue.state.replace('_', ' ')}, so it cannot be changed.",
            hint="Withdraw the approval first." if issue.state == IssueState.APPROVED else "",
        )
    return StateError(
        "Somebody changed the issue while you were looking at it; your change was not stored.",
        hint="Load the page again, look at what is new, and make your change once more.",
    )
