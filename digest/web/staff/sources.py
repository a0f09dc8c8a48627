"""The sources: how each is, what it brought lately, what it holds back; reading one now, letting in what is held."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from digest import pipeline
from digest.errors import DigestError
from digest.gather.models import Fetch, FetchOutcome
from digest.gather.standing import HeldEntry, held_entries, last_fetches, release
from digest.web import staff
from digest.web.staff.access import RELEASE, actor, staff_page
from digest.web.staff.answers import SeeOther, in_words, whole_number
from digest.web.staff.health import SourceHealth, read_health, sentence, summary
from digest.web.staff.pages import page_context, the_config
from digest.web.staff.when import count, distance, short_time

MOST_HELD = 200  # rows on the page; a flood must not make it unusable
MOST_FETCHES = 20
_OUTCOMES = {
    FetchOutcome.NEW: ("good", "New"),
    FetchOutcome.UNCHANGED: ("", "Nothing new"),
    FetchOutcome.FAILED: ("bad", "Failed"),
}


@staff_page("GET")
def sources(request: HttpRequest) -> HttpResponse:
    """Every source of config.toml: those that need a look first."""
    config = the_config()
    found = read_health(config, now=staff.now())
    context = {
        **_context(request),
        "summary": summary(found),
        "groups": [
            ("Worth a look", [source for source in found if source.ill]),
            ("The others", [source for source in found if not source.ill]),
        ],
    }
    return render(request, "staff/sources.html", context)


@staff_page("GET")
def source(request: HttpRequest, key: str) -> HttpResponse:
    """One source, with what it holds back and the last times it was asked."""
    config, found = the_config(), _known(key)
    tz, at = config.association.tz, staff.now()
    context = {
        **_context(request),
        "source": found,
        "may_release": request.user.has_perm(RELEASE),
        "held": [_held_row(entry, tz) for entry in held_entries(key, most=MOST_HELD)],
        "fetches": [_fetch_row(fetch, tz, at) for fetch in last_fetches(key, most=MOST_FETCHES)],
    }
    return render(request, "staff/source.html", context)


@staff_page("POST")
def read_now(request: HttpRequest, key: str) -> HttpResponse:
    """Read this one source now, also when it was given up as gone for good."""
    _known(key)
    try:
        (report,) = pipeline.gather(the_config(), now=staff.now(), only=[key])
    except DigestError as error:
        messages.error(request, in_words(error))
    else:
        tell = messages.error if report.failed else messages.success
        tell(request, f"{report.title} {report.words}.")
    return _to_source(key)


@staff_page("POST", permission=RELEASE)
def let_in(request: HttpRequest, key: str) -> HttpResponse:
    """Let in what the page showed as held back; when there is more by now, nothing is let in."""
    _known(key)
    try:
        looked_at = whole_number(request, "held")
        released = release(the_config(), key, actor=actor(request), now=staff.now(), looked_at=looked_at)
        messages.success(
            request, f"Let in: {count(released, 'entry', 'entries')}. The coming issue takes what is of its week."
        )
    except DigestError as error:
        messages.error(request, in_words(error))
    return _to_source(key)


def _context(request: HttpRequest) -> dict[str, Any]:
    return page_context(request, here="sources")


def _known(key: str) -> SourceHealth:
    for found in read_health(the_config(), now=staff.now()):
        if found.key == key:
            return found
    raise Http404


def _held_row(entry: HeldEntry, tz: dt.tzinfo) -> dict[str, str]:
    return {
        "title": entry.title or "(without a title)",
        "url": entry.url,
        "when": short_time(entry.published_at, tz) if entry.published_at else "undated",
        "held": short_time(entry.held_at, tz),
    }


def _fetch_row(fetch: Fetch, tz: dt.tzinfo, now: dt.datetime) -> dict[str, str]:
    tone, outcome = _OUTCOMES[FetchOutcome(fetch.outcome)]
    return {
        "iso": fetch.at.isoformat(),
        "when": short_time(fetch.at, tz),
        "distance": distance(fetch.at, now),
        "tone": tone,
        "outcome": outcome,
        "words": sentence(fetch.words),
        "took": f"{fetch.duration_ms / 1000:.1f} s",
    }


def _to_source(key: str) -> HttpResponse:
    return SeeOther(reverse("source", args=[key]))
