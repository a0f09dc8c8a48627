"""One row of a roll, as it was read. Pure."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from digest.members.formats import Says


class Row(NamedTuple):
    """`number` counts as a spreadsheet does, the heading being row 1. `wrong`: why it cannot be read at all."""

    number: int
    address: str
    name: str
    says: Says = Says.MEMBER
    wrong: str = ""


def clean_name(text: str) -> str:
    """One line without control and format characters: a name ends in headers and in spreadsheets."""
    if text.isprintable() and "  " not in text:
        return text.strip() if text.isascii() else " ".join(text.split())
    kept = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(kept.split())
