"""The audit trail as a page and as a file: who did what when. Nothing here changes anything."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from digest.config import Config
from digest.pipeline.trail import Wanted, lines, people, rows_of, write_csv
from digest.pipeline.trail_words import KINDS
from digest.web import staff
from digest.web.staff.access import AUDIT, staff_page
from digest.web.staff.pages import page_context, the_config

PER_PAGE = 50
FIELDS = ("who", "issue", "kind", "from", "to")


@staff_page("GET", permission=AUDIT)
def audit(request: HttpRequest) -> HttpResponse:
    """The lines that are wanted, the latest first, by day."""
    config = the_config()
    wanted, typed, wrong = read_wanted(request, config)
    paginator = Paginator(rows_of(wanted), PER_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    query = urlencode({key: value for key, value in typed.items() if value})
    context = {
        **page_context(request, here="audit"),
        "days": _by_day(config, page.object_list),
        "page": page,
        "count": paginator.count,
        "typed": typed,
        "wrong": wrong,
        "query": query,
        "people": people(),
        "kinds": {key: label for key, (label, _) in KINDS.items()},
        "zone": config.association.zone,
    }
    return render(request, "staff/audit.html", context)


@staff_page("GET", permission=AUDIT)
def export(request: HttpRequest) -> HttpResponse:
    """The same lines, all of them, for a spreadsheet."""
    wanted, _, _ = read_wanted(request, the_config())
    out = io.StringIO()
    write_csv(wanted, out)
    answer = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"audit-{staff.now().astimezone(the_config().association.tz):%Y-%m-%d}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def read_wanted(request: HttpRequest, config: Config) -> tuple[Wanted, dict[str, str], dict[str, str]]:
    """What the form asks for, what was typed, and what is wrong with it; a field that is wrong filters nothing."""
    typed = {name: " ".join(request.GET.get(name, "").replace("\0", "").split())[:254] for name in FIELDS}
    wrong: dict[str, str] = {}
    number = typed["issue"]
    if number and not (number.isascii() and number.isdigit() and len(number) < 10):
        wrong["issue"] = "An issue's number, like 736."
    if typed["kind"] not in KINDS:
        typed["kind"] = ""
    days = {name: _day(typed[name]) for name in ("from", "to")}
    wrong |= {name: "A day, like 2024-02-12." for name, day in days.items() if typed[name] and day is None}
    wanted = Wanted(
        who=typed["who"],
        issue=int(number) if number and "issue" not in wrong else None,
        kind=typed["kind"],
        since=_midnight(days["from"], config),
        until=_midnight(days["to"] + dt.timedelta(days=1) if days["to"] else None, config),
    )
    return wanted, typed, wrong


def _by_day(config: Config, rows: Any) -> list[tuple[str, list[dict[str, Any]]]]:
    days: list[tuple[str, list[dict[str, Any]]]] = []
    for line in lines(rows):
        at = line.at.astimezone(config.association.tz)
        day = f"{at:%A} {at.day} {at:%B %Y}"
        if not days or days[-1][0] != day:
            days.append((day, []))
        days[-1][1].append({"clock": f"{at:%H:%M}", "exact": at.isoformat(timespec="seconds"), "line": line})
    return days


def _day(text: str) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year <= 9000 else None


def _midnight(day: dt.date | None, config: Config) -> dt.datetime | None:
    return dt.datetime.combine(day, dt.time(), tzinfo=config.association.tz).astimezone(dt.UTC) if day else None
