"""The coming issue: which one it is, and what is in it at this moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Max

from digest.compose.announcement import announcement, send_time, words_of
from digest.compose.assemble import compose
from digest.compose.candidates import candidates_named, candidates_of, carried_into, late_rule, past_of
from digest.compose.changes import Rewritten, SourceNote, source_note
from digest.compose.document import Candidate, Composition, IssueDocument, Item, Outcome, Placed, Window
from digest.compose.edit import EditKind, EditValue, Overlay, fold
from digest.compose.headline import counted_from_anchor
from digest.compose.models import Approval, Edit, Issue, IssueKind, IssueState, Placement
from digest.compose.number import next_number, number_of
from digest.compose.transient import transient_candidates
from digest.compose.window import week_window
from digest.config import Config
from digest.config.weeks import Slot, latest_slot, next_slot, slot_after, slot_of_cut_off
from digest.deliver.editions import new_merge_tag
from digest.errors import UsageError
from digest.gather.transient import ReadSource
from digest.installation.audit import record
from digest.pipeline.fitting import fit
from digest.pipeline.gaps import passed_over, skip_weeks

OPEN = (IssueState.DRAFT, IssueState.HELD)
UNDER_WAY = (IssueState.APPROVED, IssueState.HANDING_OVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """The issue the week is about.

    `issue` is its row; before the first gather it is not stored yet (`issue.pk is None`).
    """

    issue: Issue
    slot: Slot
    composition: Composition

    @property
    def document(self) -> IssueDocument:
        return self.composition.document


def coming(config: Config, *, now: dt.datetime) -> Coming:
    """The issue under way (approved, being handed over), else the open draft. Reads only."""
    issue = _current() or _new_draft(config, now)
    if issue.state in UNDER_WAY and issue.document is not None:
        composition = approved_composition(config, issue)
    else:
        composition = compose_draft(config, issue)
    return Coming(issue=issue, slot=slot_of(config, issue), composition=composition)


def current_issue(config: Config, *, now: dt.datetime) -> Issue:
    """The row of the issue that `coming` composes, without composing it; unsaved before the first gather."""
    return _current() or _new_draft(config, now)


def ensure_draft(config: Config, *, now: dt.datetime) -> Issue:
    """The current issue's row, made when there is none, with one for each week that was passed over since the last.

    Two callers at once get the same one.
    """
    if (issue := _current()) is not None:
        return issue
    draft = _new_draft(config, now)
    assert draft.window_start is not None
    try:
        with transaction.atomic():
            skip_weeks(config, _passed_over(config, draft), window_start=draft.window_start, actor="clock", now=now)
            draft.save(force_insert=True)
            record(actor="digest", verb="issue.draft", subject=f"issue:{draft.pk}", now=now)
    except IntegrityError:
        raced = _current()
        if raced is None:
            raise
        return raced
    return draft


def slot_of(config: Config, issue: Issue) -> Slot:
    """The planned week of a weekly issue, under today's plan; of an announcement, the time it was given."""
    if issue.kind == IssueKind.ANNOUNCEMENT:
        return _slot_of_announcement(config, issue)
    if issue.planned_cutoff is None:
        raise UsageError(f"The {issue.kind} issue of {issue.title_date} belongs to no week.")
    return slot_of_cut_off(
        config.plan, config.association.tz, issue.planned_cutoff.astimezone(config.association.tz).date()
    )


def compose_draft(config: Config, issue: Issue, *, closes: dt.datetime | None = None) -> Composition:
    """The draft as it stands: entries of its window under the editors' changes, as many as fit into a mail.

    `closes` ends the window early (approval before the planned cut-off); an announcement is dated by it.
    """
    if issue.kind == IssueKind.ANNOUNCEMENT:
        words, at = words_of(overlay_of(issue)), closes or issue.created_at
        return announcement(config, words, began=issue.created_at, now=at)
    if issue.window_start is None or issue.planned_cutoff is None:
        raise UsageError(f"The {issue.kind} issue of {issue.title_date} has no window to compose from.")
    end = issue.planned_cutoff if closes is None else min(issue.planned_cutoff, closes)
    window = Window(start=issue.window_start, end=max(end, issue.window_start))
    overlay, carried = overlay_of(issue), carried_into(issue)
    candidates = candidates_of(config, window, besides=[*overlay.added, *overlay.included, *carried])
    composition = compose(
        config,
        candidates,
        window=window,
        date=issue.title_date,
        send_at=issue.send_at or slot_of(config, issue).send_at,
        number=number_of(issue) or next_number(config, issue.title_date),
        overlay=overlay,
        late=late_rule(config),
        past=past_of(candidates, carried=carried, besides=issue),
    )
    return fit(config, composition, overlay)


def overlay_of(issue: Issue) -> Overlay:
    """The editors' changes so far, folded."""
    return fold(edits_of(issue.pk)) if issue.pk else Overlay()


def edits_of(issue_id: int) -> list[EditValue]:
    """The editors' changes to an issue, in their order."""
    rows = Edit.objects.filter(issue_id=issue_id).order_by("seq").values_list("kind", "entry_id", "value", "actor")
    return [EditValue(kind=EditKind(k), entry=e, value=v, actor=a) for k, e, v, a in rows]


def as_of(config: Config, *, when: dt.datetime, stored: bool) -> tuple[Composition, Sequence[ReadSource]]:
    """The issue of the latest planned cut-off at or before `when`, seven days by published dates; stores nothing.

    Sources that were gathered are read from the database (`stored`), the others are fetched now and forgotten;
    those fetches are the second value.
    """
    slot = latest_slot(config.plan, config.association.tz, when)
    window = week_window(config.plan, config.association.tz, slot)
    candidates, number = [], counted_from_anchor(config, slot.date)
    gathered: set[str] = set()
    if stored:
        gathered = set(late_rule(config).gathered_since)
        candidates = candidates_of(config, window, sources=gathered)
        issue = Issue.objects.filter(kind=IssueKind.WEEKLY, slot=slot.date).first()
        number = (number_of(issue) if issue else None) or number
    read = transient_candidates(config, now=when, besides=gathered)
    composition = compose(
        config,
        [*candidates, *read.candidates],
        window=window,
        date=slot.date,
        send_at=slot.send_at,
        number=number,
    )
    return fit(config, composition), read.sources


def _current() -> Issue | None:
    weekly = Issue.objects.filter(kind=IssueKind.WEEKLY)
    return (
        weekly.filter(state__in=UNDER_WAY).order_by("slot").first()
        or weekly.filter(state__in=OPEN).order_by("slot").first()
    )


def _new_draft(config: Config, now: dt.datetime) -> Issue:
    """The next issue: that of the latest planned week that has none yet.

    The first one of all is that of the first week that can still be approved in time.
    """
    plan, tz = config.plan, config.association.tz
    weekly = Issue.objects.filter(kind=IssueKind.WEEKLY)
    last = weekly.order_by("-slot").first()
    slot = latest_slot(plan, tz, now)
    if last is None and slot.approve_by < now:
        slot = next_slot(plan, tz, now)
    while slot.closed or (last is not None and last.slot is not None and slot.date <= last.slot):
        slot = slot_after(plan, tz, slot)
    closed = weekly.filter(window_end__isnull=False).order_by("-window_end").first()
    if closed is not None and closed.window_end is not None:
        start = closed.window_end
    elif last is not None and last.window_start is not None:
        start = last.window_start  # skipped: its window passes to its successor
    else:
        start = week_window(plan, tz, slot).start
    return Issue(
        kind=IssueKind.WEEKLY,
        slot=slot.date,
        title_date=slot.date,
        window_start=start,
        planned_cutoff=slot.cut_off,
        state=IssueState.DRAFT,
        merge_tag=new_merge_tag(),
        created_at=now,
    )


def _passed_over(config: Config, draft: Issue) -> list[Slot]:
    last = Issue.objects.filter(kind=IssueKind.WEEKLY).order_by("-slot").first()
    return passed_over(config, last=last.slot if last else None, slot=slot_of(config, draft))


def _slot_of_announcement(config: Config, issue: Issue) -> Slot:
    """All of its chain at the one time that it has."""
    at = issue.send_at or send_time(words_of(overlay_of(issue)), issue.created_at)
    return Slot(date=at.astimezone(config.association.tz).date(), cut_off=at, approve_by=at, hand_over=at, send_at=at)


def approved_composition(config: Config, issue: Issue) -> Composition:
    """The document as it was approved, with the placements written then."""
    document = IssueDocument.model_validate(issue.document)
    items = [item.entry for item in document.items if item.entry is not None]
    by_key = {c.key: c for c in candidates_of(config, document.window, besides=items)}
    notes = _notes_since_approval(config, issue, document, by_key)
    rows = Placement.objects.filter(issue=issue).order_by("pk")
    placements = tuple(
        Placed(
            candidate=by_key[row.entry_id],
            outcome=Outcome(row.outcome),
            code=row.reason_code,
            reason=row.reason,
            section=row.section,
            position=row.position,
            merged_into=row.merged_into_id,
            note=notes.get(row.entry_id),
        )
        for row in rows
        if row.entry_id in by_key
    )
    return Composition(document=document, placements=placements)


def changed_since_approval(config: Config, issue: Issue) -> list[tuple[Item, SourceNote]]:
    """The items of an approved issue whose source says something else by now: what an erratum might be about."""
    if issue.document is None:
        return []
    document = IssueDocument.model_validate(issue.document)
    by_key = candidates_named(config, [item.entry for item in document.items if item.entry is not None])
    notes = _notes_since_approval(config, issue, document, by_key)
    return [(item, notes[item.entry]) for item in document.items if item.entry in notes]


def _notes_since_approval(
    config: Config, issue: Issue, document: IssueDocument, candidates: Mapping[int, Candidate]
) -> dict[int, SourceNote]:
    """By entry: what differs between the items of `document` and what their sources say now."""
    overlay = overlay_of(issue)
    approved_at = Approval.objects.filter(issue=issue, voided_at__isnull=True).aggregate(at=Max("at"))["at"]
    notes: dict[int, SourceNote] = {}
    for item in document.items:
        candidate = candidates.get(item.entry) if item.entry is not None else None
        if candidate is None or candidate.changed_at is candidate.gone_at is None:
            continue
        # An item holds what its source said at the approval, but for what an editor wrote there.
        since = candidate.changed_at is not None and approved_at is not None and candidate.changed_at > approved_at
        gone = candidate.gone_at is not None and approved_at is not None and candidate.gone_at > approved_at
        note = source_note(
            item if candidate.changed_at else None,
            candidate.doc,
            changed_at=candidate.changed_at,
            gone_at=candidate.gone_at if gone else None,
            edits=Rewritten(
                words=overlay.rewritten.get(candidate.key, {}),
                over=overlay.over.get(candidate.key, {}) if since else {},
            ),
            tz=config.association.tz,
        )
        if note is not None:
            notes[candidate.key] = note
    return notes
