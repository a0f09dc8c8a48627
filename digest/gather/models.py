"""Rows of gathering: sources, what each fetch found, and every entry ever seen."""

from __future__ import annotations

from enum import StrEnum

from django.db import models

from digest.gather.values import DateQuality, IdentityKind, LinkState
from digest.installation.fields import choices


class SourceState(StrEnum):
    OK = "ok"
    FAILING = "failing"
    SILENT = "silent"
    FLOODING = "flooding"
    GUID_CHURN = "guid-churn"
    RETIRED = "retired"


class FetchOutcome(StrEnum):
    NEW = "new"  # answered, with entries not seen before
    UNCHANGED = "unchanged"  # 304, same bytes, or nothing new in it
    FAILED = "failed"


class Source(models.Model):
    """A configured feed and what is remembered of it between fetches. `key` is its id in config.toml."""

    key = models.CharField(max_length=100, unique=True)
    url = models.TextField(blank=True)  # where it is fetched now; follows permanent redirects
    configured_url = models.TextField(blank=True)  # what config.toml said when `url` was set
    moved_to = models.TextField(blank=True)
    moved_sightings = models.PositiveSmallIntegerField(default=0)
    etag = models.TextField(blank=True)
    last_modified = models.TextField(blank=True)
    body_hash = models.CharField(max_length=64, blank=True)
    first_ok_at = models.DateTimeField(null=True)
    last_ok_at = models.DateTimeField(null=True)
    last_new_at = models.DateTimeField(null=True)
    last_failed_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)  # Retry-After
    failures = models.PositiveIntegerField(default=0)  # in a row
    words = models.TextField(blank=True)  # the last outcome, for a person
    state = models.CharField(max_length=20, choices=choices(SourceState), default=SourceState.OK)
    retired_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.key


class Fetch(models.Model):
    """Append-only: one attempt to fetch one source."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="fetches")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=20, choices=choices(FetchOutcome))
    words = models.TextField()
    seen = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    duration_ms = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["source", "-at"])]


class Entry(models.Model):
    """One thing a source published, stored once, as the source gave it.

    `first_doc` and `latest_doc` are EntryDoc values (digest/gather/document.py) as JSON: what the source said at
    first, and what it says now. `changed_at` is when that last changed,
    `gone_at` since when its feed no longer holds it.
    """

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="entries")
    identity = models.CharField(max_length=64)  # SHA-256 of what `identity_kind` names
    identity_kind = models.CharField(max_length=10, choices=choices(IdentityKind))
    url_key = models.CharField(max_length=64, blank=True, db_index=True)  # SHA-256 of the canonical URL
    title_key = models.CharField(max_length=64, blank=True, db_index=True)  # SHA-256 of the normalised title
    published_raw = models.TextField(blank=True)
    published_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(null=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    date_quality = models.CharField(max_length=10, choices=choices(DateQuality))
    event_start = models.DateTimeField(null=True)
    event_end = models.DateTimeField(null=True)
    first_doc = models.JSONField()
    latest_doc = models.JSONField()
    changed_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)
    quarantined_at = models.DateTimeField(null=True)

    class Meta:
        permissions = [("release_entries", "Can let in entries that are held back")]
        constraints = [models.UniqueConstraint(fields=["source", "identity"], name="entry_source_identity")]
        indexes = [
            models.Index(fields=["published_at"]),
            models.Index(fields=["first_seen_at"]),
            models.Index(fields=["event_start"]),
            # What is held back is little and looked for on every page; entries are many and wide.
            models.Index(fields=["source"], condition=models.Q(quarantined_at__isnull=False), name="entry_held_back"),
        ]


class LinkCheck(models.Model):
    """The last look at an address that an issue points to. A cache: any row may go."""

    url_key = models.CharField(max_length=64, unique=True)  # SHA-256 of `url`, which may be too long for an index
    url = models.TextField()
    state = models.CharField(max_length=10, choices=choices(LinkState))
    words = models.TextField(blank=True)  # "answers that there is no such page (404)"
    final_url = models.TextField(blank=True)  # where redirects led
    checked_at = models.DateTimeField(db_index=True)
