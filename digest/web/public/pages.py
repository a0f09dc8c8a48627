"""The public pages of the record: what this is, all issues, one issue. No cookie is set, no database is asked."""

from __future__ import annotations

import calendar
import hashlib
from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from digest.archive.feeds import issues_atom
from digest.archive.index import Archive, Published, archive_of
from digest.archive.record import PAGE
from digest.config import Config
from digest.web.public.answers import answer
from digest.web.public.frame import frame

ISSUE_SECONDS = 300  # how long a copy may be shown without asking; only the frame of an issue ever changes
LIST_SECONDS = 60
RECENT = 5


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
    return _page(request, "public/issues.html", lambda: {"years": archive().by_year()})


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
    found = _published(number)
    earlier, later = archive().neighbours(found.number)
    around = [one.number if one else None for one in (earlier, later)]
    try:
        stat = (found.folder / PAGE).stat()
    except OSError:
        raise Http404(f"The page of issue {number} cannot be read.") from None

    def make() -> HttpResponse:
        try:
            framed = frame(found, earlier=around[0], later=around[1])
        except OSError:
            raise Http404(f"The page of issue {number} cannot be read.") from None
        response = HttpResponse(framed.body, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = framed.policy
        return response

    return answer(
        request,
        stamp=(found.stamp, stat.st_ino, stat.st_mtime_ns, stat.st_size, *around),
        make=make,
        seconds=ISSUE_SECONDS,
        changed=max(one.changed for one in (found, earlier, later) if one is not None),
    )


@require_safe
def issues_feed(request: HttpRequest) -> HttpResponseBase:
    """The issues as an Atom feed. A quiet one says that it changed when its latest issue did."""
    found = archive().issues()
    return answer(
        request,
        stamp=(archive().mark(),),
        make=lambda: HttpResponse(issues_atom(config(), found), content_type="application/atom+xml; charset=utf-8"),
        seconds=LIST_SECONDS,
        changed=max((one.changed for one in found), default=None),
    )


@require_safe
def issue_text(request: HttpRequest, number: str) -> HttpResponseBase:
    found = _published(number)
    try:
        body = found.text()
    except OSError:
        raise Http404(f"The text of issue {number} cannot be read.") from None
    return _file(request, found, body, "text/plain; charset=utf-8")


@require_safe
def issue_calendar(request: HttpRequest, number: str, name: str) -> HttpResponseBase:
    """One event of an issue, or all of them, for a reader's calendar."""
    found = _published(number)
    try:
        body = found.calendar(name)
    except OSError:
        raise Http404(f"Issue {number} has no calendar {name}.") from None
    called = f'attachment; filename="issue-{found.number}-{name}.ics"'
    return _file(request, found, body, "text/calendar; charset=utf-8", **{"Content-Disposition": called})


def _file(request: HttpRequest, issue: Published, body: bytes, content_type: str, **headers: str) -> HttpResponseBase:
    """A file of the record as it is."""
    return answer(
        request,
        stamp=(hashlib.sha256(body).hexdigest(),),
        make=lambda: HttpResponse(body, content_type=content_type, headers=headers),
        seconds=ISSUE_SECONDS,
        changed=issue.changed,
    )


def _published(number: str) -> Published:
    found = archive().get(int(number))
    if found is None:
        raise Http404(f"Issue {number} is not published.")
    return found


def _page(request: HttpRequest, template: str, context: Callable[[], dict[str, object]]) -> HttpResponseBase:
    """A page that says nothing but what the archive holds."""
    return answer(
        request,
        stamp=(template, archive().mark()),
        make=lambda: render(request, template, context()),
        seconds=LIST_SECONDS,
    )
