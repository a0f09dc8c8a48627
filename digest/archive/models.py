"""Rows of the search index. All of them are made from the record's files: `digest archive rebuild` makes them anew.

The words themselves stand in a table that each database has in its own form (digest/archive/search/).
"""

from __future__ import annotations

from django.db import models


class IndexedIssue(models.Model):
    """An issue whose items can be found. `sha256` is that of the issue.json they were read from."""

    number = models.PositiveIntegerField(primary_key=True)
    sha256 = models.CharField(max_length=64)


class IndexedItem(models.Model):
    """One item of an issue; or, with an empty `anchor`, the issue's own words. Plain text."""

    issue = models.ForeignKey(IndexedIssue, models.CASCADE, related_name="items")
    anchor = models.CharField(max_length=200, blank=True)
    date = models.DateField()  # of the issue, as is `year`
    year = models.PositiveSmallIntegerField()
    section = models.CharField(max_length=100, blank=True)
    section_title = models.TextField(blank=True)
    source = models.CharField(max_length=100, blank=True)
    source_title = models.TextField(blank=True)
    title = models.TextField()
    authors = models.TextField(blank=True)
    body = models.TextField(blank=True)
    url = models.TextField(blank=True)
