"""archive import: earlier issues, with their numbers."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from digest.commands.common import clock, start
from digest.errors import DigestError

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
    """Bring earlier issues in, from a folder of files or a CSV of title, date and url.

    A file says which issue it is by its title, its name or its first lines. Its words and public links are kept;
    its looks, and whatever is its recipient's own, are not. Days in digits are read day first: 05/02/2024.
    """
    config, _ = start()
    from digest.pipeline.earlier import import_earlier

    actor = f"command line ({getpass.getuser()})"
    done = import_earlier(config, path, apply=apply, actor=actor, now=clock())
    for heading, issues in (("stored" if apply else "new", done.new), ("there already", done.present)):
        for issue in issues:
            notes = [
                issue.origin,
                heading,
                *([f"{issue.left_out} personal links or addresses left out"] * bool(issue.left_out)),
            ]
            print(f"{issue.number:>6}  {issue.date}  {issue.title}  ({', '.join(notes)})")
            if issue.url:
                print(f"        {issue.url}")
    for word, entries in (("refused", done.refused), ("not stored", done.failed)):
        for entry in entries:
            print(f"        {entry.origin}: {word}, {entry.reason}")
    counted = f"{len(done.new)} {'stored' if apply else 'new'}, {len(done.present)} there already"
    print(f"{counted}, {len(done.refused)} refused.")
    if done.failed:
        raise DigestError(
            f"{len(done.failed)} could not be stored; the lines above say why.",
            hint="Mend that and run it again: what is stored already is left alone.",
        )
    if not apply:
        print("Nothing was stored: look the list over, then add --apply.")
