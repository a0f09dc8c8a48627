"""audit: who did what when."""

from __future__ import annotations

import datetime as dt
import sys
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from digest.commands.common import parse_when, print_json, start, wall
from digest.errors import ArgumentError

if TYPE_CHECKING:
    from digest.config import Config

SHOWN = 50  # lines, unless told


def register(app: typer.Typer) -> None:
    app.command()(audit)


def audit(
    who: Annotated[str, typer.Option("--who", metavar="PERSON", help="Part of an address or a name.")] = "",
    issue: Annotated[int | None, typer.Option("--issue", metavar="NUMBER", help="Only what concerns it.")] = None,
    kind: Annotated[
        str,
        typer.Option(
            "--kind",
            metavar="KIND",
            help="issues, edits, announcements, sending, members, numbers, sources or staff (sign-ins too).",
        ),
    ] = "",
    since: Annotated[str, typer.Option("--since", metavar="WHEN", help="A day, or a day and time.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="WHEN", help="A day (that day too), or a time.")] = "",
    most: Annotated[int, typer.Option("--most", metavar="N", help="How many lines; 0 for all.")] = SHOWN,
    as_csv: Annotated[bool, typer.Option("--csv", help="All of them, as CSV.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Who did what when, the latest first: every change of an issue, every edit, every sending, every sign-in."""
    config, _ = start()
    from digest.config import describe_unknown
    from digest.pipeline.trail import Wanted, as_json, lines, rows_of, write_csv
    from digest.pipeline.trail_words import KINDS

    if kind and kind not in KINDS:
        raise ArgumentError(f"--kind: {describe_unknown(kind, KINDS)}.")
    wanted = Wanted(
        who=who,
        issue=issue,
        kind=kind,
        since=_instant(since, config, end=False),
        until=_instant(until, config, end=True),
    )
    if as_csv:
        write_csv(wanted, sys.stdout)
        return
    rows = rows_of(wanted)
    found = list(lines(islice(rows, most or None)))
    if json:
        print_json([as_json(line) for line in found])
        return
    if not found:
        print("Nothing in the trail fits.")
        return
    for line in found:
        print(f"{wall(line.at, config)}  {line.who} {line.what}")
    left = rows.count() - len(found)
    if left > 0:
        print(f"... and {left:,} earlier {'line' if left == 1 else 'lines'}: --most 0 shows all.")


def _instant(text: str, config: Config, *, end: bool) -> dt.datetime | None:
    """A day is meant whole: as an end it is the midnight after it."""
    if not text.strip():
        return None
    try:
        day = dt.date.fromisoformat(text.strip())
    except ValueError:
        return parse_when(text, config)
    at = dt.datetime.combine(day + dt.timedelta(days=1 if end else 0), dt.time(), tzinfo=config.association.tz)
    return at.astimezone(dt.UTC)
