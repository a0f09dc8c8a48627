"""number reserve, skip, report: numbers used elsewhere, and the proof that none is missing."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from digest.commands.common import clock, start
from digest.errors import DigestError

app = typer.Typer(help="The issues' numbers.", no_args_is_help=True, rich_markup_mode=None)

TheNumber = Annotated[int, typer.Argument(metavar="N", help="The number.")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason; it stands in the report for ever.")]


@app.command()
def reserve(number: TheNumber, why: Why) -> None:
    """Set a number aside for an issue made elsewhere: no issue of ours will get it."""
    _set_aside(number, "reserved", why)


@app.command()
def skip(number: TheNumber, why: Why) -> None:
    """Say why a number was never used."""
    _set_aside(number, "skipped", why)


@app.command()
def report() -> None:
    """Account for every number from the first to the last; exit 1 when one is missing without a reason."""
    start()
    from digest.pipeline.numbers import report as account

    lines = account()
    if not lines:
        print("No number has been given yet.")
    for line in lines:
        print(f"{line.number:>6}  {line.words}")
    gaps = [str(line.number) for line in lines if not line.explained]
    if gaps:
        raise DigestError(
            f"Without a reason: {', '.join(gaps)}.", hint='Explain each: `digest number skip N --why "..."`.'
        )
    if lines:
        print(f"{len(lines)} numbers, every one of them accounted for.")


def _set_aside(number: int, kind: str, why: str) -> None:
    start()
    from digest.compose.models import NumberKind
    from digest.pipeline.numbers import set_aside

    actor = f"command line ({getpass.getuser()})"
    set_aside(number, kind=NumberKind(kind), why=why, actor=actor, now=clock())
    print(f"Number {number} is {kind}.")
