"""The public pages: what this is, all issues, one issue. No cookie is set.

The issues are served from the record's files alone; only the river, the live list of entries, asks the database.
"""

from __future__ import annotations

import calendar
import datetime as dt

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from digest.archive.feeds import issues_atom
from digest.archive.index import Archive, Published, archive_of
from digest.config import Config
from digest.pipeline.river import river_of
from digest.web.jinja import asset, brand_css
from digest.web.public.frame import etag_of, frame

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
    issues = archive().issues()
    plan = config().plan.send
    return _page(
        request,
        "public/home.html",
        {
            "latest": issues[0] if issues else None,
            "earlier": issues[1 : RECENT + 1],
            "total": len(issues),
            "weekday": calendar.day_name[plan.weekday],
        },
    )


@require_safe
def issues(request: HttpRequest) -> HttpResponseBase:
    return _page(request, "public/issues.html", {"years": archive().by_year()})


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
    try:
        framed = frame(
            found,
            earlier=earlier.number if earlier else None,
            later=later.number if later else None,
            dress=f"{asset('frame.css')} {brand_css()}",
        )
    except OSError:
        raise Http404(f"The page of issue {number} cannot be read.") from None
    response = HttpResponse(framed.body, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = framed.policy
    changed = max(one.changed for one in (found, earlier, later) if one is not None)
    return _cached(request, response, etag=framed.etag, changed=changed, seconds=ISSUE_SECONDS)


@require_safe
def issues_feed(request: HttpRequest) -> HttpResponseBase:
    """The issues as an Atom feed. A quiet one says that it changed when its latest issue did."""
    found = archive().issues()
    response = HttpResponse(issues_atom(config(), found), content_type="application/atom+xml; charset=utf-8")
    changed = max((one.changed for one in found), default=None)
    return _cached(request, response, etag=etag_of(response.content), changed=changed, seconds=LIST_SECONDS)


@require_safe
def issue_text(request: HttpRequest, number: str) -> HttpResponseBase:
    found = _published(number)
    try:
        body = found.text()
    except OSError:
        raise Http404(f"The text of issue {number} cannot be read.") from None
    response = HttpResponse(body, content_type="text/plain; charset=utf-8")
    return _cached(request, response, etag=etag_of(body), changed=found.changed, seconds=ISSUE_SECONDS)


@require_safe
def issue_calendar(request: HttpRequest, number: str, name: str) -> HttpResponseBase:
    """One event of an issue, or all of them, for a reader's calendar."""
    found = _published(number)
    try:
        body = found.calendar(name)
    except OSError:
        raise Http404(f"Issue {number} has no calendar {name}.") from None
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="issue-{found.number}-{name}.ics"'
    return _cached(request, response, etag=etag_of(body), changed=found.changed, seconds=ISSUE_SECONDS)


@require_safe
def river(request: HttpRequest, section: str) -> HttpResponseBase:
    """What a section's sources brought lately: where "3 more on the web" leads."""
    found = next((s for s in config().sections if s.id == section), None)
    if found is None:
        raise Http404(f"There is no section {section}.")
    entries = river_of(config(), section, now=timezone.now())
    return _page(request, "public/river.html", {"section": found, "entries": entries})


def _published(number: str) -> Published:
    found = archive().get(int(number))
    if found is None:
        raise Http404(f"Issue {number} is not published.")
    return found


def _page(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponseBase:
    response = render(request, template, context)
    return _cached(request, response, etag=etag_of(response.content), changed=None, seconds=LIST_SECONDS)


def _cached(
    request: HttpRequest, response: HttpResponse, *, etag: str, changed: dt.datetime | None, seconds: int
) -> HttpResponseBase:
    """`response`, or 304 where the reader has it already."""
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = f"public, max-age={seconds}"
    if changed is not None:
        response.headers["Last-Modified"] = http_date(changed.timestamp())
    stamp = int(changed.timestamp()) if changed is not None else None
    return get_conditional_response(request, etag=etag, last_modified=stamp, response=response) or response
