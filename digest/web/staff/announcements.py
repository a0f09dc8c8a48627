"""Announcements in the newsroom: the list, writing one beside its preview, and looking at it. Nothing here changes
anything; what does is in announcing.py."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from digest import pipeline
from digest.compose.announcement import Words
from digest.compose.models import Issue, IssueState
from digest.compose.naming import key_of
from digest.config import Config
from digest.deliver import ledger
from digest.errors import DigestError, UsageError
from digest.pipeline import Coming, announce
from digest.pipeline.alarms import NOT_MEANT
from digest.web import staff
from digest.web.mailbody import mail_response
from digest.web.staff.access import actor, staff_page
from digest.web.staff.findings import read_findings
from digest.web.staff.outlook import NAMES
from digest.web.staff.pages import page_context, rendering, standing_approval, the_config
from digest.web.staff.when import distance, long_time

VIEWS = {"desktop": "Desktop", "phone": "Phone", "text": "Plain text", "source": "Source"}
SUBJECT_ROOM, PREHEADER_ROOM = 70, 100  # characters that an inbox shows


@staff_page("GET")
def announcements(request: HttpRequest) -> HttpResponse:
    """All of them, those still to be sent first."""
    config, at = the_config(), staff.now()
    rows = [_row(config, one, at) for one in announce.announcements()]
    context = {
        **page_context(request, here="announcements"),
        "open": [row for row in rows if row["open"]],
        "past": [row for row in rows if not row["open"]],
    }
    return render(request, "staff/announcements.html", context)


@staff_page("GET")
def announcement(request: HttpRequest, pk: int) -> HttpResponse:
    """One announcement: a draft to write on, or what became of it."""
    return render(request, "staff/announcement.html", context_of(request, find(pk)))


@staff_page("GET")
def preview(request: HttpRequest, pk: int, view: str) -> HttpResponse:
    """The whole mail, in one of four views."""
    config, issue = the_config(), find(pk)
    if view not in VIEWS:
        raise Http404
    coming = announce.as_coming(config, issue, now=staff.now())
    rendered, problem = rendering(config, coming)
    context = {
        **page_context(request, here="announcements"),
        "issue": issue,
        "document": coming.document,
        "view": view,
        "views": VIEWS,
        "rendered": rendered,
        "problem": problem,
        "to": actor(request),
    }
    return render(request, "staff/announcement_preview.html", context)


@staff_page("GET")
def mail(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML part alone, as it is saved, under its own policy."""
    return _mail(announce.as_coming(the_config(), find(pk), now=staff.now()))


@staff_page("POST")
def shown(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML part with the words in the form, which nobody has saved; nothing is stored."""
    config, issue = the_config(), find(pk)
    try:
        words = read_words(request, config)
    except DigestError:
        words = Words(**{**_texts(request), "when": None})
    return _mail(announce.as_coming(config, issue, now=staff.now(), words=words))


def context_of(
    request: HttpRequest, issue: Issue, *, problem: str = "", typed: Words | None = None, when: str = ""
) -> dict[str, Any]:
    """What the page of one announcement needs. `typed` are words that could not be saved."""
    config, at = the_config(), staff.now()
    tz = config.association.tz
    coming = announce.as_coming(config, issue, now=at)
    state, tone = NAMES[IssueState(issue.state)]
    standing = pipeline.standing_of(config, issue)
    words = typed or announce.written(issue)
    approval = standing_approval(config, issue)
    counts = ledger.counts(issue) if issue.document is not None else {}
    send_at = issue.send_at or words.when
    return {
        **page_context(request, here="announcements"),
        "issue": issue,
        "key": key_of(issue),
        "document": coming.document,
        "state": state,
        "state_tone": tone,
        "words": words,
        "when": when or (f"{words.when.astimezone(tz):%Y-%m-%dT%H:%M}" if words.when else ""),
        "zone": config.association.zone,
        "standing": standing if issue.state == IssueState.APPROVED else None,
        "editable": issue.state == IssueState.DRAFT,
        "findings": read_findings(config, coming, now=at),
        "approval": {"by": approval.by, "at": long_time(approval.at, tz)} if approval else None,
        "send_at": long_time(send_at, tz) if send_at else "",
        "send_distance": distance(send_at, at) if send_at else "",
        "late": issue.state == IssueState.DRAFT and words.when is not None and words.when < at,
        "released": long_time(issue.released_at, tz) if issue.released_at else "",
        "recipients": sum(n for which, n in counts.items() if which not in NOT_MEANT),
        "hearers": announce.hearers(config, now=at),
        "repeated": announce.sent_before(config, words, now=at, besides=issue.pk)
        if words.body and issue.state == IssueState.DRAFT
        else None,
        "subject_room": SUBJECT_ROOM,
        "preheader_room": PREHEADER_ROOM,
        "problem": problem,
    }


def approval_context(request: HttpRequest, issue: Issue, *, problem: str = "", override: str = "") -> dict[str, Any]:
    """What the page needs that shows exactly what would be approved."""
    config, at = the_config(), staff.now()
    coming = announce.as_coming(config, issue, now=at)
    _, broken = rendering(config, coming)
    document = coming.document
    missing = issue.state == IssueState.APPROVED and pipeline.standing_of(config, issue).missing
    approvable = issue.state == IssueState.DRAFT or bool(missing)
    return {
        **context_of(request, issue, problem=problem),
        "broken": broken,
        "approvable": approvable and not document.is_empty and document.title and not broken,
        "approvable_state": approvable,
        "override": override,
        "late": coming.slot.send_at <= at,
        "send_at": long_time(coming.slot.send_at, config.association.tz),
        "permalink": f"{config.web.base_url}/announcements/{document.slug}/",
    }


def find(pk: int) -> Issue:
    """The announcement of that row, or 404."""
    try:
        return announce.announcement_of(pk)
    except DigestError:
        raise Http404 from None


def read_words(request: HttpRequest, config: Config) -> Words:
    """What the form says. UsageError for a time that is none."""
    text = request.POST.get("when", "").strip()
    when: dt.datetime | None = None
    if text:
        try:
            when = dt.datetime.fromisoformat(text)
        except ValueError:
            raise UsageError(f"{text!r} is no date and time.", hint="Write it like 2024-02-14 10:00.") from None
        when = (when if when.tzinfo else when.replace(tzinfo=config.association.tz)).astimezone(dt.UTC)
    return Words(**{**_texts(request), "when": when})


def _texts(request: HttpRequest) -> dict[str, Any]:
    def line(name: str) -> str:
        return " ".join(request.POST.get(name, "").replace("\x00", "").split())

    body = request.POST.get("body", "").replace("\r\n", "\n").replace("\x00", "").strip()
    return {"subject": line("subject"), "preheader": line("preheader"), "body": body}


def _mail(coming: Coming) -> HttpResponse:
    rendered, problem = rendering(the_config(), coming)
    if rendered is None:
        return HttpResponse(problem, status=409, content_type="text/plain; charset=utf-8")
    return mail_response(rendered.html, links_in_new_window=True)


def _row(config: Config, one: announce.Listed, at: dt.datetime) -> dict[str, Any]:
    issue, tz = one.issue, config.association.tz
    state, tone = NAMES[IssueState(issue.state)]
    going = issue.released_at or one.send_at
    if issue.state == IssueState.SKIPPED:
        state = "Put away"
    return {
        "pk": issue.pk,
        "title": one.title or "No subject yet",
        "state": state,
        "tone": tone,
        "open": issue.state in (IssueState.DRAFT, IssueState.HELD, IssueState.APPROVED, IssueState.HANDING_OVER),
        "when": long_time(going, tz) if going else "Once it is approved",
        "distance": distance(going, at) if going else "",
        "key": key_of(issue) if issue.released_at else "",
    }
