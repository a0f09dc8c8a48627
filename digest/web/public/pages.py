"""The public pages of the record: what this is, all issues, one issue. No cookie is set, no database is asked."""

from __future__ import annotations

import calendar
from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from digest.archive import pdf
from digest.archive.announcements import announced, mark_of
from digest.archive.index import Archive, Published, archive_of
from digest.archive.record import PAGE
from digest.config import Config
from digest.web.public.answers import answer
from digest.web.public.frame import frame

ISSUE_SECONDS = 300  # how long a copy may be shown without asking; only the frame of an issue ever changes
LIST_SECONDS = 60
RECENT = 5
ANNOUNCED = 3  # of the latest announcements, beside the issues
ON_ONE_PAGE = 60  # issues, in whole years


def config() -> Config:
    found: Config = settings.DIGEST
    return found


def archive() -> Archive:
    return archive_of(config().issues_dir)


@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    return _page(request, "public/home.html", _front)


def _front() -> dict[str, object]:
    issues = archive().issues()
    return {
        "latest": issues[0] if issues else None,
        "earlier": issues[1 : RECENT + 1],
        "total": len(issues),
        "weekday": calendar.day_name[config().plan.send.weekday],
    }


@require_safe
def issues(request: HttpRequest) -> HttpResponseBase:
    """The latest years whole, and the way to all others."""
    return _page(request, "public/issues.html", _years, also=mark_of(config().issues_dir))


def _years() -> dict[str, object]:
    years = archive().by_year()
    shown = 0
    for _, of_year in years:
        if shown and sum(len(issues) for _, issues in years[:shown]) + len(of_year) > ON_ONE_PAGE:
            break
        shown += 1
    told = announced(config().issues_dir)[:ANNOUNCED]
    return {"years": years, "shown": shown, "facets": archive().facets(), "announced": told}


@require_safe
def year(request: HttpRequest, year: str) -> HttpResponseBase:
    """The issues of one year."""
    years = archive().by_year()
    at = next((number for number, (found, _) in enumerate(years) if found == int(year)), None)
    if at is None:
        raise Http404(f"There is no issue of {year}.")
    context: dict[str, object] = {
        "year": years[at][0],
        "issues": years[at][1],
        "earlier": years[at + 1][0] if at + 1 < len(years) else None,
        "later": years[at - 1][0] if at else None,
    }
    return _page(request, "public/year.html", lambda: context)


@require_safe
def latest(request: HttpRequest) -> HttpResponseBase:
    found = archive().latest()
    if found is None:
        return redirect("issues")
    response = redirect("issue", number=found.number)
    response.headers["Cache-Control"] = "no-cache"
    return response


@require_safe
def issue(request: HttpRequest, number: str) -> HttpResponseBase:
    found = published(number)
    earlier, later = archive().neighbours(found.number)
    around = [one.number if one else None for one in (earlier, later)]
    try:
        stat = (found.folder / PAGE).stat()
    except OSError:
        raise Http404(f"The page of issue {number} cannot be read.") from None

    has_pdf = pdf.path_of(config(), found).exists()

    def make() -> HttpResponse:
        try:
            framed = frame(found, earlier=around[0], later=around[1], pdf=has_pdf)
        except OSError:
            raise Http404(f"The page of issue {number} cannot be read.") from None
        response = HttpResponse(framed.body, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = framed.policy
        return response

    return answer(
        request,
        stamp=(found.stamp, stat.st_ino, stat.st_mtime_ns, stat.st_size, has_pdf, *around),
        make=make,
        seconds=ISSUE_SECONDS,
        changed=max(one.changed for one in (found, earlier, later) if one is not None),
    )


def published(number: str) -> Published:
    found = archive().get(int(number))
    if found is None:
        raise Http404(f"Issue {number} is not published.")
    return found


def _page(
    request: HttpRequest, template: str, context: Callable[[], dict[str, object]], *, also: object = None
) -> HttpResponseBase:
    """A page that says nothing but what the archive holds, and what `also` is a mark of."""
    return answer(
        request,
        stamp=(template, archive().mark(), also),
        make=lambda: render(request, template, context()),
        seconds=LIST_SECONDS,
    )
