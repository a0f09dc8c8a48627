"""The roll as CSV: UTF-8 with a mark, so that spreadsheets read it, and with cells that they do not run."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import TextIO

from digest.members.formats import OWN_HEADING
from digest.members.models import MemberStatus
from digest.members.roll import list_members

BOM = "\ufeff"
# What spreadsheets take for the beginning of a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(cell: str) -> str:
    """The cell, with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def export_csv(out: TextIO, statuses: Sequence[MemberStatus] = ()) -> int:
    """Write the members in the order they joined; how many there were. Instants in UTC, ISO 8601.

    What this writes an import reads again: the apostrophes go, and who had left is not brought back.
    """
    out.write(BOM)
    writer = csv.writer(out)
    writer.writerow(OWN_HEADING)
    count = 0
    for member in list_members(statuses):
        if member.email is None:
            continue
        writer.writerow(
            [
                harmless(member.email),
                harmless(member.name),
                member.status,
                member.joined_at.isoformat(),
                member.left_at.isoformat() if member.left_at else "",
                member.paused_until.isoformat() if member.paused_until else "",
                member.language,
            ]
        )
        count += 1
    return count
