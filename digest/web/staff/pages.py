"""The desk and the previews. Nothing here changes anything."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from digest import pipeline
from digest.compose.models import Approval, Issue, IssueState
from digest.config import MAX_BYTES, WARN_BYTES, Config
from digest.deliver.pause import why_paused
from digest.errors import DigestError
from digest.pipeline import Coming
from digest.render.models import RenderedIssue
from digest.web import staff
from digest.web.mailbody import mail_response
from digest.web.staff.access import APPROVE, actor, staff_page
from digest.web.staff.answers import in_words
from digest.web.staff.desk import ItemNote, desk_sections, item_note, left_out, notes_of, tally
from digest.web.staff.findings import read_findings
from digest.web.staff.health import read_health, summary
from digest.web.staff.outlook import Approved, outlook
from digest.web.staff.when import count, distance, long_time

VIEWS = {"desktop": "Desktop", "phone": "Phone", "text": "Plain text", "source": "Source"}
_DELIVERY_WORDS = {
    "pending": ("waiting", "brand"),
    "claimed": ("being handed over", "brand"),
    "accepted": ("accepted", "good"),
    "delivered": ("delivered", "good"),
    "bounced": ("bounced", "bad"),
    "complained": ("complained", "bad"),
    "rejected": ("rejected", "bad"),
    "dropped": ("dropped by the provider", "bad"),
    "withdrawn": ("left before sending", ""),
    "cancelled": ("cancelled", "warn"),
    "excluded": ("not on the list", ""),
    "unknown": ("unknown", "warn"),
}


@staff_page("GET")
def desk(request: HttpRequest) -> HttpResponse:
    """The one page from which everything is reached."""
    return render(request, "staff/desk.html", desk_context(request))


@staff_page("GET")
def preview(request: HttpRequest, view: str = "desktop") -> HttpResponse:
    """The coming issue as a member will get it, in one of four views."""
    config, at = the_config(), staff.now()
    coming = pipeline.coming(config, now=at)
    rendered, problem = rendering(config, coming)
    context = {
        **page_context(request, here="preview"),
        "document": coming.document,
        "number": coming.document.number,
        "view": view,
        "views": VIEWS,
        "rendered": rendered,
        "problem": problem,
        "size": _size(rendered.bytes) if rendered else None,
        "sender": _sender(config),
        "to": actor(request),
        "notes": notes_of(coming.composition, config.association.tz),
    }
    return render(request, "staff/preview.html", context)


@staff_page("GET")
def preview_mail(_request: HttpRequest) -> HttpResponse:
    """The HTML part alone, under its own policy, for the preview's frame."""
    config = the_config()
    rendered, problem = rendering(config, pipeline.coming(config, now=staff.now()))
    if rendered is None:
        return HttpResponse(str(problem), status=500, content_type="text/plain; charset=utf-8")
    return mail_response(rendered.html, links_in_new_window=True)


def desk_context(request: HttpRequest, *, typed_intro: str | None = None) -> dict[str, Any]:
    """What the desk's template needs. `typed_intro` is a text that could not be saved."""
    config, at = the_config(), staff.now()
    coming = pipeline.coming(config, now=at)
    issue, document = coming.issue, coming.document
    tz = config.association.tz
    editable = issue.state == IssueState.DRAFT
    sections = desk_sections(config, coming.composition, editable=editable)
    sources = read_health(config, now=at)
    last = pipeline.latest_sent()
    approval = standing_approval(issue)
    findings = read_findings(config, coming, now=at)
    return {
        **page_context(request, here="desk"),
        "issue": issue,
        "slot": issue_key(issue),
        "document": document,
        "outlook": outlook(
            config,
            issue,
            coming.slot,
            empty=not document.items,
            blocks=findings.blocks if findings else 0,
            approved=approval,
            now=at,
        ),
        "findings": findings,
        "alarms": pipeline.alarms(config, at),
        "editable": editable,
        "withdrawable": issue.state == IssueState.APPROVED,
        "stoppable": issue.state == IssueState.HANDING_OVER,
        "paused": why_paused(config),
        "sections": sections,
        "items_words": count(len(document.items), "item"),
        "left_out": left_out(coming.composition, editable=editable),
        "sources": sources,
        "sources_summary": summary(sources),
        "typed_intro": typed_intro,
        "last": last,
        "last_released": long_time(last.released_at, tz) if last and last.released_at else "",
        "last_distance": distance(last.released_at, at) if last and last.released_at else "",
        "last_counts": _counts(last.counts) if last else (),
        "last_notes": _last_notes(config, last) if last else (),
    }


def approval_context(request: HttpRequest, *, problem: str = "", override: str = "") -> dict[str, Any]:
    """What the panel that asks "approve this?" needs. `override` is a reason that was typed."""
    config, at = the_config(), staff.now()
    coming = pipeline.coming(config, now=at)
    tz = config.association.tz
    rendered, broken = rendering(config, coming)
    early = at < coming.slot.cut_off
    return {
        **page_context(request, here="desk"),
        "issue": coming.issue,
        "slot": issue_key(coming.issue),
        "document": coming.document,
        "tally": tally(coming.document),
        "notes": notes_of(coming.composition, tz),
        "items_words": count(len(coming.document.items), "item"),
        "size": _size(rendered.bytes) if rendered else None,
        "approvable": coming.issue.state == IssueState.DRAFT and bool(coming.document.items) and rendered is not None,
        "problem": problem,
        "broken": broken,
        "findings": read_findings(config, coming, now=at) if rendered else None,
        "override": override,
        "cut_off": long_time(coming.slot.cut_off, tz) if early else "",
        "cut_off_distance": distance(coming.slot.cut_off, at),
        "send_at": long_time(max(coming.slot.send_at, at), tz),
        "late": coming.slot.send_at <= at,
    }


def page_context(request: HttpRequest, *, here: str) -> dict[str, Any]:
    """What every page of the newsroom needs."""
    return {
        "config": the_config(),
        "here": here,
        "person": actor(request),
        "may_approve": request.user.has_perm(APPROVE),
        "is_admin": request.user.has_perm("members.view_member"),
    }


def the_config() -> Config:
    config: Config = settings.DIGEST
    return config


def issue_key(issue: Issue) -> str:
    """Names the issue a page speaks of, also before its row exists: the planned date."""
    return issue.title_date.isoformat()


def rendering(config: Config, coming: Coming) -> tuple[RenderedIssue | None, str]:
    """The rendered issue, or why the templates gave none."""
    try:
        return pipeline.render_coming(config, coming), ""
    except DigestError as error:
        return None, in_words(error)


def standing_approval(issue: Issue) -> Approved | None:
    """The approval in force, if any."""
    if issue.pk is None:
        return None
    row = Approval.objects.filter(issue=issue, voided_at__isnull=True).order_by("-at").first()
    return Approved(by=row.actor, at=row.at) if row else None


def _last_notes(config: Config, last: pipeline.LastSent) -> tuple[ItemNote, ...]:
    tz = config.association.tz
    return tuple(
        item_note(item.title, note, tz) for item, note in pipeline.changed_since_approval(config, last.issue)
    )


def _size(size: int) -> dict[str, Any]:
    tone = "bad" if size > MAX_BYTES else "warn" if size > WARN_BYTES else "good"
    return {"bytes": size, "kb": f"{size / 1000:.0f} kB", "limit": f"{MAX_BYTES // 1000} kB", "tone": tone}


def _sender(config: Config) -> str:
    name = config.delivery.from_name or config.association.name
    return f"{name} <{config.delivery.from_email}>"


def _counts(counts: Any) -> tuple[tuple[str, str, int], ...]:
    return tuple(
        (words, tone, counts.get(state, 0)) for state, (words, tone) in _DELIVERY_WORDS.items() if counts.get(state)
    )
