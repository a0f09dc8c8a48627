"""One feed in three forms: Atom (RFC 4287), RSS 2.0, JSON Feed 1.1. The first two through Django's generator.

What goes in is plain text and instants; what comes out is bytes. Whatever a source wrote can become no markup: not in
the feed, and not in a reader that takes a summary for HTML, which is why the forms that allow HTML get it escaped.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from django.utils.encoding import iri_to_uri
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed

# What XML 1.0 cannot hold (2.2), and what is no text in JSON either.
_NO_TEXT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHead:
    """What a feed says of itself. Addresses are absolute. `id` is for ever, whatever the addresses become."""

    id: str
    title: str
    description: str
    home: str  # the page that shows the same
    author: str
    author_url: str = ""
    language: str
    hub: str = ""  # a WebSub hub that tells subscribers; "" for none


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One entry. `id` is a URI that is for ever and nobody else's; `updated` is when its words last changed."""

    id: str
    url: str
    title: str
    summary: str = ""
    published: dt.datetime
    updated: dt.datetime
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


def atom(head: FeedHead, items: Sequence[FeedItem], self_url: str) -> bytes:
    """`application/atom+xml`. An entry always has an author: its own, else whoever published it."""
    return _written(_Atom, head, items, self_url)


def rss(head: FeedHead, items: Sequence[FeedItem], self_url: str) -> bytes:
    """`application/rss+xml`. RSS knows one date for an item: when it was published."""
    return _written(_Rss, head, items, self_url)


def json_feed(head: FeedHead, items: Sequence[FeedItem], self_url: str) -> bytes:
    """`application/feed+json`."""
    author = _without_empty({"name": _text(head.author), "url": head.author_url})
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _text(head.title),
        "home_page_url": head.home,
        "feed_url": self_url,
        "description": _text(head.description),
        "language": head.language,
        "authors": [author] if author else [],
        "hubs": [{"type": "WebSub", "url": head.hub}] if head.hub else [],
    }
    rows = [
        {
            "id": item.id,
            **_without_empty({"url": iri_to_uri(item.url)}),
            "title": _text(item.title),
            "content_text": _text(item.summary) or _text(item.title) or item.id,
            "date_published": item.published.isoformat(timespec="seconds"),
            "date_modified": item.updated.isoformat(timespec="seconds"),
            **_without_empty(
                {
                    "authors": [{"name": _text(name)} for name in item.authors],
                    "tags": [_text(category) for category in item.categories],
                }
            ),
        }
        for item in items
    ]
    return (json.dumps({**_without_empty(feed), "items": rows}, ensure_ascii=False, indent=1) + "\n").encode()


def links(head: FeedHead, self_url: str) -> str:
    """The Link header by which a subscriber finds the hub without reading the feed (WebSub, 4; RFC 8288)."""
    hub = f'<{iri_to_uri(head.hub)}>; rel="hub", ' if head.hub else ""
    return f'{hub}<{iri_to_uri(self_url)}>; rel="self"'


FORMS: Mapping[str, tuple[str, Callable[[FeedHead, Sequence[FeedItem], str], bytes]]] = {
    "atom": ("application/atom+xml; charset=utf-8", atom),
    "json": ("application/feed+json; charset=utf-8", json_feed),
    "rss": ("application/rss+xml; charset=utf-8", rss),
}
"""By the ending of a feed's address: its media type and its writer."""


def _written(form: type[_Atom] | type[_Rss], head: FeedHead, items: Sequence[FeedItem], self_url: str) -> bytes:
    feed = form(
        title=_text(head.title),
        link=head.home,
        description=_text(head.description),
        subtitle=_text(head.description) or None,
        language=head.language,
        author_name=_text(head.author),
        author_link=head.author_url or None,
        feed_url=self_url,
        feed_guid=head.id,
        hub=head.hub,
    )
    for item in items:
        feed.add_item(
            title=_text(item.title),
            link=item.url or head.home,
            description=escape(_text(item.summary), quote=False),
            author_name=_text(", ".join(item.authors) or head.author),
            pubdate=item.published,
            updateddate=item.updated,
            unique_id=item.id,
            unique_id_is_permalink=False,
            categories=[_text(category) for category in item.categories],
        )
    return feed.writeString("utf-8").encode("utf-8")


class _Dated:
    """A quiet feed says when it last changed, not when it was asked for."""

    items: list[dict[str, Any]]

    def latest_post_date(self) -> dt.datetime:
        return max((item["updateddate"] for item in self.items), default=_EPOCH)


class _Atom(_Dated, Atom1Feed):
    def add_root_elements(self, handler: Any) -> None:
        super().add_root_elements(handler)
        if self.feed["hub"]:
            handler.addQuickElement("link", "", {"rel": "hub", "href": self.feed["hub"]})


class _Rss(_Dated, Rss201rev2Feed):
    def add_root_elements(self, handler: Any) -> None:
        super().add_root_elements(handler)
        if self.feed["hub"]:
            handler.addQuickElement("atom:link", None, {"rel": "hub", "href": self.feed["hub"]})


def _text(value: str) -> str:
    return _NO_TEXT.sub("", value)


def _without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}
