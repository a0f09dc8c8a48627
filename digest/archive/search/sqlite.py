"""Search by SQLite's FTS5. https://sqlite.org/fts5.html"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from digest.archive.search.engine import Entry, Filters
from digest.archive.search.query import Query, Term

_WEIGHTS = "8.0, 3.0, 1.0"  # title, names, body


class Sqlite:
    def add(self, entries: Sequence[Entry]) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT OR REPLACE INTO archive_search (rowid, title, names, body) VALUES (%s, %s, %s, %s)",
                [(e.key, " ".join(e.title), " ".join(e.names), " ".join(e.body)) for e in entries],
            )

    def remove(self, number: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM archive_search WHERE rowid IN (SELECT id FROM archive_indexeditem WHERE issue_id = %s)",
                [number],
            )

    def sweep(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM archive_search WHERE rowid NOT IN (SELECT id FROM archive_indexeditem)")

    def find(
        self, query: Query, filters: Filters, *, newest_first: bool, limit: int, offset: int
    ) -> tuple[list[int], int]:
        narrowed, values = filters.conditions()
        order = (
            "i.date DESC, i.id" if newest_first else f"bm25(archive_search, {_WEIGHTS}), archive_search.rowid DESC"
        )
        # The words first, whatever the planner thinks of the filters: looking the words of each item of a section up
        # takes seconds. Without filters the items' table is not needed at all.
        items = "CROSS JOIN archive_indexeditem i ON i.id = archive_search.rowid" if values or newest_first else ""
        found = f"FROM archive_search {items} WHERE archive_search MATCH %s{narrowed}"
        match = expression(query)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) {found}", [match, *values])
            total = int(cursor.fetchone()[0])
            if total <= offset:
                return [], total
            page = f"SELECT archive_search.rowid {found} ORDER BY {order} LIMIT %s OFFSET %s"
            cursor.execute(page, [match, *values, limit, offset])
            return [int(key) for (key,) in cursor.fetchall()], total


def expression(query: Query) -> str:
    """`query` in FTS5's language. A stem is of letters and digits alone, so in quotation marks it is only itself."""
    wanted = (" OR " if query.any_of else " AND ").join(map(_string, query.wanted))
    unwanted = " OR ".join(map(_string, query.unwanted))
    return f"({wanted}) NOT ({unwanted})" if unwanted else wanted


def _string(term: Term) -> str:
    whole = f'"{" ".join(term.stems)}"{"*" if term.prefix else ""}'
    too = "".join(f' OR "{stem}"' for stem in term.stems_too)
    return f"({whole}{too})" if too else whole
