"""send, run-due, arm: what lets mail leave."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from digest.commands.common import clock, parse_when, say, start
from digest.errors import DigestError, StateError


def register(app: typer.Typer) -> None:
    app.command()(send)
    app.command(name="run-due")(run_due)
    app.command()(arm)


def send(
    number: Annotated[int | None, typer.Argument(metavar="[NUMBER]", help="Which approved issue.")] = None,
    test: Annotated[
        str,
        typer.Option("--test", metavar="ADDRESS", help="Only the coming issue, to this address, marked as a test."),
    ] = "",
) -> None:
    """Send the approved issue now, or go on where a sending stopped."""
    config, keys = start()
    from digest import pipeline
    from digest.compose.models import Issue, Number

    now = clock()
    if test:
        print(pipeline.send_test(config, keys, pipeline.coming(config, now=now), to=test, now=now))
        return
    if number is None:
        issue: Issue | None = pipeline.coming(config, now=now).issue
        if issue is None or issue.pk is None:
            raise StateError("There is no issue to send.", hint="Run `digest gather`, then `digest approve`.")
    else:
        row = Number.objects.filter(number=number).select_related("issue").first()
        issue = row.issue if row else None
        if issue is None:
            raise StateError(f"There is no issue {number}.", hint="`digest show next` shows the coming one.")
    report = pipeline.send(config, keys, issue, now=now, actor="command line")
    counts = ", ".join(f"{count} {state}" for state, count in report.counts.items() if count) or "no members"
    print(f"{report.title}: {report.state}, {counts}.")
    if report.problems:
        raise DigestError("\n".join(report.problems))


def run_due(
    now: Annotated[str, typer.Option("--now", metavar="WHEN", help="As if it were this time.")] = "",
) -> None:
    """Do by hand what the clock does: whatever is due by now, and nothing twice."""
    config, keys = start()
    from digest import pipeline

    done = pipeline.run_due(config, keys, now=parse_when(now, config) if now else clock())
    say(done or ["Nothing is due."])


def arm(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Let this installation send through its real provider. Nothing leaves before that."""
    config, keys = start()
    from digest.deliver.arming import arm as arm_installation
    from digest.deliver.arming import checklist

    lines = checklist(config, keys)
    for line in lines:
        print(f"{'ok  ' if line.ok else 'MISSING'}  {line.words}")
    if not all(line.ok for line in lines):
        raise DigestError(
            "This installation cannot be armed yet.", hint="Mend what is missing above, then try again."
        )
    if not yes:
        if not sys.stdin.isatty():
            raise DigestError("Arming wants a person's yes.", hint="Run it in a terminal, or add --yes.")
        typer.confirm(f"Let {config.association.name} send real mail through {config.delivery.provider}?", abort=True)
    arm_installation(config, keys, actor="command line", now=clock())
    print(f"Armed: approved issues go out through {config.delivery.provider}.")
