"""From stored entries to the values composing works on. Reads the database; decides nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from django.db.models import Q

from digest.compose.again import EarlierItem, EarlierItems, stood_before
from digest.compose.assemble import Past
from digest.compose.document import Candidate, Outcome, Window
from digest.compose.models import Issue, IssueKind, Placement
from digest.compose.window import LateRule
from digest.config import Config
from digest.config import Source as SourceConfig
from digest.gather.document import EntryDoc
from digest.gather.models import Entry, Source

_CHUNK = 300  # values in one query: SQLite limits the variables of a statement
_BY_HAND = "The editors"  # how the source of items made by hand is called
T = TypeVar("T")
_SPENT = (
    *("entry_id", "issue__title_date", "issue__number_row__number"),
    *("entry__source__key", "entry__url_key", "entry__title_key", "entry__published_at", "entry__event_start"),
    *("entry__latest_doc__title", "entry__latest_doc__summary"),
)
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
    configured = {s.id for s in config.sources}
    keys = configured if sources is None else configured & set(sources)
    return _read(config, {*besides, *_seen_since(window.start, keys)})


def candidates_named(config: Config, entries: Iterable[int]) -> dict[int, Candidate]:
    """The rows of those numbers, whatever their date and source, by number."""
    return {candidate.key: candidate for candidate in _read(config, set(entries))}


def _seen_since(start: dt.datetime, keys: Collection[str]) -> Iterator[int]:
    """The rows of those sources that were published or came since, found by the two indexes, one after the other.

    Asked as one question, databases read every entry there is: they begin with the sources.
    """
    wanted = set(Source.objects.filter(key__in=keys).values_list("pk", flat=True))
    for since in (Q(published_at__gte=start), Q(first_seen_at__gte=start)):
        found = Entry.objects.filter(since).values_list("pk", "source_id")
        yield from (pk for pk, source in found.iterator(chunk_size=1000) if source in wanted)


def _read(config: Config, entries: Collection[int]) -> list[Candidate]:
    configured = {s.id: s for s in config.sources}
    candidates: list[Candidate] = []
    for chunk in _chunks(sorted(entries)):
        rows = Entry.objects.filter(pk__in=chunk).order_by("pk")
        found = list(rows.values(*_FIELDS))
        changed = any(row["changed_at"] is not None for row in found)
        # Both forms are read of the few that changed.
        first = dict(rows.filter(changed_at__isnull=False).values_list("pk", "first_doc")) if changed else {}
        candidates += [_candidate(row, configured.get(row["source__key"]), first.get(row["pk"])) for row in found]
    return candidates


def _candidate(row: Mapping[str, Any], source: SourceConfig | None, first: object) -> Candidate:
    return Candidate(
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
        first=EntryDoc.model_validate(first) if first is not None else None,
        changed_at=row["changed_at"],
        gone_at=row["gone_at"],
        quarantined=row["quarantined_at"] is not None,
    )


def late_rule(config: Config) -> LateRule:
    """Since when each source is gathered, and how late an entry may come."""
    since = Source.objects.filter(first_ok_at__isnull=False).values_list("key", "first_ok_at")
    gathered_since = {key: first_ok_at for key, first_ok_at in since if first_ok_at is not None}
    return LateRule(limit=dt.timedelta(days=config.digest.late_days), gathered_since=gathered_since)


def carried_into(issue: Issue) -> dict[int, str]:
    """Entries that the last closed issue held back for this one, with that issue's name."""
    closed = Issue.objects.filter(kind=IssueKind.WEEKLY, window_end__isnull=False).exclude(pk=issue.pk)
    # Without the documents: to sort them takes longer than all else.
    last = (
        closed.only("title_date", "number_row__number").select_related("number_row").order_by("-window_end").first()
    )
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
    for some in _chunks(candidates):
        # By one index after the other: asked as one question, databases read every placement there is.
        alike = {c.key for c in some}
        for key in (
            Q(url_key__in=[c.url_key for c in some if c.url_key]),
            Q(title_key__in=[c.title_key for c in some if c.title_key]),
        ):
            alike.update(Entry.objects.filter(key).values_list("pk", flat=True))
        for chunk in _chunks(sorted(alike)):
            for row in spent.filter(entry__in=chunk).values(*_SPENT):
                found[row["entry_id"]] = _earlier_item(row)
    return EarlierItems(found.values())


def _earlier_item(row: Mapping[str, Any]) -> EarlierItem:
    return EarlierItem(
        entry=row["entry_id"],
        issue=_issue_name(row["issue__number_row__number"], row["issue__title_date"]),
        source=row["entry__source__key"],
        url_key=row["entry__url_key"],
        title_key=row["entry__title_key"],
        summary=str(row["entry__latest_doc__summary"] or ""),
        published_at=row["entry__published_at"],
        title=str(row["entry__latest_doc__title"] or ""),
        event_start=row["entry__event_start"],
    )


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


def _name(issue: Issue) -> str:
    row = getattr(issue, "number_row", None)
    return _issue_name(row.number if row else None, issue.title_date)


def _issue_name(number: int | None, date: dt.date) -> str:
    return f"issue {number}" if number is not None else f"the issue of {date}"
