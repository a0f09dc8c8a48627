"""Temporary tables, in plain SQL: a roll is laid out there in chunks and compared before anything is locked.

They belong to this connection alone, so staging a million rows keeps nobody waiting. SQLite and PostgreSQL differ in
three places only: how rows get in quickest, how a column counts by itself, and what the memory for pages is called.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import connection

CHUNK = 5_000  # rows laid out at a time
_CACHE = 48  # MB of pages that SQLite may hold while it works
TABLES = ("roll_stage", "roll_known", "roll_judged", "roll_leaving", "roll_change", "roll_new", "roll_id")


@contextlib.contextmanager
def staging() -> Iterator[None]:
    """The temporary tables, empty, for as long as the block lasts."""
    with _more_memory():
        drop()
        for statement in _TABLES_SQL:
            execute(statement.format(counted=_counted()))
        try:
            yield
        finally:
            if not connection.needs_rollback:
                drop()


def drop() -> None:
    for table in TABLES:
        execute(f"DROP TABLE IF EXISTS {table}")


def execute(sql: str, params: Sequence[Any] = ()) -> int:
    """Run one statement; the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


def rows(sql: str, params: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, fetched a few thousand at a time."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        while chunk := cursor.fetchmany(CHUNK):
            yield from chunk


def value(sql: str, params: Sequence[Any] = ()) -> Any:
    """The one value of a query."""
    return next(rows(sql, params))[0]


def fill(table: str, columns: Sequence[str], given: Iterable[Sequence[Any]]) -> None:
    """Lay rows out in a temporary table, in chunks."""
    chunk: list[Sequence[Any]] = []
    with connection.cursor() as cursor, _together():
        for row in given:
            chunk.append(row)
            if len(chunk) == CHUNK:
                _insert(cursor, table, columns, chunk)
                chunk = []
        _insert(cursor, table, columns, chunk)


def prepare(index: str, table: str, columns: str) -> None:
    """Index a filled table, and let the database look at what is in it."""
    execute(f"CREATE INDEX {index} ON {table} ({columns})")
    if connection.vendor == "postgresql":
        execute(f"ANALYZE {table}")


def public_ids(count: int, *, ordered: bool) -> Iterator[tuple[str]]:
    """So many ids for members' links, 128 bits in lower-case hex, drawn by the system's generator.

    `ordered`: each from its own slice of the whole range, so that the index over them grows at its end. Of the 128
    bits all but some eight are then still drawn; and a link is signed besides.
    """
    if not ordered or not count:
        for _ in range(count):
            yield (secrets.token_hex(16),)
        return
    slices = -(-count // CHUNK)
    width = (1 << 128) // slices
    for number in range(slices):
        drawn = sorted(secrets.randbelow(width) for _ in range(min(CHUNK, count - number * CHUNK)))
        for bits in drawn:
            yield (f"{number * width + bits:032x}",)


def _insert(cursor: Any, table: str, columns: Sequence[str], chunk: Sequence[Sequence[Any]]) -> None:
    if not chunk:
        return
    names = ", ".join(columns)
    if connection.vendor == "postgresql":
        with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in chunk:
                copy.write_row(row)
        return
    marks = ", ".join(["%s"] * len(columns))
    cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", chunk)


@contextlib.contextmanager
def _together() -> Iterator[None]:
    """One transaction for many statements on temporary tables. Django's own would take SQLite's write lock."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    execute("BEGIN DEFERRED")
    try:
        yield
    finally:
        execute("COMMIT")  # whatever came of it: the tables are dropped soon


@contextlib.contextmanager
def _more_memory() -> Iterator[None]:
    if connection.vendor != "sqlite":
        yield
        return
    before = value("PRAGMA cache_size")
    execute(f"PRAGMA cache_size = -{_CACHE * 1024}")
    execute(f"PRAGMA temp.cache_size = -{_CACHE * 1024}")
    try:
        yield
    finally:
        execute(f"PRAGMA cache_size = {before}")


def _counted() -> str:
    if connection.vendor == "postgresql":
        return "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
    return "integer PRIMARY KEY"


_TABLES_SQL = (
    # What the file says, row by row; `note` is why a row was refused, and then there is no key.
    "CREATE TEMPORARY TABLE roll_stage (row_no bigint NOT NULL, rank smallint NOT NULL, says varchar(20) NOT NULL, "
    "key varchar(64), email varchar(254), name varchar(200), note text)",
    # The same addresses under older suppression keys.
    "CREATE TEMPORARY TABLE roll_known (key varchar(64) NOT NULL, older varchar(64) NOT NULL)",
    # What is to become of each row. `first_row`: where the address stands in the row that counts.
    "CREATE TEMPORARY TABLE roll_judged (row_no bigint NOT NULL, says varchar(20) NOT NULL, "
    "key varchar(64) NOT NULL, email varchar(254), name varchar(200), member bigint, first_row bigint, "
    "verdict varchar(20) NOT NULL, why varchar(20) NOT NULL)",
    "CREATE TEMPORARY TABLE roll_leaving (member bigint NOT NULL)",
    # The verdicts that change something about members there are, and addresses to suppress.
    "CREATE TEMPORARY TABLE roll_change (member bigint, verdict varchar(20) NOT NULL, says varchar(20) NOT NULL, "
    "key varchar(64) NOT NULL, name varchar(200))",
    "CREATE INDEX roll_change_member ON roll_change (member)",
    # New members and the ids for them, numbered alike.
    "CREATE TEMPORARY TABLE roll_new (n {counted}, key varchar(64) NOT NULL, email varchar(254), name varchar(200))",
    "CREATE TEMPORARY TABLE roll_id (n {counted}, public_id varchar(32) NOT NULL)",
)
