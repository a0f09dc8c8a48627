"""Rows of composing: issues, their numbers, what became of each entry, the editors' changes, approvals."""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.db.models import Q

from digest.gather.models import Entry, Source
from digest.installation.fields import choices


class IssueKind(StrEnum):
    WEEKLY = "weekly"
    ANNOUNCEMENT = "announcement"
    IMPORTED = "imported"


class IssueState(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"
    HANDING_OVER = "handing_over"
    RELEASED = "released"
    SENT = "sent"
    HELD = "held"
    STOPPED = "stopped"
    SKIPPED = "skipped"


class NumberKind(StrEnum):
    ISSUED = "issued"
    RESERVED = "reserved"
    SKIPPED = "skipped"
    VOID = "void"
    IMPORTED = "imported"


class Issue(models.Model):
    """One edition of the digest. `slot` is its planned local send date, which is also the date in its title."""

    kind = models.CharField(max_length=20, choices=choices(IssueKind), default=IssueKind.WEEKLY)
    slot = models.DateField(null=True)
    title_date = models.DateField()
    window_start = models.DateTimeField(null=True)
    planned_cutoff = models.DateTimeField(null=True)
    window_end = models.DateTimeField(null=True)  # set at the approval
    state = models.CharField(max_length=20, choices=choices(IssueState), default=IssueState.DRAFT)
    revision = models.PositiveIntegerField(default=1)  # grows with every edit and every approval
    slug = models.CharField(max_length=80, blank=True, default="")  # an announcement's name, from its approval on
    merge_tag = models.CharField(max_length=40)  # marks the per-member places in a rendered edition
    document = models.JSONField(null=True)  # IssueDocument, from the approval on
    document_sha = models.CharField(max_length=64, blank=True)
    send_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["released_at"])]
        permissions = [("approve_issue", "Can approve and send an issue")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "slot"], condition=Q(kind=IssueKind.WEEKLY), name="issue_one_per_slot"
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(kind=IssueKind.WEEKLY, state__in=[IssueState.DRAFT, IssueState.HELD]),
                name="issue_one_open_weekly",
            ),
            models.UniqueConstraint(fields=["slug"], condition=~Q(slug=""), name="issue_slug"),
            models.CheckConstraint(
                condition=~Q(kind=IssueKind.WEEKLY)
                | Q(window_start__isnull=False, planned_cutoff__isnull=False, slot__isnull=False),
                name="issue_weekly_has_window",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.slot or self.title_date} ({self.state})"


class Number(models.Model):
    """A number belongs to one issue for ever. Rows are never deleted."""

    number = models.PositiveIntegerField(unique=True)
    kind = models.CharField(max_length=20, choices=choices(NumberKind))
    issue = models.OneToOneField(Issue, on_delete=models.PROTECT, null=True, related_name="number_row")
    why = models.TextField(blank=True)
    actor = models.CharField(max_length=200)
    at = models.DateTimeField()


class Placement(models.Model):
    """What became of this entry in this issue, and why. Written at the approval."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="placements")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="placements")
    outcome = models.CharField(max_length=20)  # compose.document.Outcome
    reason_code = models.CharField(max_length=40)
    reason = models.TextField()
    section = models.CharField(max_length=100, blank=True)
    position = models.PositiveIntegerField(null=True)
    merged_into = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="+")
    binding = models.BooleanField(default=False)  # the entry is spent: it may stand in no other issue

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issue", "entry"], name="placement_once_per_issue"),
            models.UniqueConstraint(fields=["entry"], condition=Q(binding=True), name="placement_one_binding"),
        ]


class Edit(models.Model):
    """Append-only: one change by an editor. Undo and redo are edits too (digest/compose/edit.py)."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="edits")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=30)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="+")
    value = models.JSONField(default=dict)
    actor = models.CharField(max_length=200)
    at = models.DateTimeField()
    base_revision = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issue", "seq"], name="edit_issue_seq")]


class Approval(models.Model):
    """A person's word that this very document, in this very dress, may go out."""

    issue = models.ForeignKey(Issue, on_delete=models.PROTECT, related_name="approvals")
    revision = models.PositiveIntegerField()
    actor = models.CharField(max_length=200)
    document_sha = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)  # of templates, brand and config
    at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True)
    why = models.TextField(blank=True)
    snapshot = models.JSONField(default=dict)  # of the document (compose.diff), for what changed once it is voided

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issue", "revision", "actor"], name="approval_issue_revision_actor")
        ]


class RiverItem(models.Model):
    """Where an entry stands in the river (digest/pipeline/river_index.py). Made of the entry and the rules alone.

    `at` is given once: were it to move, somebody who pages would meet the entry twice, or never.
    """

    entry = models.OneToOneField(Entry, on_delete=models.CASCADE, primary_key=True, related_name="river")
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+", db_index=False)
    section = models.CharField(max_length=100, blank=True)  # "" for the digest's own issues, which are not listed
    at = models.DateTimeField()
    listed_at = models.DateTimeField()  # when it came into the river, or last changed there
    entry_changed_at = models.DateTimeField(null=True)  # Entry.changed_at as it was then
    rules = models.CharField(max_length=16)  # a mark of the rules that gave the section

    class Meta:
        indexes = [
            models.Index(fields=["at", "entry"]),
            models.Index(fields=["section", "at", "entry"]),
            models.Index(fields=["source", "at", "entry"]),
            models.Index(fields=["listed_at"]),
        ]


class RiverCategory(models.Model):
    """A category of an entry in the river. `key` is its name, case folded; `at` is the item's, for the index."""

    item = models.ForeignKey(RiverItem, on_delete=models.CASCADE, related_name="categories")
    key = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "key"], name="river_category_once")]
        indexes = [models.Index(fields=["key", "at", "item"])]


class HubPing(models.Model):
    """That a WebSub hub was told of a published issue, or how that failed (digest/pipeline/hub.py)."""

    issue = models.OneToOneField(Issue, on_delete=models.CASCADE, primary_key=True, related_name="ping")
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    words = models.TextField(blank=True)  # what the hub did instead, without a subject
