"""report: what became of the issues that went out, and who followed which link."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from digest.commands.common import print_json, start, wall
from digest.errors import StateError

if TYPE_CHECKING:
    from digest.config import Config
    from digest.deliver.clicks import Clicked
    from digest.pipeline.reports import Figures, Report


def register(app: typer.Typer) -> None:
    app.command()(report)


def report(
    number: Annotated[
        str | None, typer.Argument(metavar="[NUMBER]", help="One issue, or an announcement's name, in all its parts.")
    ] = None,
    last: Annotated[int, typer.Option("--last", metavar="N", help="How many issues.", min=1)] = 12,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV, and nothing else.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What became of the last issues, or of one: copies, who left, and, where it is tracked, opens and clicks."""
    config, _ = start()
    from digest.compose.naming import issue_called, name_of
    from digest.pipeline.reporting import FIGURES, ITEMS, figure_row, item_rows
    from digest.pipeline.reports import OUT, Report, figures_of, issues_out, report_of

    out = csv.writer(sys.stdout)
    if number is None:
        figures = figures_of(config, issues_out(most=last))
        if as_json:
            print_json([Report(figures=row).as_json()["figures"] for row in figures])
        elif as_csv:
            out.writerows([FIGURES, *map(figure_row, figures)])
        else:
            _print_all(figures, tracking=config.delivery.tracking)
        return
    issue = issue_called(number)
    if issue.state not in OUT:
        raise StateError(f"{name_of(issue)} has not gone out, so there is nothing to report.")
    found = report_of(config, issue, afresh=True)
    if as_json:
        print_json(found.as_json())
    elif as_csv:
        out.writerows([ITEMS, *item_rows(found)])
    else:
        _print_one(found, config)


def _print_all(figures: list[Figures], *, tracking: bool) -> None:
    if not figures:
        print("No issue has gone out yet.")
        return
    head = f"{'issue':<12}{'copies':>9}{'delivered':>11}{'bounced':>9}{'refused':>9}{'left':>7}"
    print(head + (f"{'opened':>9}{'clicked':>9}" if tracking else ""))
    for row in figures:
        copies = f"{row.recipients:>9,}{row.delivered:>11,}{row.bounced:>9,}{row.refused:>9,}{row.left:>7,}"
        seen = f"{_or_dash(row.opened):>9}{_or_dash(row.clicked):>9}" if tracking else ""
        print(f"{row.name:<12}{copies}{seen}")
    if tracking:
        print("\nPeople, without the machines; the clock counts what is new every half an hour.")


def _print_one(found: Report, config: Config) -> None:
    figures = found.figures
    print(figures.title)
    if figures.released_at:
        print(f"went out {wall(figures.released_at, config)}\n")
    rows = (
        ("recipients", figures.recipients),
        ("accepted", figures.taken),
        ("delivered", figures.delivered),
        ("bounced", figures.bounced),
        ("refused", figures.refused),
        ("reported as spam", figures.complained),
        ("unknown", figures.unknown),
        ("left within a week", figures.left),
        ("opened", figures.opened),
        ("opened by machines", figures.machine_opened),
        ("clicked", figures.clicked),
        ("clicked by machines", figures.machine_clicked),
    )
    for words, n in rows:
        if n is not None:
            print(f"{words:<22}{n:>9,}")
    if not config.delivery.tracking:
        print("\nOpens and clicks are not counted: `[delivery] tracking` is off.")
    for section in found.sections:
        print(f"\n{_clicked(section.clicked)}  {section.title}")
        for item in section.items:
            print(f"{_clicked(item.clicked)}    {item.title}")


def _clicked(clicked: Clicked) -> str:
    machines = f" (+{clicked.machines:,})" if clicked.machines else ""
    return f"{clicked.people:>7,}{machines:<8}"


def _or_dash(n: int | None) -> str:
    return "-" if n is None else f"{n:,}"
