"""What readers and caches may keep, how it is confirmed, in which form it is sent; and what no page loads or sets."""

from __future__ import annotations

import gzip
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import brotli
import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from digest.archive.record import write_record
from digest.config import Config
from digest.deliver.links import MemberLinks
from digest.site.confirm import SECONDS, Confirming
from digest.site.statics import hashed_name
from digest.web.packing import chosen, is_worth_it, pack
from digest.web.public import answers, pages
from digest.web.public.answers import Shelf
from digest.web.public.frame import policy_for
from tests.archive.values import document, rendered

UNPACK: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "br": brotli.decompress}


def test_a_page_goes_out_packed_as_its_reader_takes_it(client: Client, published: Config) -> None:
    plain = client.get("/issues/")
    for accepted, form in (("gzip", "gzip"), ("gzip, br", "br"), ("br;q=0, gzip", "gzip")):
        packed = client.get("/issues/", headers={"Accept-Encoding": accepted})
        assert packed["Content-Encoding"] == form
        assert UNPACK[form](packed.content) == plain.content
        assert packed["Vary"] == plain["Vary"] == "Accept-Encoding"
        assert packed["ETag"] == plain["ETag"]
        assert int(packed["Content-Length"]) == len(packed.content) < len(plain.content)
    assert "Content-Encoding" not in plain
    assert "Content-Encoding" not in client.get("/issues/", headers={"Accept-Encoding": "identity"})


@pytest.mark.django_db
def test_what_names_a_person_is_kept_by_nobody_and_never_packed(
    client: Client, links: MemberLinks, sent: Any
) -> None:
    for path in (links.unsubscribe, links.preferences, f"{links.view_in_browser}", "/unsubscribe/forged"):
        page = client.get(path, headers={"Accept-Encoding": "gzip, br"})
        assert "no-store" in page["Cache-Control"]
        assert "private" in page["Cache-Control"]
        assert page["Referrer-Policy"] == "no-referrer"
        assert "noindex" in page["X-Robots-Tag"]
        assert "Content-Encoding" not in page
        assert not page.has_header("ETag")
        assert not page.cookies


def test_an_old_issue_is_confirmed_without_being_drawn(
    client: Client, published: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = client.get("/issues/736/")

    def drawn(*_: object, **__: object) -> Any:
        raise AssertionError("it was drawn")

    monkeypatch.setattr(pages, "frame", drawn)
    monkeypatch.setattr(answers, "SHELF", Shelf())
    again = client.get("/issues/736/", headers={"If-None-Match": known["ETag"]})
    assert again.status_code == 304
    for name in ("ETag", "Cache-Control", "Vary", "Last-Modified"):
        assert again[name] == known[name]
    with pytest.raises(AssertionError, match="it was drawn"):
        client.get("/issues/736/")


def test_a_page_is_drawn_once(client: Client, published: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "SHELF", Shelf())
    drawn: list[object] = []
    frame = pages.frame
    monkeypatch.setattr(pages, "frame", lambda *a, **k: drawn.append(a) or frame(*a, **k))
    for encoding in ("", "gzip", "gzip", "br", ""):
        client.get("/issues/736/", headers={"Accept-Encoding": encoding})
    assert len(drawn) == 1


def test_settings_are_part_of_what_a_page_is_known_by(
    client: Client, published: Config, make_config: Callable[..., Config], settings: Any
) -> None:
    before = client.get("/issues/")
    settings.DIGEST = make_config('[brand]\nprimary = "#0b3d91"')
    assert client.get("/issues/", headers={"If-None-Match": before["ETag"]}).status_code == 200


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 40)), max_size=40))
def test_the_shelf_never_holds_more_than_it_may(puts: list[tuple[int, int]]) -> None:
    shelf = Shelf(most=100)
    for key, size in puts:
        page = answers._Kept(status=200, headers={}, body=b"x" * size)
        shelf.put(str(key), page)
        assert sum(one.size for one in shelf._pages.values()) == shelf._bytes <= 100
        known = shelf.get(str(key))
        assert known is None or len(known.body) in {s for k, s in puts if k == key}


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("", ""),
        ("gzip", "gzip"),
        ("GZIP ;q=0.5, br", "br"),
        ("br;q=0", ""),
        ("br; q=0.000, gzip;q=0", ""),
        ("*", ""),
        ("deflate", ""),
        ("x-gzipped", ""),
    ],
)
def test_which_form_a_reader_takes(header: str, form: str) -> None:
    assert chosen(header) == form


@given(st.binary(max_size=3000), st.sampled_from(["gzip", "br"]), st.booleans())
def test_what_is_packed_can_be_unpacked(body: bytes, form: str, hard: bool) -> None:
    assert UNPACK[form](pack(body, form, hard=hard)) == body


def test_pictures_are_not_packed_again() -> None:
    assert is_worth_it("text/html; charset=utf-8", 5000)
    assert is_worth_it("image/svg+xml", 5000)
    assert is_worth_it("application/feed+json; charset=utf-8", 5000)
    assert not is_worth_it("image/png", 5000)
    assert not is_worth_it("application/pdf", 5000)
    assert not is_worth_it("text/html", 50)


def test_static_files_are_named_by_their_content_and_kept_for_ever(client: Client) -> None:
    path = f"/static/{hashed_name('base.css')}"
    assert re.fullmatch(r"/static/base\.[0-9a-f]{12}\.css", path)
    assert f'href="{path}"' in client.get("/").content.decode()
    whole = client.get(path)
    body = b"".join(whole.streaming_content)  # type: ignore[attr-defined]
    assert "immutable" in whole["Cache-Control"]
    for accepted, form in (("gzip", "gzip"), ("br, gzip", "br")):
        packed = client.get(path, headers={"Accept-Encoding": accepted})
        assert (packed["Content-Encoding"], packed["Vary"]) == (form, "Accept-Encoding")
        assert UNPACK[form](packed.content) == body
        assert packed["Content-Type"] == whole["Content-Type"]
        assert packed["Content-Length"] == str(len(packed.content))
    head = client.head(path, headers={"Accept-Encoding": "gzip"})
    assert (head.content, head["Content-Encoding"]) == (b"", "gzip")
    part = client.get(path, headers={"Accept-Encoding": "gzip", "Range": "bytes=0-9"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, body[:10])  # type: ignore[attr-defined]
    assert client.get(path, headers={"If-None-Match": whole["ETag"]}).status_code == 304
    plain = client.head("/static/base.css")
    assert "immutable" not in plain["Cache-Control"]
    assert client.get("/static/base.000000000000.css").status_code == 404


def test_the_brands_colours_are_kept_for_ever_under_the_address_that_pages_name(client: Client) -> None:
    named = re.search(r'href="(/brand\.css\?v=[^"]+)"', client.get("/").content.decode())
    assert named is not None
    assert "immutable" in client.get(named[1])["Cache-Control"]
    for path in ("/brand.css", "/brand.css?v=other"):
        assert "immutable" not in client.get(path)["Cache-Control"]


def test_a_page_may_show_pictures_of_the_servers_it_names_and_no_others() -> None:
    plain = policy_for('<html><head></head><body><img src="/sample/a.png"><a href="https://a.example">x</a></body>')
    assert re.search(r"img-src 'self' data:;", plain)
    shown = policy_for(
        '<img src="https://B.example/x.png" alt=""><img srcset="https://c.example:8443/1.png 2x">'
        '<td background="http://d.example/y"> <style>a{background:url(https://e.example/z)}</style>'
        '<img src="https://f.example;script-src *">'
    )
    assert (
        "img-src 'self' data: http://d.example https://b.example https://c.example:8443 https://e.example "
        "https://f.example;" in shown
    )
    assert "script-src" not in shown


def test_the_sitemap_names_every_page_worth_finding(client: Client, published: Config, db: None) -> None:
    doc = document(728)
    write_record(published, doc, rendered(doc), number=728)
    root = ET.fromstring(client.get("/sitemap.xml").content)
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    named = {url.findtext(f"{space}loc"): url.findtext(f"{space}lastmod") for url in root}
    base = published.web.base_url
    paths = ("/", "/issues/", "/issues/736/", "/issues/728/", "/issues/year/2023/", "/river/", "/river/news/")
    assert {f"{base}{path}" for path in paths} <= set(named)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]+\+00:00", changed) for changed in named.values() if changed)
    assert named[f"{base}/issues/736/"]
    assert f"Sitemap: {base}/sitemap.xml" in client.get("/robots.txt").content.decode()
    for url in named:
        assert url is not None
        assert client.get(url.removeprefix(base)).status_code == 200


# The shortcut in front of Django.

PAGE = [("ETag", 'W/"a"'), ("Cache-Control", "public, max-age=60"), ("Vary", "Accept-Encoding"), ("X-Other", "1")]


class Server:
    """An application that counts how often it is asked, behind the shortcut, and a clock to move."""

    def __init__(self) -> None:
        self.asked = 0
        self.now = 0.0
        self.headers = list(PAGE)
        self.front = Confirming(self.application, clock=lambda: self.now)

    def application(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.asked += 1
        start_response("200 OK", self.headers)
        return [b"page"]

    def get(self, path: str = "/", tag: str = "", method: str = "GET", **more: str) -> tuple[str, dict[str, str]]:
        said: list[Any] = []
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_HOST": "d.example", **more}
        if tag:
            environ["HTTP_IF_NONE_MATCH"] = tag
        list(self.front(environ, lambda status, headers, exc=None: said.extend((status, dict(headers)))))  # type: ignore[arg-type]
        return said[0], said[1]


@pytest.fixture
def server() -> Server:
    return Server()


def test_a_copy_is_confirmed_for_a_second_without_asking(server: Server) -> None:
    assert server.get()[0] == "200 OK"
    for tag in ('W/"a"', '"a"', '"x", W/"a"'):
        status, headers = server.get(tag=tag)
        assert status == "304 Not Modified"
        assert headers == dict(PAGE[:3])
    assert server.asked == 1
    server.now += SECONDS
    assert server.get(tag='W/"a"')[0] == "200 OK"
    assert server.asked == 2


@pytest.mark.parametrize(
    "request_",
    [
        {"tag": '"b"'},
        {"tag": '"a"', "path": "/other"},
        {"tag": '"a"', "QUERY_STRING": "q=1"},
        {"tag": '"a"', "HTTP_HOST": "e.example"},
        {"tag": '"a"', "method": "POST"},
        {"tag": '"a"', "HTTP_RANGE": "bytes=0-1"},
        {"tag": '"a"', "HTTP_IF_MATCH": '"z"'},
        {},
    ],
)
def test_everything_else_is_asked_for(server: Server, request_: dict[str, str]) -> None:
    server.get()
    assert server.get(**request_)[0] == "200 OK"  # type: ignore[arg-type]
    assert server.asked == 2


@pytest.mark.parametrize(
    "other",
    [("Cache-Control", "private, no-store"), ("ETag", '"strong"'), ("ETag", ""), ("Set-Cookie", "a=b")],
)
def test_only_what_anybody_may_keep_is_remembered(server: Server, other: tuple[str, str]) -> None:
    server.headers = [*(pair for pair in PAGE if pair[0] != other[0]), other]
    server.get()
    assert server.get(tag='W/"a", "strong"')[0] == "200 OK"
