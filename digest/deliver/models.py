"""Rows of delivering. The ledger: one row per member and issue, whatever became of it."""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Substr

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


class LaneState(StrEnum):
    OPEN = "open"  # requests leave under its id
    CANCELLING = "cancelling"  # committed before the provider is asked; no request leaves under its id any more
    CANCELLED = "cancelled"  # confirmed in time: nothing under its id goes out
    LOST = "lost"  # asked, and not confirmed in time: nobody can say


class Edition(models.Model):
    """One rendering of an issue, immutable. `key` says whose: "full", or a group of members' choice.

    `html` is "" where plain text alone is sent; `web` is then what a browser shows of it.
    """

    issue = models.ForeignKey(Issue, on_delete=models.PROTECT, related_name="editions")
    document_sha = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    key = models.CharField(max_length=64)
    subject = models.TextField()
    html = models.TextField()
    text = models.TextField()
    web = models.TextField(blank=True)  # the page for the archive; of a text edition, its HTML form
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
        # In the order in which they are claimed: else each claim sorts all that wait.
        indexes = [models.Index(fields=["issue", "state", "-attempt", "ordinal"], name="batch_by_turn")]


class Lane(models.Model):
    """An id under which batches are handed over ahead of their time: what is taken back, is taken back by the lane.

    `number` is that of its batches; a lane that was cancelled has a successor with a new id and the next `attempt`.
    """

    issue = models.ForeignKey(Issue, on_delete=models.PROTECT, related_name="lanes")
    number = models.PositiveSmallIntegerField()
    attempt = models.PositiveSmallIntegerField(default=1)
    provider_batch_id = models.CharField(max_length=100, unique=True)  # never used again
    send_at = models.DateTimeField()  # when the provider lets its mail go
    state = models.CharField(max_length=20, choices=choices(LaneState), default=LaneState.OPEN)
    answer = models.TextField(blank=True)
    opened_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)  # the latest time the provider was asked to cancel it
    lifted_at = models.DateTimeField(null=True)  # when the provider was told to forget a cancellation long since over

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issue", "number", "attempt"], name="lane_number_attempt"),
            models.UniqueConstraint(
                fields=["issue", "number"], condition=Q(state=LaneState.OPEN), name="lane_one_open"
            ),
        ]


class Delivery(models.Model):
    """One member's copy of one issue. `reason` is for a person.

    A copy that is open (pending, claimed, unknown) is in a batch of that very state. So no index holds the states,
    and moving hundreds of copies moves no index; what is rare and looked for, unknown copies, has one of its own.
    """

    # The unique constraints begin with the issue; an edition that was sent is never deleted.
    issue = models.ForeignKey(Issue, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="deliveries")
    address_key = models.CharField(max_length=64)
    edition = models.ForeignKey(
        Edition, on_delete=models.PROTECT, null=True, related_name="deliveries", db_index=False
    )
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="deliveries")
    state = models.CharField(max_length=20, choices=choices(DeliveryState), default=DeliveryState.PENDING)
    reason = models.TextField(blank=True)
    state_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issue", "member"], name="delivery_issue_member"),
            # 128 of its 256 bits tell addresses apart as well, and the index, filled in no order, is half as large.
            models.UniqueConstraint("issue", Substr("address_key", 1, 32), name="delivery_issue_address"),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.EXCLUDED) | Q(edition__isnull=False),
                name="delivery_has_edition",
            ),
        ]
        indexes = [
            models.Index(fields=["issue"], condition=Q(state=DeliveryState.UNKNOWN), name="delivery_unknown"),
        ]


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


class Tally(models.Model):
    """Who opened and clicked an issue, counted: the events are many, and pages must not count them each time.

    `seen` is a value of digest/pipeline/tally.py as JSON; it says nothing of any one member.
    """

    issue = models.OneToOneField(Issue, on_delete=models.CASCADE, related_name="tally")
    seen = models.JSONField()
    last_event = models.PositiveBigIntegerField()  # the newest event there was, of any issue
    counted_at = models.DateTimeField()


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


class StaffNote(models.Model):
    """One thing that staff are told, once per `key`; several travel in one mail (digest/pipeline/tell.py).

    `path` is the page that the next step is done on.
    """

    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=30)
    urgent = models.BooleanField(default=False)
    for_deputies = models.BooleanField(default=False)
    heading = models.TextField()
    words = models.TextField()
    todo = models.TextField(blank=True)
    path = models.CharField(max_length=200, default="/newsroom/")
    at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["at"], condition=Q(told_at__isnull=True), name="note_untold")]
