"""staff add, list, role, disable, enable, unlock, reset-second-factor: who may enter the newsroom."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from digest.commands.common import clock, print_json, start, wall
from digest.errors import ArgumentError

if TYPE_CHECKING:
    from digest.config import Config
    from digest.web.staff.people import Person

app = typer.Typer(help="Who may enter the newsroom.", no_args_is_help=True, rich_markup_mode=None)
ACTOR = "command line"

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The address the person signs in with.")]


class Role(StrEnum):
    EDITOR = "editor"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"


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
    no_password: Annotated[
        bool, typer.Option("--no-password", help="The person comes in by single sign-on alone.")
    ] = False,
) -> None:
    """Make a staff account, or change the password and role of one that exists."""
    config, _ = start()
    from digest.web.staff.roles import add_staff

    password: str | None = None
    if no_password:
        if config.web.oidc is None:
            raise ArgumentError(
                "Without a password nobody could come in: there is no single sign-on.",
                hint="Set [web.oidc] in config.toml first, or leave --no-password out.",
            )
    elif password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        raise ArgumentError(
            "No password was given.", hint="Run it in a terminal, or pipe one in with --password-stdin."
        )
    made = add_staff(email, name=name, role=role.value, password=password, now=clock())
    print(f"{'Made' if made else 'Changed'} the {role.value} {email}. Sign in at /newsroom/.")
    if role.value in config.web.sign_in.second_factor:
        print("At the first sign-in a second step is set up: have an authenticator app at hand.")


@app.command(name="list")
def list_(json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False) -> None:
    """Who has an account, what each may, and who is locked out."""
    config, _ = start()
    from digest.web.staff.people import everybody

    found = everybody(now=clock())
    if json:
        print_json([_as_json(person) for person in found])
        return
    if not found:
        print("Nobody yet. `digest staff add EMAIL` makes the first account.")
        return
    for person in found:
        name = f" ({person.name})" if person.name else ""
        print(f"{person.role:<13} {person.email}{name}")
        print(f"              {', '.join(_facts(person, config))}")


@app.command()
def role(
    email: Email,
    to: Annotated[Role, typer.Argument(metavar="ROLE", help="editor, approver or administrator.")],
) -> None:
    """Give an account another role."""
    start()
    from digest.web.staff.people import change_role

    changed = change_role(email, to.value, actor=ACTOR, now=clock())
    print(f"{email} is {'now' if changed else 'already'} {_article(to.value)}.")


@app.command()
def disable(email: Email) -> None:
    """Close an account: the person is signed out and cannot come in."""
    start()
    from digest.web.staff.people import close_account

    print(f"The account {email} {'is' if close_account(email, actor=ACTOR, now=clock()) else 'was already'} closed.")


@app.command()
def enable(email: Email) -> None:
    """Open a closed account again."""
    start()
    from digest.web.staff.people import open_account

    print(f"The account {email} {'is' if open_account(email, actor=ACTOR, now=clock()) else 'was already'} open.")


@app.command()
def unlock(email: Email) -> None:
    """End the lock-out after too many wrong passwords."""
    start()
    from digest.web.staff.lockout import unlock as unlock_account

    count = unlock_account(email, actor=ACTOR, now=clock())
    print(f"{email} can try again at once." if count else f"{email} was not locked out.")


@app.command(name="reset-second-factor")
def reset_second_factor(email: Email) -> None:
    """Remove authenticator app and recovery codes, for somebody who has lost both."""
    start()
    from digest.web.staff import people

    done = people.reset_second_factor(email, actor=ACTOR, now=clock())
    print(
        f"{email} has no second factor now and sets one up at the next sign-in where that is required."
        if done
        else f"{email} had none."
    )


def _facts(person: Person, config: Config) -> list[str]:
    facts = ["open" if person.is_open else "closed"]
    facts.append("second factor" if person.has_second_factor else "no second factor")
    if person.signs_in_at_provider:
        facts.append("single sign-on")
    facts.append(f"last here {wall(person.last_seen, config)}" if person.last_seen else "never here")
    if person.locked_until is not None:
        facts.append(f"locked out until {wall(person.locked_until, config)}")
    return facts


def _as_json(person: Person) -> dict[str, object]:
    return {
        "email": person.email,
        "name": person.name,
        "role": person.role,
        "open": person.is_open,
        "second_factor": person.has_second_factor,
        "single_sign_on": person.signs_in_at_provider,
        "last_seen": person.last_seen.isoformat() if person.last_seen else None,
        "locked_until": person.locked_until.isoformat() if person.locked_until else None,
    }


def _article(role: str) -> str:
    return f"an {role}" if role[0] in "aeiou" else f"a {role}"
