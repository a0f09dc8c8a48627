"""The announcements of the record: all of them, one, its plain text. Served from files alone, like the issues."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from digest.archive.announcements import Announced, announced, announced_as, mark_of
from digest.config import Config
from digest.web.public.answers import answer
from digest.web.public.frame import draw_around, policy_for

PAGE_SECONDS = 300
LIST_SECONDS = 60


@require_safe
def announcements(request: HttpRequest) -> HttpResponseBase:
    """All of them, the latest first."""
    folder = _config().issues_dir
    return answer(
        request,
        stamp=("announcements", mark_of(folder)),
        make=lambda: render(request, "public/announcements.html", {"announced": announced(folder)}),
        seconds=LIST_SECONDS,
    )


@require_safe
def announcement(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The frozen page in the site's frame."""
    found = _published(slug)
    try:
        page = found.page()
    except OSError:
        raise Http404(f"The announcement {slug} cannot be read.") from None

    def make() -> HttpResponse:
        around = {"announced": found}
        head, before, after = (
            render_to_string(f"public/announced_{place}.html", around, using="jinja2")
            for place in ("head", "before", "after")
        )
        response = HttpResponse(
            draw_around(page, head=head, before=before, after=after).encode(), content_type="text/html; charset=utf-8"
        )
        response.headers["Content-Security-Policy"] = policy_for(page)
        return response

    return answer(request, stamp=(page,), make=make, seconds=PAGE_SECONDS, changed=found.changed)


@require_safe
def announcement_text(request: HttpRequest, slug: str) -> HttpResponseBase:
    found = _published(slug)
    try:
        body = found.text()
    except OSError:
        raise Http404(f"The text of the announcement {slug} cannot be read.") from None
    return answer(
        request,
        stamp=(body.decode("utf-8", "replace"),),
        make=lambda: HttpResponse(body, content_type="text/plain; charset=utf-8"),
        seconds=PAGE_SECONDS,
        changed=found.changed,
    )


def _published(slug: str) -> Announced:
    found = announced_as(_config().issues_dir, slug)
    if found is None:
        raise Http404(f"The announcement {slug} is not published.")
    return found


def _config() -> Config:
    found: Config = settings.DIGEST
    return found
