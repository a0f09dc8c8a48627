"""A report as rows, for CSV and for the terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from digest.pipeline.reports import Figures, Report

FIGURES = (
    "issue",
    "date",
    "title",
    "recipients",
    "accepted",
    "delivered",
    "bounced",
    "refused",
    "spam",
    "unknown",
    "left",
    "opened",
    "opened_by_machines",
    "clicked",
    "clicked_by_machines",
)
ITEMS = ("issue", "section", "item", "url", "people", "clicks", "machines")


def figure_row(figures: Figures) -> list[object]:
    """The columns of FIGURES; what is not tracked is empty."""
    return [
        figures.key,
        figures.date.isoformat(),
        inert(figures.title),
        figures.recipients,
        figures.taken,
        figures.delivered,
        figures.bounced,
        figures.refused,
        figures.complained,
        figures.unknown,
        figures.left,
        *("" if n is None else n for n in (figures.opened, figures.machine_opened)),
        *("" if n is None else n for n in (figures.clicked, figures.machine_clicked)),
    ]


def item_rows(report: Report) -> Iterator[list[object]]:
    """The columns of ITEMS, one row for each item of each section."""
    for section in report.sections:
        for item in section.items:
            clicked = item.clicked
            yield [
                report.figures.key,
                inert(section.title),
                inert(item.title),
                inert(item.url),
                clicked.people,
                clicked.clicks,
                clicked.machines,
            ]


def inert(text: str) -> str:
    """Words of a feed must not become a formula in somebody's spreadsheet."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
