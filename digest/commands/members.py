"""members import, list, suppress, pull-suppressions: the roll, and whom nothing is sent to."""

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


@app.command()
def suppress(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file with an address column.")],
) -> None:
    """Send nothing to the addresses of a CSV file: those who left the list of an earlier tool."""
    _, keys = start()
    from digest.members.suppress import suppress_list

    kept = suppress_list(file, keys=keys, now=clock(), actor="command line")
    print(kept.understood)
    print(f"{kept.rows} rows: nothing is sent to {kept.new} more addresses; {kept.known} were known.")
    if kept.refused:
        print(f"Without an address: rows {', '.join(map(str, kept.refused[:50]))}.")


@app.command(name="pull-suppressions")
def pull_suppressions() -> None:
    """Take over whom the provider sends nothing to. Every sending begins with this."""
    config, keys = start()
    from digest.deliver.providers import SuppressingProvider, build
    from digest.deliver.suppressions import pull_suppressions as pull
    from digest.errors import DigestError, UsageError

    if not isinstance(build(config, keys), SuppressingProvider):
        raise UsageError(f"{config.delivery.provider} keeps no list of suppressed addresses that can be read.")
    pulled = pull(config, keys, now=clock(), actor="command line")
    print(pulled.words)
    if pulled.problems:
        raise DigestError("\n".join(pulled.problems))
