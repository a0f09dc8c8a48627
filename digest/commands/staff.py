"""staff add: who may enter the newsroom."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from digest.commands.common import clock, start
from digest.errors import ArgumentError

app = typer.Typer(help="Who may enter the newsroom.", no_args_is_help=True, rich_markup_mode=None)


class Role(StrEnum):
    EDITOR = "editor"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"


@app.callback()
def _group() -> None:
    """Keeps `add` a sub-command while it is the only one."""


@app.command()
def add(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The address to sign in with.")],
    name: Annotated[str, typer.Option("--name", help="How the audit trail shows the person.")] = "",
    role: Annotated[
        Role, typer.Option("--role", help="editor, approver (may also send) or administrator.")
    ] = Role.APPROVER,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
) -> None:
    """Make a staff account, or change the password and role of one that exists."""
    start()
    from digest.web.staff.roles import add_staff

    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        raise ArgumentError(
            "No password was given.", hint="Run it in a terminal, or pipe one in with --password-stdin."
        )
    made = add_staff(email, name=name, role=role.value, password=password, now=clock())
    print(f"{'Made' if made else 'Changed'} the {role.value} {email}. Sign in at /newsroom/.")
