"""Markup from a feed: sanitised to a small allow-list by nh3, and as plain text with its paragraphs kept."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import nh3

from digest.gather.clean.links import absolute, without_tracking
from digest.gather.clean.text import one_line, scrub
from digest.gather.document import Image

TAGS = {
    *("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre"),
    *("ul", "ol", "li", "dl", "dt", "dd"),
    *("a", "em", "strong", "b", "i", "u", "s", "sub", "sup", "code", "q", "cite", "abbr", "small"),
    *("table", "thead", "tbody", "tr", "th", "td", "caption"),
    *("div", "section", "article", "header", "footer", "aside", "figure", "address", "h1"),
}
# Elements whose text is not part of the article: left out with all they hold.
DROPPED = {
    *("script", "style", "noscript", "template", "iframe", "object", "embed", "applet", "math", "svg", "canvas"),
    *("form", "button", "select", "textarea", "audio", "video", "figcaption", "nav", "title", "head"),
}
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}, "th": {"colspan", "rowspan"}, "td": {"colspan", "rowspan"}}
_REST = r'[^>"]*(?:"[^"]*"[^>"]*)*>'  # of a tag: an attribute's value may hold ">"
_PARAGRAPH = re.compile(
    rf"</?(?:p|h[1-6]|blockquote|pre|[uod]l|table|hr|div|section|article|header|footer|aside|figure|address)\b{_REST}"
)
_ITEM = re.compile(rf"<li\b{_REST}")
_LINE = re.compile(rf"<(?:br|dt|dd|tr|caption)\b{_REST}")
_CELL = re.compile(rf"<t[dh]\b{_REST}")
_TAG = re.compile(rf"</?[a-z]{_REST}")
_PREFORMATTED = re.compile(r"(<pre>.*?</pre>)", re.DOTALL)
_SPACES = re.compile(r"\s+")
_INNER_SPACES = re.compile(r"[ \t]{2,}")
_LINE_ENDS = re.compile(r" *\n *")
_BLANK_LINES = re.compile(r"\n{3,}")
_UNSPOKEN = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|$)", re.DOTALL | re.IGNORECASE)
_EMPTY = re.compile(r"<(p|li|em|strong|b|i|h[1-6]|blockquote|div)>(\s*)</\1>")
_IMG = re.compile(r"<img\b[^<>]{0,4000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-zA-Z][\w:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_LOOKS_LIKE_HTML = re.compile(r"<(?:/?[a-zA-Z][a-zA-Z0-9]*(?:\s[^<>]*)?/?|!--)|&#?\w{2,8};")
# Pictures that count readers, smileys, buttons: never the picture of an article.
_NO_PICTURE = re.compile(
    r"feedburner|feeds\.wordpress|/b\.gif|pixel|stats?\.|doubleclick|gravatar\.com|s\.w\.org/images/core/emoji"
    r"|/smil|/emoji|(?:twitter|facebook|linkedin|google|reddit|mastodon)[_-]?(?:plus[_-]?)?icon|/~[raf]f?/|/(?:wiki)?icons?/|[?]g=\d+$"
    r"|share[_-]|addtoany|1x1|spacer|blank\.(?:gif|png)|wp-includes/images|feedads|/ga\.(?:gif|php)",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|$)", re.I)
_ELEMENT = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})[^<>]{0,2000}?(/?)>")
_NEVER_CLOSED = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"),
    *("p", "li", "dt", "dd", "tr", "td", "th", "option"),
}
DEEPEST = 200  # elements within each other; the sanitiser's time grows with the square of it
SMALLEST_PICTURE = 80  # CSS pixels a side: smaller ones are icons


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanHtml:
    """Sanitised markup and the same as plain text, paragraphs parted by blank lines."""

    html: str
    text: str
    preformatted: bool = False  # the source gave typewritten text, as list archives do


@lru_cache(maxsize=64)
def _cleaner(base: str) -> nh3.Cleaner:
    base = absolute(base)
    try:
        return _new_cleaner(("rewrite_with_base", base) if base else "deny")
    except ValueError:  # nh3 is stricter about what an address is
        return _new_cleaner("deny")


def _new_cleaner(relative: Literal["deny"] | tuple[Literal["rewrite_with_base"], str]) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=TAGS,
        clean_content_tags=DROPPED,
        attributes=_ATTRIBUTES,
        strip_comments=True,
        link_rel="noopener noreferrer",
        url_schemes={"http", "https", "mailto"},
        url_relative=relative,
    )


def looks_like_html(text: str) -> bool:
    """Whether plain text is really markup: feeds rarely say which of the two they send."""
    return _LOOKS_LIKE_HTML.search(text) is not None


def clean_html(markup: str, *, base: str = "") -> CleanHtml:
    """`markup` sanitised. Relative addresses are resolved against `base`; what cannot be is unlinked."""
    if is_nested_too_deeply(markup):
        return from_plain(entities.unescape(_ELEMENT.sub(" ", _UNSPOKEN.sub("", markup))))
    # Scrubbed again: a character reference is only a character once the sanitiser has read it.
    safe = scrub(_cleaner(base).clean(scrub(markup)))
    # The page that shows it has a first heading of its own. The tags hold no attributes any more.
    safe = _EMPTY.sub(r"\2", safe).replace("<h1>", "<h2>").replace("</h1>", "</h2>")
    return CleanHtml(html=safe.strip(), text=to_text(safe), preformatted=safe.lstrip().startswith("<pre>"))


def is_nested_too_deeply(markup: str) -> bool:
    """Whether elements stand in each other deeper than any article's do."""
    if markup.count("<") <= DEEPEST:
        return False
    depth = 0
    for element in _ELEMENT.finditer(markup):
        closing, name, empty = element.groups()
        if empty or name.lower() in _NEVER_CLOSED:
            continue
        depth = max(0, depth + (-1 if closing else 1))
        if depth > DEEPEST:
            return True
    return False


def from_plain(text: str) -> CleanHtml:
    """Plain text, and markup that shows it."""
    text = _tidy(scrub(text))
    paragraphs = [p.strip() for p in re.split(r"\n{2,}", text) if p.strip()]
    markup = "".join(f"<p>{entities.escape(p, quote=False)}</p>" for p in paragraphs)
    return CleanHtml(html=markup, text=text)


def to_text(safe: str) -> str:
    """Sanitised markup (and nothing else: its tags are found by patterns) as plain text."""
    if "<" not in safe and "&" not in safe:
        return _tidy(_SPACES.sub(" ", safe))
    if "<pre" in safe:
        parts = _PREFORMATTED.split(safe)
        return _tidy("".join(_run(part, preformatted=part.startswith("<pre>")) for part in parts))
    return _tidy(_run(safe))


def first_image(markup: str, *, base: str = "") -> Image | None:
    """The first picture in unsanitised markup that is large enough to be one, with an http(s) address."""
    return next(images(markup, base=base), None)


def images(markup: str, *, base: str = "") -> Iterator[Image]:
    """Every such picture, in order."""
    for tag in _IMG.finditer(markup):
        given = {
            name.lower(): entities.unescape(double or single or bare)
            for name, double, single, bare in _ATTRIBUTE.findall(tag[0])
        }
        if _HIDDEN.search(given.get("style", "")) or "hidden" in given:
            continue
        for key in ("src", "data-src", "data-lazy-src", "data-original"):
            image = picture(
                given.get(key, ""),
                base=base,
                alt=given.get("alt", ""),
                width=given.get("width"),
                height=given.get("height"),
            )
            if image is not None:
                yield image
                break


def picture(
    url: str, *, base: str = "", alt: str = "", width: str | None = None, height: str | None = None
) -> Image | None:
    """An Image, or None when the address cannot be shown or the picture is an icon or a counter."""
    where = absolute(url, base)
    if not where or _NO_PICTURE.search(where):
        return None
    wide, high = _pixels(width), _pixels(height)
    if any(side is not None and side < SMALLEST_PICTURE for side in (wide, high)):
        return None
    return Image(url=without_tracking(where), alt=one_line(alt)[:300], width=wide, height=high)


def _pixels(value: str | None) -> int | None:
    found = re.match(r"\s*(\d{1,5})(?:\.\d+)?\s*(?:px)?\s*$", value or "")
    return int(found[1]) if found else None


def _run(safe: str, *, preformatted: bool = False) -> str:
    if not preformatted:
        safe = _SPACES.sub(" ", safe)
    safe = _PARAGRAPH.sub("\n\n", safe)
    safe = _ITEM.sub("\n- ", safe)
    safe = _LINE.sub("\n", safe)
    safe = _CELL.sub(" ", safe)
    text = entities.unescape(_TAG.sub("", safe)).replace("\xa0", " ")
    return text if preformatted else _INNER_SPACES.sub(" ", text)


def _tidy(text: str) -> str:
    return _BLANK_LINES.sub("\n\n", _LINE_ENDS.sub("\n", text)).strip()
