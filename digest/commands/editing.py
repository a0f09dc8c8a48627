"""approve, void, hold, unhold, skip: a person's word on whether the coming issue goes out."""

from __future__ import annotations

from typing import Annotated

import typer

from digest.commands.common import clock, start, wall
from digest.errors import StateError

Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason; it stands with the issue.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who says so, for the audit trail.")]


def register(app: typer.Typer) -> None:
    app.command()(approve)
    app.command()(void)
    app.command()(hold)
    app.command()(unhold)
    app.command()(skip)


def approve(
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who approves, for the audit trail.")] = "",
    override: Annotated[
        str,
        typer.Option("--override", metavar="REASON", help="Why it goes in spite of what `digest check` finds."),
    ] = "",
) -> None:
    """Approve the coming issue: its window closes, it gets its number, and it goes out at the planned time."""
    config, _ = start()
    from digest import pipeline
    from digest.compose.number import number_of

    now = clock()
    coming = pipeline.coming(config, now=now)
    issue = pipeline.approve(
        config, coming.issue.pk, actor=_actor(by), now=now, revision=coming.issue.revision, override=override
    )
    print(f"Issue {number_of(issue)} is approved: {coming.document.subject}")
    standing = pipeline.standing_of(config, issue)
    if standing.missing:
        print(f"That is {standing.words}: it waits for another person's approval.")
    elif issue.send_at is not None:
        print(f"It goes out at {wall(issue.send_at, config)}, or now with `digest release`.")


def void(why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason.")] = "", by: By = "") -> None:
    """Withdraw the approval of the coming issue: it is a draft again, and keeps its number."""
    config, _ = start()
    from digest import pipeline

    now = clock()
    coming = pipeline.coming(config, now=now)
    if coming.issue.pk is None:
        raise StateError("The issue is not approved, so there is nothing to withdraw.")
    pipeline.void_approval(config, coming.issue.pk, actor=_actor(by), now=now, why=why)
    print(f"The approval is withdrawn. {coming.document.title} is a draft again.")


def hold(why: Why, by: By = "") -> None:
    """Hold the coming issue: nobody, and no clock, approves or sends it until `digest unhold`."""
    config, _ = start()
    from digest import pipeline

    now = clock()
    coming = pipeline.coming(config, now=now)
    revision = coming.issue.revision
    pipeline.hold(config, coming.issue.pk, why=why, actor=_actor(by), now=now, revision=revision)
    print(f"{coming.document.title} is held. `digest unhold` makes it a draft again.")


def unhold(by: By = "") -> None:
    """Let a held issue go on: it is a draft again, and wants an approval."""
    config, _ = start()
    from digest import pipeline

    now = clock()
    coming = pipeline.coming(config, now=now)
    if coming.issue.pk is None:
        raise StateError("The coming issue is not held.")
    pipeline.unhold(config, coming.issue.pk, actor=_actor(by), now=now, revision=coming.issue.revision)
    print(f"{coming.document.title} is a draft again. Nothing is sent until it is approved.")


def skip(why: Why, by: By = "") -> None:
    """Leave this week's issue out; what it held passes to the next one."""
    config, _ = start()
    from digest import pipeline

    now = clock()
    coming = pipeline.coming(config, now=now)
    revision = coming.issue.revision
    pipeline.skip(config, coming.issue.pk, why=why, actor=_actor(by), now=now, revision=revision)
    following = pipeline.coming(config, now=now)
    print(f"{coming.document.title} is skipped. What it held passes to {following.document.title}.")


def _actor(by: str) -> str:
    import getpass

    return by or f"command line ({getpass.getuser()})"
