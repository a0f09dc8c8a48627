"""Approve, and see exactly what; withdraw, review, hold, skip, send now.

GET shows, POST does. A POST says which issue and which revision the page showed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from digest import pipeline
from digest.compose.models import IssueState
from digest.config import MAX_BYTES, WARN_BYTES
from digest.errors import DigestError, StateError, UsageError
from digest.members.models import Member, MemberStatus
from digest.pipeline import Coming
from digest.web import staff
from digest.web.staff.access import APPROVE, actor, staff_page
from digest.web.staff.answers import in_words
from digest.web.staff.desk import notes_of, tally
from digest.web.staff.findings import read_findings
from digest.web.staff.moves import looked_at, to_desk
from digest.web.staff.pages import issue_key, page_context, rendering, the_config, the_keys
from digest.web.staff.standing import changes_context
from digest.web.staff.when import count, distance, long_time

LONGEST_WHY = 500


@staff_page("GET", "POST", permission=APPROVE, proven=True)
def approve(request: HttpRequest) -> HttpResponse:
    """GET shows exactly what would be approved; POST approves that and nothing else."""
    if request.method != "POST":
        return render(request, "staff/approve.html", approval_context(request))
    override = request.POST.get("override", "")
    config = the_config()
    try:
        revision, issue = looked_at(request)
        approved = pipeline.approve(
            config,
            issue.pk,
            actor=actor(request),
            now=staff.now(),
            revision=revision,
            content_sha=request.POST.get("content", ""),
            override=override,
        )
    except DigestError as error:
        context = approval_context(request, problem=in_words(error), override=override)
        return render(request, "staff/approve.html", context, status=409)
    standing = pipeline.standing_of(config, approved)
    if standing.missing:
        messages.success(request, f"Approved, {standing.words}. It goes out once another person has approved it too.")
    else:
        messages.success(request, f"Approved, revision {approved.revision}.")
    return to_desk()


@staff_page("POST", permission=APPROVE)
def withdraw(request: HttpRequest) -> HttpResponse:
    """Take the approval back, as long as nothing was handed over."""

    def done() -> str:
        _, issue = looked_at(request)
        if issue.pk is None:
            raise StateError("The issue is not approved, so there is nothing to withdraw.")
        pipeline.void_approval(the_config(), issue.pk, actor=actor(request), now=staff.now(), why=_why(request))
        return "The approval is withdrawn. The issue is a draft again and keeps its number."

    return _told(request, done)


@staff_page("POST")
def reviewed(request: HttpRequest) -> HttpResponse:
    """Remember that somebody has looked at all of the draft, as the page showed it."""

    def done() -> str:
        revision, issue = looked_at(request)
        config, at = the_config(), staff.now()
        if issue.pk is None:
            pipeline.ensure_draft(config, now=at)
        current = pipeline.coming(config, now=at)
        if current.issue.state not in (IssueState.DRAFT, IssueState.HELD):
            raise StateError(f"The issue is {current.issue.state.replace('_', ' ')} already; nothing is marked.")
        same = request.POST.get("content") == current.document.content_sha256
        if current.issue.revision != revision or not same:
            raise StateError("The issue has changed since you looked at it.", hint="Look at what is new first.")
        pipeline.mark_reviewed(current, actor=actor(request), now=at)
        return "Marked as reviewed. What changes from here on is shown."

    return _told(request, done)


@staff_page("POST", permission=APPROVE)
def hold(request: HttpRequest) -> HttpResponse:
    """Let nobody approve or send the issue until somebody lets it go on."""

    def done() -> str:
        revision, issue = looked_at(request)
        pipeline.hold(
            the_config(), issue.pk, why=_why(request), actor=actor(request), now=staff.now(), revision=revision
        )
        return "The issue is held."

    return _told(request, done)


@staff_page("POST", permission=APPROVE)
def unhold(request: HttpRequest) -> HttpResponse:
    """Make a held issue a draft again."""

    def done() -> str:
        revision, issue = looked_at(request)
        if issue.pk is None:
            raise StateError("The issue is not held.")
        pipeline.unhold(the_config(), issue.pk, actor=actor(request), now=staff.now(), revision=revision)
        return "The issue is a draft again. Nothing is sent until it is approved."

    return _told(request, done)


@staff_page("POST", permission=APPROVE)
def skip(request: HttpRequest) -> HttpResponse:
    """Leave this week's issue out, with a reason."""

    def done() -> str:
        revision, issue = looked_at(request)
        skipped = pipeline.skip(
            the_config(), issue.pk, why=_why(request), actor=actor(request), now=staff.now(), revision=revision
        )
        day = skipped.title_date
        return f"The issue of {day.day} {day:%B} is skipped. What it held is in the next one, which you see here."

    return _told(request, done)


@staff_page("GET", "POST", permission=APPROVE, proven=True)
def release(request: HttpRequest) -> HttpResponse:
    """GET asks whether the approved issue shall go out now; POST hands it over."""
    if request.method != "POST":
        return render(request, "staff/release.html", _release_context(request))
    try:
        revision, issue = looked_at(request)
        if request.POST.get("sure") != "yes":
            raise UsageError("Nothing was sent.", hint="Tick that you mean it: mail cannot be called back.")
        if issue.pk is None:
            raise StateError("Only an approved issue that waits can be sent now.")
        report = pipeline.release(
            the_config(), the_keys(), issue.pk, actor=actor(request), now=staff.now(), revision=revision
        )
    except DigestError as error:
        context = _release_context(request, problem=in_words(error))
        return render(request, "staff/release.html", context, status=409)
    copies = ", ".join(f"{number:,} {state}" for state, number in report.counts.items() if number)
    messages.success(request, f"{report.title} is {report.state.replace('_', ' ')}: {copies or 'no members'}.")
    for problem in report.problems:
        messages.error(request, problem)
    return to_desk()


def approval_context(request: HttpRequest, *, problem: str = "", override: str = "") -> dict[str, Any]:
    """What the panel that asks "approve this?" needs. `override` is a reason that was typed."""
    config, at = the_config(), staff.now()
    coming = pipeline.coming(config, now=at)
    tz = config.association.tz
    standing = pipeline.standing_of(config, coming.issue)
    rendered, broken = rendering(config, coming)
    too = coming.issue.state == IssueState.APPROVED and bool(standing.missing)
    open_to_me = coming.issue.state == IssueState.DRAFT or (too and actor(request) not in standing.people)
    early = at < coming.slot.cut_off and coming.issue.state == IssueState.DRAFT
    send_at = coming.issue.send_at or coming.slot.send_at
    return {
        **page_context(request, here="desk"),
        **changes_context(config, coming, now=at),
        "issue": coming.issue,
        "slot": issue_key(coming.issue),
        "document": coming.document,
        "sections": [section for section in coming.document.sections if section.items],
        "tally": tally(coming.document),
        "notes": notes_of(coming.composition, tz),
        "items_words": count(len(coming.document.items), "item"),
        "size": size_of(rendered.bytes) if rendered else None,
        "fingerprint": fingerprint(coming, standing),
        "standing": standing,
        "approvals": [{"by": row.actor, "at": long_time(row.at, tz), "why": row.why} for row in standing.approvals],
        "too": too,
        "approvable": open_to_me and bool(coming.document.items) and rendered is not None,
        "problem": problem,
        "broken": broken,
        "findings": read_findings(config, coming, now=at) if rendered else None,
        "override": override,
        "overridden": any(row.why for row in standing.approvals),
        "cut_off": long_time(coming.slot.cut_off, tz) if early else "",
        "cut_off_distance": distance(coming.slot.cut_off, at),
        "send_at": long_time(max(send_at, at), tz),
        "late": send_at <= at,
    }


def size_of(size: int) -> dict[str, Any]:
    tone = "bad" if size > MAX_BYTES else "warn" if size > WARN_BYTES else "good"
    return {"bytes": size, "kb": f"{size / 1000:.0f} kB", "limit": f"{MAX_BYTES // 1000} kB", "tone": tone}


def fingerprint(coming: Coming, standing: pipeline.Standing) -> str:
    """Of the dress the approval covers: as it was approved, else as it is now; "" where it cannot be told."""
    if standing.approvals:
        return standing.approvals[0].fingerprint
    try:
        return pipeline.renderer_of(the_config()).fingerprint
    except DigestError:
        return ""


def _release_context(request: HttpRequest, *, problem: str = "") -> dict[str, Any]:
    config, at = the_config(), staff.now()
    coming = pipeline.coming(config, now=at)
    issue, tz = coming.issue, config.association.tz
    standing = pipeline.standing_of(config, issue)
    planned = issue.send_at or coming.slot.send_at
    return {
        **page_context(request, here="desk"),
        "issue": issue,
        "slot": issue_key(issue),
        "document": coming.document,
        "members": count(Member.objects.filter(status=MemberStatus.ACTIVE).count(), "member"),
        "provider": config.delivery.provider,
        "approved_by": " and ".join(standing.people),
        "planned": long_time(planned, tz),
        "planned_distance": distance(planned, at),
        "early": at < planned,
        "allowed": config.plan.early_release or at >= planned,
        "releasable": issue.state == IssueState.APPROVED and not standing.missing,
        "problem": problem,
    }


def _told(request: HttpRequest, act: Callable[[], str]) -> HttpResponse:
    """Do it, say how it went, and back to the desk."""
    try:
        messages.success(request, act())
    except DigestError as error:
        messages.error(request, in_words(error))
    return to_desk()


def _why(request: HttpRequest) -> str:
    return " ".join(request.POST.get("why", "").split())[:LONGEST_WHY]
