"""Rows about people. Addresses appear here and nowhere else in the database."""

from __future__ import annotations

from enum import StrEnum

from django.db import models

from digest.installation.fields import choices


class MemberStatus(StrEnum):
    UNCONFIRMED = "unconfirmed"
    ACTIVE = "active"
    LEFT = "left"
    ERASED = "erased"


class SuppressionScope(StrEnum):
    ALL = "all"  # nothing may be sent
    DIGEST = "digest"
    ANNOUNCEMENTS = "announcements"


class JoinState(StrEnum):
    """How far a wish to join has come. The clock moves it on; only `confirmed` is the person's own doing."""

    ASKED = "asked"  # nobody has looked at it yet
    DROPPED = "dropped"  # asked too often for this address: nothing is sent
    MAILED = "mailed"  # a confirmation is on its way
    KNOWN = "known"  # on the list already, and told so
    HELD = "held"  # nothing may be sent to the address: a matter for staff
    CONFIRMED = "confirmed"
    WELCOMED = "welcomed"
    WITHDRAWN = "withdrawn"  # whoever got the confirmation said that it was not them


class Member(models.Model):
    """A person who receives the digest. `public_id` is what links carry; it says nothing of the person."""

    public_id = models.CharField(max_length=32, unique=True)
    email = models.CharField(max_length=254, null=True)  # null when erased
    address_key = models.CharField(max_length=64, unique=True)  # HMAC of the normalised address
    name = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=20, choices=choices(MemberStatus), default=MemberStatus.ACTIVE)
    preferences = models.JSONField(default=dict)
    edition_key = models.CharField(max_length=64, default="full")
    paused_until = models.DateField(null=True)
    language = models.CharField(max_length=20, blank=True)
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["status", "id"])]

    def __str__(self) -> str:
        return self.public_id


class Suppression(models.Model):
    """An address nothing may be sent to. It names no member, so it outlives one."""

    address_key = models.CharField(max_length=64, db_index=True)
    scope = models.CharField(max_length=20, choices=choices(SuppressionScope), default=SuppressionScope.ALL)
    reason = models.TextField()
    source = models.CharField(max_length=50)  # "bounce", "complaint", "provider", "unsubscribed", "manual", "erased"
    at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=200, blank=True)
    lifted_why = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.source}, {self.at:%d %b %Y}"


class JoinRequest(models.Model):
    """Somebody typed an address into the form. Nobody is a member by that; it is deleted after some days.

    `public_id` is what the confirmation link carries; it is not the member's.
    """

    public_id = models.CharField(max_length=32, unique=True)
    email = models.CharField(max_length=254)
    address_key = models.CharField(max_length=64)
    client_key = models.CharField(max_length=64)  # HMAC of the network address it came from
    language = models.CharField(max_length=20, blank=True)
    wording = models.TextField()  # what stood beside the button
    state = models.CharField(max_length=20, choices=choices(JoinState), default=JoinState.ASKED)
    reason = models.TextField(blank=True)  # for staff, where it is held
    at = models.DateTimeField()
    state_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["address_key", "at"]),
            models.Index(fields=["client_key", "at"]),
            models.Index(fields=["state", "id"]),
        ]

    def __str__(self) -> str:
        return self.public_id


class Consent(models.Model):
    """Append-only: when, how and in which words a member said yes or no."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="consents")
    # "import", "join", "confirm", "choose", "leave", "removed", "reason", "return"
    action = models.CharField(max_length=30)
    how = models.CharField(max_length=100)
    wording = models.TextField(blank=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.action}, {self.at:%d %b %Y}"
