"""approve: a person's word that the issue may go out."""

from __future__ import annotations

from typing import Annotated

import typer

from digest.commands.common import clock, start, wall


def register(app: typer.Typer) -> None:
    app.command()(approve)


def approve(
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who approves, for the audit trail.")] = "",
    override: Annotated[
        str,
        typer.Option("--override", metavar="REASON", help="Why it goes in spite of what `digest check` finds."),
    ] = "",
) -> None:
    """Approve the coming issue: its window closes, it gets its number, and it goes out at the planned time."""
    config, _ = start()
    import getpass

    from digest import pipeline
    from digest.compose.number import number_of

    now = clock()
    coming = pipeline.coming(config, now=now)
    actor = by or f"command line ({getpass.getuser()})"
    issue = pipeline.approve(
        config, coming.issue.pk, actor=actor, now=now, revision=coming.issue.revision, override=override
    )
    print(f"Issue {number_of(issue)} is approved: {coming.document.subject}")
    if issue.send_at is not None:
        print(f"It goes out at {wall(issue.send_at, config)}, or now with `digest send {number_of(issue)}`.")
