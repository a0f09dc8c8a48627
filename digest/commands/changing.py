"""edit: an editor's change to the coming issue, from the command line. The newsroom does the same."""

from __future__ import annotations

import getpass
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.commands.common import clock, start, wall
from digest.errors import ArgumentError

if TYPE_CHECKING:
    from digest.config import Config
    from digest.pipeline import Coming


class Change(StrEnum):
    DROP = "drop"
    HOLD = "hold"
    INCLUDE = "include"
    RESTORE = "restore"
    PIN = "pin"
    UNPIN = "unpin"
    MOVE = "move"
    ORDER = "order"
    TITLE = "title"
    SUMMARY = "summary"
    URL = "url"
    IMAGE = "image"
    ADD = "add"
    APART = "apart"
    JOIN = "join"
    INTRO = "intro"
    OUTRO = "outro"
    SUBJECT = "subject"
    PREHEADER = "preheader"
    UNDO = "undo"
    REDO = "redo"
    HISTORY = "history"


_REWRITES = (Change.TITLE, Change.SUMMARY, Change.URL, Change.IMAGE)
_TEXTS = {
    Change.INTRO: "markdown",
    Change.OUTRO: "markdown",
    Change.SUBJECT: "text",
    Change.PREHEADER: "text",
}


def register(app: typer.Typer) -> None:
    app.command()(edit)


def edit(
    change: Annotated[Change, typer.Argument(help="What to do.")],
    items: Annotated[
        list[int] | None,
        typer.Argument(metavar="[ITEM]...", help="The items' numbers, as `digest compose` shows them."),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="VALUE", help="Section, item or text, as the change needs; - reads it."),
    ] = None,
    title: Annotated[str, typer.Option("--title", help="For add: its title.")] = "",
    url: Annotated[str, typer.Option("--url", help="For add: its address.")] = "",
    summary: Annotated[str, typer.Option("--summary", help="For add: its text.")] = "",
) -> None:
    """Change the coming issue: drop, hold, pin, move, retitle, add, undo, and the like."""
    config, _ = start()
    from digest import pipeline

    now = clock()
    coming = pipeline.coming(config, now=now)
    if change is Change.HISTORY:
        _print_history(config, coming)
        return
    text = sys.stdin.read() if to == "-" else to
    common: dict[str, Any] = {
        "actor": f"command line ({getpass.getuser()})",
        "now": now,
        "base_revision": coming.issue.revision,
    }
    if change is Change.ADD:
        if not (title and text):
            raise ArgumentError("An item needs --title, and --to with the section it goes to.")
        pipeline.add_item(config, coming.issue.pk, title=title, url=url, summary=summary, section=text, **common)
    else:
        kind, entry, value = _as_edit(change, items or [], text)
        pipeline.add_edit(config, coming.issue.pk, kind=kind, entry=entry, value=value, **common)
    print(f"Done. {pipeline.coming(config, now=now).document.title}: `digest compose` shows it.")


def _as_edit(change: Change, items: list[int], text: str | None) -> tuple[str, int | None, dict[str, Any]]:
    """The kind, entry and value that pipeline.add_edit takes. ArgumentError when something is missing."""
    if change in (Change.UNDO, Change.REDO):
        return change.value, None, {}
    if change in _TEXTS:
        return change.value, None, {_TEXTS[change]: _needed(text, "a text")}
    if change is Change.ORDER:
        return "order", None, {"section": _needed(text, "a section"), "entries": items}
    if len(items) != 1:
        raise ArgumentError(
            f"{change.value} needs the number of one item.", hint="`digest compose` shows the numbers."
        )
    if change in _REWRITES:
        return "rewrite", items[0], {change.value: text}
    if change is Change.MOVE:
        return "move", items[0], {"section": _needed(text, "a section")}
    if change in (Change.APART, Change.JOIN):
        other = _needed(text, "the number of the other item")
        if not other.isdecimal():
            raise ArgumentError(f"--to needs the number of the other item, not {other!r}.")
        return change.value, items[0], {"other" if change is Change.APART else "into": int(other)}
    if change in (Change.PIN, Change.UNPIN):
        return "pin", items[0], {"pinned": change is Change.PIN}
    return change.value, items[0], {}


def _needed(text: str | None, what: str) -> str:
    if text is None:
        raise ArgumentError(f"This change needs {what}: add --to.")
    return text


def _print_history(config: Config, coming: Coming) -> None:
    from digest.compose.models import Edit

    rows = Edit.objects.filter(issue=coming.issue.pk).order_by("seq")
    for row in rows:
        item = f" item {row.entry_id}" if row.entry_id else ""
        value = ", ".join(f"{key} {str(text)[:60]}" for key, text in row.value.items() if key != "snapshot")
        print(f"{row.seq:>4}  {wall(row.at, config)}  {row.actor}: {row.kind}{item} {value}".rstrip())
    if not rows:
        print("Nothing was changed yet.")
