"""A page read for an item that is added by hand: what it says of itself, or in words why nothing came of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest

from digest.config import Config
from digest.gather.document import EntryDoc
from digest.gather.parse import parse_feed
from digest.gather.values import ParsedFeed, Reading, Refused
from digest.gather.webpage import read_page
from tests.fakes.feed_server import FeedServer

NOW = dt.datetime(2024, 2, 9, 15, 0, tzinfo=dt.UTC)
URL = "https://www.gazette.example/museum?utm_source=x"


def parsed(body: str | bytes, url: str = URL) -> ParsedFeed | Refused:
    reading = Reading(
        source="manual",
        section_kind="",
        zone="Europe/London",
        teaser_length=280,
        max_items=1,
        now=NOW,
        url=url,
        content_type="text/html; charset=utf-8",
        as_page=True,
    )
    return parse_feed(body.encode() if isinstance(body, str) else body, reading)


def said(body: str, url: str = URL) -> EntryDoc:
    found = parsed(body, url)
    assert isinstance(found, ParsedFeed), found
    return found.entries[0].doc


def test_what_a_page_says_for_those_who_share_it() -> None:
    doc = said("""<html lang="en-GB"><head><title>x</title><link rel="canonical" href="/museum">
        <meta property="og:site_name" content="The Gazette"><meta property="og:title" content="A night &amp; a day - The Gazette">
        <meta name="description" content="Torches, tea and a talk on whales.">
        <meta property="og:image" content="/whale.jpg"><meta property="og:image:alt" content="A whale">
        <meta property="og:image:width" content="1200"><meta property="og:image:height" content="630">
        </head><body><p>Body.</p></body></html>""")
    assert (doc.title, doc.url) == ("A night & a day", "https://www.gazette.example/museum")
    assert doc.summary == "Torches, tea and a talk on whales."
    assert doc.image is not None
    assert (doc.image.url, doc.image.alt, doc.image.width) == (
        "https://www.gazette.example/whale.jpg",
        "A whale",
        1200,
    )


def test_a_page_that_says_little_is_read_itself() -> None:
    long = "The museum opens its doors after dark, and whoever comes with a torch may stay until the morning comes."
    doc = said(f"<nav><p>{'Menu ' * 40}</p></nav><h1>A night at the museum</h1><p>Short.</p><p>{long}</p>")
    assert (doc.title, doc.summary) == ("A night at the museum", long)
    assert doc.url == "https://www.gazette.example/museum"


def test_an_event_that_a_page_states_for_search_engines() -> None:
    doc = said("""<title>A talk</title><script type="application/ld+json">{"@type": "Event", "name": "A talk",
        "startDate": "2024-02-20T19:00:00+00:00", "endDate": "2024-02-20T20:30:00+00:00",
        "location": {"@type": "Place", "name": "Town hall"}}</script>""")
    assert doc.event is not None
    assert (doc.event.start, doc.event.place) == (dt.datetime(2024, 2, 20, 19, 0, tzinfo=dt.UTC), "Town hall")


def test_markup_stays_text_and_another_sites_address_is_not_taken() -> None:
    doc = said("""<meta property="og:title" content="&lt;b&gt;Bold&lt;/b&gt;"><link rel="canonical" href="https://evil.example/">
        <meta property="og:image" content="javascript:alert(1)">""")
    assert (doc.title, doc.url, doc.image) == ("<b>Bold</b>", "https://www.gazette.example/museum", None)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<html><body></body></html>", "is a page without a title, so nothing could be read from it"),
        ("", "answered with nothing: the file is empty"),
        (b"%PDF-1.7 ...", "is not a web page but a file of another kind (a PDF, a picture, ...)"),
        ("<title>Just a moment...</title>", "asks whether we are a person (a bot check), so it could not be read"),
        (
            "<title>Log in - Members</title><input type='password'>",
            "asks to sign in, so it could not be read",
        ),
    ],
)
def test_pages_that_say_nothing(body: str, words: str) -> None:
    assert parsed(body) == Refused(words=words)


class TestFetched:
    @pytest.fixture
    def server(self) -> Iterator[FeedServer]:
        with FeedServer() as running:
            yield running

    @pytest.fixture
    def intranet(self, make_config: Callable[..., Config]) -> Config:
        return make_config("[gather]\nallow_private_networks = true\n")

    def test_through_the_fetcher_and_the_reader(self, server: FeedServer, intranet: Config) -> None:
        page = b"<title>A night</title><meta name='description' content='Torches and tea.'>"
        server.answer("/museum", body=page, headers={"Content-Type": "text/html"})
        server.redirect("/old", "/museum", status=301)
        read = read_page(intranet, server.url("/old"), now=NOW)
        assert read.doc is not None
        assert (read.doc.title, read.doc.summary, read.doc.url) == (
            "A night",
            "Torches and tea.",
            server.url("/museum"),
        )
        assert server.requests[0].headers["accept"].startswith("text/html")

    def test_failures_in_words(self, server: FeedServer, intranet: Config, config: Config) -> None:
        def problem(url: str, settings: Config = intranet) -> str:
            read = read_page(settings, url, now=NOW)
            assert read.doc is None
            return read.problem

        assert problem(server.url("/nothing")) == "The page does not exist: the server answered 404."
        assert "only 80 and 443" in problem(server.url("/museum"), config)
        assert "an address inside a private network" in problem("http://127.0.0.1/", config)
        for nonsense in ("", "a museum", "ftp://example.org/", "javascript:alert(1)"):
            assert problem(nonsense).startswith("That is not the address of a web page")
        assert server.requests[-1].path == "/nothing"
