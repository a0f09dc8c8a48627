"""What may pass from a feed into a rendering: visible text, and web addresses. Everything else is dropped here."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, urlsplit

LONGEST_URL = 800  # characters; a longer one would not fit into a line of a mail
_SPACE = re.compile(r"\s+")
# C0 and C1 controls, the bidirectional overrides and embeddings (a stray one turns the rest of the line round),
# invisible tag characters, and what is not a character at all.
_DROP = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_URL_KEEP = "-_.!~*'()@/:=?;#%&,+$"


def one_line(text: str) -> str:
    """`text` on one line, without controls or direction marks that could reach beyond it."""
    return _SPACE.sub(" ", _DROP.sub("", text)).strip()


def many_lines(text: str) -> str:
    """`text` without controls, its line breaks kept: for Markdown."""
    return _DROP.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n"))


def safe_url(url: str) -> str:
    """`url` as plain ASCII when it is an absolute http(s) or mailto address, else "".

    An internationalised host becomes punycode; anything a quotation mark or a space could do is escaped.
    """
    url = _SPACE.sub("", _DROP.sub("", url.strip())) if "\n" in url or "\r" in url else _DROP.sub("", url.strip())
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme.lower() == "mailto":
            return quote(url, safe=_URL_KEEP) if "@" in parts.path else ""
        if parts.scheme.lower() not in ("http", "https") or not host or "\\" in parts.netloc:
            return ""
        if not host.isascii():
            url = url.replace(parts.netloc, parts.netloc.replace(_host_of(parts.netloc), _punycode(host)), 1)
    except (ValueError, UnicodeError):
        return ""
    keep = _URL_KEEP + ("[]" if host.count(":") > 1 else "")
    return quote(url, safe=keep)


def direction(text: str) -> str:
    """Which way `text` runs, "rtl" or "ltr", by its first strong character as for dir=auto; "" without any."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("R", "AL"):
            return "rtl"
        if kind == "L":
            return "ltr"
    return ""


def _host_of(netloc: str) -> str:
    host = netloc.rpartition("@")[2]
    return host.rpartition(":")[0] if ":" in host else host


def _punycode(host: str) -> str:
    return host.encode("idna").decode("ascii")
