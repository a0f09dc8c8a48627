"""deliveries, deliveries settle: what became of every copy, and a person's word on those nobody can tell of."""

from __future__ import annotations

import csv
import getpass
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from digest.commands.common import clock, start, wall
from digest.errors import ArgumentError

if TYPE_CHECKING:
    from digest.compose.models import Issue
    from digest.config import Config
    from digest.pipeline.deliveries import DeliveriesReport

SHOW = "show"
WIDTH = 26
COLUMNS = ("member", "address", "state", "reason", "since", "batch")


class ShowByDefault(TyperGroup):
    """`digest deliveries 736` is `digest deliveries show 736`: the number would else be taken for a sub-command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = [SHOW, *args]
        return super().parse_args(ctx, args)


class As(StrEnum):
    """What a person found out about copies that are unknown."""

    SENT = "sent"
    NOT_SENT = "not-sent"


HELP = """What became of every copy of an issue: `digest deliveries [NUMBER]`.

Its options are those of `digest deliveries show`, which may be left out."""

app = typer.Typer(
    help=HELP, short_help="What became of every copy of an issue.", cls=ShowByDefault, rich_markup_mode=None
)


@app.command(SHOW)
def show(
    number: Annotated[
        str | None,
        typer.Argument(metavar="[NUMBER]", help="Which issue, or an announcement's name; else the last sent."),
    ] = None,
    batches: Annotated[bool, typer.Option("--batches", help="Each request to the provider, too.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Each member's copy as CSV, and nothing else.")] = False,
    addresses: Annotated[bool, typer.Option("--addresses", help="With --csv: addresses in full.")] = False,
) -> None:
    """Say what became of every copy, with reasons. The sub-command may be left out."""
    if addresses and not as_csv:
        raise ArgumentError("--addresses belongs to --csv.")
    config, _ = start()
    from digest.pipeline.deliveries import issue_of, report

    issue = issue_of(number)
    if as_csv:
        _write_csv(issue, config, addresses=addresses)
        return
    _print_report(report(config, issue), config)
    if batches:
        _print_batches(issue)
    from digest.pipeline import alarms

    for alarm in alarms(config, clock()):
        print(f"\nALARM  {alarm.words}\n       -> {alarm.todo}")


@app.command()
def settle(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Which issue, or an announcement's name.")],
    as_: Annotated[As, typer.Option("--as", help="What you found out: they were sent, or they were not.")],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="How you know; it is kept for ever.")],
    batch: Annotated[int | None, typer.Option("--batch", metavar="N", help="Only this request.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every unknown copy of the issue.")] = False,
) -> None:
    """Settle copies of which nobody can say whether they were sent. With `not-sent` they go out (again)."""
    if (batch is None) != all_:
        raise ArgumentError("Say which: either --batch N or --all.")
    start()
    from digest import pipeline
    from digest.deliver.settle import Verdict

    actor = f"command line ({getpass.getuser()})"
    done = pipeline.settle(number, Verdict(as_.value), ordinal=batch, why=why, actor=actor, now=clock())
    copies = "1 copy" if done.copies == 1 else f"{done.copies:,} copies"
    what = f"issue {number}" if number.isdigit() else number
    if as_ is As.SENT:
        print(f"{copies} of {what} settled as sent.")
    else:
        print(f"{copies} of {what} wait to be sent: the clock sends them, or `digest send {number}` now.")
    if done.closed:
        print(f"Nothing of {what} is open any more.")


def _print_report(report: DeliveriesReport, config: Config) -> None:
    print(report.title)
    verb = "went out" if report.state == "sent" else "going out since"
    since = f", {verb} {wall(report.released_at, config)}" if report.released_at else ""
    print(f"{report.state.replace('_', ' ')}{since}")
    if not report.lines:
        print("\nIts list is not closed yet, so there are no copies to speak of.")
        return
    share = f", {100 * report.taken / report.recipients:.1f} % accepted by the provider" if report.recipients else ""
    print(f"{report.recipients:,} {'copy' if report.recipients == 1 else 'copies'} to send{share}\n")
    for line in report.lines:
        print(f"{line.words:<{WIDTH}}{line.count:>9,}")
        for reason, count in line.reasons:
            print(f"    {count:>9,}  {reason}")
        if line.other:
            print(f"    {line.other:>9,}  for other reasons")
    if report.opens is not None:
        print(f"\nopened by {report.opens.opened:,}, by machines only {report.opens.machines:,}, ", end="")
        print(f"clicked by {report.opens.clicked:,}")
    for batch in report.unknown:
        when = f", handed over {wall(batch.claimed_at, config)}" if batch.claimed_at else ""
        print(f"\nUnknown: {batch.copies:,} in batch {batch.ordinal}{when}\n  {batch.answer}\n  -> {batch.todo}")
    if report.unknown:
        print(f'\nThen: digest deliveries settle {report.key} --batch N --as sent|not-sent --why "..."')
        print("They are never sent again unasked; with not-sent they are.")


def _print_batches(issue: Issue) -> None:
    from digest.pipeline.deliveries import batch_lines

    print(f"\n{'batch':>5} {'try':>3} {'lane':>4}  {'state':<10} copies")
    for line in batch_lines(issue):
        copies = ", ".join(f"{count} {state}" for state, count in line.copies.items()) or "none"
        print(f"{line.ordinal:>5} {line.attempt:>3} {line.lane:>4}  {line.state:<10} {copies}")
        if line.answer:
            print(f"{'':>16}{line.answer}")


def _write_csv(issue: Issue, config: Config, *, addresses: bool) -> None:
    from digest.pipeline.deliveries import copies

    out = csv.writer(sys.stdout)
    out.writerow(COLUMNS)
    for copy in copies(issue, addresses=addresses):
        since = copy.at.astimezone(config.association.tz).isoformat(timespec="seconds")
        batch = "" if copy.batch is None else copy.batch
        out.writerow([_inert(copy.member), _inert(copy.address), copy.state, _inert(copy.reason), since, batch])


def _inert(text: str) -> str:
    """Words of a mail server's must not become a formula in somebody's spreadsheet."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
