"""The previews: an issue as any member gets it, in every form, in either scheme, with or without pictures.

Whose edition it is, is looked up by a POST, which is audited; the address that it leads to says what was chosen and
never by whom.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from digest import pipeline
from digest.compose.choice import edition_document
from digest.compose.document import IssueDocument
from digest.config import Config
from digest.errors import DigestError, UsageError
from digest.installation.audit import record
from digest.members.find import find_member, read_address
from digest.members.models import Member, MemberStatus
from digest.members.preferences import FULL, Cadence, preferences_of
from digest.pipeline import Coming
from digest.pipeline.editions import choice_of, content_in_words, render_edition
from digest.pipeline.replay import render_replay, replayable, replayed
from digest.pipeline.sizes import SizeReport, size_report
from digest.render.models import RenderedIssue
from digest.web import staff
from digest.web.mailbody import mail_response
from digest.web.scheme import in_scheme
from digest.web.staff.access import actor, staff_page
from digest.web.staff.answers import SeeOther, in_words
from digest.web.staff.desk import notes_of
from digest.web.staff.editions import form_of
from digest.web.staff.findings import Findings, read_findings
from digest.web.staff.look import Look, read_look
from digest.web.staff.pages import page_context, the_config, the_keys

SEE_MEMBERS = "members.view_member"
VIEWS = {"desktop": "Desktop", "phone": "Phone", "text": "Plain text", "page": "Web page", "source": "Source"}
FRAMED = ("desktop", "phone", "page")
_HEADING = re.compile(r"<h3\b")
# Where a finding leads, the item is framed; the mail itself knows nothing of it.
_TARGET = "<style>:target{outline:3px solid #c2410c;outline-offset:6px;scroll-margin-top:40px}</style></head>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a look shows: the whole document and, where it could be rendered, the edition of it."""

    document: IssueDocument
    coming: Coming | None  # None for an issue that went out
    rendered: RenderedIssue | None
    problem: str


@staff_page("GET")
def preview(request: HttpRequest, view: str = "desktop") -> HttpResponse:
    """An issue as a member gets it: the coming one, or one that went out, in today's design."""
    config = the_config()
    look = read_look(config, request)
    shown, problem = _shown(config, look)
    if shown is None:
        look = Look(chosen=look.chosen, number=None, scheme=look.scheme, images=look.images)
        shown, _ = _shown(config, look)
        assert shown is not None
    else:
        problem = ""
    rendered, coming = shown.rendered, shown.coming
    text_only = rendered is not None and not rendered.html
    view = "text" if text_only else view
    findings = read_findings(config, coming, now=staff.now()) if coming and rendered else None
    context = {
        **page_context(request, here="preview"),
        "document": shown.document,
        "past": coming is None,
        "number": look.number,
        "numbers": replayable(),
        "view": view,
        "views": [(name, words, _address(name) + look.query()) for name, words in VIEWS.items()]
        if not text_only
        else [("text", VIEWS["text"], _address("text") + look.query())],
        "framed": view in FRAMED,
        "frame": reverse("preview-page" if view == "page" else "preview-mail") + look.query(),
        "text_only": text_only,
        "chosen": look.chosen,
        "look": look,
        "kept": _kept(look),
        "schemes": [
            ("As the system is", _address(view) + look.query(scheme=None), look.scheme is None),
            ("Light", _address(view) + look.query(scheme="light"), look.scheme == "light"),
            ("Dark", _address(view) + look.query(scheme="dark"), look.scheme == "dark"),
        ],
        "pictures": [
            ("With pictures", _address(view) + look.query(images=None), look.images),
            ("Without", _address(view) + look.query(images="off"), not look.images),
        ],
        "editions": form_of(config, look.chosen),
        "may_see_members": request.user.has_perm(SEE_MEMBERS),
        "rendered": rendered,
        "problem": shown.problem,
        "no_issue": problem,
        "meter": _meter(config, shown, look) if rendered and rendered.html else None,
        "findings": findings,
        "jumps": _jumps(findings, reverse("preview-mail") + look.query()) if findings else {},
        "sender": _sender(config),
        "to": actor(request),
        "notes": notes_of(coming.composition, config.association.tz) if coming else (),
    }
    return render(request, "staff/preview.html", context)


@staff_page("GET")
def preview_mail(request: HttpRequest) -> HttpResponse:
    """The HTML part alone, under its own policy, for the preview's frame."""
    config = the_config()
    look = read_look(config, request)
    shown, problem = _shown(config, look)
    if shown is None or shown.rendered is None or not shown.rendered.html:
        if shown is not None:
            problem = shown.problem or "This edition is plain text alone: there is no HTML part."
        broken = look.chosen.is_full and shown is not None
        return HttpResponse(problem, status=500 if broken else 404, content_type="text/plain; charset=utf-8")
    html = _with_anchors(shown.rendered.html, _edition(config, shown.document, look))
    return _framed(html, look)


@staff_page("GET")
def preview_page(request: HttpRequest) -> HttpResponse:
    """The web page of the issue alone, as the record will hold it, for the preview's frame."""
    config = the_config()
    look = read_look(config, request)
    shown, problem = _shown(config, look)
    web = shown.rendered.web if shown and shown.rendered else ""
    if not web and shown is not None and shown.rendered is not None and shown.coming is not None:
        web = pipeline.render_coming(config, shown.coming).web  # a frozen edition has no page of its own
    if not web:
        words = problem or (shown.problem if shown else "") or "This edition has no page."
        return HttpResponse(words, status=404, content_type="text/plain; charset=utf-8")
    return _framed(web, look)


@staff_page("POST", permission=SEE_MEMBERS)
def as_member(request: HttpRequest) -> HttpResponse:
    """Find a member by their address and show the edition that is theirs. Who looked is kept."""
    config, at = the_config(), staff.now()
    try:
        address = read_address(request.POST.get("email", ""))
        member = find_member(the_keys(), address)
        if member is None:
            raise UsageError(f"{address} is not on the list.")
        chosen = preferences_of(member)
        record(actor=actor(request), verb="member.preview", subject=f"member:{member.public_id}", now=at)
    except DigestError as error:
        messages.error(request, in_words(error))
        return SeeOther(reverse("preview"))
    words = content_in_words(config, chosen) if chosen.edition_key != FULL else "the whole issue"
    messages.success(request, f"{address} gets this edition: {words}. {_standing(member, config)}".strip())
    query = "" if chosen.edition_key == FULL else f"?edition={chosen.edition_key}"
    return SeeOther(reverse("preview") + query)


def _shown(config: Config, look: Look) -> tuple[Shown | None, str]:
    """What `look` asks for; None, and why, when there is no such issue."""
    preferences = look.chosen.preferences
    if look.number is not None:
        try:
            document = replayed(config, look.number)
        except DigestError as error:
            return None, in_words(error)
        try:
            return Shown(
                document=document, coming=None, rendered=render_replay(config, document, preferences), problem=""
            ), ""
        except DigestError as error:
            return Shown(document=document, coming=None, rendered=None, problem=in_words(error)), ""
    coming = pipeline.coming(config, now=staff.now())
    try:
        rendered = (
            pipeline.render_coming(config, coming)
            if look.chosen.is_full
            else render_edition(config, coming, preferences)
        )
    except DigestError as error:
        return Shown(document=coming.document, coming=coming, rendered=None, problem=in_words(error)), ""
    return Shown(document=coming.document, coming=coming, rendered=rendered, problem=""), ""


def _edition(config: Config, document: IssueDocument, look: Look) -> IssueDocument:
    if look.chosen.is_full:
        return document
    return edition_document(config, document, choice_of(look.chosen.preferences)) or document


def _framed(html: str, look: Look) -> HttpResponse:
    if look.scheme is not None:
        html = in_scheme(html, look.scheme)
    return mail_response(html, links_in_new_window=True, images=look.images)


def _with_anchors(html: str, document: IssueDocument) -> str:
    """The items' headings named, so that a finding can lead there; left alone where they cannot be told apart."""
    entries = [item.entry for item in document.items]
    if len(_HEADING.findall(html)) != len(entries):
        return html
    names = iter(entries)

    def named(heading: re.Match[str]) -> str:
        entry = next(names)
        return heading[0] if entry is None else f'{heading[0]} id="item-{entry}"'

    return _HEADING.sub(named, html).replace("</head>", _TARGET, 1)


def _meter(config: Config, shown: Shown, look: Look) -> dict[str, Any] | None:
    """Bytes by section, as `digest show --sizes` counts them, each with its share of the limit."""
    try:
        report = size_report(
            config, _edition(config, shown.document, look), shown.coming if look.chosen.is_full else None
        )
    except DigestError:
        return None
    limit = report.limit
    rows = [("Masthead, contents, intro, footer", report.sizes.frame, ""), ("Styles", report.sizes.style, "")]
    rows += [(line.title, line.bytes, line.of) for line in report.sections]
    return {
        "html": report.sizes.html,
        "kb": f"{report.sizes.html / 1000:.0f} kB",
        "limit": f"{limit / 1000:.0f} kB",
        "text": report.sizes.text,
        "tone": _tone(report),
        "rows": [(title, size, of, size / limit) for title, size, of in rows],
        "whole": report.sizes.html / limit,
        "heaviest": report.heaviest[:5],
        "warnings": report.warnings,
    }


def _tone(report: SizeReport) -> str:
    if report.sizes.html >= report.limit:
        return "bad"
    return "warn" if report.warnings else "good"


def _jumps(findings: Findings, frame: str) -> dict[str, str]:
    """Where in the framed mail a finding's subject stands, by the anchor it has on the desk."""
    anchors = {row.anchor for row in findings.rows if row.anchor.startswith("#item-")}
    return {anchor: frame + anchor for anchor in anchors}


def _kept(look: Look) -> list[tuple[str, str]]:
    """Names and values that keep the look when another edition is chosen."""
    given = {
        "issue": str(look.number) if look.number is not None else None,
        "scheme": look.scheme,
        "images": None if look.images else "off",
    }
    return [(name, value) for name, value in given.items() if value]


def _standing(member: Member, config: Config) -> str:
    """What else decides whether they get a copy."""
    if member.status != MemberStatus.ACTIVE:
        return f"They are {member.status}, so no copy goes to them."
    if member.paused_until and member.paused_until > staff.now().astimezone(config.association.tz).date():
        return f"They have paused it until {member.paused_until.day} {member.paused_until:%B}."
    if preferences_of(member).cadence is Cadence.MONTHLY_FIRST:
        return "They get the first issue of each month only."
    return ""


def _address(view: str) -> str:
    return reverse("preview") if view == "desktop" else reverse("preview-view", args=[view])


def _sender(config: Config) -> str:
    name = config.delivery.from_name or config.association.name
    return f"{name} <{config.delivery.from_email}>"
