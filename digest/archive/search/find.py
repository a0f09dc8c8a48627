"""A search: what was typed and the filters in, a page of results out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from django.db import connection

from digest.archive.models import IndexedItem
from digest.archive.search.engine import Filters, engine_of
from digest.archive.search.highlight import Pieces, marked, snippet
from digest.archive.search.query import Query, parse

PER_PAGE = 20
LAST_PAGE = 50  # whoever has read a thousand results narrows the search


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One result. `anchor` is "" for an issue's own words."""

    number: int
    anchor: str
    date: dt.date
    section_title: str
    source_title: str
    url: str
    title: Pieces
    authors: Pieces
    snippet: Pieces


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of results, of `total`. `understood` is false when there was nothing to look for; `some` when no item
    holds all of the words and these hold some."""

    hits: tuple[Hit, ...]
    total: int
    page: int
    pages: int
    understood: bool = True
    some: bool = False


def find(text: str, filters: Filters, *, language: str, newest_first: bool = False, page: int = 1) -> Found:
    """What the record holds of `text`, `page` of it (1 is the first). Whatever `text` is, this raises nothing."""
    query = parse(text, language)
    if not query:
        return Found(hits=(), total=0, page=1, pages=0, understood=False)
    page = min(max(page, 1), LAST_PAGE)
    keys, total = _look(query, filters, newest_first, page)
    if not total and len(query.wanted) > 1:
        query = replace(query, any_of=True)
        keys, total = _look(query, filters, newest_first, page)
    items = IndexedItem.objects.in_bulk(keys)
    return Found(
        hits=tuple(_hit(items[key], query, language) for key in keys if key in items),
        total=total,
        page=page,
        pages=min(-(-total // PER_PAGE), LAST_PAGE),
        some=query.any_of and total > 0,
    )


def _look(query: Query, filters: Filters, newest_first: bool, page: int) -> tuple[list[int], int]:
    offset = (page - 1) * PER_PAGE
    engine = engine_of(connection.vendor)
    return engine.find(query, filters, newest_first=newest_first, limit=PER_PAGE, offset=offset)


def _hit(item: IndexedItem, query: Query, language: str) -> Hit:
    return Hit(
        number=item.issue_id,
        anchor=item.anchor,
        date=item.date,
        section_title=item.section_title,
        source_title=item.source_title,
        url=item.url,
        title=marked(item.title, query, language),
        authors=marked(item.authors, query, language),
        snippet=snippet(item.body, query, language),
    )
