"""Reports: the last issues beside one another, and one in all its parts; both as CSV. Nothing here changes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from digest.compose.models import Issue
from digest.compose.naming import issue_called
from digest.errors import DigestError
from digest.pipeline.reporting import FIGURES, ITEMS, figure_row, item_rows
from digest.pipeline.reports import LAST, OUT, Figures, Report, figures_of, issues_out, report_of
from digest.web import staff
from digest.web.staff.access import staff_page
from digest.web.staff.chart import Column, columns_svg
from digest.web.staff.pages import page_context, the_config
from digest.web.staff.when import distance, long_time

MOST = 52  # issues in the table


@staff_page("GET")
def reports(request: HttpRequest) -> HttpResponse:
    """The issues that went out in the last year, the last twelve as a chart."""
    config = the_config()
    figures = figures_of(config, issues_out(most=MOST))
    weekly = [row for row in figures if row.number is not None][:LAST][::-1]
    context = {
        **page_context(request, here="reports"),
        "figures": figures,
        "tracking": config.delivery.tracking,
        "charts": _charts(weekly, tracking=config.delivery.tracking),
        "most": MOST,
    }
    return render(request, "staff/reports.html", context)


@staff_page("GET")
def report(request: HttpRequest, number: str) -> HttpResponse:
    """One issue, and who followed which of its links."""
    config, at = the_config(), staff.now()
    found = report_of(config, _issue(number))
    figures, tz = found.figures, config.association.tz
    context = {
        **page_context(request, here="reports"),
        "report": found,
        "figures": figures,
        "tracking": config.delivery.tracking,
        "released": long_time(figures.released_at, tz) if figures.released_at else "",
        "counted": distance(found.counted_at, at) if found.counted_at else "",
    }
    return render(request, "staff/report.html", context)


@staff_page("GET")
def reports_csv(request: HttpRequest) -> HttpResponse:
    """The figures of every issue that went out."""
    rows = [figure_row(figures) for figures in figures_of(the_config(), issues_out())]
    return _csv("reports.csv", [FIGURES, *rows])


@staff_page("GET")
def report_csv(request: HttpRequest, number: str) -> HttpResponse:
    """The items of one issue, and who followed their links."""
    found: Report = report_of(the_config(), _issue(number))
    return _csv(f"report-{found.figures.key}.csv", [ITEMS, *item_rows(found)])


def _issue(key: str) -> Issue:
    try:
        issue = issue_called(key)
    except DigestError:
        raise Http404 from None
    if issue.state not in OUT:
        raise Http404
    return issue


def _charts(figures: Sequence[Figures], *, tracking: bool) -> list[object]:
    """Copies by what became of them; and, where it is tracked, how many in a hundred opened and clicked."""
    if len(figures) < 2:
        return []
    first, last = figures[0].name, figures[-1].name
    copies = [
        Column(
            label=row.name,
            parts=(
                ("good", row.delivered),
                ("calm", max(row.taken - row.delivered - row.bounced, 0)),
                ("bad", row.bounced + row.refused),
            ),
        )
        for row in figures
    ]
    summary = f"Issues {first} to {last}. The table below has the figures."
    charts: list[object] = [
        {
            "svg": columns_svg(copies, title="Copies of each issue", summary=summary),
            "title": "Copies",
            "legend": (("good", "delivered"), ("calm", "accepted, no word yet"), ("bad", "bounced or refused")),
        }
    ]
    if tracking and any(row.opened is not None for row in figures):
        shares = [
            Column(
                label=row.name,
                parts=(
                    ("brand", _share(row.clicked, row.recipients)),
                    ("calm", max(_share(row.opened, row.recipients) - _share(row.clicked, row.recipients), 0)),
                ),
            )
            for row in figures
        ]
        charts.append(
            {
                "svg": columns_svg(shares, title="Readers of each issue", summary=summary, unit=" %"),
                "title": "Of a hundred recipients",
                "legend": (("brand", "clicked"), ("calm", "opened and did not click")),
            }
        )
    return charts


def _share(part: int | None, whole: int) -> float:
    return 100 * (part or 0) / whole if whole else 0.0


def _csv(name: str, rows: Iterable[Sequence[object]]) -> HttpResponse:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    # With a byte order mark: spreadsheets take the file for Latin-1 else.
    response = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
