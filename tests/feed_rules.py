"""What a feed validator asks of a feed, for the forms that we write.

Atom: RFC 4287 (4.1.1, 4.1.2, 4.2.6, 4.2.7, 3.3). RSS: the 2.0 specification and the RSS Advisory Board's profile.
JSON Feed: version 1.1.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable
from email.utils import parsedate_to_datetime
from typing import Any

ATOM = "{http://www.w3.org/2005/Atom}"
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_RFC822 = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d? (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"\d\d:\d\d:\d\d ([+-]\d{4}|GMT)"
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_URI = re.compile(r"[a-z][a-z0-9+.-]*:[!-~]+")
_TAG_URI = re.compile(r"tag:[a-z0-9.@-]+,\d{4}(-\d\d(-\d\d)?)?:[!-~]*")  # RFC 4151


def faults(body: bytes, form: str, *, self_url: str) -> list[str]:
    """Every rule that the feed breaks, in words; `form` is the ending of its address."""
    return list({"atom": _atom, "rss": _rss, "json": _json}[form](body, self_url))


def _atom(body: bytes, self_url: str) -> Iterable[str]:
    feed = ET.fromstring(body)
    if feed.tag != f"{ATOM}feed":
        yield f"the root is {feed.tag}"
    for parent in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            if len(parent.findall(f"{ATOM}{name}")) != 1:
                yield f"{parent.tag}: {name} stands there {len(parent.findall(f'{ATOM}{name}'))} times"
        for name in ("updated", "published"):
            for found in parent.findall(f"{ATOM}{name}"):
                yield from _instant(found.text or "", _RFC3339)
        yield from _identity(parent.findtext(f"{ATOM}id") or "")
        if not (parent.findtext(f"{ATOM}title") or "").strip():
            yield "an empty title"
        links = parent.findall(f"{ATOM}link")
        yield from (
            f"a link that is not absolute: {link.get('href')}" for link in links if not _is_absolute(link.get("href"))
        )
        kinds = Counter((link.get("rel", "alternate"), link.get("type"), link.get("hreflang")) for link in links)
        yield from (f"two links of one kind: {kind}" for kind, n in kinds.items() if n > 1 and kind[0] == "alternate")
        if not any(kind[0] == "alternate" for kind in kinds):
            yield "no link to what it is about"
        for found in parent.findall(f"{ATOM}category"):
            if not found.get("term"):
                yield "a category without a term"
        for found in parent.iter(f"{ATOM}author"):
            if not (found.findtext(f"{ATOM}name") or "").strip():
                yield "an author without a name"
    if [link.get("href") for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self"] != [self_url]:
        yield "no link to itself, or another"
    if feed.find(f"{ATOM}author") is None and any(
        e.find(f"{ATOM}author") is None for e in feed.findall(f"{ATOM}entry")
    ):
        yield "an entry without an author, in a feed without one"
    yield from _twice(entry.findtext(f"{ATOM}id") for entry in feed.findall(f"{ATOM}entry"))


def _rss(body: bytes, self_url: str) -> Iterable[str]:
    root = ET.fromstring(body)
    channel = root.find("channel")
    if root.tag != "rss" or root.get("version") != "2.0" or channel is None:
        yield "no <rss version='2.0'> with a channel"
        return
    for name in ("title", "link", "description"):
        if len(channel.findall(name)) != 1 or not (channel.findtext(name) or "").strip():
            yield f"the channel's {name} is missing, empty, or there twice"
    links = [link.get("href") for link in channel.findall(f"{ATOM}link") if link.get("rel") == "self"]
    if links != [self_url]:
        yield "no link to itself, or another"
    if not _LANGUAGE.fullmatch(channel.findtext("language") or ""):
        yield f"language {channel.findtext('language')!r}"
    yield from _instant(channel.findtext("lastBuildDate") or "", _RFC822)
    items = channel.findall("item")
    for item in items:
        if not (item.findtext("title") or item.findtext("description")):
            yield "an item without title and description"
        if not _is_absolute(item.findtext("link")):
            yield f"a link that is not absolute: {item.findtext('link')}"
        yield from _instant(item.findtext("pubDate") or "", _RFC822)
        guid = item.find("guid")
        if guid is None or not guid.text:
            yield "an item without a guid"
        elif guid.get("isPermaLink", "true") == "true" and not _is_absolute(guid.text):
            yield f"a guid that says it is an address, and is none: {guid.text}"
        for name in ("title", "description", "link", "guid", "pubDate"):
            if len(item.findall(name)) > 1:
                yield f"an item with two of {name}"
        if "@" not in (item.findtext("author") or "@"):
            yield "an author that is no address"
    yield from _twice(item.findtext("guid") for item in items)


def _json(body: bytes, self_url: str) -> Iterable[str]:
    feed: dict[str, Any] = json.loads(body)
    if feed.get("version") != "https://jsonfeed.org/version/1.1":
        yield f"version {feed.get('version')}"
    if not feed.get("title") or not isinstance(feed.get("items"), list):
        yield "no title, or no items"
    if feed.get("feed_url") != self_url:
        yield f"feed_url {feed.get('feed_url')}"
    if not _is_absolute(feed.get("home_page_url")):
        yield f"home_page_url {feed.get('home_page_url')}"
    if not _LANGUAGE.fullmatch(feed.get("language", "en")):
        yield f"language {feed.get('language')}"
    for item in feed["items"]:
        if not isinstance(item.get("id"), str) or not item["id"]:
            yield "an item whose id is no text"
        if not (item.get("content_text") or item.get("content_html")):
            yield "an item without content"
        for name in ("date_published", "date_modified"):
            yield from _instant(item.get(name, "2024-01-01T00:00:00Z"), _RFC3339)
        for name in ("url", "external_url", "image"):
            if name in item and not _is_absolute(item[name]):
                yield f"{name} is not absolute: {item[name]}"
        for author in item.get("authors", []):
            if not set(author) & {"name", "url", "avatar"}:
                yield "an author without anything"
    for author in feed.get("authors", []):
        if not set(author) & {"name", "url", "avatar"}:
            yield "an author without anything"
    for hub in feed.get("hubs", []):
        if not hub.get("type") or not _is_absolute(hub.get("url")):
            yield f"hub {hub}"
    yield from _twice(item.get("id") for item in feed["items"])


def _instant(text: str, form: re.Pattern[str]) -> Iterable[str]:
    if not form.fullmatch(text):
        yield f"no date of the form it needs: {text!r}"
        return
    found = parsedate_to_datetime(text) if form is _RFC822 else dt.datetime.fromisoformat(text)
    if form is _RFC822 and not text.startswith(f"{found:%a}"):
        yield f"another day of the week: {text}"


def _identity(text: str) -> Iterable[str]:
    if not _URI.fullmatch(text) or (text.startswith("tag:") and not _TAG_URI.fullmatch(text)):
        yield f"an id that is no URI: {text!r}"


def _twice(ids: Iterable[str | None]) -> Iterable[str]:
    yield from (f"an id that is there {n} times: {found}" for found, n in Counter(ids).items() if n > 1)


def _is_absolute(url: str | None) -> bool:
    return url is not None and re.fullmatch(r"https?://[^\s/]+[!-~]*", url) is not None
