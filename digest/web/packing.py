"""Bodies made smaller for the way: brotli (RFC 7932) or gzip (RFC 1952), as the reader takes them. Pure.

Only what is the same for everybody is packed. A page that holds a secret and repeats what a stranger typed would
tell the secret by its length (BREACH), so nothing behind a member's link or a sign-in comes through here.
"""

from __future__ import annotations

import gzip

import brotli

SMALLEST = 1000  # bytes: below that the headers cost more than is won
PACKED = ("text/", "application/json")
ENDINGS = ("+json", "+xml", "/xml", "/javascript", "x-opml", "x-bibtex")


def is_worth_it(content_type: str, size: int) -> bool:
    """Whether a body of this type and many bytes becomes smaller by packing."""
    bare = content_type.partition(";")[0].strip().lower()
    return size >= SMALLEST and (bare.startswith(PACKED) or bare.endswith(ENDINGS))


def chosen(accept_encoding: str) -> str:
    """`br`, `gzip` or "": the best that an Accept-Encoding header (RFC 9110, 12.5.3) lets us use."""
    accepted: dict[str, bool] = {}
    for part in accept_encoding.lower().split(","):
        name, _, weight = part.partition(";")
        accepted[name.strip()] = weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return next((name for name in ("br", "gzip") if accepted.get(name)), "")


def pack(body: bytes, encoding: str, *, hard: bool = False) -> bytes:
    """`body` in `encoding`, one that `chosen` gives; `hard` takes its time, for what is packed once and kept."""
    if encoding == "br":
        packed: bytes = brotli.compress(body, quality=11 if hard else 5)
        return packed
    if encoding == "gzip":
        return gzip.compress(body, compresslevel=9 if hard else 6, mtime=0)
    return body
