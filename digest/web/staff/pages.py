"""The desk. Nothing here changes anything."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from digest import pipeline
from digest.compose.document import Outcome
from digest.compose.models import Issue, IssueState
from digest.config import Config, Keys
from digest.deliver.pause import why_paused
from digest.errors import DigestError
from digest.pipeline import Coming
from digest.render.models import RenderedIssue
from digest.web import staff
from digest.web.staff.access import APPROVE, actor, staff_page
from digest.web.staff.answers import in_words
from digest.web.staff.desk import ItemNote, desk_sections, item_note
from digest.web.staff.findings import read_findings
from digest.web.staff.health import read_health, summary
from digest.web.staff.outlook import Approved, outlook
from digest.web.staff.reasons import reasons
from digest.web.staff.standing import changes_context, may_be_done
from digest.web.staff.verdict import verdict
from digest.web.staff.when import count, distance, long_time

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


def desk_context(request: HttpRequest) -> dict[str, Any]:
    """What the desk's template needs."""
    config, at = the_config(), staff.now()
    coming = pipeline.coming(config, now=at)
    issue, document = coming.issue, coming.document
    tz = config.association.tz
    editable = issue.state == IssueState.DRAFT
    sections = desk_sections(config, coming.composition, editable=False)
    others = sum(placed.outcome is not Outcome.INCLUDED for placed in coming.composition.placements)
    sources = read_health(config, now=at)
    last = pipeline.latest_sent()
    approval = standing_approval(config, issue)
    findings = read_findings(config, coming, now=at)
    paused = why_paused(config)
    changed = changes_context(config, coming, now=at)
    ahead = outlook(
        config,
        issue,
        coming.slot,
        empty=not document.items,
        blocks=findings.blocks if findings else 0,
        approved=approval,
        now=at,
    )
    rests_on = reasons(
        config,
        the_keys(),
        coming,
        findings=findings,
        reviewed=changed["reviewed"],
        sources=summary(sources),
        paused=paused,
        now=at,
    )
    return {
        **page_context(request, here="desk"),
        **changed,
        **may_be_done(config, coming, approval, by=actor(request), now=at),
        "issue": issue,
        "slot": issue_key(issue),
        "document": document,
        "outlook": ahead,
        "verdict": verdict(ahead, rests_on, send_at=issue.send_at or coming.slot.send_at, tz=tz),
        "now": at.isoformat(),
        "findings": findings,
        "alarms": pipeline.alarms(config, at, known={last.issue.pk: last.counts} if last else None),
        "editable": editable,
        "paused": paused,
        "sections": sections,
        "items_words": count(len(document.items), "item"),
        "others": count(others, "other entry", "other entries") if others else "",
        "sources": sources,
        "sources_summary": summary(sources),
        "last": last,
        "last_released": long_time(last.released_at, tz) if last and last.released_at else "",
        "last_distance": distance(last.released_at, at) if last and last.released_at else "",
        "last_counts": _counts(last.counts) if last else (),
        "last_notes": _last_notes(config, last) if last else (),
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


def the_keys() -> Keys:
    keys: Keys = settings.DIGEST_KEYS
    return keys


def rendering(config: Config, coming: Coming) -> tuple[RenderedIssue | None, str]:
    """The rendered issue, or why there is none."""
    try:
        return pipeline.render_coming(config, coming), ""
    except DigestError as error:
        return None, in_words(error)


def standing_approval(config: Config, issue: Issue) -> Approved | None:
    """The approval in force, if any, and what it still wants."""
    standing = pipeline.standing_of(config, issue)
    if not standing.approvals:
        return None
    return Approved(
        by=" and ".join(standing.people),
        at=standing.approvals[-1].at,
        missing=standing.missing,
        words=standing.words,
    )


def _last_notes(config: Config, last: pipeline.LastSent) -> tuple[ItemNote, ...]:
    tz = config.association.tz
    return tuple(
        item_note(item.title, note, tz) for item, note in pipeline.changed_since_approval(config, last.issue)
    )


def _counts(counts: Any) -> tuple[tuple[str, str, int], ...]:
    return tuple(
        (words, tone, counts.get(state, 0)) for state, (words, tone) in _DELIVERY_WORDS.items() if counts.get(state)
    )
