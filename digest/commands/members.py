"""members import, sync, export, list, pull-suppressions: the roll."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest.commands.common import clock, start
from digest.errors import ArgumentError

if TYPE_CHECKING:
    from digest.config import Config
    from digest.members.models import MemberStatus
    from digest.members.roll import Comparison

app = typer.Typer(help="The roll of members.", no_args_is_help=True, rich_markup_mode=None)

SHOWN = 10  # rows of a kind that are named before "and so on"

Apply = Annotated[bool, typer.Option("--apply", help="Do it. Without this, only what would change is shown.")]
YesDrop = Annotated[bool, typer.Option("--yes-drop", help="Yes, so many members are meant to leave.")]
As = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="KIND",
        help="Whom the file is about: members, unsubscribed, bounces, complaints, blocks, suppressed.",
    ),
]
Column = Annotated[str, typer.Option("--column", metavar="NAME", help="The column that holds the address.")]
Encoding = Annotated[str, typer.Option("--encoding", metavar="NAME", help="How its letters are encoded: cp1250, ...")]
Wording = Annotated[str, typer.Option("--wording", metavar="TEXT", help="What these people agreed to; is kept.")]
Report = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE", help="Write every row that is not taken as it stands there."),
]
Status = Annotated[list[str] | None, typer.Option("--status", help="Only active, left, unconfirmed or erased.")]


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What another tool exported; - reads it.")],
    apply: Apply = False,
    yes_drop: YesDrop = False,
    as_: As = "",
    column: Column = "",
    encoding: Encoding = "",
    wording: Wording = "",
    report: Report = None,
) -> None:
    """Add members from a list. Shows what would change; --apply does it. Nobody who left comes back."""
    config, keys = start()
    from digest.members.opening import opened_file
    from digest.members.roll import compare

    with (
        opened_file(file) as opened,
        compare(opened, name=_called(file), keys=keys, as_=as_, column=column, encoding=encoding) as comparison,
    ):
        _conclude(config, comparison, apply, yes_drop, wording, report)


@app.command()
def sync(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="The whole membership; - reads it.")] = None,
    command: Annotated[
        str, typer.Option("--command", metavar="COMMAND", help="A program that prints the whole membership.")
    ] = "",
    apply: Apply = False,
    yes_drop: YesDrop = False,
    as_: As = "",
    column: Column = "",
    encoding: Encoding = "",
    wording: Wording = "",
    report: Report = None,
) -> None:
    """Make the roll what a list says: who is missing in it leaves. Shows what would change; --apply does it."""
    if (file is None) == (not command):
        raise ArgumentError("A sync needs a FILE or a --command, and not both.")
    config, keys = start()
    from digest.members.opening import opened_command, opened_file
    from digest.members.roll import compare

    with contextlib.ExitStack() as stack:
        if file is not None:
            opened, name = stack.enter_context(opened_file(file)), _called(file)
        else:
            opened, name = stack.enter_context(opened_command(command)), "the command's list"
        how = {"as_": as_, "column": column, "encoding": encoding}
        comparison = stack.enter_context(compare(opened, name=name, keys=keys, whole=True, **how))
        _conclude(config, comparison, apply, yes_drop, wording, report)


@app.command()
def export(
    status: Status = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Write it there, readable by you alone.")
    ] = None,
) -> None:
    """The roll as CSV, harmless to open in a spreadsheet."""
    start()
    from digest.members.spreadsheet import export_csv

    statuses = _statuses(status)
    if output is None:
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
        export_csv(sys.stdout, statuses)
        return
    import os

    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as out:
        count = export_csv(out, statuses)
    print(f"{count} members written to {output}.")


@app.command(name="list")
def list_(status: Status = None) -> None:
    """Print the roll: address, status, name and since when, parted by tabs."""
    config, _ = start()
    from digest.members.roll import list_members

    for member in list_members(_statuses(status)):
        since = member.joined_at.astimezone(config.association.tz).date()
        print(f"{member.email or '(erased)'}\t{member.status}\t{member.name}\t{since}")


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


def _statuses(names: list[str] | None) -> list[MemberStatus]:
    from digest.config import describe_unknown
    from digest.members.models import MemberStatus

    for name in names or ():
        if name not in set(MemberStatus):
            raise ArgumentError(f"--status: {describe_unknown(name, [s.value for s in MemberStatus])}.")
    return [MemberStatus(name) for name in names or ()]


def _called(file: Path) -> str:
    return "standard input" if str(file) == "-" else file.name


def _conclude(
    config: Config, comparison: Comparison, apply: bool, yes_drop: bool, wording: str, report: Path | None
) -> None:
    """Show the difference; carry it out when asked to."""
    from digest.members.roll import DEFAULT_WORDING

    for line in _lines(comparison):
        print(line)
    if report is not None:
        _write_report(comparison, report)
        print(f"Every row that is not taken as it stands: {report}")
    percent = config.members.drop_percent
    if not apply:
        if comparison.drops_too_many(percent):
            print(f"That is more than {percent} % of the members: applying it needs --yes-drop.")
        print("Nothing was changed. Add --apply to do it.")
        return
    comparison.apply(
        now=clock(),
        actor="command line",
        wording=wording or DEFAULT_WORDING,
        drop_percent=percent,
        yes_drop=yes_drop,
    )
    print("Done.")


def _lines(comparison: Comparison) -> Iterator[str]:
    from digest.members.difference import Verdict

    counts = comparison.counts
    yield f"{comparison.understood[:1].upper()}{comparison.understood[1:]}."
    if comparison.example:
        yield f"A name in it, to see whether its letters are right: {comparison.example}"
    yield f"{sum(counts.values()):>9,} rows"
    for verdict, words in (
        (Verdict.NEW, "new"),
        (Verdict.BACK, "back again"),
        (Verdict.CHANGED, "changed"),
        (Verdict.UNCHANGED, "unchanged"),
        (Verdict.LEAVES, "leave, because they had left there"),
        (Verdict.SUPPRESSED, "remembered, so that nothing is sent to them"),
        (Verdict.KNOWN, "say what is known: left, or suppressed"),
        (Verdict.KEPT_OUT, "kept out"),
        (Verdict.REPEATED, "repeated"),
        (Verdict.REFUSED, "refused"),
    ):
        if counts[verdict]:
            yield f"{counts[verdict]:>9,} {words}"
        if verdict in (Verdict.KEPT_OUT, Verdict.REPEATED, Verdict.REFUSED):
            for note in comparison.notes(verdict, most=SHOWN):
                yield f"            row {note.row}: {note.reason}"
            if counts[verdict] > SHOWN:
                yield f"            and {counts[verdict] - SHOWN:,} more (--report FILE names them all)"
    if comparison.gone:
        yield f"{comparison.gone:>9,} of {comparison.active:,} members are not in it and leave"
        for address in comparison.who_goes(SHOWN):
            yield f"            {address}"
        if comparison.gone > SHOWN:
            yield f"            and {comparison.gone - SHOWN:,} more"


def _write_report(comparison: Comparison, path: Path) -> None:
    import csv

    from digest.members.difference import Verdict
    from digest.members.spreadsheet import BOM

    with path.open("w", encoding="utf-8", newline="") as out:
        out.write(BOM)
        writer = csv.writer(out)
        writer.writerow(("row", "what", "reason"))
        for verdict in (Verdict.KEPT_OUT, Verdict.REPEATED, Verdict.REFUSED):
            for note in comparison.notes(verdict):
                writer.writerow((note.row, verdict.value.replace("_", " "), note.reason))
