"""From stored entries to the values composing works on. Reads the database; decides nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Q

from digest.compose.document import Candidate, Window
from digest.compose.models import Issue, Placement
from digest.compose.window import LateRule
from digest.config import Config
from digest.gather.document import EntryDoc
from digest.gather.models import Entry, Source


def candidates_of(config: Config, window: Window, *, sources: Iterable[str] | None = None) -> list[Candidate]:
    """Every entry that `window` could have something to say about, of the configured sources.

    `sources` narrows them. Entries are ordered by row, so that composing is repeatable.
    """
    configured = {s.id: s for s in config.sources}
    keys = set(configured) if sources is None else set(configured) & set(sources)
    rows = (
        Entry.objects.filter(
            Q(published_at__gte=window.start) | Q(first_seen_at__gte=window.start),
            source__key__in=keys,
        )
        .order_by("pk")
        .values_list(
            "pk",
            "source__key",
            "identity",
            "url_key",
            "title_key",
            "published_at",
            "first_seen_at",
            "date_quality",
            "latest_doc",
            "changed_at",
            "quarantined_at",
        )
    )
    return [
        Candidate(
            key=pk,
            source=source,
            source_title=configured[source].title,
            section=configured[source].section,
            identity=identity,
            url_key=url_key,
            title_key=title_key,
            published_at=published_at,
            first_seen_at=first_seen_at,
            date_quality=date_quality,
            doc=EntryDoc.model_validate(doc),
            changed_at=changed_at,
            quarantined=quarantined_at is not None,
        )
        for (
            pk,
            source,
            identity,
            url_key,
            title_key,
            published_at,
            first_seen_at,
            date_quality,
            doc,
            changed_at,
            quarantined_at,
        ) in rows.iterator(chunk_size=1000)
    ]


def late_rule(config: Config) -> LateRule:
    """Since when each source is gathered, and how late an entry may come."""
    since = Source.objects.filter(first_ok_at__isnull=False).values_list("key", "first_ok_at")
    gathered_since = {key: first_ok_at for key, first_ok_at in since if first_ok_at is not None}
    return LateRule(limit=dt.timedelta(days=config.digest.late_days), gathered_since=gathered_since)


def spent_entries(candidates: Iterable[Candidate], *, besides: Issue | None) -> dict[int, str]:
    """Of `candidates`, those that stood in an issue other than `besides`, with that issue's name."""
    rows = Placement.objects.filter(binding=True).select_related("issue", "issue__number_row")
    if besides is not None and besides.pk:
        rows = rows.exclude(issue=besides)
    keys = [c.key for c in candidates]
    spent: dict[int, str] = {}
    for start in range(0, len(keys), 500):  # SQLite caps the number of variables in a statement
        for row in rows.filter(entry_id__in=keys[start : start + 500]):
            number = getattr(row.issue, "number_row", None)
            spent[row.entry_id] = f"issue {number.number}" if number else f"the issue of {row.issue.title_date}"
    return spent
