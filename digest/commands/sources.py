"""sources, sources release, sources import, sources export: how the feeds are doing, and lists of them."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest.commands.common import clock, config_only, start
from digest.errors import UsageError

if TYPE_CHECKING:
    from digest.config import Config
    from digest.gather.standing import Standing

NARROW, WIDE = 80, 120  # columns: the table fits the terminal between these
_TITLE, _STATE, _WHEN, _USUAL = 24, 10, 12, 13

app = typer.Typer(help="The sources, and how they are doing.", rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def sources(context: typer.Context) -> None:
    """The sources, and how they are doing."""
    if context.invoked_subcommand is not None:
        return
    config, _ = start()
    from digest.gather.standing import read_standings

    standings = read_standings(config, now=clock())
    if not standings:
        print("config.toml names no sources. Add a [[sources]] table for each feed.")
        return
    width = min(max(shutil.get_terminal_size((NARROW, 24)).columns, NARROW), WIDE)
    for line in table(standings, config, width=width):
        print(line)


@app.command()
def release(source: Annotated[str, typer.Argument(metavar="SOURCE", help="Its id in config.toml.")]) -> None:
    """Let in the entries of a source that were held back because there were far more than usual."""
    config, _ = start()
    import getpass

    from digest.gather.standing import release as let_in

    count = let_in(config, source, actor=f"command line ({getpass.getuser()})", now=clock())
    print(f"{count} {'entry' if count == 1 else 'entries'} of {source} let in.")


@app.command()
def export() -> None:
    """Print the sources as a list of feeds (OPML) for other programs."""
    from digest.gather import opml

    print(opml.export(config_only()))


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A list of feeds (OPML).")],
    apply: Annotated[bool, typer.Option("--apply", help="Add them to the end of config.toml.")] = False,
) -> None:
    """Print the [[sources]] tables of a list of feeds (OPML); those that are there already are left out."""
    config = config_only()
    from digest.config import find_config
    from digest.gather import opml

    try:
        body = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
    found = opml.additions(config, opml.read(body))
    for words in found.skipped:
        print(f"Left out: {words}.", file=sys.stderr)
    if not found.count:
        print("The list brings nothing new.", file=sys.stderr)
    elif apply:
        path = find_config(os.environ.get("DIGEST_CONFIG_OPTION"))
        opml.append(path, found.tables)
        print(f"{found.count} {'source' if found.count == 1 else 'sources'} added to {path}.")
    else:
        print(found.tables, end="")


def table(standings: tuple[Standing, ...], config: Config, *, width: int = NARROW) -> list[str]:
    """The lines of the table, none wider than `width` columns; the words of a source stand under it."""
    longest = max((len(standing.key) for standing in standings), default=0)
    title = min(max(longest, _TITLE), _TITLE + width - NARROW)
    lines = [_row("source", "state", "last read", "last new", "usual", title)]
    for standing in standings:
        read, new = _when(standing.last_ok, config), _when(standing.last_new, config)
        rhythm = standing.usual if len(standing.usual) <= _USUAL else ""
        lines.append(_row(standing.key, standing.called, read, new, rhythm, title))
        words = f"{standing.title}: {standing.words}" if standing.words else standing.title
        if standing.usual and not rhythm:
            words += f" (usually {standing.usual})"
        lines += _wrapped(words, width, "  ")
        if standing.todo and not standing.well:
            lines += _wrapped(f"-> {standing.todo}", width, "  ", hang="     ")
    return lines


def _wrapped(text: str, width: int, indent: str, *, hang: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=hang or indent,
        break_on_hyphens=False,
    )


def _row(source: str, state: str, read: str, new: str, usual: str, title: int) -> str:
    if len(source) > title:
        source = source[: title - 1] + "…"
    row = f"{source:<{title}}  {state:<{_STATE}}  {read:<{_WHEN}}  {new:<{_WHEN}}  {usual:<{_USUAL}}"
    return row.rstrip()


def _when(at: dt.datetime | None, config: Config) -> str:
    return f"{at.astimezone(config.association.tz):%d %b %H:%M}" if at else "never"
