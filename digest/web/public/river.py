"""The river's pages: all of it, a section's, a source's; the sources; and each in the forms that programs read.

What a page depends on is read without the entries' words: their places, and how old the youngest are in the words
that the page will use. So a copy that is still right is confirmed for the price of that.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from digest.archive.syndication import FORMS, links
from digest.compose.river import Cursor, ago, category_key, cursor_of
from digest.config import Config
from digest.pipeline.river import (
    Place,
    RiverEntry,
    Scope,
    Stretch,
    by_day,
    coming_events,
    entries_at,
    is_retired,
    stretch,
)
from digest.pipeline.river_feeds import river_calendar, river_head, river_items, river_opml
from digest.pipeline.river_sources import public_sources
from digest.web.public.answers import answer
from digest.web.public.river_words import Row, row_of

PAGE_SECONDS = 60  # "3 hours ago" is never wrong by more than this
FEED_SECONDS = 300
SOURCES_SECONDS = 300
IN_FEED = 50


def config() -> Config:
    found: Config = settings.DIGEST
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A part of the river: what belongs to it, what it is called, the address of its page."""

    scope: Scope
    title: str
    path: str

    def url(self, **query: str) -> str:
        """Its page, with what is not empty of `query`, in this category."""
        given = {"category": self.scope.category, **query}
        return f"{self.path}?{urlencode(asked)}" if (asked := {k: v for k, v in given.items() if v}) else self.path

    def feed(self, form: str) -> str:
        return f"{self.path}feed.{form}" + (
            f"?{urlencode({'category': self.scope.category})}" if self.scope.category else ""
        )


@require_safe
def river(request: HttpRequest, section: str = "", source: str = "") -> HttpResponseBase:
    """The newest entries, or those beside the place that `before` or `after` names."""
    part = _part(request, section, source)
    before, after = _cursor(request, "before"), _cursor(request, "after")
    now = timezone.now()
    found = stretch(config(), part.scope, before=before, after=None if before else after)
    ages = [ago(place.at, now) for place in found.places]
    today = now.astimezone(config().association.tz).date()
    return answer(
        request,
        stamp=(part, before, after, _known_by(found), ages, _near(found.places, today)),
        make=lambda: _river(request, part, found, now, is_first=before is None and after is None),
        seconds=PAGE_SECONDS,
    )


def _river(request: HttpRequest, part: _Part, found: Stretch, now: dt.datetime, *, is_first: bool) -> HttpResponse:
    entries = entries_at(config(), found.places)
    rows: list[tuple[dt.date, list[Row]]] = [
        (day, [row_of(config(), one, now) for one in some]) for day, some in by_day(config(), entries)
    ]
    scope = part.scope
    return render(
        request,
        "public/river.html",
        {
            "part": part,
            "scope": scope,
            "days": rows,
            "today": now.astimezone(config().association.tz).date(),
            "is_first": is_first,
            "older": part.url(before=str(found.older)) if found.older else "",
            "newer": part.url(after=str(found.newer)) if found.newer else "",
            "whole": replace(part, scope=replace(scope, category="")).url(),
            "category": _as_written(entries, scope.category),
            "feeds": [(form, name, part.feed(form)) for form, name in _FEEDS],
            "sections": [(s.id, s.title) for s in config().sections],
        },
    )


_FEEDS = (("atom", "Atom"), ("rss", "RSS"), ("json", "JSON Feed"))


@require_safe
def feed(request: HttpRequest, form: str, section: str = "", source: str = "") -> HttpResponseBase:
    """The newest entries as `atom`, `rss` or `json`."""
    part = _part(request, section, source)
    content_type, write = FORMS[form]
    found = stretch(config(), part.scope, most=IN_FEED)
    base = config().web.base_url

    def make() -> HttpResponse:
        title = f"{config().association.name}: {part.title}"
        where = part.scope.section or (f"source/{part.scope.source}" if part.scope.source else "")
        path = f"{where}?category={urlencode({'': part.scope.category})[1:]}" if part.scope.category else where
        head = river_head(config(), title=title, path=path, home=base + part.url())
        here = base + part.feed(form)
        body = write(head, river_items(config(), entries_at(config(), found.places)), here)
        return HttpResponse(body, content_type=content_type, headers={"Link": links(head, here)})

    return answer(
        request, stamp=(form, part, _known_by(found)), make=make, seconds=FEED_SECONDS, changed=found.changed
    )


@require_safe
def events(request: HttpRequest) -> HttpResponseBase:
    """The events to come, as a calendar to subscribe to."""
    found = coming_events(config(), now=timezone.now())
    return answer(
        request,
        stamp=(_known_by(found),),
        make=lambda: HttpResponse(
            river_calendar(config(), entries_at(config(), found.places)),
            content_type="text/calendar; charset=utf-8",
            headers={"Content-Disposition": 'inline; filename="events.ics"'},
        ),
        seconds=FEED_SECONDS,
        changed=found.changed,
    )


@require_safe
def sources(request: HttpRequest) -> HttpResponseBase:
    """What the river is fed by, and how each of them is."""
    found = public_sources(config(), now=timezone.now())
    sections = [
        (section, [one for one in found if one.section == section.id])
        for section in config().sections
        if any(one.section == section.id for one in found)
    ]
    return answer(
        request,
        stamp=(found,),
        make=lambda: render(request, "public/sources.html", {"sections": sections, "total": len(found)}),
        seconds=SOURCES_SECONDS,
    )


@require_safe
def sources_opml(request: HttpRequest) -> HttpResponseBase:
    body = river_opml(config())
    return answer(
        request,
        stamp=(body,),
        make=lambda: HttpResponse(
            body,
            content_type="text/x-opml; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="sources.opml"'},
        ),
        seconds=SOURCES_SECONDS,
    )


def _part(request: HttpRequest, section: str, source: str) -> _Part:
    """The part that an address names. Http404 for a section or a source that there is not (any more)."""
    category = category_key(request.GET.get("category", ""))
    if section:
        title = next((s.title for s in config().sections if s.id == section), None)
        path = reverse("river-section", args=[section])
    elif source:
        title = next((s.title for s in config().sources if s.id == source), None)
        title = None if is_retired(config(), source) else title
        path = reverse("river-source", args=[source])
    else:
        title, path = "The river", reverse("river")
    if title is None:
        raise Http404(f"The river has no part {section or source}.")
    return _Part(scope=Scope(section=section, source=source, category=category), title=title, path=path)


def _cursor(request: HttpRequest, name: str) -> Cursor | None:
    text = request.GET.get(name, "")
    found = cursor_of(text)
    if text and found is None:
        raise Http404(f"{text} is no place in the river.")
    return found


def _known_by(found: Stretch) -> tuple[object, ...]:
    """All that can change of a stretch, without its words: an entry that changes is listed anew."""
    places = [(place.entry, place.at.timestamp(), place.listed_at.timestamp()) for place in found.places]
    return (places, found.older, found.newer)


def _near(places: tuple[Place, ...], today: dt.date) -> dt.date | None:
    """`today`, where a heading might say "Today" or "Yesterday"; nothing changes by itself on an older page."""
    tz = config().association.tz
    newest = max((place.at for place in places), default=None)
    return today if newest is not None and (today - newest.astimezone(tz).date()).days <= 2 else None


def _as_written(entries: list[RiverEntry], category: str) -> str:
    """The category as a source writes it."""
    names = (name for one in entries for name in one.doc.categories)
    return next((name for name in names if category_key(name) == category), category)
