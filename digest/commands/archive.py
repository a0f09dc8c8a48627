"""archive import: earlier issues, with their numbers."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from digest.commands.common import clock, start

app = typer.Typer(help="The public record of past issues.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Keeps `import` a sub-command while it is the only one."""


@app.command(name="import")
def import_(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder of .html and .txt files, or a CSV file.")],
    apply: Annotated[
        bool, typer.Option("--apply", help="Store them; without it, only say what was understood.")
    ] = False,
) -> None:
    """Bring earlier issues in, from a folder of files or a CSV of title, date and url."""
    config, _ = start()
    from digest.pipeline.earlier import import_earlier

    actor = f"command line ({getpass.getuser()})"
    done = import_earlier(config, path, apply=apply, actor=actor, now=clock())
    for heading, issues in (("new", done.new), ("there already", done.present)):
        for issue in issues:
            print(f"{issue.number:>6}  {issue.date}  {issue.title}  ({issue.origin}, {heading})")
    for entry in done.unread:
        print(f"        {entry.origin}: refused, {entry.reason}")
    words = f"{len(done.new)} new, {len(done.present)} there already, {len(done.unread)} refused."
    print(words if apply else f"{words} Nothing was stored: add --apply to store the new ones.")
