"""A mail or page shown in one colour scheme, whichever the reader's system prefers. Pure.

A frame cannot tell its document which scheme to be in, so the document is told: what its style sheets say under
`prefers-color-scheme` (Media Queries 5, 12.5) is made to hold, or not to hold, and `color-scheme` names one scheme.
Only what stands inside <style> and the meta tag is touched; the words of the issue are left alone.
"""

from __future__ import annotations

import re
from typing import Literal

Scheme = Literal["light", "dark"]

_STYLE = re.compile(r"(<style\b[^>]*>)(.*?)(</style>)", re.DOTALL | re.IGNORECASE)
_QUERY = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)", re.IGNORECASE)
_PROPERTY = re.compile(r"(?<![\w-])((?:supported-)?color-schemes?\s*:\s*)light\s+dark", re.IGNORECASE)
_META = re.compile(r'(<meta name="(?:supported-)?color-schemes?" content=")[^"]*(")', re.IGNORECASE)
_ALWAYS, _NEVER = "(min-width: 0px)", "(min-width: 999999px)"


def in_scheme(html: str, scheme: Scheme) -> str:
    """`html` as somebody sees it whose system asks for `scheme`."""

    def told(style: re.Match[str]) -> str:
        css = _QUERY.sub(lambda query: _ALWAYS if query[1].lower() == scheme else _NEVER, style[2])
        return style[1] + _PROPERTY.sub(rf"\g<1>{scheme}", css) + style[3]

    return _META.sub(rf"\g<1>{scheme}\g<2>", _STYLE.sub(told, html))
