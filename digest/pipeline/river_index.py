"""The river's index: each entry's place, section and categories, kept so that any page of it is one short read.

Which section an entry belongs to depends on config.toml's rules, so it is worked out here, after the gathering, and
again when the entry or the rules change. What is held back gets no place before it is let in.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence

from django.db import transaction
from django.db.models import F, Q, QuerySet

from digest.compose.candidates import candidates_named
from digest.compose.document import Candidate
from digest.compose.models import RiverCategory, RiverItem
from digest.compose.own import is_own_digest
from digest.compose.river import category_key, stands_at
from digest.compose.routing import router
from digest.config import Config
from digest.gather.models import Entry
from digest.gather.values import DateQuality

CHUNK = 400  # entries in one transaction: the write lock is never held for long
MOST_CATEGORIES = 12  # of one entry
_CHANGED = ("section", "listed_at", "entry_changed_at", "rules")


def list_in_river(config: Config, *, now: dt.datetime) -> int:
    """Give a place to every entry that has none, or an old one; how many those were. Twice is harmless."""
    rules = rules_mark(config)
    waiting = list(_waiting(config, rules).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(waiting), CHUNK):
        with transaction.atomic():
            _place(config, waiting[start : start + CHUNK], rules, now)
    return len(waiting)


def rules_mark(config: Config) -> str:
    """Sixteen hex digits that change when an entry might belong to another section."""
    rules = [(section.id, section.match) for section in config.sections]
    sources = [(source.id, source.section) for source in config.sources]
    whole = repr((rules, sources, config.default_section, config.digest.title, config.digest.own_titles))
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def _waiting(config: Config, rules: str) -> QuerySet[Entry]:
    changed = Q(changed_at__isnull=False) & (
        Q(river__entry_changed_at=None) | Q(changed_at__gt=F("river__entry_changed_at"))
    )
    keys = [source.id for source in config.sources]
    return Entry.objects.filter(Q(river=None) | ~Q(river__rules=rules) | changed).filter(
        quarantined_at=None, source__key__in=keys
    )


def _place(config: Config, entries: Sequence[int], rules: str, now: dt.datetime) -> None:
    route = router(config)
    known = RiverItem.objects.in_bulk(entries)
    sources = dict(Entry.objects.filter(pk__in=entries).values_list("pk", "source_id"))
    rows, categories = [], []
    for entry, candidate in candidates_named(config, entries).items():
        own = is_own_digest(config, candidate.doc.title)
        before = known.get(entry)
        section = "" if own else route(candidate).section
        same = before is not None and before.section == section and before.entry_changed_at == candidate.changed_at
        row = RiverItem(
            entry_id=entry,
            source_id=sources[entry],
            section=section,
            at=before.at if before else _at(candidate),
            listed_at=before.listed_at if before and same else now,
            entry_changed_at=candidate.changed_at,
            rules=rules,
        )
        rows.append(row)
        categories += [RiverCategory(item_id=entry, key=key, at=row.at) for key in _keys(candidate)]
    RiverItem.objects.bulk_create(rows, update_conflicts=True, unique_fields=["entry"], update_fields=_CHANGED)
    RiverCategory.objects.filter(item__in=entries).delete()
    RiverCategory.objects.bulk_create(categories, batch_size=200)


def _at(candidate: Candidate) -> dt.datetime:
    return stands_at(candidate.published_at, DateQuality(candidate.date_quality), candidate.first_seen_at)


def _keys(candidate: Candidate) -> Iterator[str]:
    found = dict.fromkeys(category_key(name) for name in candidate.doc.categories)
    yield from [key for key in found if key][:MOST_CATEGORIES]
