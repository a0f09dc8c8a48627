"""Where people ask to receive the digest, on a page of its own or inside another site, and confirm it."""

from __future__ import annotations

import datetime as dt

from allauth.account.adapter import get_adapter
from csp.decorators import csp_replace
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from digest import pipeline
from digest.archive.index import archive_of
from digest.deliver import links
from digest.members import join
from digest.members.address import Refused, normalise
from digest.members.models import JoinState, Member
from digest.web.public.own import config, damaged, keys, masked, named_by, page
from digest.web.public.speech import choices, speech
from digest.words import N_

LONGEST = 320  # characters of an address worth reading
TRAP = "website"  # a field that people do not see and programs fill in
# What somebody agrees to; kept with the consent, as it was shown.
AGREED = N_("I would like to receive the weekly digest of %(association)s at this address, until I say otherwise.")
CONFIRMED = "Pressed the button that confirms the address."


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """The page with the form; a copy of the form on another site posts here too."""
    return _form(request, "public/subscribe.html")


@csrf_exempt
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})  # nothing on it can be clicked on somebody's behalf: the mail decides
@require_http_methods(["GET", "HEAD", "POST"])
def embed(request: HttpRequest) -> HttpResponse:
    """The form alone, for a frame in another site."""
    return _form(request, "public/embed.html")


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button; POST puts the person on the list."""
    public_id = named_by(links.Verb.CONFIRM, token)
    if public_id is None:
        return damaged(request, token)
    now = dt.datetime.now(dt.UTC)
    asked = join.open_request(public_id)
    done: join.Confirming | None = None
    member: Member | None = None
    if request.method == "POST" and request.POST.get("do") == "confirm":
        done, member = join.confirm(public_id, keys=keys(), wording=CONFIRMED, now=now)
    elif asked is None:
        done = join.Confirming.LAPSED
    elif asked.state != JoinState.MAILED:
        done = join.Confirming.HELD if asked.state == JoinState.HELD else join.Confirming.ALREADY
    latest = archive_of(config().issues_dir).latest()
    context = {
        "done": done.value if done else "",
        "address": masked(asked.email if asked else None),
        "preferences": _own_page(member),
        "latest": latest,
        "first": pipeline.first_issue(config(), now=now),
    }
    return page(request, "public/confirm.html", context, language=asked.language if asked else "")


def _form(request: HttpRequest, template: str) -> HttpResponse:
    language = _language(request)
    context = {
        "done": "",
        "typed": "",
        "wrong": "",
        "language": language,
        "languages": choices(config()),
        "agreed": _agreed(language),
    }
    if not config().join.open:
        return page(request, template, {**context, "done": "closed"}, language=language)
    status = 200
    if request.method == "POST":
        done, wrong = _ask(request, language)
        typed = request.POST.get("email", "")[:LONGEST] if wrong else ""
        context |= {"done": done, "wrong": wrong, "typed": typed}
        status = 429 if done == join.Asked.TOO_MANY else 200
    return page(request, template, context, language=language, status=status)


def _ask(request: HttpRequest, language: str) -> tuple[str, str]:
    """What to say, and what is wrong with the address. Whether it is known is not looked at here."""
    typed = request.POST.get("email", "")[:LONGEST]
    address = normalise(typed.replace("\x00", ""))
    if isinstance(address, Refused):
        return "", "empty" if not typed.strip() else "refused"
    if request.POST.get(TRAP):
        return join.Asked.TAKEN.value, ""
    asked = join.ask(
        config(),
        keys(),
        address,
        client=client_of(request),
        wording=_agreed(language),
        language=language,
        now=dt.datetime.now(dt.UTC),
    )
    return asked.value, ""


def client_of(request: HttpRequest) -> str:
    """The network address a request came from, by the same rule as the sign-in: `web.trusted_proxies`."""
    try:
        found: str = get_adapter().get_client_ip(request)
    except (PermissionDenied, ImproperlyConfigured):
        return "unknown"
    return found


def _agreed(language: str) -> str:
    words: str = speech(config(), language)["_"](AGREED)
    return words % {"association": config().association.name}


def _language(request: HttpRequest) -> str:
    wanted = request.POST.get("lang") or request.GET.get("lang") or ""
    return wanted if wanted in {tag for tag, _ in choices(config())} else ""


def _own_page(member: Member | None) -> str:
    if member is None:
        return ""
    return links.member_links(config(), keys(), member.public_id, "latest").preferences
