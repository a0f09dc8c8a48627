"""Statements of the hot path, put into SQL once and run for every batch.

The database answers them in less time than Django takes to put them into SQL anew; and while it works, other threads
may, so an answer of one row is better than one of hundreds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet


class Prepared:
    """A query of Django's, compiled once. `wrapped` may put SQL of ours around it, with {sql} in its place.

    `slots` are the values in the query that each run replaces, by name: each unlike any other value there.
    """

    def __init__(self, query: QuerySet[Any, Any], *, wrapped: str = "{sql}", **slots: Any) -> None:
        sql, params = query.query.sql_with_params()
        places = {as_parameter(value): name for name, value in slots.items()}
        self._sql = wrapped.format(sql=sql)
        self._params = [as_parameter(value) for value in params]
        self._places = [(n, places[value]) for n, value in enumerate(self._params) if value in places]

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """The answer, with `values` in the slots."""
        params = self._params.copy()
        for place, name in self._places:
            params[place] = as_parameter(values[name])
        with connection.cursor() as cursor:
            cursor.execute(self._sql, params)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows


def execute(sql: str, params: Sequence[Any]) -> int:
    """Run a statement of ours; how many rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [as_parameter(value) for value in params])
        changed: int = cursor.rowcount
        return changed


def as_parameter(value: Any) -> Any:
    """A value as a cursor takes it: an instant or a date in this database's own form."""
    if isinstance(value, dt.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return connection.ops.adapt_datefield_value(value) if isinstance(value, dt.date) else value


def table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def marks(values: Iterable[object]) -> str:
    """As many placeholders as there are values, in brackets: for IN."""
    return f"({', '.join(['%s'] * len(list(values)))})"


# Many values as one text, and back: the aggregate's name.
JOINED = "STRING_AGG" if connection.vendor == "postgresql" else "GROUP_CONCAT"
