"""Search by PostgreSQL's full text, without its parser and dictionaries: the words come ready."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db import connection

from digest.archive.search.engine import Entry, Filters
from digest.archive.search.query import Query, Term

_LAST_POSITION = 16_383  # which all later words share
_WEIGHTS = "'{0.05, 0.1, 0.3, 1.0}'"  # of D (body), C, B (names) and A (title)
_BY_LENGTH = 1  # a word in a short text counts more


class Postgres:
    def add(self, entries: Sequence[Entry]) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO archive_search (item_id, words) VALUES (%s, %s::tsvector) "
                "ON CONFLICT (item_id) DO UPDATE SET words = excluded.words",
                [(entry.key, " ".join(_lexemes(entry))) for entry in entries],
            )

    def remove(self, number: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM archive_search WHERE item_id IN "
                "(SELECT id FROM archive_indexeditem WHERE issue_id = %s)",
                [number],
            )

    def sweep(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM archive_search WHERE item_id NOT IN (SELECT id FROM archive_indexeditem)")

    def find(
        self, query: Query, filters: Filters, *, newest_first: bool, limit: int, offset: int
    ) -> tuple[list[int], int]:
        narrowed, values = filters.conditions()
        match = expression(query)
        order, ranked = f"ts_rank({_WEIGHTS}, s.words, %s::tsquery, {_BY_LENGTH}) DESC, s.item_id DESC", [match]
        if newest_first:
            order, ranked = "i.date DESC, i.id", []
        items = "JOIN archive_indexeditem i ON i.id = s.item_id" if values or newest_first else ""
        found = f"FROM archive_search s {items} WHERE s.words @@ %s::tsquery{narrowed}"
        page = f"SELECT s.item_id, count(*) OVER () {found} ORDER BY {order} LIMIT %s OFFSET %s"
        with connection.cursor() as cursor:
            cursor.execute(page, [match, *values, *ranked, limit, offset])
            if rows := cursor.fetchall():
                return [int(key) for key, _ in rows], int(rows[0][1])
            if offset:  # beyond the last page
                cursor.execute(f"SELECT count(*) {found}", [match, *values])
                return [], int(cursor.fetchone()[0])
            return [], 0


def expression(query: Query) -> str:
    """`query` as a tsquery. A stem is of letters and digits alone, so in quotation marks it is only itself."""
    wanted = (" | " if query.any_of else " & ").join(map(_string, query.wanted))
    return " & ".join([f"({wanted})", *(f"!{_string(term)}" for term in query.unwanted)])


def _string(term: Term) -> str:
    *before, last = (f"'{stem}'" for stem in term.stems)
    whole = " <-> ".join([*before, last + (":*" if term.prefix else "")])
    too = "".join(f" | '{stem}'" for stem in term.stems_too)
    return f"({whole}{too})"


def _lexemes(entry: Entry) -> Iterator[str]:
    """Each word with its position and weight. A gap stands between the parts: no phrase reaches across."""
    position = 0
    for weight, stems in (("A", entry.title), ("B", entry.names), ("D", entry.body)):
        for stem in stems:
            position += 1
            yield f"'{stem}':{min(position, _LAST_POSITION)}{weight}"
        position += 1
