"""Announcements: begun, written, put away. From the approval on they go the way of every issue.

What an editor writes is kept as edits, as the words of an issue are: who wrote what, when, and undone by another.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from digest.compose.announcement import Words, announcement, send_time, words_of
from digest.compose.edit import EditKind
from digest.compose.models import Issue, IssueKind, IssueState
from digest.config import Config
from digest.config.weeks import Slot
from digest.deliver.editions import new_merge_tag
from digest.deliver.roll import Roll
from digest.errors import StateError
from digest.installation.audit import record
from digest.pipeline.coming import Coming, approved_composition, overlay_of
from digest.pipeline.edit import add_edit

OPEN = (IssueState.DRAFT, IssueState.HELD)
AGAIN = dt.timedelta(days=60)  # within which the same words are taken for the same announcement


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One announcement in a list. `title` is "" for a draft without a subject yet."""

    issue: Issue
    title: str
    send_at: dt.datetime | None


def announcements(*states: IssueState, most: int = 200) -> list[Listed]:
    """Those still to be sent first, then the latest; only those in `states`, where any are named."""
    rows = Issue.objects.filter(kind=IssueKind.ANNOUNCEMENT)
    if states:
        rows = rows.filter(state__in=states)
    listed = []
    for issue in rows.order_by("-created_at", "-pk")[:most]:
        words = words_of(overlay_of(issue)) if issue.document is None else None
        title = words.subject if words else str((issue.document or {}).get("title", ""))
        listed.append(Listed(issue=issue, title=title, send_at=issue.send_at or (words.when if words else None)))
    return sorted(listed, key=lambda one: one.issue.released_at is not None or one.issue.stopped_at is not None)


def announcement_of(issue_id: int) -> Issue:
    """The row of that id. StateError when it is no announcement."""
    issue = Issue.objects.filter(pk=issue_id, kind=IssueKind.ANNOUNCEMENT).first()
    if issue is None:
        raise StateError("That announcement is not there.", hint="Go back to the list.")
    return issue


def begin(config: Config, *, actor: str, now: dt.datetime) -> Issue:
    """A new draft without a word."""
    with transaction.atomic():
        issue = unsaved(config, now=now)
        issue.save(force_insert=True)
        record(actor=actor, verb="announcement.begin", subject=f"issue:{issue.pk}", now=now)
    return issue


def unsaved(config: Config, *, now: dt.datetime) -> Issue:
    """A row that is not stored: to look at words before there is an announcement."""
    return Issue(
        kind=IssueKind.ANNOUNCEMENT,
        title_date=now.astimezone(config.association.tz).date(),
        state=IssueState.DRAFT,
        merge_tag=new_merge_tag(),
        created_at=now,
    )


def hearers(config: Config, *, now: dt.datetime) -> int:
    """How many members an announcement would go to today."""
    day = now.astimezone(config.association.tz).date()
    return Roll(kind=IssueKind.ANNOUNCEMENT, day=day).receiving().count()


def as_coming(config: Config, issue: Issue, *, now: dt.datetime, words: Words | None = None) -> Coming:
    """The announcement as `coming` gives the week's issue: as it stands, or as it was approved. Reads only.

    With `words`, which nobody has saved, as it would be with those.
    """
    if issue.document is not None and words is None:
        composition, at = approved_composition(config, issue), issue.send_at or now
    else:
        words = words or words_of(overlay_of(issue))
        composition, at = announcement(config, words, began=issue.created_at, now=now), send_time(words, now)
    day = at.astimezone(config.association.tz).date()
    slot = Slot(date=day, cut_off=at, approve_by=at, hand_over=at, send_at=at)
    return Coming(issue=issue, slot=slot, composition=composition)


def written(issue: Issue) -> Words:
    """The words of an announcement, saved or approved."""
    return words_of(overlay_of(issue))


def write(config: Config, issue_id: int, words: Words, *, actor: str, now: dt.datetime, base_revision: int) -> int:
    """Save what differs from what is there; the new revision.

    `base_revision` is the one that was looked at: StateError when somebody else saved meanwhile; UsageError for a
    text that is too long.
    """
    issue = announcement_of(issue_id)
    kept, revision = written(issue), base_revision
    if issue.revision == base_revision and issue.state == IssueState.DRAFT and kept == words:
        return revision
    at = words.when.astimezone(dt.UTC).isoformat(timespec="minutes") if words.when else ""
    changes = [
        (kept.subject == words.subject, EditKind.SUBJECT, {"text": words.subject}),
        (kept.preheader == words.preheader, EditKind.PREHEADER, {"text": words.preheader}),
        (kept.body == words.body, EditKind.INTRO, {"markdown": words.body}),
        (kept.when == words.when, EditKind.WHEN, {"at": at}),
    ]
    with transaction.atomic():
        for same, kind, value in changes:
            if not same or (issue.revision != base_revision and revision == base_revision):
                revision = add_edit(
                    config, issue_id, kind=kind, value=value, actor=actor, now=now, base_revision=revision
                )
    return revision


def discard(issue_id: int, *, why: str, actor: str, now: dt.datetime, revision: int) -> None:
    """Put a draft away for good; it stays in the audit trail. StateError when it is none, or not what was seen."""
    why = " ".join(why.split())[:500] or "put away"
    with transaction.atomic():
        moved = Issue.objects.filter(
            pk=issue_id, kind=IssueKind.ANNOUNCEMENT, state__in=OPEN, revision=revision
        ).update(state=IssueState.SKIPPED, revision=F("revision") + 1, reason=why)
        if not moved:
            raise StateError(
                "The announcement is no draft any more, or somebody changed it while you were looking at it.",
                hint="Load the page again.",
            )
        record(actor=actor, verb="announcement.discard", subject=f"issue:{issue_id}", now=now, why=why)


def sent_before(config: Config, words: Words, *, now: dt.datetime, besides: int | None = None) -> Issue | None:
    """The approved announcement of the last two months that has these very words, if any."""
    rows = Issue.objects.filter(
        kind=IssueKind.ANNOUNCEMENT, document__isnull=False, created_at__gt=now - AGAIN
    ).exclude(pk=besides or 0)
    for issue in rows.order_by("-created_at"):
        document = issue.document or {}
        if document.get("title") == words.subject and document.get("intro") == words.body:
            return issue
    return None
