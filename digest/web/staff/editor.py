"""The editor: the coming issue as the mail will show it, and how its parts look while they are edited (GET)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from digest import pipeline
from digest.compose.edit import Overlay, fold
from digest.compose.history import History, Line, Recorded, entries_named, history
from digest.compose.models import Issue, IssueState
from digest.config import Config
from digest.deliver.editions import public_links
from digest.gather.models import Entry, Fetch, FetchOutcome
from digest.pipeline import Coming
from digest.render import markdown
from digest.web import staff
from digest.web.staff.access import actor, staff_page
from digest.web.staff.editor_view import Block, ago, blocks, titles_of
from digest.web.staff.inbox import inbox
from digest.web.staff.pages import issue_key, page_context, the_config
from digest.web.staff.when import count, long_time, short_time

RECENT = 6  # lines of the history beside the issue
MOST_NEWS = 5  # changes by others that are told one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The coming issue composed once, with all that its editing pages need of it."""

    config: Config
    coming: Coming
    recorded: Sequence[Recorded]
    overlay: Overlay
    now: dt.datetime

    @property
    def issue(self) -> Issue:
        return self.coming.issue

    @property
    def editable(self) -> bool:
        return self.issue.state == IssueState.DRAFT

    def blocks(self) -> tuple[Block, ...]:
        links = public_links(self.config, self.coming.document)
        return blocks(self.config, self.coming.composition, self.overlay, links, editable=self.editable)

    def history(self) -> History:
        titles = titles_of(self.coming.composition)
        if unknown := entries_named(self.recorded) - titles.keys():
            titles |= Entry.objects.filter(pk__in=unknown).values_list("pk", "latest_doc__title")
        return history(self.recorded, titles=titles, sections={s.id: s.title for s in self.config.sections})


def workspace() -> Workspace:
    """Compose the coming issue."""
    config, at = the_config(), staff.now()
    coming = pipeline.coming(config, now=at)
    recorded = pipeline.recorded_edits(coming.issue.pk)
    overlay = fold(row.edit for row in recorded)
    return Workspace(config=config, coming=coming, recorded=recorded, overlay=overlay, now=at)


@staff_page("GET")
def editor(request: HttpRequest) -> HttpResponse:
    """The issue, to be worked on."""
    return show(request, workspace())


@staff_page("GET")
def whats_new(request: HttpRequest) -> HttpResponse:
    """What the page asks every few seconds: 204 as long as nothing changed, else the page as it is by now."""
    mark = request.GET.get("mark", "")
    issue = pipeline.current_issue(the_config(), now=staff.now())
    if mark == mark_of(issue):
        return HttpResponse(status=204)
    work = workspace()
    tell_what_others_did(request, work, since=mark)
    return show(request, work)


@staff_page("GET")
def whole_history(request: HttpRequest) -> HttpResponse:
    """Every change to the coming issue, the latest first."""
    work = workspace()
    context = {
        **page_context(request, here="issue"),
        "document": work.coming.document,
        "lines": [line_row(work, line) for line in reversed(work.history().lines)],
    }
    return render(request, "staff/editor_history.html", context)


def show(request: HttpRequest, work: Workspace, *, status: int = 200, said: str = "") -> HttpResponse:
    """The page. `said` is what was done, for a person who has just done it."""
    if said:
        messages.success(request, said)
    return render(request, "staff/editor.html", context_of(request, work), status=status)


def context_of(request: HttpRequest, work: Workspace) -> dict[str, Any]:
    document, told = work.coming.document, work.history()
    return {
        **frame_of(request, work),
        "blocks": work.blocks(),
        "items_words": count(len(document.items), "item"),
        "intro": markdown.to_html(document.intro),
        "outro": markdown.to_html(document.outro),
        "inbox": inbox(work.config, document.subject, document.preheader),
        "subject_by_hand": bool(work.overlay.subject),
        "preheader_by_hand": bool(work.overlay.preheader),
        "recent": [line_row(work, line) for line in reversed(told.lines[-RECENT:])],
        "changes": len(told.lines),
        "undo": told.undo,
        "redo": told.redo,
        "cut_off": long_time(work.coming.slot.cut_off, work.config.association.tz),
    }


def frame_of(request: HttpRequest, work: Workspace) -> dict[str, Any]:
    """What every page about the coming issue needs."""
    return {
        **page_context(request, here="issue"),
        "issue": work.issue,
        "slot": issue_key(work.issue),
        "document": work.coming.document,
        "editable": work.editable,
        "state": work.issue.state.replace("_", " "),
        "mark": mark_of(work.issue),
    }


def mark_of(issue: Issue) -> str:
    """Changes when somebody changed the issue, or a gathering brought something."""
    news = Fetch.objects.filter(outcome=FetchOutcome.NEW).order_by("-pk").values_list("pk", flat=True).first()
    return f"{issue.pk or 0}.{issue.revision}.{issue.state}.{news or 0}"


def tell_what_others_did(request: HttpRequest, work: Workspace, *, since: str) -> None:
    """One sentence for what came in since the page of that mark: by other people, and by the sources."""
    told = news_for(work, since, me=actor(request))
    if told:
        messages.info(request, " ".join(told))


def news_for(work: Workspace, since: str, *, me: str) -> list[str]:
    """Sentences on what changed since the mark `since`; none when it cannot be read or nothing did."""
    parts = since.split(".")
    if len(parts) != 4 or not parts[1].isdecimal() or parts[0] != str(work.issue.pk or 0):
        return []
    lines = lines_since(work, int(parts[1]), besides=me)
    told = [f"{line.actor or 'Somebody'} {line.words}." for line in lines[-MOST_NEWS:]]
    if len(lines) > MOST_NEWS:
        told.insert(0, f"{count(len(lines), 'change')} by others; the latest:")
    if parts[2] != work.issue.state:
        told.append(f"The issue is {work.issue.state.replace('_', ' ')} now.")
    if parts[3] != mark_of(work.issue).split(".")[3]:
        told.append("The sources were read: what is new of this week stands in its section.")
    return told


def lines_since(work: Workspace, revision: int, *, besides: str = "") -> list[Line]:
    """The changes made on that revision or later, but those by `besides`."""
    later = {row.seq for row in work.recorded if row.base >= revision}
    return [line for line in work.history().lines if line.seq in later and line.actor != besides]


def line_row(work: Workspace, line: Line) -> dict[str, Any]:
    tz = work.config.association.tz
    return {
        "line": line,
        "iso": line.at.isoformat(),
        "when": short_time(line.at, tz),
        "ago": ago(line.at, work.now),
        "who": line.actor or "somebody",
    }


def others(work: Workspace, entry: int) -> Iterable[tuple[str, list[tuple[int, str]]]]:
    """The other items of the issue by section, for a list to choose from."""
    for section in work.coming.document.sections:
        items = [(item.entry, item.title) for item in section.items if item.entry not in (None, entry)]
        if items:
            yield section.title, [(key, title) for key, title in items if key is not None]
