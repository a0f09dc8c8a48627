"""Rows about the installation itself."""

from __future__ import annotations

from django.db import models


class Installation(models.Model):
    """One row (pk 1). A copied or restored database is not armed: see `marker`."""

    armed_at = models.DateTimeField(null=True)
    armed_by = models.CharField(max_length=200, blank=True)
    armed_provider = models.CharField(max_length=100, blank=True)
    # Also written to a file outside the database; when they differ, the database was copied or restored.
    marker = models.CharField(max_length=64, blank=True)
    restore_epoch = models.PositiveIntegerField(default=0)
    link_fingerprints = models.JSONField(default=list)
    suppression_fingerprints = models.JSONField(default=list)
    # No batch is claimed while this is set (digest/deliver/pause.py).
    paused_at = models.DateTimeField(null=True)
    paused_by = models.CharField(max_length=200, blank=True)
    paused_why = models.TextField(blank=True)
    # That a cancelled mail stays away was seen on this account (digest/deliver/proof.py).
    cancel_proof = models.JSONField(default=dict)
    # When the clock last rang: what a gap says is that it stood still.
    rung_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="installation_one_row")]


class Lease(models.Model):
    """The right to do one named thing, until it expires. `fence` grows with every new holder."""

    name = models.CharField(max_length=100, primary_key=True)
    owner = models.CharField(max_length=100, blank=True)
    fence = models.PositiveBigIntegerField(default=0)
    expires_at = models.DateTimeField(null=True)


class Audit(models.Model):
    """Append-only: who did what to what, written in the transaction of the change."""

    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=200)  # a staff address, "clock", "command line" or "member"
    verb = models.CharField(max_length=100)  # "issue.approve", "member.leave", ...
    subject = models.CharField(max_length=200, db_index=True)  # "issue:12", "member:ab12..."
    detail = models.JSONField(default=dict)
