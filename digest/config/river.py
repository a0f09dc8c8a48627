"""How the river, the page of everything the sources bring, is shown."""

from __future__ import annotations

from pydantic import field_validator

from digest.config.basics import Line, Table


class River(Table):
    """The river's pages and feeds."""

    date_format: Line = "dd/MM/yy"  # a CLDR pattern, as Babel reads it: 19/02/24

    @field_validator("date_format")
    @classmethod
    def _pattern(cls, value: str) -> str:
        if not all(letter in value for letter in "dMy"):
            raise ValueError('expected a pattern with day, month and year, like "dd/MM/yy"')
        return value
