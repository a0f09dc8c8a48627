"""Rows of delivering. The ledger: one row per member and issue, whatever became of it."""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.db.models import F, Q

from digest.compose.models import Issue
from digest.installation.fields import choices
from digest.members.models import Member


class DeliveryState(StrEnum):
    PENDING = "pending"
    CLAIMED = "claimed"  # committed before the request leaves
    ACCEPTED = "accepted"  # by the provider
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    REJECTED = "rejected"  # the provider refused the address or the message
    DROPPED = "dropped"  # the provider accepted and then did not send
    WITHDRAWN = "withdrawn"  # left before the request was built
    CANCELLED = "cancelled"  # stopped
    EXCLUDED = "excluded"  # not on the list, with why
    UNKNOWN = "unknown"  # nobody can say: never retried by a timer


class BatchState(StrEnum):
    PENDING = "pending"
    CLAIMED = "claimed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class Edition(models.Model):
    """One rendering of an issue, immutable. `key` says whose: "full", or a group of members' choice."""

    issue = models.ForeignKey(Issue, on_delete=models.PROTECT, related_name="editions")
    document_sha = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    key = models.CharField(max_length=64)
    subject = models.TextField()
    html = models.TextField()
    text = models.TextField()
    web = models.TextField(blank=True)  # the page for the archive; only of the full edition
    sha256 = models.CharField(max_length=64)
    bytes = models.PositiveIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issue", "document_sha", "fingerprint", "key"], name="edition_once")
        ]


class Batch(models.Model):
    """The members handed to the provider in one request. A new attempt is a new row with a `parent`."""

    issue = models.ForeignKey(Issue, on_delete=models.PROTECT, related_name="batches")
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="batches")
    ordinal = models.PositiveIntegerField()
    attempt = models.PositiveIntegerField(default=1)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    lane = models.PositiveSmallIntegerField(default=0)
    provider_batch_id = models.CharField(max_length=100, blank=True)
    payload_sha = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=20, choices=choices(BatchState), default=BatchState.PENDING)
    owner = models.CharField(max_length=100, blank=True)
    fence = models.PositiveBigIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)  # backoff after a request that certainly did not arrive
    answer = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issue", "ordinal", "attempt"], name="batch_ordinal_attempt")]
        indexes = [models.Index(fields=["issue", "state"])]


class Delivery(models.Model):
    """One member's copy of one issue. `reason` is for a person."""

    issue = models.ForeignKey(Issue, on_delete=models.PROTECT, related_name="deliveries")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="deliveries")
    address_key = models.CharField(max_length=64)
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, null=True, related_name="deliveries")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="deliveries")
    state = models.CharField(max_length=20, choices=choices(DeliveryState), default=DeliveryState.PENDING)
    reason = models.TextField(blank=True)
    state_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issue", "member"], name="delivery_issue_member"),
            models.UniqueConstraint(fields=["issue", "address_key"], name="delivery_issue_address"),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.EXCLUDED) | Q(edition__isnull=False),
                name="delivery_has_edition",
            ),
        ]
        indexes = [models.Index(fields=["batch"]), models.Index(fields=["issue", "state"])]


class ProviderEvent(models.Model):
    """What the provider reported later, once each, in whatever order it came."""

    dedupe_key = models.CharField(max_length=64, unique=True)
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, null=True, related_name="events")
    type = models.CharField(max_length=30)
    detail = models.JSONField(default=dict)
    provider_at = models.DateTimeField()
    received_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(F("received_at"), condition=Q(applied_at__isnull=True), name="event_unapplied")]


class Notice(models.Model):
    """A mail that is no issue: a confirmation, a welcome, a word to staff. Sent once per `dedupe_key`."""

    dedupe_key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=30)
    to = models.CharField(max_length=254)
    subject = models.TextField()
    text = models.TextField()
    html = models.TextField(blank=True)
    state = models.CharField(max_length=20, choices=choices(DeliveryState), default=DeliveryState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    answer = models.TextField(blank=True)
    created_at = models.DateTimeField()
    state_at = models.DateTimeField()
