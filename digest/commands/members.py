"""members import, members list: the roll."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from digest.commands.common import clock, start
from digest.errors import ArgumentError

app = typer.Typer(help="The roll of members.", no_args_is_help=True, rich_markup_mode=None)


@app.command(name="import")
def import_(file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file with an address column.")]) -> None:
    """Add members from a CSV file. Nobody who left comes back, and nothing is half-applied."""
    _, keys = start()
    from digest.members.roll import import_csv

    report = import_csv(file, keys=keys, now=clock(), actor="command line")
    print(report.understood)
    print(f"{report.rows} rows: {report.new} new, {report.changed} changed, {report.unchanged} unchanged.")
    for heading, notes in (
        ("Kept out, because they left or bounced", report.kept_out),
        ("Repeated", report.repeated),
        ("Refused", report.refused),
    ):
        if notes:
            print(f"{heading} ({len(notes)}):")
            for note in notes:
                print(f"  row {note.row}: {note.reason}")


@app.command(name="list")
def list_(
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Only active, left, unconfirmed or erased.")
    ] = None,
) -> None:
    """Print the roll: address, status, name and since when, parted by tabs."""
    config, _ = start()
    from digest.config import describe_unknown
    from digest.members.models import MemberStatus
    from digest.members.roll import list_members

    for name in status or ():
        if name not in set(MemberStatus):
            raise ArgumentError(f"--status: {describe_unknown(name, [s.value for s in MemberStatus])}.")
    for member in list_members([MemberStatus(name) for name in status or ()]):
        since = member.joined_at.astimezone(config.association.tz).date()
        print(f"{member.email or '(erased)'}\t{member.status}\t{member.name}\t{since}")
