"""The site's navigation, drawn around a page of the record. Pure but for the templates.

A published page never changes, the site around it does. So the frozen index.html is served whole, with its own
look, and three pieces are set into it as text: the frame's stylesheets before the page's own style, the header
after <body>, the footer before </body>. The frame's classes all begin with "frame-" and bring their own tokens, and
where both set the same the page comes later: neither style can reach into the other. What the page holds becomes
the site's <main>, unless it brings its own. A page without those places (it came from elsewhere) is served as it is.

The policy allows exactly the styles the page brings: each <style> by its hash. Scripts are not allowed at all.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from django.template.loader import render_to_string
from markupsafe import Markup

from digest.archive.index import Published
from digest.render.page import in_script

_HEAD_END = re.compile(r"</head\s*>", re.IGNORECASE)
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_BODY_END = re.compile(r"</body\s*>(?!.*</body\s*>)", re.IGNORECASE | re.DOTALL)
_MAIN = re.compile(r"<main\b", re.IGNORECASE)
_STYLE = re.compile(r"<style\b[^>]*>(.*?)</style\s*>", re.IGNORECASE | re.DOTALL)

# What is loaded for an <img>, and for `url(...)` of a style: addresses that name a server.
_LOADED = re.compile(
    r"""(?:\s(?:src|srcset|background|poster)\s*=\s*["']?|url\(\s*["']?)(https?://[^\s/"'<>;,)]+)""", re.IGNORECASE
)
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]{1,5})?", re.IGNORECASE)

_POLICY = (
    "default-src 'none'; style-src 'self'{hashes}; img-src 'self' data:{servers}; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Framed:
    """A page ready to be answered, and the policy under which it is shown."""

    body: bytes
    policy: str


def frame(issue: Published, *, earlier: int | None, later: int | None, pdf: bool) -> Framed:
    """The page of `issue` in its frame, with what was corrected since; `pdf`: whether it has one. OSError."""
    page = issue.page()
    policy = policy_for(page)
    around = {
        "issue": issue,
        "earlier": earlier,
        "later": later,
        "pdf": pdf,
        "wrap": _MAIN.search(page) is None,
        "corrections": corrections(issue),
    }
    body = draw_around(
        page,
        head=render_to_string("public/frame_head.html", around, using="jinja2"),
        before=render_to_string("public/frame_before.html", around, using="jinja2"),
        after=render_to_string("public/frame_after.html", around, using="jinja2"),
    ).encode()
    return Framed(body=body, policy=policy)


def corrections(issue: Published) -> Markup | None:
    """The errata as schema.org has them, safe inside <script>; None without any."""
    if not issue.errata:
        return None
    return in_script(
        {
            "@context": "https://schema.org",
            "@type": "PublicationIssue",
            "issueNumber": str(issue.number),
            "dateModified": issue.updated.isoformat(timespec="seconds"),
            "correction": [
                {
                    "@type": "CorrectionComment",
                    "datePublished": erratum.at.isoformat(timespec="seconds"),
                    "text": erratum.text,
                }
                for erratum in issue.errata
            ],
        }
    )


def draw_around(page: str, *, head: str, before: str, after: str) -> str:
    """`page` with the three pieces in their places; as it is where it lacks one of them."""
    head_end, body = _HEAD_END.search(page), _BODY.search(page)
    body_end = _BODY_END.search(page)
    if not (head_end and body and body_end and head_end.end() <= body.start() < body_end.start()):
        return page
    styles = _STYLE.search(page, 0, head_end.start()) or head_end
    return (
        page[: styles.start()]
        + head
        + page[styles.start() : body.end()]
        + before
        + page[body.end() : body_end.start()]
        + after
        + page[body_end.start() :]
    )


def policy_for(page: str) -> str:
    """The Content-Security-Policy under which `page` may use its own <style>, and nothing else inline.

    Pictures come from this server, and from those that the page itself names: none, unless `[web] remote_images`
    was set when it was published.
    """
    hashes = "".join(
        f" 'sha256-{base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()}'"
        for style in _STYLE.finditer(page)
    )
    named = {found[1].lower() for found in _LOADED.finditer(page) if _ORIGIN.fullmatch(found[1])}
    return _POLICY.format(hashes=hashes, servers="".join(f" {server}" for server in sorted(named)))
