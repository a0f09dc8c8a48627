"""JSON Feed, calendars, pages that name their feed, and lists of feeds."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable

import pytest

from digest.config import Config
from digest.gather.parse.page import feed_link
from digest.gather.store import gather_sources
from tests.fakes.feed_server import FeedServer
from tests.gather.feeds import NOW, only, parsed, refused, rss

DAY = dt.timedelta(days=1)


def feed(*items: object, **more: object) -> bytes:
    whole = {"version": "https://jsonfeed.org/version/1.1", "title": "F", "items": list(items), **more}
    return json.dumps(whole).encode()


def test_a_json_feeds_entry() -> None:
    entry = only(
        feed(
            {
                "id": "1",
                "url": "/one?utm_source=x",
                "title": "One",
                "content_html": "<p>Hello <script>x()</script><b>you</b>.</p>",
                "date_published": "2024-02-12T09:00:00Z",
                "date_modified": "2024-02-13T09:00:00Z",
                "tags": ["A", 3],
                "image": "https://a.example/big.jpg",
            },
            home_page_url="https://a.example/",
            authors=[{"name": "Ann"}],
            language="en",
        )
    )
    assert (entry.doc.title, entry.doc.url, entry.doc.text) == ("One", "https://a.example/one", "Hello you.")
    assert (entry.doc.authors, entry.doc.categories, entry.doc.language) == (("Ann",), ("A",), "en")
    assert entry.doc.image is not None
    assert entry.published_at == dt.datetime(2024, 2, 12, 9, tzinfo=dt.UTC)


def test_a_json_feed_of_version_1_with_plain_text_and_a_number_for_an_id() -> None:
    entry = only(feed({"id": 7, "content_text": "Less <than> & more"}, version="https://jsonfeed.org/version/1"))
    assert (entry.doc.title, entry.doc.text) == ("Less <than> & more", "Less <than> & more")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": "no"}', "answered with JSON, which is not a feed"),
        (b"[]", "answered with JSON, which is not a feed"),
        (b'{"version": "https://jsonfeed.org/version/1"}', "without its list of items"),
        (b'{"version": "https://jsonfeed', "a JSON feed that is broken at line 1"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_other_json_is_refused(body: bytes, words: str) -> None:
    assert words in refused(body)


def test_items_that_are_none_are_left_out() -> None:
    assert [e.doc.title for e in parsed(feed(3, None, {"title": "One"}, {"title": ["no"]})).entries] == ["One"]


def calendar(*events: str) -> bytes:
    inner = "".join(f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:Diary\r\n{inner}END:VCALENDAR\r\n".encode()


def test_a_calendars_event() -> None:
    entry = only(
        calendar(
            "UID:1\r\nSUMMARY:Spring meeting\\, day one\r\nDTSTART;TZID=Europe/Paris:20240312T093000\r\n"
            "DTEND;TZID=Europe/Paris:20240312T170000\r\nLOCATION:Zoom\r\nURL:https://a.example/m\r\n"
            "DESCRIPTION:Bring <b>nothing</b>.\r\nCREATED:20240201T080000Z\r\nCATEGORIES:Meeting,Open"
        )
    )
    assert (entry.doc.title, entry.doc.url) == ("Spring meeting, day one", "https://a.example/m")
    assert entry.event_start == dt.datetime(2024, 3, 12, 8, 30, tzinfo=dt.UTC)
    assert entry.event_end == dt.datetime(2024, 3, 12, 16, 0, tzinfo=dt.UTC)
    assert entry.doc.event is not None
    assert entry.doc.event.online
    assert entry.doc.categories == ("Meeting", "Open")
    assert entry.published_at == dt.datetime(2024, 2, 1, 8, tzinfo=dt.UTC)


def test_a_whole_day_ends_with_its_day() -> None:
    entry = only(calendar("UID:1\r\nSUMMARY:Day\r\nDTSTART;VALUE=DATE:20240310\r\nDTEND;VALUE=DATE:20240312"))
    assert entry.event_end == dt.datetime(2024, 3, 12, tzinfo=dt.UTC)
    assert entry.doc.event is not None
    assert entry.doc.event.all_day


def test_the_next_occurrence_keeps_its_wall_time_over_a_clock_change() -> None:
    weekly = "UID:1\r\nSUMMARY:W\r\nDTSTART;TZID=Europe/London:20240101T180000\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY"
    entry = only(calendar(weekly), now=dt.datetime(2024, 4, 2, tzinfo=dt.UTC))
    assert entry.event_start == dt.datetime(2024, 4, 8, 17, tzinfo=dt.UTC)
    assert entry.event_end == dt.datetime(2024, 4, 8, 18, tzinfo=dt.UTC)
    ended = only(calendar(weekly + ";UNTIL=20240108T180000Z"), now=dt.datetime(2024, 4, 2, tzinfo=dt.UTC))
    assert ended.event_start == dt.datetime(2024, 1, 8, 18, tzinfo=dt.UTC), "the last of all"


def test_cancelled_events_are_left_out_and_what_is_to_come_stands_first() -> None:
    diary = parsed(
        calendar(
            "UID:1\r\nSUMMARY:A\r\nDTSTART:20240310T100000Z\r\nSTATUS:CANCELLED",
            "UID:2\r\nSUMMARY:B\r\nDTSTART:20100310T100000Z",
            "UID:3\r\nSUMMARY:C",
            "UID:4\r\nSUMMARY:D\r\nDTSTART:20240310T100000Z\r\nDTEND:20240309T100000Z",
        )
    )
    assert [entry.doc.title for entry in diary.entries] == ["D", "B"]
    assert diary.entries[0].event_end is None


def test_what_only_begins_like_a_calendar_is_refused() -> None:
    assert "calendar that is broken" in refused(b"BEGIN:VCALENDAR and then something else")


# a page that names its feed -------------------------------------------------------------------------------------


@pytest.fixture
def served(serve: Callable[[str], Config]) -> Config:
    return serve("/page")


PAGE = (
    b"<!doctype html><html><head><link rel=stylesheet href=a.css>"
    b'<link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed">'
    b"<link href='/feed?a=1&amp;b=2' type='application/rss+xml' rel='alternate'></head></html>"
)


def test_the_feed_of_the_articles_is_chosen() -> None:
    assert feed_link(PAGE.decode(), base="https://a.example/") == "https://a.example/feed?a=1&b=2"
    assert feed_link("<link rel=alternate hreflang=de href=/de>") == ""


@pytest.mark.django_db
def test_a_pages_feed_is_read(server: FeedServer, served: Config) -> None:
    server.answer("/page", body=PAGE, headers={"ETag": '"page"'})
    server.answer("/feed?a=1&b=2", body=rss("<title>One</title>"), headers={"ETag": '"feed"'})
    assert gather_sources(served, now=NOW)[0].new == 1
    assert gather_sources(served, now=NOW + DAY)[0].words.startswith("has not changed")
    asked = [(request.path, request.headers.get("if-none-match")) for request in server.requests]
    assert asked == [("/page", None), ("/feed?a=1&b=2", None), ("/feed?a=1&b=2", '"feed"')]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("page", "words"),
    [
        (PAGE, "the feed that it names"),
        (b"<html><body>News</body></html>", "answered with a web page, not a feed"),
        (b"<html><title>Log in</title><input type='password'></html>", "a login page"),
    ],
)
def test_a_page_without_a_feed_is_refused(server: FeedServer, served: Config, page: bytes, words: str) -> None:
    server.answer("/page", body=page)
    server.answer("/feed?a=1&b=2", body=PAGE)
    (report,) = gather_sources(served, now=NOW)
    assert report.failed
    assert words in report.words
    assert len(server.requests) <= 2


@pytest.mark.django_db
def test_the_address_a_page_names_is_checked_like_any_other(server: FeedServer, served: Config) -> None:
    link = b'<link rel=alternate type="application/rss+xml" href="ftp://a.example/feed">'
    server.answer("/page", body=b"<html><head>" + link + b"</head></html>")
    (report,) = gather_sources(served, now=NOW)
    assert report.failed
    assert len(server.requests) == 1
