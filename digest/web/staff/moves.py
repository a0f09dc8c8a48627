"""What staff can do at the desk. POST only; every move ends in a redirect to the desk, which says how it went."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from digest import pipeline
from digest.compose.models import Issue
from digest.errors import DigestError, StateError
from digest.gather.models import FetchOutcome
from digest.web import staff
from digest.web.staff.access import APPROVE, actor, staff_page
from digest.web.staff.answers import SeeOther, in_words, whole_number
from digest.web.staff.pages import issue_key, the_config, the_keys
from digest.web.staff.when import count

LINKS_SECONDS = 20.0  # as long as a person waits for a page


@staff_page("POST")
def gather(request: HttpRequest) -> HttpResponse:
    """Read every source now instead of at the next planned time."""
    try:
        reports = pipeline.gather(the_config(), now=staff.now())
    except DigestError as error:
        messages.error(request, in_words(error))
        return to_desk()
    new = sum(report.new for report in reports)
    if reports:
        found = count(new, "new entry", "new entries") if new else "nothing new"
        messages.success(request, f"Read {count(len(reports), 'source')}: {found}.")
    for report in reports:
        if report.outcome is FetchOutcome.FAILED:
            messages.error(request, f"{report.title} {report.words}.")
    return SeeOther(reverse("sources")) if request.POST.get("back") == "sources" else to_desk()


@staff_page("POST")
def check_links(request: HttpRequest) -> HttpResponse:
    """Ask the issue's links now whether they are there, for as long as a page may take."""
    config, at = the_config(), staff.now()
    try:
        document = pipeline.coming(config, now=at).document
        report = pipeline.check_links(config, document, now=at, seconds=LINKS_SECONDS, again=True)
    except DigestError as error:
        messages.error(request, in_words(error))
        return to_desk()
    if not report.asked and not report.left:
        messages.success(request, "Every link has been asked lately.")
        return to_desk()
    dead = {0: "none leads nowhere", 1: "1 leads nowhere"}.get(report.dead, f"{report.dead} lead nowhere")
    rest = f" {count(report.left, 'link')} had no time to answer: press once more." if report.left else ""
    messages.success(request, f"Asked {count(report.asked, 'link')}: {dead}.{rest}")
    return to_desk()


@staff_page("POST", permission=APPROVE)
def stop(request: HttpRequest) -> HttpResponse:
    """Stop the issue that is being handed over, and take back what the provider still holds."""
    try:
        _, issue = looked_at(request)
        stopped = pipeline.stop(
            the_config(),
            the_keys(),
            issue,
            why=request.POST.get("why", ""),
            actor=actor(request),
            now=staff.now(),
        )
        messages.success(request, f"The issue is stopped. {stopped.words}")
        for problem in stopped.problems:
            messages.error(request, problem)
    except DigestError as error:
        messages.error(request, in_words(error))
    return to_desk()


@staff_page("POST", permission=APPROVE)
def pause(request: HttpRequest) -> HttpResponse:
    """Hand nothing more over until somebody resumes."""
    paused = pipeline.pause(why=request.POST.get("why", ""), actor=actor(request), now=staff.now())
    messages.success(request, "Sending is paused." if paused else "Sending was paused already.")
    return to_desk()


@staff_page("POST", permission=APPROVE, proven=True)
def resume(request: HttpRequest) -> HttpResponse:
    """Let sending go on."""
    resumed = pipeline.resume(actor=actor(request), now=staff.now())
    messages.success(request, "Sending goes on." if resumed else "Sending was not paused.")
    return to_desk()


def looked_at(request: HttpRequest) -> tuple[int, Issue]:
    """The revision and the issue that the posted page showed. StateError when another issue is up by now."""
    revision = whole_number(request, "revision")
    issue = pipeline.coming(the_config(), now=staff.now()).issue
    if request.POST.get("issue") != issue_key(issue):
        raise StateError(
            "That page showed another issue than the one that is coming now; nothing was changed.",
            hint="This is the coming one.",
        )
    return revision, issue


def to_desk() -> HttpResponse:
    return SeeOther(reverse("desk"))
