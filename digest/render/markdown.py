"""An editor's Markdown as clean HTML and as plain text. No HTML of theirs gets through."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from digest.render.plain import many_lines, one_line, safe_url
from digest.render.wrap import wrap

_TAGS = {"p", "a", "strong", "em", "ul", "ol", "li", "br", "code", "blockquote", "img"}
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}, "ol": {"start"}}
_PARSER = MarkdownIt("commonmark", {"html": False})
_BETWEEN_BLOCKS = re.compile(r"\n+(?=<(?:/?(?:ul|ol|li|p|blockquote)\b))|(?<=>)\n+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A link or a picture in Markdown: its address as it was written, and its words or alt text."""

    url: str
    words: str
    picture: bool


def to_html(text: str) -> Markup:
    """`text` as paragraphs, lists, links, emphasis and pictures; headings become bold paragraphs.

    The issue has its own headings, and one written in an introduction would stand above them.
    """
    if not text.strip():
        return Markup("")
    clean = nh3.clean(
        _PARSER.renderer.render(_parse(text), _PARSER.options, {}),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    return Markup(_BETWEEN_BLOCKS.sub("", clean.strip()))  # noqa: S704 - nh3 has just cleaned it


def to_text(text: str, *, refer: Callable[[str], str]) -> str:
    """`text` as wrapped paragraphs; `refer(url)` gives what stands after a link's words, like " [3]"."""
    blocks: list[str] = []
    lists: list[tuple[str, int]] = []  # bullet or number, and what comes next
    marker, quote = "", 0
    tight = False
    for token in _parse(text):
        match token.type:
            case "bullet_list_open":
                lists.append(("-", 0))
            case "ordered_list_open":
                lists.append(("1", int(token.attrGet("start") or 1)))
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
            case "list_item_open":
                sign, number = lists[-1]
                marker = "- " if sign == "-" else f"{number}. "
                lists[-1] = (sign, number + 1)
            case "blockquote_open":
                quote += 1
            case "blockquote_close":
                quote -= 1
            case "hr":
                blocks.append("* * *")
            case "inline" | "code_block" | "fence":
                indent = "> " * quote + "  " * max(len(lists) - 1, 0)
                hang = " " * len(marker) if marker else "  " * bool(lists)
                words = _inline(token.children or [], refer) if token.type == "inline" else token.content
                block = "\n".join(
                    wrap(one_line(part), first=indent + (hang if number else marker or hang), rest=indent + hang)
                    for number, part in enumerate(words.split("\n"))
                )
                if tight and marker and blocks:
                    blocks[-1] += f"\n{block}"
                else:
                    blocks.append(block)
                tight, marker = bool(lists), ""
            case _:
                continue
        if token.type in ("bullet_list_close", "ordered_list_close"):
            tight = bool(lists)
    return "\n\n".join(blocks)


def mentions(text: str) -> Iterator[Mention]:
    """The links and pictures of `text`, also those whose address is none and that are therefore left out."""
    for block in _parse(text):
        children = block.children or []
        for number, token in enumerate(children):
            if token.type == "image":
                yield Mention(url=str(token.attrGet("src") or ""), words=one_line(token.content), picture=True)
            elif token.type == "link_open":
                inside = takewhile(lambda part: part.type != "link_close", children[number + 1 :])
                words = one_line("".join(part.content for part in inside))
                yield Mention(url=str(token.attrGet("href") or ""), words=words, picture=False)


@lru_cache(maxsize=32)
def _tokens(text: str) -> tuple[Token, ...]:
    tokens = _PARSER.parse(many_lines(text))
    for number, token in enumerate(tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = "p"
        if token.type == "heading_open" and tokens[number + 1].children is not None:
            inline = tokens[number + 1]
            inline.children = [
                Token("strong_open", "strong", 1),
                *(inline.children or []),
                Token("strong_close", "strong", -1),
            ]
    return tuple(tokens)


def _parse(text: str) -> Sequence[Token]:
    return list(_tokens(text))


def _inline(tokens: Sequence[Token], refer: Callable[[str], str]) -> str:
    out: list[str] = []
    links: list[str] = []
    for token in tokens:
        match token.type:
            case "text" | "code_inline":
                out.append(token.content)
            case "softbreak":
                out.append(" ")
            case "hardbreak":
                out.append("\n")
            case "image":
                alt = one_line(token.content)
                out.append(f"[{alt}]" if alt else "")
            case "link_open":
                links.append(safe_url(str(token.attrGet("href") or "")))
            case "link_close":
                url = links.pop()
                out.append(refer(url) if url else "")
            case _:
                continue
    return "".join(out)


def _attribute(_tag: str, name: str, value: str) -> str | None:
    if name in ("href", "src"):
        return safe_url(value) or None
    return one_line(value)
