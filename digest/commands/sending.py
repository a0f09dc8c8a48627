"""send, release, stop, pause, resume, rehearse, run-due: what lets mail leave, and what keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from digest.commands.common import clock, parse_when, say, start, wall
from digest.errors import ArgumentError, DigestError, StateError

if TYPE_CHECKING:
    from digest.pipeline import SendReport


MOST_REFUSED = 50  # refused addresses that are printed


def register(app: typer.Typer) -> None:
    app.command()(send)
    app.command()(release)
    app.command()(stop)
    app.command()(pause)
    app.command()(resume)
    app.command()(rehearse)
    app.command(name="run-due")(run_due)


def send(
    number: Annotated[
        str | None, typer.Argument(metavar="[NUMBER]", help="Which approved issue, or an announcement's name.")
    ] = None,
    test: Annotated[
        list[str] | None,
        typer.Option("--test", metavar="ADDRESS", help="Only the coming issue, to this address, marked as a test."),
    ] = None,
    edition: Annotated[
        list[str] | None,
        typer.Option("--edition", metavar="KEY", help="With --test: in this edition (`digest show --editions`)."),
    ] = None,
) -> None:
    """Send the approved issue now, or go on where a sending stopped."""
    config, keys = start()
    from digest import pipeline
    from digest.compose.naming import issue_called

    now = clock()
    if test:
        from digest.pipeline.editions import preferences_for

        coming = pipeline.coming(config, now=now)
        editions = [preferences_for(key) for key in edition or ["full"]]
        tried = pipeline.send_tests(config, keys, coming, to=test, editions=editions, actor=_actor(), now=now)
        say(one.words for one in tried if not one.failed)
        if failed := [one.words for one in tried if one.failed]:
            raise DigestError("\n".join(failed))
        return
    if edition:
        raise ArgumentError("--edition goes with --test: every member gets their own edition.")
    if number is None:
        issue = pipeline.coming(config, now=now).issue
        if issue.pk is None:
            raise StateError("There is no issue to send.", hint="Run `digest gather`, then `digest approve`.")
    else:
        issue = issue_called(number)
    _print_sent(pipeline.send(config, keys, issue, now=now, actor="command line"))


def release(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Send the approved coming issue now, before its planned time. Asks first."""
    config, keys = start()
    from digest import pipeline

    now = clock()
    coming = pipeline.coming(config, now=now)
    issue = coming.issue
    if issue.pk is None:
        raise StateError("There is no issue to send.", hint="Run `digest gather`, then `digest approve`.")
    if not yes:
        planned = f", instead of at {wall(issue.send_at, config)}" if issue.send_at else ""
        typer.confirm(f"{coming.document.title} goes to the members now{planned}. Send it?", abort=True)
    report = pipeline.release(config, keys, issue.pk, actor=_actor(), now=now, revision=issue.revision)
    _print_sent(report)


def _print_sent(report: SendReport) -> None:
    counts = ", ".join(f"{count} {state}" for state, count in report.counts.items() if count) or "no members"
    print(f"{report.title}: {report.state}, {counts}.")
    say(report.notes)
    if report.problems:
        raise DigestError("\n".join(report.problems))


def stop(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Which issue, or an announcement's name.")],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason; it stands with the issue.")],
) -> None:
    """Stop an issue: nothing more is handed over, and what the provider still holds is taken back."""
    config, keys = start()
    from digest import pipeline
    from digest.compose.naming import issue_called, name_of

    issue = issue_called(number)
    stopped = pipeline.stop(config, keys, issue, why=why, actor=_actor(), now=clock())
    print(f"{name_of(issue)} is stopped. {stopped.words}")
    if stopped.problems:
        hint = "The clock tries again, and so does this command." if stopped.again else ""
        raise DigestError("\n".join(stopped.problems), hint=hint)


def pause(
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, for whoever wonders.")] = "",
) -> None:
    """Hand nothing more over, of any issue, until `digest resume`. What the provider holds goes out at its time."""
    start()
    from digest import pipeline

    paused = pipeline.pause(why=why, actor=_actor(), now=clock())
    print("Sending is paused. `digest resume` lets it go on." if paused else "Sending was paused already.")


def resume() -> None:
    """Let sending go on after `digest pause`."""
    start()
    from digest import pipeline

    print("Sending goes on." if pipeline.resume(actor=_actor(), now=clock()) else "Sending was not paused.")


def rehearse() -> None:
    """Try the whole coming issue out in the provider's sandbox, with the real list. Nothing is sent or recorded."""
    config, keys = start()
    from digest import pipeline

    done = pipeline.rehearse(config, keys, now=clock())
    result = done.result
    print(f"{done.title}: {done.mail_bytes:,} bytes of HTML a copy.")
    print(
        f"Tried in the sandbox of {config.delivery.provider}: {result.copies:,} copies in {result.batches:,} "
        f"{'batch' if result.batches == 1 else 'batches'}, {result.bytes:,} bytes, the largest {result.largest:,}."
    )
    for email, words in result.refused[:MOST_REFUSED]:
        print(f"  {email}: {words}")
    if len(result.refused) > MOST_REFUSED:
        print(f"  ... and {len(result.refused) - MOST_REFUSED:,} more")
    if result.problem:
        raise DigestError(f"The rehearsal was broken off. {result.problem}")
    if result.refused:
        many = len(result.refused)
        raise DigestError(
            f"The provider would refuse {'1 address' if many == 1 else f'{many:,} addresses'}.",
            hint="All others would get their copy. Mend these addresses, or let them be refused.",
        )
    print("Every copy would be taken.")


def run_due(
    now: Annotated[str, typer.Option("--now", metavar="WHEN", help="As if it were this time.")] = "",
) -> None:
    """Do by hand what the clock does: whatever is due by now, and nothing twice."""
    config, keys = start()
    from digest import pipeline

    done = pipeline.run_due(config, keys, now=parse_when(now, config) if now else clock())
    say(done or ["Nothing is due."])


def _actor() -> str:
    import getpass

    return f"command line ({getpass.getuser()})"
