"""The `digest` command: one sub-command per use case, each a function in digest/commands/.

Only the standard library and Typer are imported here; Django, pydantic and httpx come in with the sub-command
that needs them, so that `digest --help` answers at once.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from digest.commands import (
    announcing,
    archive,
    arming,
    audit,
    backing_up,
    changing,
    checking,
    database,
    deliveries,
    editing,
    looking,
    members,
    numbers,
    people,
    reporting,
    sending,
    serving,
    setting_up,
    sources,
    staff,
)
from digest.errors import ArgumentError, DigestError

app = typer.Typer(
    name="digest",
    help="A numbered weekly digest for a membership association: gather, compose, approve, send, archive.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def common(
    config: Annotated[
        str,
        typer.Option("--config", metavar="FILE", help="config.toml to use; else $DIGEST_CONFIG, else ./config.toml."),
    ] = "",
) -> None:
    """Options of every command. `--config` was taken from the arguments by `main` already."""
    del config


for module in (
    setting_up,
    looking,
    changing,
    checking,
    editing,
    sending,
    announcing,
    reporting,
    arming,
    people,
    audit,
    serving,
    backing_up,
):
    module.register(app)
app.add_typer(deliveries.app, name="deliveries")
people.register_members(members.app)
app.add_typer(members.app, name="members")
app.add_typer(sources.app, name="sources")
app.add_typer(staff.app, name="staff")
app.add_typer(numbers.app, name="number")
app.add_typer(archive.app, name="archive")
database.register(app)


def main(arguments: list[str] | None = None) -> None:
    """Run the command. Exit 0 on success, 1 on a failure the user can act on, 2 on bad usage."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        app(args=_take_config(given), prog_name="digest")
    except ArgumentError as error:
        _fail(error, 2)
    except DigestError as error:
        _fail(error, 1)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        _fail(DigestError(f"The system refused:{where} {error.strerror or error}."), 1)
    except Exception as error:
        if not type(error).__module__.startswith("django.db"):
            raise
        hint = "If another program holds it, try again in a moment; else check [storage] database in config.toml."
        _fail(DigestError(f"The database refused: {error}.", hint=hint), 1)
    finally:
        _close_database()


def _close_database() -> None:
    """Let go of the database, so that SQLite folds its journal in: a copy of the one file then holds everything."""
    if "django.db" in sys.modules:
        from django.apps import apps
        from django.db import connections

        if apps.ready:  # a command that failed before its settings were read has nothing open
            for connection in connections.all(initialized_only=True):
                if not connection.in_atomic_block:  # a caller's transaction is the caller's to end
                    connection.close()


def _take_config(arguments: list[str]) -> list[str]:
    """Take `--config FILE` out from wherever it stands, so that it may follow the sub-command too."""
    rest: list[str] = []
    queue = iter(arguments)
    for argument in queue:
        if argument == "manage":
            return [*rest, argument, *queue]
        if argument == "--config":
            value = next(queue, None)
            if value is None:
                raise ArgumentError("--config needs the path of a file.")
            os.environ["DIGEST_CONFIG_OPTION"] = value
        elif argument.startswith("--config="):
            os.environ["DIGEST_CONFIG_OPTION"] = argument.partition("=")[2]
        else:
            rest.append(argument)
    return rest


def _fail(error: DigestError, code: int) -> None:
    print(f"digest: {error}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
