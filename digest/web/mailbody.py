"""An e-mail's HTML as a page of its own: view-in-browser for members, previews for staff.

An e-mail lives by style attributes, which the policy of our pages forbids, and its text comes from feeds. So it
is never put inside a page of ours: it is answered from its own address, under a policy of its own that lets
styles and pictures in and takes everything else away - no scripts, no forms, no cookies, no origin (`sandbox`),
no word to other sites about where the reader came from.
"""

from __future__ import annotations

import re

from django.http import HttpResponse

_IMAGES = "img-src https: http: data:"
POLICY = (
    f"sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; {_IMAGES}; "
    "style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)


def mail_response(html: str, *, links_in_new_window: bool = False, images: bool = True) -> HttpResponse:
    """`html` as it is, under POLICY, kept out of caches and search engines.

    `links_in_new_window` is for a preview in a frame, where a link would otherwise open inside the frame; without
    `images` no picture is loaded, as in mail programs that ask first.
    """
    if links_in_new_window:
        html = _HEAD.sub(lambda head: head[0] + '<base target="_blank">', html, count=1)
    response = HttpResponse(html, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY if images else POLICY.replace(_IMAGES, "img-src 'none'")
    return keep_private(response)


def keep_private(response: HttpResponse) -> HttpResponse:
    """For a page whose address names a person: in no cache, in no search engine, in nobody's Referer."""
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response
