"""check: what should be known of an issue before it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from digest.commands.common import clock, print_json, start, wall
from digest.errors import ArgumentError

if TYPE_CHECKING:
    from digest.config import Config
    from digest.pipeline import Checked

_MARKS = {"block": "BLOCK", "warn": "warn ", "info": "info "}


def register(app: typer.Typer) -> None:
    app.command()(check)


def check(
    which: Annotated[str, typer.Argument(metavar="[NUMBER|next]", help="Which issue.")] = "next",
    links: Annotated[
        bool, typer.Option("--links/--no-links", help="Whether to ask the links of which nothing is known.")
    ] = True,
    json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check an issue before it goes: size, links, dates, placeholders. Exit status 1 when something blocks it."""
    if which != "next" and not which.isdecimal():
        raise ArgumentError(f"{which!r} is neither a number nor 'next'.")
    config, _ = start()
    from digest import pipeline

    checked = pipeline.check(config, None if which == "next" else int(which), now=clock(), links=links)
    if json:
        print_json([found.as_json() for found in checked.findings])
    else:
        _print(config, checked)
    if checked.blocks:
        raise typer.Exit(1)


def _print(config: Config, checked: Checked) -> None:
    from digest.render.preflight import CHECKS

    print(checked.title)
    for found in checked.findings:
        print(f"\n{_MARKS[found.severity]}  {CHECKS[found.check].title}: {found.words}")
        number = f"[{found.entry}] " if found.entry is not None and found.entry > 0 else ""
        if found.headline:
            print(f"       {number}{found.headline}")
        if found.url:
            print(f"       {found.url}")
        print(f"       {found.hint}")
    print(f"\n{_verdict(checked)}")
    if checked.links_at is not None:
        since = wall(checked.links_at, config)
        print(f"{checked.links_known} of {checked.links} links have been asked, the first of them at {since}.")
    elif checked.links:
        print(f"None of the {checked.links} links has been asked.")


def _verdict(checked: Checked) -> str:
    blocks = len(checked.blocks)
    if blocks:
        return f"{blocks} of this must be mended, or overridden with a reason: `digest approve --override REASON`."
    return "Nothing keeps it from being approved." if checked.findings else "Nothing was found."
