"""A web page where a feed should be: the feed that it names in its head, or in words what it is instead.

`<link rel="alternate" type="application/rss+xml" href="...">` is how every publishing system names its feeds (HTML
Living Standard, "Link type alternate").
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from digest.gather.clean.links import absolute, canonical
from digest.gather.clean.text import one_line
from digest.gather.values import Reading, Refused

LOOKED_AT = 1_000_000  # characters of a page: some carry all their styles in the head
HEAD = 65_536  # characters in which a page says that it is none of ours
MOST_LINKS = 200

_MARK = re.compile(r"<(?:(!--|script|style|noscript|template|svg)|(link|base|body)\b([^<>]{0,4000})>)", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-zA-Z][\w:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_FEEDS = {
    "application/atom+xml",
    "application/rss+xml",
    "application/rdf+xml",
    "application/feed+json",
    "application/xml",
    "text/xml",
}
_CALENDAR = "text/calendar"
_COMMENTS = re.compile(r"comments?\b|kommentar|commentaire|comentario", re.IGNORECASE)

_PASSWORD = re.compile(r"type\s*=\s*[\"']?password|name\s*=\s*[\"']?passw", re.IGNORECASE)
_TITLE = re.compile(r"<title[^<>]{0,200}>([^<]{1,300})", re.IGNORECASE)
_SIGN_IN = re.compile(
    r"\b(?:log[ -]?in|log[ -]?on|sign[ -]?in|sign[ -]?on|authenti\w+|anmelden|anmeldung|einloggen|connexion"
    r"|identification|iniciar sesión|acceder|accedi|inloggen|logga in|log ind|logowanie|members only)\b",
    re.IGNORECASE,
)
_SIGN_IN_ADDRESS = re.compile(
    r"/(?:wp-login|log-?in|sign-?in|sso|saml2?|auth|cas/login|account/login)\b", re.IGNORECASE
)
_CHALLENGE = re.compile(
    r"just a moment|checking your browser|attention required|captcha|enable javascript and cookies|are you a robot"
    r"|verify(?:ing)? (?:that )?you are (?:a )?human",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Link:
    url: str
    type: str
    about: str  # title and address, in lower case


def parse(text: str, reading: Reading) -> Refused:
    """Always a refusal: with the address of the feed that the page names, unless the page asks to sign in."""
    title = _TITLE.search(text, 0, HEAD)
    asks = bool(title and _SIGN_IN.search(title[1])) or bool(_SIGN_IN_ADDRESS.search(reading.url))
    feed_url = "" if asks else feed_link(text, base=reading.url, of_events=reading.section_kind == "events")
    words = _words(text[:HEAD], asks_to_sign_in=asks)
    return Refused(words=words, feed_url=feed_url)


def barrier(title: str, url: str, text: str) -> str:
    """What stands before the page that was asked for, in words: a bot check or a sign-in; "" when nothing does."""
    if _CHALLENGE.search(title) or (_CHALLENGE.search(text[:HEAD]) and len(text) < HEAD // 4):
        return "asks whether we are a person (a bot check), so it could not be read"
    if _SIGN_IN_ADDRESS.search(url) or (_SIGN_IN.search(title) and _PASSWORD.search(text)):
        return "asks to sign in, so it could not be read"
    return ""


def feed_link(text: str, *, base: str = "", of_events: bool = False) -> str:
    """The address of the page's feed, absolute; "" when it names none but itself.

    The first feed that is not one of comments; with `of_events` a calendar, or what speaks of events, first.
    """
    own = canonical(base) if base else ""
    links = [link for link in _links(text, base) if canonical(link.url) != own and not _COMMENTS.search(link.about)]

    def rank(link: _Link) -> tuple[bool, bool]:
        return (
            of_events and "event" not in link.about and link.type != _CALENDAR,
            (link.type == _CALENDAR) is not of_events,
        )

    return min(links, key=rank).url if links else ""


def _words(head: str, *, asks_to_sign_in: bool) -> str:
    if _CHALLENGE.search(head):
        return "answered with a page that asks whether we are a person (a bot check), not with a feed"
    if asks_to_sign_in or _PASSWORD.search(head):
        return "answered with a login page, not a feed: it may be for members only"
    return "answered with a web page, not a feed"


def _links(text: str, base: str) -> Iterator[_Link]:
    """The feeds named before the body: what stands in the body may have been written by a visitor."""
    position, left, end = 0, MOST_LINKS, min(len(text), LOOKED_AT)
    while left and (mark := _MARK.search(text, position, end)):
        position = mark.end()
        skipped, tag, inner = mark.groups()
        if skipped:
            close = text.find("-->" if skipped == "!--" else f"</{skipped}", position, end)
            if close < 0:
                return
            position = close
        elif tag.lower() == "body":
            return
        else:
            given = _attributes(inner)
            if tag.lower() == "base":
                base = absolute(given.get("href", ""), base) or base
            elif link := _feed(given, base):
                left -= 1
                yield link


def _attributes(inner: str) -> dict[str, str]:
    return {
        name.lower(): html.unescape(double or single or bare)
        for name, double, single, bare in _ATTRIBUTE.findall(inner)
    }


def _feed(given: dict[str, str], base: str) -> _Link | None:
    kind = given.get("type", "").partition(";")[0].strip().lower()
    address = given.get("href", "").strip()
    # "feed://a.example/x" and "webcal://a.example/x" ask for a program, and mean the address without it.
    address = re.sub(
        r"^(?:feed|webcal):/*(?=https?:)", "", re.sub(r"^(?:feed|webcal)://(?!https?:)", "https://", address)
    )
    url = absolute(address, base)
    if "alternate" not in given.get("rel", "").lower().split() or not url:
        return None
    is_json_feed = (
        kind == "application/json" and "feed" in url.lower() and "wp-json" not in url and "oembed" not in url
    )
    if kind not in _FEEDS and kind != _CALENDAR and not is_json_feed:
        return None
    return _Link(url=url, type=kind, about=f"{one_line(given.get('title', ''))} {url}".lower())
