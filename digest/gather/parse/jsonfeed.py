"""JSON Feed 1 and 1.1 (jsonfeed.org)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from digest.gather.clean.html import picture
from digest.gather.clean.links import absolute
from digest.gather.clean.text import has_entities, is_markup, plain_title
from digest.gather.document import Image
from digest.gather.parse.entry import FeedFacts, Markup, RawEntry, build_entries
from digest.gather.parse.fields import RawPublication
from digest.gather.values import ParsedFeed, Reading, Refused

VERSION = "jsonfeed.org/version/"


def parse(text: str, reading: Reading) -> ParsedFeed | Refused:
    """The entries of a JSON feed. What is JSON, but no feed, is refused."""
    try:
        # Not strict about control characters, which careless programs do not escape, nor about what comes after.
        feed, _ = json.JSONDecoder(strict=False).raw_decode(text.lstrip("\ufeff\x00 \t\r\n"))
    except ValueError as error:
        return Refused(words=f"sent a JSON feed that is broken{_line(error)} and holds nothing that can be read")
    if not isinstance(feed, dict) or not _is_feed(feed):
        return Refused(words="answered with JSON, which is not a feed")
    items = feed.get("items")
    if not isinstance(items, list):
        return Refused(words="sent a JSON feed without its list of items")
    title = plain_title(_text(feed, "title"), is_html=_holds_html(_text(feed, "title")))
    site = (absolute(_text(feed, key), reading.url) for key in ("home_page_url", "feed_url"))
    base = next((address for address in site if address), reading.url)
    authors = tuple(_authors(feed))
    facts = FeedFacts(title=title, base=base, language=_text(feed, "language"), authors=authors)
    raws = (_raw(item, base) for item in items[: reading.max_items] if isinstance(item, dict))
    words = ""
    if len(items) > reading.max_items:
        words = f"only the first {reading.max_items} of its {len(items)} entries were read"
    return ParsedFeed(title=title, entries=build_entries(raws, facts, reading), format="json", words=words)


def _is_feed(feed: Mapping[str, Any]) -> bool:
    """The version says it; some programs leave it out of what is a feed all the same."""
    return VERSION in _text(feed, "version") or bool(
        _list(feed, "items") and _text(feed, "title") and (_text(feed, "home_page_url") or _text(feed, "feed_url"))
    )


def _holds_html(text: str) -> bool:
    """A title is plain text; what holds tags or character references was written by a program that forgot."""
    return is_markup(text) or has_entities(text)


def _raw(item: Mapping[str, Any], base: str) -> RawEntry:
    contents = (
        Markup(value=_text(item, "content_html")),
        Markup(value=_text(item, "content_text"), is_html=False),
    )
    return RawEntry(
        guid=_text(item, "id").strip(),
        links=(_text(item, "url"), _text(item, "external_url"), *_addresses(item)),
        title=_text(item, "title"),
        title_is_html=_holds_html(_text(item, "title")),
        summary=Markup(value=_text(item, "summary"), is_html=is_markup(_text(item, "summary"))),
        contents=tuple(markup for markup in contents if markup.value),
        base=base,
        authors=tuple(_authors(item)),
        categories=tuple(str(tag) for tag in _list(item, "tags") if isinstance(tag, str)),
        images=tuple(_images(item, base)),
        published=_text(item, "date_published"),
        updated=_text(item, "date_modified"),
        language=_text(item, "language"),
        publication=RawPublication(identifiers=(_text(item, "id"), _text(item, "external_url"))),
    )


def _addresses(item: Mapping[str, Any]) -> Iterator[str]:
    """What may stand in for an entry's page: an id that is an address; a recording."""
    if absolute(_text(item, "id")):
        yield _text(item, "id")
    for each in _list(item, "attachments"):
        if isinstance(each, dict):
            yield _text(each, "url")


def _text(values: Mapping[str, Any], key: str) -> str:
    """A field as text; an id may be a number."""
    value = values.get(key)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def _list(values: Mapping[str, Any], key: str) -> list[Any]:
    value = values.get(key)
    return value if isinstance(value, list) else []


def _authors(values: Mapping[str, Any]) -> Iterator[str]:
    for author in [*_list(values, "authors"), values.get("author")]:
        if isinstance(author, dict):
            yield _text(author, "name")
        elif isinstance(author, str):
            yield author


def _images(item: Mapping[str, Any], base: str) -> Iterator[Image]:
    attached = [
        _text(each, "url")
        for each in _list(item, "attachments")
        if isinstance(each, dict) and _text(each, "mime_type").startswith("image/")
    ]
    for url in (_text(item, "image"), _text(item, "banner_image"), *attached):
        if image := picture(url, base=base):
            yield image


def _line(error: ValueError) -> str:
    number = getattr(error, "lineno", None)
    return f" at line {number}" if number else ""
