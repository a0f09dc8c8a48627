"""Edit: append an editor's change to the issue's overlay, or an item made by hand."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import F, Max

from digest.compose.changes import said_of
from digest.compose.diff import snapshot
from digest.compose.edit import OVER, EditKind, EditValue, check_edit, standing
from digest.compose.history import Recorded, colliding
from digest.compose.models import Edit, Issue, IssueState
from digest.compose.rewrite import check_words, with_words
from digest.config import Config
from digest.errors import ConflictError, StateError, UsageError
from digest.gather.clean.links import url_key
from digest.gather.clean.text import normalised_title, one_line, scrub
from digest.gather.document import EntryDoc
from digest.gather.models import Entry, Source
from digest.gather.store import MANUAL
from digest.gather.values import DateQuality, IdentityKind
from digest.installation.audit import record
from digest.pipeline.approvals import last_review
from digest.pipeline.coming import Coming, edits_of, ensure_draft


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
    merge: bool = False,
) -> int:
    """Append the change and give the issue's new revision.

    `base_revision` is the one the editor looked at: when somebody changed the issue meanwhile, nothing is
    stored and ConflictError says so; with `merge` only when what they changed is what this change speaks of
    (`digest.compose.history.colliding`). UsageError for a change that makes no sense.
    """
    if kind not in set(EditKind) - {EditKind.REVIEWED, EditKind.ADD}:
        raise UsageError(f"There is no change called {kind!r}.")
    change = check_edit(
        EditValue(kind=EditKind(kind), entry=entry, value=value or {}, actor=actor),
        sections=[s.id for s in config.sections],
    )
    _check_entries_exist(change)
    change = _over_what(config, change)
    if issue_id is None:
        issue_id = ensure_draft(config, now=now).pk
    with transaction.atomic():
        if merge:
            base_revision = _merged_base(issue_id, change, base_revision)
        _claim_revision(issue_id, base_revision)
        if change.kind in (EditKind.UNDO, EditKind.REDO):
            _check_there_is_one(issue_id, change.kind)
        _append(issue_id, change, now=now, base_revision=base_revision)
    return base_revision + 1


def add_item(
    config: Config,
    issue_id: int | None,
    *,
    title: str,
    url: str = "",
    summary: str = "",
    image: str = "",
    section: str,
    alt: str = "",
    start: str = "",
    end: str = "",
    place: str = "",
    closing: str = "",
    actor: str,
    now: dt.datetime,
    base_revision: int,
    merge: bool = False,
) -> int:
    """Add an item made by hand; the new revision. From then on it is an entry of the source `manual`.

    Dates are wall time of the association's zone (digest/compose/rewrite.py). With `merge` it is added whatever
    others changed meanwhile: a new item touches nothing of theirs.
    """
    given = {"title": title, "summary": summary, "url": url, "image": image, "alt": alt}
    dates = {"start": start, "end": end, "place": place, "closing": closing}
    words = check_words({key: text for key, text in (given | dates).items() if text or key in ("title", "summary")})
    if issue_id is None:
        issue_id = ensure_draft(config, now=now).pk
    tz = config.association.tz
    plain = with_words(EntryDoc(title=one_line(title), summary=scrub(summary).strip()), words, tz)
    doc = plain.model_copy(update={"title": one_line(title), "summary": scrub(summary).strip()})
    with transaction.atomic():
        if merge:
            base_revision = _current_revision(issue_id, base_revision)
        _claim_revision(issue_id, base_revision)
        source, _ = Source.objects.get_or_create(key=MANUAL)
        entry = Entry.objects.create(
            source=source,
            identity=hashlib.sha256(secrets.token_bytes(32)).hexdigest(),
            identity_kind=IdentityKind.MANUAL,
            url_key=url_key(doc.url) if doc.url else "",
            title_key=hashlib.sha256(normalised_title(doc.title).encode()).hexdigest(),
            first_seen_at=now,
            last_seen_at=now,
            date_quality=DateQuality.MISSING,
            event_start=doc.event.start if doc.event else None,
            event_end=doc.event.end if doc.event else None,
            first_doc=doc.model_dump(mode="json"),
            latest_doc=doc.model_dump(mode="json"),
        )
        change = check_edit(
            EditValue(kind=EditKind.ADD, entry=entry.pk, value={"section": section}, actor=actor),
            sections=[s.id for s in config.sections],
        )
        _append(issue_id, change, now=now, base_revision=base_revision)
    return base_revision + 1


def recorded_edits(issue_id: int | None) -> list[Recorded]:
    """Every change to an issue, the oldest first, with its maker and its time; none before the draft is stored."""
    if issue_id is None:
        return []
    rows = Edit.objects.filter(issue_id=issue_id).order_by("seq")
    fields = rows.values_list("seq", "base_revision", "at", "kind", "entry_id", "value", "actor")
    return [
        Recorded(
            seq=seq, base=base, at=at, edit=EditValue(kind=EditKind(kind), entry=entry, value=value, actor=actor)
        )
        for seq, base, at, kind, entry, value, actor in fields
    ]


def mark_reviewed(coming: Coming, *, actor: str, now: dt.datetime) -> None:
    """Remember the draft as it stands: `changes_since_review` tells what happened to it since. Changes nothing."""
    if coming.issue.pk is None:
        raise StateError("There is no draft yet.", hint="Gather first.")
    with transaction.atomic():
        change = EditValue(kind=EditKind.REVIEWED, value={"snapshot": snapshot(coming.document)}, actor=actor)
        _append(coming.issue.pk, change, now=now, base_revision=coming.issue.revision)


def changes_since_review(coming: Coming) -> list[str] | None:
    """Sentences, or None when nobody has marked the draft as reviewed."""
    last = last_review(coming)
    return None if last is None else [found.sentence for found in last.changes]


def _claim_revision(issue_id: int, base_revision: int) -> None:
    draft = Issue.objects.filter(pk=issue_id, state=IssueState.DRAFT, revision=base_revision)
    if not draft.update(revision=F("revision") + 1):
        raise _refusal(issue_id)


def _current_revision(issue_id: int, base_revision: int) -> int:
    """The revision to build on, when the one looked at may be older; that it may not be changed is refused later."""
    # Locked: between this look and the claim nobody else may come in between, or the claim fails for nothing.
    locked = Issue.objects.select_for_update().filter(pk=issue_id)
    found = locked.values_list("revision", flat=True).first()
    return max(base_revision, found or 0)


def _merged_base(issue_id: int, change: EditValue, base_revision: int) -> int:
    """The revision `change` can be built on. ConflictError when somebody changed meanwhile what it speaks of."""
    current = _current_revision(issue_id, base_revision)
    if current == base_revision:
        return current
    recorded = recorded_edits(issue_id)
    unseen = {row.base for row in recorded if base_revision <= row.base and row.edit.kind is not EditKind.REVIEWED}
    # A revision that no edit made is an approval's, or a withdrawal's: what stood there was frozen meanwhile.
    if len(unseen) == current - base_revision and not colliding(change, recorded, since=base_revision):
        return current
    return base_revision


def _append(issue_id: int, change: EditValue, *, now: dt.datetime, base_revision: int) -> None:
    last = Edit.objects.filter(issue_id=issue_id).aggregate(last=Max("seq"))["last"] or 0
    Edit.objects.create(
        issue_id=issue_id,
        seq=last + 1,
        kind=change.kind,
        entry_id=change.entry,
        value=dict(change.value),
        actor=change.actor,
        at=now,
        base_revision=base_revision,
    )
    verb = f"issue.edit.{change.kind}"
    record(actor=change.actor, verb=verb, subject=f"issue:{issue_id}", now=now, entry=change.entry)


def _check_entries_exist(change: EditValue) -> None:
    named = {change.entry, change.value.get("other"), change.value.get("into"), *change.value.get("entries", ())}
    wanted = {key for key in named if key is not None}
    if Entry.objects.filter(pk__in=wanted).count() != len(wanted):
        raise UsageError("That item is no longer there.", hint="Load the page again.")


def _over_what(config: Config, change: EditValue) -> EditValue:
    """A rewriting with what the source says there now, so that a later change of that very text can be told."""
    if change.kind is not EditKind.REWRITE or change.entry is None:
        return change
    doc = EntryDoc.model_validate(Entry.objects.values_list("latest_doc", flat=True).get(pk=change.entry))
    return replace(change, value={**change.value, OVER: said_of(doc, change.value, config.association.tz)})


def _check_there_is_one(issue_id: int, kind: EditKind) -> None:
    done, undone = standing(edits_of(issue_id))
    if kind is EditKind.UNDO and not done:
        raise StateError("There is nothing to undo.")
    if kind is EditKind.REDO and not undone:
        raise StateError("There is nothing to redo.")


def _refusal(issue_id: int) -> StateError:
    issue = Issue.objects.filter(pk=issue_id).first()
    if issue is None:
        return StateError("That issue is no longer there.", hint="Load the page again.")
    if issue.state != IssueState.DRAFT:
        return StateError(
            f"The issue is {issue.state.replace('_', ' ')}, so it cannot be changed.",
            hint="Withdraw the approval first." if issue.state == IssueState.APPROVED else "",
        )
    return ConflictError(
        "Somebody changed the issue while you were looking at it; your change was not stored.",
        hint="Load the page again, look at what is new, and make your change once more.",
    )
