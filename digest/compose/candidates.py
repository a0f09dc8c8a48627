"""From stored entries to the values composing works on. Reads the database; decides nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Q, QuerySet

from digest.compose.again import EarlierItem, EarlierItems, stood_before
from digest.compose.assemble import Past
from digest.compose.document import Candidate, Outcome, Window
from digest.compose.models import Issue, IssueKind, Placement
from digest.compose.window import LateRule
from digest.config import Config
from digest.gather.document import EntryDoc
from digest.gather.models import Entry, Source

_CHUNK = 300  # values in one query: SQLite limits the variables of a statement
_BY_HAND = "The editors"  # how the source of items made by hand is called
_FIELDS = (
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
    "gone_at",
    "quarantined_at",
)


def candidates_of(
    config: Config, window: Window, *, sources: Iterable[str] | None = None, besides: Iterable[int] = ()
) -> list[Candidate]:
    """Every entry that `window` could have something to say about, of the configured sources.

    `sources` narrows them; `besides` are rows to read whatever their date (held, carried over, made by hand). Entries
    are ordered by row, so that composing is repeatable.
    """
    configured = {s.id: s for s in config.sources}
    keys = set(configured) if sources is None else set(configured) & set(sources)
    seen = Q(published_at__gte=window.start) | Q(first_seen_at__gte=window.start)
    return _read(config, Entry.objects.filter(Q(pk__in=list(besides)) | (seen & Q(source__key__in=keys))))


def candidates_named(config: Config, entries: Iterable[int]) -> dict[int, Candidate]:
    """The rows of those numbers, whatever their date and source, by number."""
    return {candidate.key: candidate for candidate in _read(config, Entry.objects.filter(pk__in=list(entries)))}


def _read(config: Config, entries: QuerySet[Entry]) -> list[Candidate]:
    configured = {s.id: s for s in config.sources}
    rows = entries.order_by("pk")
    # Both forms are read of the few that changed.
    first = dict(rows.filter(changed_at__isnull=False).values_list("pk", "first_doc"))
    candidates: list[Candidate] = []
    for row in rows.values(*_FIELDS).iterator(chunk_size=1000):
        source = configured.get(row["source__key"])
        candidates.append(
            Candidate(
                key=row["pk"],
                source=row["source__key"],
                source_title=source.title if source else _BY_HAND,
                section=source.section if source else "",
                identity=row["identity"],
                url_key=row["url_key"],
                title_key=row["title_key"],
                published_at=row["published_at"],
                first_seen_at=row["first_seen_at"],
                date_quality=row["date_quality"],
                doc=EntryDoc.model_validate(row["latest_doc"]),
                first=EntryDoc.model_validate(first[row["pk"]]) if row["pk"] in first else None,
                changed_at=row["changed_at"],
                gone_at=row["gone_at"],
                quarantined=row["quarantined_at"] is not None,
            )
        )
    return candidates


def late_rule(config: Config) -> LateRule:
    """Since when each source is gathered, and how late an entry may come."""
    since = Source.objects.filter(first_ok_at__isnull=False).values_list("key", "first_ok_at")
    gathered_since = {key: first_ok_at for key, first_ok_at in since if first_ok_at is not None}
    return LateRule(limit=dt.timedelta(days=config.digest.late_days), gathered_since=gathered_since)


def carried_into(issue: Issue) -> dict[int, str]:
    """Entries that the last closed issue held back for this one, with that issue's name."""
    closed = Issue.objects.filter(kind=IssueKind.WEEKLY, window_end__isnull=False).exclude(pk=issue.pk)
    last = closed.select_related("number_row").order_by("-window_end").first()
    if last is None:
        return {}
    outcomes = (Outcome.HELD.value, Outcome.CARRIED.value)
    held = Placement.objects.filter(issue=last, outcome__in=outcomes).values_list("entry_id", flat=True)
    return dict.fromkeys(held, _name(last))


def past_of(candidates: Iterable[Candidate], *, carried: Mapping[int, str], besides: Issue) -> Past:
    """What the earlier issues say of `candidates`: which stood there, under whatever identity."""
    earlier = _earlier(list(candidates), besides)
    return Past(stood_before=lambda candidate: stood_before(candidate, earlier), carried=carried)


def _earlier(candidates: Sequence[Candidate], besides: Issue) -> EarlierItems:
    """The spent entries that one of `candidates` might be: by row, by address, or by headline."""
    spent = Placement.objects.filter(binding=True)
    if besides.pk:
        spent = spent.exclude(issue=besides)
    found: dict[int, EarlierItem] = {}
    for start in range(0, len(candidates), _CHUNK):
        some = candidates[start : start + _CHUNK]
        alike = (
            Q(entry_id__in=[c.key for c in some])
            | Q(entry__url_key__in=[c.url_key for c in some if c.url_key])
            | Q(entry__title_key__in=[c.title_key for c in some])
        )
        rows = spent.filter(alike).select_related("entry__source", "issue__number_row")
        for row in rows.iterator(chunk_size=500):
            found[row.entry_id] = EarlierItem(
                entry=row.entry_id,
                issue=_name(row.issue),
                source=row.entry.source.key,
                url_key=row.entry.url_key,
                title_key=row.entry.title_key,
                summary=str(row.entry.latest_doc.get("summary", "")),
                published_at=row.entry.published_at,
                title=str(row.entry.latest_doc.get("title", "")),
                event_start=row.entry.event_start,
            )
    return EarlierItems(found.values())


def _name(issue: Issue) -> str:
    number = getattr(issue, "number_row", None)
    return f"issue {number.number}" if number else f"the issue of {issue.title_date}"
