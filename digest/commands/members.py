"""members import, members list: the roll."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from digest.commands.common import clock, start

app = typer.Typer(help="The roll of members.", no_args_is_help=True, rich_markup_mode=None)


@app.command(name="import")
def import_(file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file with an address column.")]) -> None:
    """Add members from a CSV file. Nobody who left comes back, and nothing is half-applied."""
    config, keys = start()
    from digest.members.roll import import_csv

    report = import_csv(config, keys, file, now=clock(), actor="command line")
    for line in report.lines():
        print(line)


@app.command(name="list")
def list_(
    status: Annotated[str, typer.Option("--status", help="Only these: active, left, unconfirmed, erased.")] = "",
) -> None:
    """Print the roll: address, status, name and since when, parted by tabs."""
    config, _ = start()
    from digest.members.roll import list_members

    for line in list_members(config, status=status):
        print(line)
