"""What the pages behind a mail's links share: the token, the language, the answer that nobody keeps.

A GET changes nothing: mail scanners follow every link, and some run a page's scripts. Only POST acts, and
acting twice is harmless. The address names the person and is signed (digest/deliver/links.py), so these pages
need no sign-in and set no cookie.

They are exempt from Django's CSRF check. RFC 8058's one-click POST comes from the mail provider's servers,
without cookies or Referer, and must be obeyed; and the check would protect nothing here, since no cookie lends
the request any right: whoever can name the address to a browser can also post to it directly. The form to join is
exempt for the same reason, and because it may stand on another site.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from digest.config import Config, Keys
from digest.deliver import links
from digest.members.models import Member
from digest.web.mailbody import keep_private
from digest.web.public.speech import speech

PREVIEW = "preview"  # stands where a member's token would, in the newsroom's previews


def config() -> Config:
    found: Config = settings.DIGEST
    return found


def keys() -> Keys:
    found: Keys = settings.DIGEST_KEYS
    return found


def named_by(verb: links.Verb, token: str, mailing_list: links.MailingList = links.MailingList.DIGEST) -> str | None:
    """The public id that a genuine token names."""
    return links.verify(keys(), verb, mailing_list, token)


def language_of(public_id: str) -> str:
    """The member's language, "" for the association's."""
    return Member.objects.filter(public_id=public_id).values_list("language", flat=True).first() or ""


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, language: str = "", status: int = 200
) -> HttpResponse:
    """A page in the reader's language, kept out of caches, search engines and Referers."""
    return keep_private(render(request, template, {**speech(config(), language), **context}, status=status))


def damaged(request: HttpRequest, token: str) -> HttpResponse:
    """The answer to a link that is none of ours."""
    if token == PREVIEW:
        return page(request, "public/preview_link.html", {})
    return page(request, "public/damaged.html", {}, status=404)


def gone(request: HttpRequest) -> HttpResponse:
    """The answer to a link of somebody of whom nothing is kept."""
    return page(request, "public/gone.html", {})


def masked(address: str | None) -> str:
    """Enough of an address for its owner to know it, too little for anybody else: `m…@e….org`."""
    local, _, domain = (address or "").partition("@")
    name, _, top = domain.rpartition(".")
    if not local or not name:
        return ""
    return f"{_first(local)}…@{_first(name)}….{top}"


def _first(word: str) -> str:
    """Its first letter, unless that would be most of it."""
    return word[0] if len(word) > 2 else ""
