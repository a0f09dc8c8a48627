"""number reserve, skip, report: numbers used elsewhere, and the proof that none is missing."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from digest.commands.common import clock, start
from digest.errors import ArgumentError, DigestError

app = typer.Typer(help="The issues' numbers.", no_args_is_help=True, rich_markup_mode=None)

Numbers = Annotated[str, typer.Argument(metavar="N", help="The number, or several: 12-40.")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason; it stands in the report for ever.")]


@app.command()
def reserve(numbers: Numbers, why: Why) -> None:
    """Set a number aside for an issue made elsewhere: no issue of ours will get it."""
    _set_aside(numbers, "reserved", why)


@app.command()
def skip(numbers: Numbers, why: Why) -> None:
    """Say why a number was never used. A reserved one may be skipped too, when nothing came of it."""
    _set_aside(numbers, "skipped", why)


@app.command()
def report() -> None:
    """Account for every number from the first to the last; exit 1 when one is missing without a reason."""
    start()
    from digest.pipeline.numbers import report as account

    lines = account()
    if not lines:
        print("No number has been given yet.")
    for line in lines:
        missing = "still to come" if line.to_come else "MISSING: nobody has said why"
        print(f"{line.span:>9}  {line.words or missing}")
    if gaps := [line.span for line in lines if not line.explained]:
        raise DigestError(
            f"Without a reason: {', '.join(gaps)}.", hint='Explain each: `digest number skip N --why "..."`.'
        )
    if lines:
        print(f"From {lines[0].number} to {lines[-1].last}, every number is accounted for.")


def _set_aside(numbers: str, kind: str, why: str) -> None:
    first, dash, last = numbers.partition("-")
    if not first.isdecimal() or (dash and not last.isdecimal()):
        raise ArgumentError(f"{numbers!r} is not a number.", hint="Write it like 737, or several like 12-40.")
    start()
    from digest.compose.models import NumberKind
    from digest.pipeline.numbers import set_aside

    actor = f"command line ({getpass.getuser()})"
    set_aside(int(first), int(last) if dash else None, kind=NumberKind(kind), why=why, actor=actor, now=clock())
    print(f"Numbers {numbers} are {kind}." if dash else f"Number {first} is {kind}.")
