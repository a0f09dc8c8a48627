"""A copy of the archive on a plain server of files: whole, closed in itself, and without anything of the living site."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import ProxyHandler, build_opener

import feedparser
import pytest
from django.test import Client

from digest.archive import pdf
from digest.archive.errata import write_erratum
from digest.archive.index import archive_of
from digest.archive.record import write_record
from digest.config import Config
from digest.errors import UsageError
from digest.web.public.export import export_archive
from tests.archive.values import document, rendered, with_events
from tests.web_public.conftest import NOW

PAGE = """<!doctype html>
<html lang="en-GB"><head><meta charset="utf-8"><title>{title}</title>
<link rel="canonical" href="{base}/issues/{number}/"><style>body {{ color: #222; }}</style></head>
<body><main><h1>{title}</h1><a href="{base}/issues/{number}/events.ics">Calendar</a>
<a href="{base}/river/news/">3 more</a> <a href="{base}/issues/">All</a> <a href="https://x.example/?a=1&amp;b=2">x</a></main></body></html>
"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def copied(config: Config, tmp_path: Path) -> Path:
    """The copy of three issues; one has events, an erratum and a PDF, one is two years older."""
    for number in (600, 735, 736):
        doc = with_events(number) if number == 736 else document(number)
        page = PAGE.format(title=doc.title, base=config.web.base_url, number=number)
        write_record(config, doc, rendered(doc, web=page), number=number)
    write_erratum(config, 736, text="It was not.", item="ia1b2", now=NOW)
    issue = archive_of(config.issues_dir).get(736)
    assert issue is not None
    path = pdf.path_of(config, issue)
    path.parent.mkdir()
    path.write_bytes(b"%PDF-1.7 ...")
    export_archive(config, tmp_path / "copy", base_url="https://static.example/digest/")
    return tmp_path / "copy"


@pytest.fixture
def server(copied: Path) -> Iterator[str]:
    """A plain server of files, which shows the copy in a folder and not at its root."""
    handler = partial(_Quiet, directory=str(copied.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        thread = threading.Thread(target=serving.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}/copy/"
        serving.shutdown()
        thread.join()


def test_every_link_answers(server: str, copied: Path) -> None:
    opener = build_opener(ProxyHandler({}))
    queue, pages, broken = [server], dict[str, bytes](), list[str]()
    while queue:
        url = queue.pop()
        if url in pages:
            continue
        try:
            with opener.open(url) as answer:
                pages[url], kind = answer.read(), answer.headers["Content-Type"]
        except HTTPError as error:
            broken.append(f"{url}: {error.code}")
            pages[url] = b""
            continue
        if kind.startswith("text/html"):
            named = re.findall(r'\s(?:href|src)="([^"]*)"', pages[url].decode())
            whole = [urljoin(url, unescape(link)).partition("#")[0] for link in named]
            queue += [link for link in whole if link.startswith(server)]
    assert broken == []
    reached = {url.removeprefix(server) for url in pages}
    assert {
        "index.html",
        "issues/600/index.html",
        "issues/736/index.html",
        "issues/736.txt",
        "issues/736.pdf",
        "issues/736.json",
        "issues/736.bib",
        "issues/736/events.ics",
        "issues/year/2024/index.html",
        "issues/latest/index.html",
        "issues/feed.atom",
        "issues/news/feed.json",
        "brand.css",
        "favicon.svg",
    } <= reached
    written = {str(path.relative_to(copied)) for path in copied.rglob("*") if path.is_file()}
    assert written - reached == {".digest-export", "issues/card.png"}


def test_its_pages_are_their_own(client: Client, copied: Path, config: Config) -> None:
    # Nothing of the living site is in them.
    for path in copied.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        links = [
            link for link in re.findall(r'\shref="([^"]*)"', page) if link.startswith(("/", config.web.base_url))
        ]
        gone = {
            f"{config.web.base_url}/issues/{number}/events.ics" for number in (600, 735)
        }  # dead links of the pages
        assert set(links) <= {f"{config.web.base_url}/river/news/", *gone}, path
        assert "<form" not in page
        assert "Newsroom" not in page

    # Each page keeps its policy and its name.
    page = (copied / "issues/736/index.html").read_text(encoding="utf-8")
    policy = unescape(re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)[0])
    assert policy.startswith("default-src 'none'")
    assert "sha256-" in policy
    assert "frame-ancestors" not in policy
    assert '<link rel="canonical" href="https://static.example/digest/issues/736/">' in page
    assert 'href="https://x.example/?a=1&amp;b=2"' in page
    assert "It was not." in page

    # Feeds name the copy.
    feed = feedparser.parse((copied / "issues/feed.atom").read_bytes())
    assert not feed.bozo
    assert [entry.link for entry in feed.entries] == [
        f"https://static.example/digest/issues/{number}/" for number in (736, 735, 600)
    ]

    # And the site looks as before.
    assert "<form" in client.get("/issues/").content.decode()


def test_another_copy_takes_its_place_and_nothing_else_is_touched(config: Config, copied: Path) -> None:
    (copied / "issues" / "736.txt").write_text("old")
    export_archive(config, copied)
    assert (copied / "issues" / "736.txt").read_text().endswith("text\n")
    other = copied.parent / "letters"
    other.mkdir()
    (other / "dear.txt").write_text("x")
    with pytest.raises(UsageError, match="no export"):
        export_archive(config, other)
    assert [path.name for path in other.iterdir()] == ["dear.txt"]
