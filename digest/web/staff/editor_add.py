"""Adding an item by hand: an address is pasted, its page read, what it says put into a form, corrected, and added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from digest import pipeline
from digest.compose.models import Issue
from digest.config import Config
from digest.errors import DigestError, UsageError
from digest.gather.clean.links import url_key
from digest.gather.document import EntryDoc
from digest.gather.models import Entry
from digest.gather.webpage import read_page
from digest.web import staff
from digest.web.staff.access import actor, staff_page
from digest.web.staff.answers import SeeOther, in_words, whole_number
from digest.web.staff.editor_forms import check_days, fields_of, typed_words, words_of
from digest.web.staff.editor_moves import looked_at
from digest.web.staff.pages import issue_key, page_context, the_config

_EMPTY = EntryDoc(title="")


@staff_page("GET")
def add(request: HttpRequest) -> HttpResponse:
    """A place for the address, and an empty form for what has none."""
    return _form(request, words_of(_EMPTY, the_config().association.tz), section=request.GET.get("section", ""))


@staff_page("POST")
def look(request: HttpRequest) -> HttpResponse:
    """Read the page behind the address and show what it says of itself. Stores nothing."""
    config, url = the_config(), request.POST.get("url", "").strip()
    read = read_page(config, url, now=staff.now())
    doc = read.doc or _EMPTY.model_copy(update={"url": url if "://" in url else ""})
    return _form(
        request,
        words_of(doc, config.association.tz),
        section=request.POST.get("section", "") or _section_for(config, doc),
        asked=url,
        problem=f"{read.problem} You can fill in the form by hand." if read.problem else "",
        read=read.doc is not None,
    )


@staff_page("POST")
def create(request: HttpRequest) -> HttpResponse:
    """Add the item as it stands in the form."""
    config, typed, section = the_config(), typed_words(request.POST), request.POST.get("section", "")
    try:
        check_days(typed)
        if not typed.get("title"):
            raise UsageError("The item needs a headline.")
        _, issue = looked_at(request)
        pipeline.add_item(
            config,
            issue.pk,
            **{"title": "", **typed},
            section=section,
            actor=actor(request),
            now=staff.now(),
            base_revision=whole_number(request, "revision"),
            merge=True,
        )
    except DigestError as error:
        problem = f"Not added yet. {in_words(error)}"
        return _form(request, typed, section=section, problem=problem, read=True, status=409)
    messages.success(request, f"“{' '.join(typed['title'].split())}” is added.")
    return SeeOther(f"{reverse('issue-editor')}#s-{section}")


def _form(
    request: HttpRequest,
    words: Mapping[str, str],
    *,
    section: str,
    asked: str = "",
    problem: str = "",
    read: bool = False,
    status: int = 200,
) -> HttpResponse:
    config = the_config()
    issue = pipeline.current_issue(config, now=staff.now())
    sections = {s.id: s.title for s in config.sections}
    context: dict[str, Any] = {
        **page_context(request, here="issue"),
        "issue": issue,
        "slot": issue_key(issue),
        "fields": fields_of(words),
        "section": section if section in sections else _section_for(config, None),
        "sections": sections,
        "asked": asked,
        "problem": problem,
        "read": read,
        "known": _known(config, issue, words.get("url", "")) if read and not problem else None,
        "has_event": bool(words.get("start")),
        "has_closing": bool(words.get("closing")),
    }
    return render(request, "staff/editor_add.html", context, status=status)


def _section_for(config: Config, doc: EntryDoc | None) -> str:
    """Where a new item most likely belongs."""
    if doc is not None and doc.event is not None:
        events = next((s.id for s in config.sections if s.kind == "events"), "")
        if events:
            return events
    return next((s.id for s in config.sections if s.default), config.sections[0].id)


def _known(config: Config, issue: Issue, url: str) -> dict[str, str] | None:
    """The entry that a source brought from that very address lately, if any: it need not be added again."""
    if not url:
        return None
    start = issue.window_start
    rows = Entry.objects.filter(url_key=url_key(url)).order_by("-first_seen_at")
    row = (rows.filter(first_seen_at__gte=start) if start else rows).values_list("latest_doc__title", "source__key")
    found = row.first()
    if found is None:
        return None
    titles = {source.id: source.title for source in config.sources}
    return {"title": found[0], "source": titles.get(found[1], "the editors")}
