"""manage: Django's own commands for this installation."""

from __future__ import annotations

import typer

from digest.commands.common import start


def register(app: typer.Typer) -> None:
    app.command(
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
        add_help_option=False,
    )(manage)


def manage(context: typer.Context) -> None:
    """Run one of Django's own commands, like `manage shell` or `manage dbshell`."""
    start()
    from django.core.management import ManagementUtility

    ManagementUtility(["digest manage", *(context.args or ["help"])]).execute()
