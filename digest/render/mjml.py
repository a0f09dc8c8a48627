"""MJML to HTML, behind one function, with the compiler's silences turned into words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import mjml
from lxml import etree

from digest.errors import TemplateError

_INLINE_STYLE = re.compile(r'<mj-style\s+inline="inline"\s*>(.*?)</mj-style>', re.DOTALL)
_VOID = re.compile(r"<((?:br|hr|img|meta|link|input|col|wbr)\b[^<>]*?)/?>")
_LEFT_OVER = re.compile(r"<(mj-[a-z-]+)")
# The compiler drops white space that stands alone between two tags, and two words grow together.
_LONE_SPACE = re.compile(r"(</(?:a|b|em|i|span|strong|code)>)[ \n]+(?=<(?:a|b|em|i|span|strong|code)\b)")


class Compiled(NamedTuple):
    """`css` is what the template asked to be inlined (<mj-style inline="inline">), taken out of `html`."""

    html: str
    css: str


def compile_mjml(source: str, *, own: Iterable[Path] = ()) -> Compiled:
    """HTML of an MJML document.

    `own` are the association's templates that took part: an error names them as the place to look.
    Raises TemplateError in words.
    """
    css = "\n".join(_INLINE_STYLE.findall(source))
    source = _LONE_SPACE.sub(r"\1&#32;", _INLINE_STYLE.sub("", source))
    try:
        # fonts={}: without it the compiler links Google's fonts.
        html = str(mjml.mjml2html(source, fonts={}))
    except ValueError as error:
        raise _failure(f"what the templates make is not MJML ({_where(source) or error})", own) from error
    if left := _LEFT_OVER.search(html):
        raise _failure(f"<{left[1]}> is unknown to MJML, or stands where it may not", own)
    return Compiled(html, css)


def _where(source: str) -> str:
    """The first place where `source` is not well-formed: the compiler itself does not say."""
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    # What MJML takes from HTML and XML does not know: elements without an end, and named entities.
    etree.fromstring(_VOID.sub(r"<\1/>", source).encode(), parser)
    for problem in parser.error_log:
        if "Entity" not in problem.message:
            line = source.splitlines()[problem.line - 1].strip() if problem.line else ""
            return f"{problem.message.strip().rstrip('.')}, near {line[:100]!r}"
    return ""


def _failure(words: str, own: Iterable[Path]) -> TemplateError:
    paths = ", ".join(str(path) for path in own)
    return TemplateError(
        f"The e-mail's HTML cannot be made: {words}.",
        hint=f"Look at the templates you changed: {paths}." if paths else "The built-in templates are at fault.",
    )
