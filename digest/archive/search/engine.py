"""What a database must be able to do for search, and which one does it here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from digest.archive.search.query import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The words of one item, by the key of its row. Those of the title count most."""

    key: int
    title: Sequence[str]
    names: Sequence[str]  # authors, source, journal, categories
    body: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a search is narrowed to; "" and None for everything."""

    section: str = ""
    source: str = ""
    year: int | None = None

    def conditions(self) -> tuple[str, list[str | int]]:
        """SQL to follow a WHERE, and its parameters. `i` is the table of items."""
        given = [("section", self.section), ("source", self.source), ("year", self.year)]
        used = [(column, value) for column, value in given if value]
        return "".join(f" AND i.{column} = %s" for column, _ in used), [value for _, value in used if value]


class Engine(Protocol):
    """A table of words beside the table of items, and a search in it."""

    def add(self, entries: Sequence[Entry]) -> None:
        """Words of items that stand in their table already."""

    def remove(self, number: int) -> None:
        """Forget the words of an issue's items, which are still in their table."""

    def sweep(self) -> None:
        """Forget words without an item: a restored backup may leave some, as it brings the items of another time."""

    def find(
        self, query: Query, filters: Filters, *, newest_first: bool, limit: int, offset: int
    ) -> tuple[list[int], int]:
        """Keys of the items found, the best first, and how many there are in all."""


def engine_of(vendor: str) -> Engine:
    """The engine of a database by Django's name for it. KeyError for one that has none."""
    from digest.archive.search.postgres import Postgres
    from digest.archive.search.sqlite import Sqlite

    engines: dict[str, Engine] = {"sqlite": Sqlite(), "postgresql": Postgres()}
    return engines[vendor]
