"""sources, sources release, sources import, sources export: how the feeds are doing, and lists of them."""

from __future__ import annotations

import datetime as dt
import os
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

WIDTH = 80
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
    for line in table(standings, config):
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


def table(standings: tuple[Standing, ...], config: Config) -> list[str]:
    """The lines of the table, none wider than 80 columns; the words of a source stand under it."""
    lines = [_row("source", "state", "last read", "last new", "usual").rstrip()]
    for standing in standings:
        state = standing.state.value if standing.state is not None else "not read"
        lines.append(
            _row(
                standing.key, state, _when(standing.last_ok, config), _when(standing.last_new, config), standing.usual
            ).rstrip()
        )
        words = standing.words + (f". {standing.todo}" if standing.todo and state != "ok" else "")
        lines += textwrap.wrap(
            f"{standing.title}: {words}" if words else standing.title,
            WIDTH,
            initial_indent="  ",
            subsequent_indent="  ",
            break_on_hyphens=False,
        )
    return lines


def _row(source: str, state: str, read: str, new: str, usual: str) -> str:
    if len(source) > _TITLE:
        source = source[: _TITLE - 1] + "…"
    return f"{source:<{_TITLE}}  {state:<{_STATE}}  {read:<{_WHEN}}  {new:<{_WHEN}}  {usual:<{_USUAL}}"


def _when(at: dt.datetime | None, config: Config) -> str:
    return f"{at.astimezone(config.association.tz):%d %b %H:%M}" if at else "never"
