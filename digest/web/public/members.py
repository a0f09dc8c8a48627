"""The pages behind the links in every mail: leave, view in browser. See own.py for what holds for all of them."""

from __future__ import annotations

import datetime as dt
import re

from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from digest.archive.announcements import SLUG
from digest.compose.models import Issue, IssueKind, IssueState, Number
from digest.deliver import links
from digest.deliver.models import Delivery, Edition
from digest.deliver.under_way import copy_under_way
from digest.members import announcements, join
from digest.members.leave import Leaving, Reason, Returning, give_reason, leave, return_, standing
from digest.members.models import JoinRequest, Member, MemberStatus
from digest.render.models import MergeTags
from digest.web.mailbody import keep_private, mail_response
from digest.web.public.own import config, damaged, gone, keys, language_of, named_by, page

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
ONE_CLICK = ("list-unsubscribe", "one-click")
WORDING = {
    "leave": "Pressed the button that stops the digest.",
    "one-click": "Used the unsubscribe function of the mail program (RFC 8058).",
    "return": "Pressed the button that takes the leaving back.",
}


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks; POST leaves, by the page's button or by RFC 8058's one click; the page then offers to undo.

    The link of a confirmation mail names a request to join: leaving takes that back. That of an announcement leaves
    announcements and nothing else.
    """
    public_id = named_by(links.Verb.UNSUBSCRIBE, token)
    if public_id is None and (apart := named_by(links.Verb.UNSUBSCRIBE, token, links.MailingList.ANNOUNCEMENTS)):
        return _leave_announcements(request, apart)
    if request.method == "POST" and _is_one_click(request):
        return _one_click(public_id)
    if public_id is None:
        return damaged(request, token)
    now = dt.datetime.now(dt.UTC)
    asked = JoinRequest.objects.filter(public_id=public_id).first()
    if asked is not None:
        if request.method == "POST" and request.POST.get("do") == "leave":
            join.withdraw(public_id, now=now)
            asked.refresh_from_db()
        return page(request, "public/not_me.html", {"state": asked.state}, language=asked.language)
    done = _act(request, public_id, now=now)
    where = standing(public_id, keys=keys(), now=now)
    if where is None:
        return gone(request)
    context = {
        "standing": where,
        "done": done,
        "reasons": tuple(Reason),
        "on_its_way": copy_under_way(public_id, now=now) if done == "left" else None,
    }
    return page(request, "public/unsubscribe.html", context, language=language_of(public_id))


def _leave_announcements(request: HttpRequest, public_id: str) -> HttpResponse:
    """The same two ways for the list of announcements alone."""
    now, one_click = dt.datetime.now(dt.UTC), request.method == "POST" and _is_one_click(request)
    if one_click:
        announcements.choose(public_id, False, keys=keys(), how="one-click", now=now)
        return _tiny("Unsubscribed from announcements.\n", status=200)
    done = request.POST.get("do", "") if request.method == "POST" else ""
    if done in ("leave", "return"):
        announcements.choose(public_id, done == "return", keys=keys(), how="page", now=now)
    member = Member.objects.filter(public_id=public_id).exclude(status=MemberStatus.ERASED).first()
    if member is None:
        return gone(request)
    context = {
        "done": done,
        "hears": announcements.hears(member, keys=keys()),
        "has_digest": member.status == MemberStatus.ACTIVE,
        "own_page": f"/preferences/{links.sign(keys(), links.Verb.PREFERENCES, links.MailingList.DIGEST, public_id)}",
    }
    return page(request, "public/no_announcements.html", context, language=member.language)


@require_safe
def view_in_browser(request: HttpRequest, token: str) -> HttpResponse:
    """The mail as this member got it: `?issue=736`, an announcement's slug, or the day of an issue that has neither;
    else the latest."""
    public_id = named_by(links.Verb.VIEW, token)
    member = Member.objects.filter(public_id=public_id).first() if public_id else None
    if public_id is None or member is None:
        return damaged(request, token)
    asked = request.GET.get("issue", "")
    edition = _edition(member, asked)
    if edition is None:
        number = asked if _NUMBER.fullmatch(asked) else ""
        return page(request, "public/not_out.html", {"number": number}, language=member.language, status=404)
    number_row = Number.objects.filter(issue_id=edition.issue_id).values_list("number", flat=True).first()
    issue = str(number_row) if number_row is not None else edition.issue.slug or edition.issue.title_date.isoformat()
    leaves = links.MailingList.ANNOUNCEMENTS if edition.issue.slug else links.MailingList.DIGEST
    own = links.LinkMaker(config(), keys(), issue, leaves=leaves)(public_id)
    html = MergeTags.of(edition.issue.merge_tag).replace(
        edition.html or edition.web,  # who gets plain text alone sees the same content here
        view_in_browser=own.view_in_browser,
        unsubscribe=own.unsubscribe,
        preferences=own.preferences,
    )
    return mail_response(html)


def _edition(member: Member, asked: str) -> Edition | None:
    """The edition this member was sent of an issue that is out; the full one where there was none for them."""
    out = Issue.objects.filter(state__in=[IssueState.RELEASED, IssueState.SENT]).exclude(kind=IssueKind.IMPORTED)
    if _NUMBER.fullmatch(asked):
        out = out.filter(number_row__number=int(asked))
    elif SLUG.fullmatch(asked):
        out = out.filter(slug=asked)
    elif asked and asked != "latest":
        try:
            out = out.filter(title_date=dt.date.fromisoformat(asked))
        except ValueError:
            return None
    issue = out.order_by("-title_date", "-pk").first()
    if issue is None:
        return None
    sent = Delivery.objects.filter(issue=issue, member=member, edition__isnull=False).select_related("edition__issue")
    delivery = sent.first()
    if delivery is not None and delivery.edition is not None:
        return delivery.edition
    full = Edition.objects.filter(issue=issue, key="full", document_sha=issue.document_sha)
    return full.select_related("issue").order_by("-pk").first()


def _act(request: HttpRequest, public_id: str, *, now: dt.datetime) -> str:
    """Do what the POSTed form says; one word for the page about what came of it, "" for a GET."""
    if request.method != "POST":
        return ""
    done: Leaving | Returning
    match request.POST.get("do"):
        case "leave":
            done = leave(public_id, how="page", now=now, wording=WORDING["leave"])
        case "return":
            done = return_(public_id, how="page", now=now, wording=WORDING["return"])
        case "reason":
            said = request.POST.get("reason")
            reason = next((reason for reason in Reason if reason.value == said), None)
            if reason is None:
                return ""
            give_reason(public_id, reason, words=request.POST.get("words", ""), now=now)
            return "thanks"
        case _:
            return ""
    return done.value


def _is_one_click(request: HttpRequest) -> bool:
    """The body of RFC 8058, section 3.1, as form data or, from careless senders, as plain text."""
    raw = request.body  # read before the form is, so that both can be
    try:
        form = {key.lower(): value.strip().lower() for key, value in request.POST.items() if isinstance(value, str)}
    except MultiPartParserError:
        form = {}
    name, value = ONE_CLICK
    return form.get(name) == value or raw.strip().lower() == f"{name}={value}".encode()


def _one_click(public_id: str | None) -> HttpResponse:
    if public_id is None:
        return _tiny("This unsubscribe link is damaged.\n", status=404)
    now = dt.datetime.now(dt.UTC)
    if leave(public_id, how="one-click", now=now, wording=WORDING["one-click"]) is Leaving.UNKNOWN:
        join.withdraw(public_id, now=now)
    return _tiny("Unsubscribed.\n", status=200)


def _tiny(text: str, *, status: int) -> HttpResponse:
    return keep_private(HttpResponse(text, status=status, content_type="text/plain; charset=utf-8"))
