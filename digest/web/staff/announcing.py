"""What staff can do with an announcement. POST only, but for the page that asks before an approval."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from digest import pipeline
from digest.compose.announcement import Words
from digest.compose.models import Issue
from digest.config import Keys
from digest.errors import DigestError, StateError, UsageError
from digest.pipeline import announce
from digest.web import staff
from digest.web.staff.access import APPROVE, actor, staff_page
from digest.web.staff.announcements import approval_context, context_of, find, read_words
from digest.web.staff.answers import SeeOther, in_words, whole_number
from digest.web.staff.pages import the_config


@staff_page("POST")
def begin(request: HttpRequest) -> HttpResponse:
    """A new draft, and on to its page."""
    issue = announce.begin(the_config(), actor=actor(request), now=staff.now())
    return SeeOther(reverse("announcement", args=[issue.pk]))


@staff_page("POST")
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """Save the words; what cannot be saved is shown again, never lost."""
    config, issue = the_config(), find(pk)
    try:
        words = read_words(request, config)
        announce.write(
            config,
            issue.pk,
            words,
            actor=actor(request),
            now=staff.now(),
            base_revision=whole_number(request, "revision"),
        )
    except DigestError as error:
        subject, preheader, body = (request.POST.get(name, "") for name in ("subject", "preheader", "body"))
        typed = Words(subject=subject, preheader=preheader, body=body)
        problem = f"{error.message} Your words are still in the form."
        context = context_of(request, issue, problem=problem, typed=typed, when=request.POST.get("when", ""))
        return render(request, "staff/announcement.html", context, status=409)
    messages.success(request, "Saved.")
    return _back(issue)


@staff_page("POST")
def test_send(request: HttpRequest, pk: int) -> HttpResponse:
    """Send it to the person who asks, marked as a test; nothing is recorded as a delivery."""
    config, issue, at = the_config(), find(pk), staff.now()
    try:
        to = request.user.email if request.user.is_authenticated else ""
        if not to:
            raise UsageError("Your account has no e-mail address.", hint="Add one in the administration.")
        coming = announce.as_coming(config, issue, now=at)
        if coming.document.is_empty or not coming.document.title:
            raise UsageError("A test needs a subject and a text; save them first.")
        for tried in pipeline.send_tests(config, _keys(), coming, to=[to], actor=actor(request), now=at):
            (messages.error if tried.failed else messages.success)(request, tried.words)
    except DigestError as error:
        messages.error(request, in_words(error))
    return _back(issue)


@staff_page("GET", "POST", permission=APPROVE, proven=True)
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """GET shows exactly what would be approved; POST approves that and nothing else."""
    issue = find(pk)
    if request.method != "POST":
        return render(request, "staff/announcement_approve.html", approval_context(request, issue))
    override = request.POST.get("override", "")
    try:
        pipeline.approve(
            the_config(),
            issue.pk,
            actor=actor(request),
            now=staff.now(),
            revision=whole_number(request, "revision"),
            content_sha=request.POST.get("content", ""),
            override=override,
        )
    except DigestError as error:
        context = approval_context(request, find(pk), problem=in_words(error), override=override)
        return render(request, "staff/announcement_approve.html", context, status=409)
    messages.success(request, "Approved.")
    return _back(issue)


@staff_page("POST", permission=APPROVE)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the approval back, as long as nothing was handed over."""
    issue = find(pk)
    try:
        _looked_at(request, issue)
        pipeline.void_approval(the_config(), issue.pk, actor=actor(request), now=staff.now())
        messages.success(request, "The approval is withdrawn. It is a draft again.")
    except DigestError as error:
        messages.error(request, in_words(error))
    return _back(issue)


@staff_page("POST", permission=APPROVE, proven=True)
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """Send an approved announcement now, whatever its planned time."""
    issue = find(pk)
    try:
        _looked_at(request, issue)
        report = pipeline.send(the_config(), _keys(), issue, now=staff.now(), actor=actor(request))
        messages.success(request, "It is on its way." if report.state != "sent" else "Sent.")
        for problem in report.problems:
            messages.error(request, problem)
    except DigestError as error:
        messages.error(request, in_words(error))
    return _back(issue)


@staff_page("POST", permission=APPROVE)
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Let nothing more of it go out, for a reason that is kept."""
    issue = find(pk)
    try:
        _looked_at(request, issue)
        why = request.POST.get("why", "")
        done = pipeline.stop(the_config(), _keys(), issue, why=why, actor=actor(request), now=staff.now())
        messages.success(request, f"It is stopped. {done.words}")
        for problem in done.problems:
            messages.error(request, problem)
    except DigestError as error:
        messages.error(request, in_words(error))
    return _back(issue)


@staff_page("POST")
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a draft away; it stays in the audit trail."""
    issue = find(pk)
    try:
        revision = whole_number(request, "revision")
        announce.discard(issue.pk, why="", actor=actor(request), now=staff.now(), revision=revision)
        messages.success(request, "Put away.")
    except DigestError as error:
        messages.error(request, in_words(error))
        return _back(issue)
    return SeeOther(reverse("announcements"))


def _looked_at(request: HttpRequest, issue: Issue) -> None:
    if whole_number(request, "revision") != issue.revision:
        raise StateError("Somebody changed it while you were looking at it.", hint="Look at it again.")


def _back(issue: Issue) -> HttpResponse:
    return SeeOther(reverse("announcement", args=[issue.pk]))


def _keys() -> Keys:
    keys: Keys = settings.DIGEST_KEYS
    return keys
