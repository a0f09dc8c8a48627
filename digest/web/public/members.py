"""The pages behind the links in every mail: leave, one's own page, view in browser.

A GET changes nothing: mail scanners follow every link, and some run a page's scripts. Only POST acts, and
acting twice is harmless. The address names the person and is signed (digest/deliver/links.py), so these pages
need no sign-in and set no cookie.

They are exempt from Django's CSRF check. RFC 8058's one-click POST comes from the mail provider's servers,
without cookies or Referer, and must be obeyed; and the check would protect nothing here, since no cookie lends
the request any right: whoever can name the address to a browser can also post to it directly.
"""

from __future__ import annotations

import datetime as dt
import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from digest.compose.models import Issue, IssueKind, IssueState, Number
from digest.config import Config, Keys
from digest.deliver import links
from digest.deliver.models import Delivery, Edition
from digest.members.leave import Leaving, Returning, leave, return_, standing
from digest.members.models import Member
from digest.render.models import MergeTags
from digest.web.mailbody import keep_private, mail_response

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
ONE_CLICK = ("list-unsubscribe", "one-click")
PREVIEW = "preview"  # stands where a member's token would, in the newsroom's previews
WORDING = {
    "leave": "Pressed the button that stops the digest.",
    "one-click": "Used the unsubscribe function of the mail program (RFC 8058).",
    "return": "Pressed the button that takes the leaving back.",
}


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks; POST leaves, by the page's button or by RFC 8058's one click; the page then offers to undo."""
    public_id = _member(links.Verb.UNSUBSCRIBE, token)
    if request.method == "POST" and _is_one_click(request):
        return _one_click(public_id)
    return _status_page(request, public_id, token, template="public/unsubscribe.html")


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """The member's own page: where they stand, and the buttons to leave and to come back."""
    return _status_page(request, _member(links.Verb.PREFERENCES, token), token, template="public/preferences.html")


@require_safe
def view_in_browser(request: HttpRequest, token: str) -> HttpResponse:
    """The mail as this member got it: `?issue=736`, or the day of an issue without a number; else the latest."""
    public_id = _member(links.Verb.VIEW, token)
    member = Member.objects.filter(public_id=public_id).first() if public_id else None
    if public_id is None or member is None:
        return _damaged(request, token)
    asked = request.GET.get("issue", "")
    edition = _edition(member, asked)
    if edition is None:
        return _page(
            request, "public/not_out.html", {"number": asked if _NUMBER.fullmatch(asked) else ""}, status=404
        )
    number = Number.objects.filter(issue_id=edition.issue_id).values_list("number", flat=True).first()
    issue = str(number) if number is not None else edition.issue.title_date.isoformat()
    own = links.member_links(_config(), _keys(), public_id, issue)
    html = MergeTags.of(edition.issue.merge_tag).replace(
        edition.html,
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
    elif asked:
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


def _status_page(request: HttpRequest, public_id: str | None, token: str, *, template: str) -> HttpResponse:
    if public_id is None:
        return _damaged(request, token)
    now = dt.datetime.now(dt.UTC)
    done: Leaving | Returning | None = None
    if request.method == "POST":
        match request.POST.get("do"):
            case "leave":
                done = leave(public_id, how="page", now=now, wording=WORDING["leave"])
            case "return":
                done = return_(public_id, how="page", now=now, wording=WORDING["return"])
    where = standing(public_id, keys=_keys(), now=now)
    if where is None:
        return _page(request, "public/gone.html", {})
    return _page(request, template, {"standing": where, "done": done.value if done else "", "token": token})


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
    leave(public_id, how="one-click", now=dt.datetime.now(dt.UTC), wording=WORDING["one-click"])
    return _tiny("Unsubscribed.\n", status=200)


def _tiny(text: str, *, status: int) -> HttpResponse:
    return keep_private(HttpResponse(text, status=status, content_type="text/plain; charset=utf-8"))


def _damaged(request: HttpRequest, token: str) -> HttpResponse:
    if token == PREVIEW:
        return _page(request, "public/preview_link.html", {})
    return _page(request, "public/damaged.html", {}, status=404)


def _page(request: HttpRequest, template: str, context: dict[str, object], *, status: int = 200) -> HttpResponse:
    return keep_private(render(request, template, context, status=status))


def _member(verb: links.Verb, token: str) -> str | None:
    """The public id that a genuine token names."""
    return links.verify(_keys(), verb, links.MailingList.DIGEST, token)


def _config() -> Config:
    found: Config = settings.DIGEST
    return found


def _keys() -> Keys:
    found: Keys = settings.DIGEST_KEYS
    return found
