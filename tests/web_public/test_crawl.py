"""A walk over the whole public site, as a search engine's and as a careful reader's: by GET alone, link by link.

What every public page must keep to is held here for all of them at once, whoever adds one: it answers, it changes
nothing, sets no cookie, loads nothing from elsewhere, is confirmed without being sent again.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import time_machine
from django.http import HttpResponseBase
from django.test import Client
from django.urls import get_resolver

from digest.config import Config
from digest.gather.document import EventTime
from tests.feed_rules import faults
from tests.river import NOW, SOURCES, entry, listed
from tests.rows import every_row

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 'ab' * 3 }}"
BEGIN = ("/", "/robots.txt", "/sitemap.xml", "/subscribe/")
# Behind the door, or what an address of its own names.
NOT_PUBLIC = ("/newsroom/", "/admin/", "/accounts/")
_LINK = re.compile(r'\s(?:href|action)="([^"]*)"')
# What a browser loads by itself, without anybody's click.
_LOADED = re.compile(
    r'<(?:img|script|iframe|source|video|audio|embed|object)\b[^>]*?\s(?:src|srcset|data|poster)="([^"]*)"'
    r'|<link\b(?=[^>]*\srel="(?:stylesheet|icon|preload|modulepreload|manifest)")[^>]*?\shref="([^"]*)"',
    re.IGNORECASE,
)


@pytest.fixture
def site(published: Config, make_config, settings) -> Iterator[Config]:  # type: ignore[no-untyped-def]
    """Two issues, and a river of fifty entries, one of them hostile in every field."""
    config = make_config(SOURCES)
    settings.DIGEST = config
    for n in range(50):
        entry(f"Story {n}", of=("news", "blog")[n % 2], at=NOW - dt.timedelta(hours=9 * n), categories=(f"C{n % 2}",))
    entry(
        HOSTILE,
        at=NOW - dt.timedelta(minutes=5),
        url="javascript:alert(1)",
        summary=HOSTILE,
        text=HOSTILE,
        authors=(HOSTILE,),
        categories=(HOSTILE,),
    )
    start = NOW + dt.timedelta(days=3)
    entry("A day out", of="dates", event=EventTime(start=start, end=start + dt.timedelta(hours=2), place=HOSTILE))
    listed(config)
    with time_machine.travel(NOW, tick=False):
        yield config


def walk(client: Client, config: Config) -> dict[str, HttpResponseBase]:
    """Every page that links lead to, by its address; what lies on other servers is not asked."""
    found: dict[str, HttpResponseBase] = {}
    queue = list(BEGIN)
    while queue:
        path = queue.pop()
        if path in found:
            continue
        response = found[path] = client.get(path)
        if response.streaming:
            b"".join(response.streaming_content)  # type: ignore[attr-defined] # to its end, which closes the file
        for link in links(path, response, config):
            if link not in found and not link.startswith(NOT_PUBLIC):
                queue.append(link)
    return found


def links(path: str, response: HttpResponseBase, config: Config) -> Iterator[str]:
    """The addresses of ours that a page, a redirect, a feed or the sitemap names, as paths."""
    named = [response["Location"]] if response.has_header("Location") else []
    if response.status_code == 200 and not getattr(response, "streaming", False):
        text = response.content.decode()
        if response["Content-Type"].startswith("text/html"):
            named += [unescape(link) for link in _LINK.findall(text)]
        elif "xml" in response["Content-Type"] or "text/plain" in response["Content-Type"]:
            named += re.findall(rf"{re.escape(config.web.base_url)}[^\s<\"]*", unescape(text))
    base = urlsplit(config.web.base_url)
    for link in named:
        parts = urlsplit(urljoin(f"{config.web.base_url}{path}", link))
        if (parts.scheme, parts.netloc) == (base.scheme, base.netloc):
            yield parts.path + (f"?{parts.query}" if parts.query else "")


def test_the_whole_site(client: Client, site: Config) -> None:
    before = every_row()
    pages = walk(client, site)
    assert every_row() == before
    wrong: list[str] = []
    for path, page in pages.items():
        wrong += [f"{path} {words}" for words in complaints(client, path, page)]
    assert wrong == []
    paths = {path.partition("?")[0] for path in pages}
    assert {
        "/issues/736/",
        "/issues/735.txt",
        "/issues/feed.atom",
        "/issues/news/feed.json",
        "/issues/search/",
        "/issues/year/2024/",
        "/issues/736.json",
        "/issues/736.bib",
        "/river/",
        "/river/news/",
        "/river/blog/feed.rss",
        "/river/source/dates/",
        "/river/sources/",
        "/river/sources.opml",
        "/river/events.ics",
        "/subscribe/",
        "/brand.css",
        "/favicon.svg",
    } <= paths
    assert any("before=" in path for path in pages)
    assert any("category=" in path for path in pages)


def complaints(client: Client, path: str, page: HttpResponseBase) -> Iterator[str]:
    """What a public page does that none may."""
    if page.status_code not in (200, 301, 302):
        yield f"answers {page.status_code}"
        return
    if page.cookies or "Cookie" in page.get("Vary", ""):
        yield "knows a cookie"
    policy = page.get("Content-Security-Policy", "")
    if not path.startswith("/static/") and ("default-src 'none'" not in policy or "unsafe" in policy):
        yield f"has the policy {policy!r}"
    if re.search(r"https?:", policy):
        yield "lets pictures in from elsewhere"
    if page.status_code == 200 and not page.get("Cache-Control", ""):
        yield "says nothing about caches"
    if page.status_code != 200 or getattr(page, "streaming", False):
        return
    text = page.content.decode()
    if page["Content-Type"].startswith("text/html"):
        for loaded in _LOADED.finditer(text):
            if urlsplit(unescape(loaded[1] or loaded[2])).netloc:
                yield f"loads {loaded[1] or loaded[2]}"
        for sign in ("<script>alert", "<img src=x", "ababab", 'href="javascript', " style="):
            if sign in text:
                yield f"holds {sign}"
    if page.has_header("ETag"):
        again = client.get(path, headers={"If-None-Match": page["ETag"]})
        if (again.status_code, again.content) != (304, b""):
            yield f"is not confirmed: {again.status_code}"
        if (again.get("Cache-Control"), again.get("ETag")) != (page["Cache-Control"], page["ETag"]):
            yield "is confirmed with other headers"
    elif "no-store" not in page.get("Cache-Control", "") and path not in ("/healthz",):
        yield "has no ETag"
    form = path.partition("?")[0].rpartition(".")[2]
    if form in ("atom", "rss", "json") and "feed" in path:
        yield from faults(page.content, form, self_url=f"http://127.0.0.1:8000{path}")


def test_every_page_has_a_name_of_its_own() -> None:
    def names(patterns: Iterable[Any]) -> Iterator[str]:
        for one in patterns:
            yield from names(one.url_patterns) if hasattr(one, "url_patterns") else [one.name] * bool(one.name)

    ours = [name for name, times in Counter(names(get_resolver().url_patterns)).items() if times > 1]
    assert ours == []
