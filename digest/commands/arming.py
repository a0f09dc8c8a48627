"""arm: the check-list, the questions that only a person can answer, and the word that mail may leave."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from digest.commands.common import clock, start
from digest.errors import ArgumentError, DigestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digest.deliver.checklist import Answers, Question, Requirement


def register(app: typer.Typer) -> None:
    app.command()(arm)


def arm(
    previous_unsubscribes: Annotated[
        str,
        typer.Option(
            "--previous-unsubscribes",
            metavar="imported|none",
            help="Who left the list of an earlier tool: they are imported, or there are none.",
        ),
    ] = "",
    sender_verified: Annotated[
        bool, typer.Option("--sender-verified", help="The provider lets us send from this address.")
    ] = False,
    without_events: Annotated[
        bool, typer.Option("--without-events", help="Go without SendGrid's reports of bounces and complaints.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Let this installation send through its real provider. Nothing leaves before that."""
    config, keys = start()
    from digest.deliver.arming import arm as arm_installation
    from digest.deliver.checklist import Answers, Mark, Previous, checklist

    if previous_unsubscribes and previous_unsubscribes not in set(Previous):
        raise ArgumentError(f"--previous-unsubscribes: expected imported or none, not {previous_unsubscribes!r}.")
    answers = Answers(
        previous_unsubscribes=Previous(previous_unsubscribes) if previous_unsubscribes else None,
        sender_verified=sender_verified,
        without_events=without_events,
    )
    asking = sys.stdin.isatty() and not yes
    lines = checklist(config, keys, answers)
    _show(lines)
    open_questions = [line.question for line in lines if line.mark is Mark.ASK and line.question is not None]
    if asking and open_questions and not any(line.mark is Mark.MISSING for line in lines):
        answers = _ask(open_questions, answers)
        lines = checklist(config, keys, answers)
        _show([line for line in lines if not line.ok])
    if not all(line.ok for line in lines):
        unanswered = [_FLAGS[line.question] for line in lines if line.mark is Mark.ASK and line.question is not None]
        hint = "Mend what is missing above, then try again."
        if unanswered:
            hint += f" What only you can say: {', '.join(unanswered)}."
        raise DigestError("This installation cannot be armed yet.", hint=hint)
    if not yes:
        if not asking:
            raise DigestError("Arming wants a person's yes.", hint="Run it in a terminal, or add --yes.")
        from rich.prompt import Confirm

        if not Confirm.ask(
            f"Let {config.association.name} send real mail through {config.delivery.provider}?", default=False
        ):
            raise DigestError("Nothing was changed: this installation is not armed.")
    arm_installation(config, keys, answers=answers, actor="command line", now=clock())
    print(f"Armed: approved issues go out through {config.delivery.provider}.")


# The values are those of Question, which is not imported before it is needed.
_FLAGS = {
    "previous-unsubscribes": "--previous-unsubscribes imported|none",
    "sender-verified": "--sender-verified",
    "without-events": "--without-events",
}


def _show(lines: Sequence[Requirement]) -> None:
    """The check-list: a line each, or on a terminal with colours and wrapped beside the marks."""
    if not lines:
        return
    if not sys.stdout.isatty():
        for line in lines:
            print(f"{line.mark:<7}  {line.words}")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    colours = {"ok": "green", "note": "yellow", "ask": "cyan", "MISSING": "bold red"}
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for line in lines:
        table.add_row(Text(line.mark, style=colours[line.mark]), Text(line.words))
    Console().print(table)


def _ask(questions: Sequence[Question], answers: Answers) -> Answers:
    from rich.prompt import Confirm, Prompt

    from digest.deliver.checklist import Previous, Question

    for question in questions:
        match question:
            case Question.PREVIOUS_UNSUBSCRIBES:
                said = Prompt.ask("Who left the list of an earlier tool", choices=[p.value for p in Previous])
                answers = dataclasses.replace(answers, previous_unsubscribes=Previous(said))
            case Question.SENDER:
                said_yes = Confirm.ask("Does the provider let you send from this address?", default=False)
                answers = dataclasses.replace(answers, sender_verified=said_yes)
            case Question.EVENTS:
                said_yes = Confirm.ask("Go without the reports of bounces and complaints?", default=False)
                answers = dataclasses.replace(answers, without_events=said_yes)
    return answers
