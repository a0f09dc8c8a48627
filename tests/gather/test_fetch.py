"""Fetching: what comes, and in which words it does not."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import socket
import zlib
from collections.abc import Callable, Iterator

import brotli
import pytest

from digest.config import Config, Source
from digest.gather.failures import Failure, FailureKind, retry_after
from digest.gather.fetch import Fetched, Validators, fetch, user_agent
from tests.fakes.feed_server import FeedServer
from tests.gather.feeds import NOW

BODY = b"<rss version='2.0'><channel/></rss>" * 50


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
def intranet(make_config: Callable[..., Config]) -> Config:
    """A config that may ask the loopback interface, and is not patient."""
    return make_config("[gather]\nallow_private_networks = true\ntotal_timeout = 0.4\nmax_bytes = 50000\n")


@pytest.fixture
def internet(make_config: Callable[..., Config]) -> Config:
    return make_config("[gather]\ntotal_timeout = 0.4\n")


def source(url: str = "", **values: object) -> Source:
    return Source.model_validate({"id": "s", "title": "S", "section": "news", "url": url, **values})


def got(result: Fetched | Failure) -> Fetched:
    assert isinstance(result, Fetched), result
    return result


def failed(result: Fetched | Failure) -> Failure:
    assert isinstance(result, Failure), result
    return result


def test_a_feed_comes_with_what_it_will_be_known_by(server: FeedServer, intranet: Config) -> None:
    server.answer("/feed", body=BODY, headers={"ETag": '"7"', "Last-Modified": "Mon, 12 Feb 2024 09:00:00 GMT"})
    result = got(fetch(intranet, source(server.url("/feed")), now=NOW))
    assert result.body == BODY
    assert result.validators == Validators(etag='"7"', last_modified="Mon, 12 Feb 2024 09:00:00 GMT")
    assert server.requests[0].headers["user-agent"].startswith("weekly-digest/")
    assert "Test Association" in server.requests[0].headers["user-agent"]


def test_an_unchanged_feed_is_not_sent_again(server: FeedServer, intranet: Config) -> None:
    server.answer("/feed", body=BODY, headers={"ETag": '"7"'})
    result = got(fetch(intranet, source(server.url("/feed")), now=NOW, validators=Validators(etag='"7"')))
    assert result.body is None


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(BODY)),
        ("br", brotli.compress(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", zlib.compress(BODY)[2:-4]),
        ("gzip", BODY),
        ("identity", BODY),
    ],
    ids=["gzip", "brotli", "deflate", "raw deflate", "gzip in name only", "identity"],
)
def test_every_packing_is_undone(server: FeedServer, intranet: Config, encoding: str, packed: bytes) -> None:
    server.answer("/feed", body=packed, headers={"Content-Encoding": encoding})
    assert got(fetch(intranet, source(server.url("/feed")), now=NOW)).body == BODY


@pytest.mark.parametrize("pack", [gzip.compress, brotli.compress, zlib.compress], ids=["gzip", "br", "deflate"])
def test_a_bomb_stops_at_the_cap(server: FeedServer, intranet: Config, pack: Callable[[bytes], bytes]) -> None:
    names = {gzip.compress: "gzip", brotli.compress: "br", zlib.compress: "deflate"}
    server.answer("/bomb", body=pack(b"\0" * 20_000_000), headers={"Content-Encoding": names[pack]})
    failure = failed(fetch(intranet, source(server.url("/bomb")), now=NOW))
    assert failure.kind is FailureKind.TOO_LARGE
    assert "larger than 0.05 MB" in failure.words


def test_a_large_feed_is_refused_whether_or_not_it_says_so(server: FeedServer, intranet: Config) -> None:
    server.answer("/large", body=b"x" * 60_000)
    server.drip("/endless", b"x" * 60_000)
    for path in ("/large", "/endless"):
        assert failed(fetch(intranet, source(server.url(path)), now=NOW)).kind is FailureKind.TOO_LARGE


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "gzip, br"])
def test_damaged_packing_is_told(server: FeedServer, intranet: Config, encoding: str) -> None:
    server.answer("/feed", body=b"\x1f\x8b\x08\x00 not at all", headers={"Content-Encoding": encoding})
    assert "damaged answer" in failed(fetch(intranet, source(server.url("/feed")), now=NOW)).words


def test_an_answer_packed_in_several_parts_is_whole(server: FeedServer, intranet: Config) -> None:
    """A gzip file may be several, one after another (RFC 1952, 2.2), and end in padding."""
    half = len(BODY) // 2
    packed = gzip.compress(BODY[:half]) + gzip.compress(BODY[half:]) + b"\0" * 9
    server.answer("/feed", body=packed, headers={"Content-Encoding": "gzip"})
    assert got(fetch(intranet, source(server.url("/feed")), now=NOW)).body == BODY


def test_packed_bytes_that_come_to_nothing_stop_at_the_cap_too(server: FeedServer, intranet: Config) -> None:
    server.answer("/feed", body=gzip.compress(b"") * 4000, headers={"Content-Encoding": "gzip"})
    assert failed(fetch(intranet, source(server.url("/feed")), now=NOW)).kind is FailureKind.TOO_LARGE


def test_a_packed_answer_that_stops_early_is_told(server: FeedServer, intranet: Config) -> None:
    server.answer("/feed", body=gzip.compress(BODY)[:-12], headers={"Content-Encoding": "gzip"})
    assert "damaged" in failed(fetch(intranet, source(server.url("/feed")), now=NOW)).words


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (404, FailureKind.NOT_FOUND, "no such page (404)"),
        (410, FailureKind.GONE, "gone for good"),
        (401, FailureKind.FORBIDDEN, "asks for a password"),
        (403, FailureKind.FORBIDDEN, "refuses"),
        (429, FailureKind.BUSY, "less often"),
        (500, FailureKind.BROKEN, "fault of its own (500)"),
        (503, FailureKind.BUSY, "closed for the moment"),
        (418, FailureKind.BROKEN, "error (418)"),
        (302, FailureKind.BROKEN, "without saying where"),
    ],
)
def test_a_refusal_is_told_in_words(
    server: FeedServer, intranet: Config, status: int, kind: FailureKind, words: str
) -> None:
    server.answer("/feed", status=status)
    failure = failed(fetch(intranet, source(server.url("/feed")), now=NOW))
    assert failure.kind is kind
    assert words in failure.words


def test_a_server_may_ask_to_wait(server: FeedServer, intranet: Config) -> None:
    server.answer("/feed", status=429, headers={"Retry-After": "3600"})
    assert failed(fetch(intranet, source(server.url("/feed")), now=NOW)).wait == dt.timedelta(hours=1)


def test_retry_after_is_read_in_both_forms_and_believed_for_a_week_at_most() -> None:
    assert retry_after("120", NOW) == dt.timedelta(minutes=2)
    assert retry_after("Fri, 16 Feb 2024 13:00:00 GMT", NOW) == dt.timedelta(hours=1)
    assert retry_after("999999999", NOW) == dt.timedelta(days=7)
    assert retry_after("Fri, 16 Feb 2024 11:00:00 GMT", NOW) is None
    assert retry_after("soon", NOW) is None
    assert retry_after("", NOW) is None


@pytest.mark.parametrize("way", ["hang", "drip", "drip_headers"])
def test_a_slow_server_is_left_at_the_deadline(server: FeedServer, intranet: Config, way: str) -> None:
    server.drip("/slow", b"<rss") if way == "drip" else getattr(server, way)("/slow")
    failure = failed(fetch(intranet, source(server.url("/slow")), now=NOW))
    assert failure.kind is FailureKind.SLOW
    assert "within 0.4 seconds" in failure.words


def test_a_server_that_hangs_up_is_told(server: FeedServer, intranet: Config) -> None:
    server.hang_up("/feed")
    server.answer("/short", body=b"<rss>", length=500)
    for path in ("/feed", "/short"):
        assert "broke off" in failed(fetch(intranet, source(server.url(path)), now=NOW)).words


def test_a_server_that_is_down_is_told(intranet: Config) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    failure = failed(fetch(intranet, source(f"http://127.0.0.1:{port}/"), now=NOW))
    assert failure.words == "is down: the server refused the connection"


def test_a_name_that_is_not_found_is_told(intranet: Config) -> None:
    def nobody(host: str, _port: int, _seconds: float) -> list[str]:
        return []

    failure = failed(fetch(intranet, source("http://nobody.invalid/feed"), now=NOW, resolver=nobody))
    assert failure.words == "could not be found: there is no server named nobody.invalid"


def test_redirects_are_followed_and_the_lasting_ones_remembered(server: FeedServer, intranet: Config) -> None:
    server.answer("/feed", body=BODY)
    server.redirect("/moved", "/new", status=301)
    server.redirect("/new", "feed", status=308)
    server.redirect("/now", "/moved", status=302)
    lasting = got(fetch(intranet, source(server.url("/moved")), now=NOW))
    assert (lasting.url, lasting.moved_to) == (server.url("/feed"), server.url("/feed"))
    passing = got(fetch(intranet, source(server.url("/now")), now=NOW))
    assert (passing.body, passing.moved_to) == (BODY, "")


def test_five_redirects_are_followed_and_no_more(server: FeedServer, intranet: Config) -> None:
    server.answer("/5", body=BODY)
    for hop in range(5):
        server.redirect(f"/{hop}", f"/{hop + 1}")
    server.redirect("/round", "/round")
    server.redirect("/start", "/0")
    assert got(fetch(intranet, source(server.url("/0")), now=NOW)).body == BODY
    for path in ("/round", "/start"):
        assert "without end" in failed(fetch(intranet, source(server.url(path)), now=NOW)).words


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://news.example/feed", "gopher://news.example/"])
def test_a_redirect_to_another_scheme_is_refused(server: FeedServer, intranet: Config, to: str) -> None:
    server.redirect("/feed", to)
    assert failed(fetch(intranet, source(server.url("/feed")), now=NOW)).kind is FailureKind.REFUSED


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_the_machine_itself_is_never_asked(internet: Config, host: str) -> None:
    failure = failed(fetch(internet, source(f"http://{host}/feed"), now=NOW))
    assert failure.kind is FailureKind.REFUSED


def test_a_name_with_one_private_address_is_refused(internet: Config) -> None:
    def mixed(_host: str, _port: int, _seconds: float) -> list[str]:
        return ["192.0.1.1", "10.0.0.7"]

    failure = failed(fetch(internet, source("https://news.example/feed"), now=NOW, resolver=mixed))
    assert failure.kind is FailureKind.REFUSED
    assert "10.0.0.7" in failure.words
    assert "allow_private_networks" in failure.words


def test_the_address_that_was_checked_is_the_one_that_is_asked(server: FeedServer, intranet: Config) -> None:
    """Each connection looks its name up once; the Host header still names the host."""
    asked: list[str] = []

    def changing(host: str, _port: int, _seconds: float) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.7"]

    server.answer("/feed", body=BODY)
    result = got(fetch(intranet, source(server.url("/feed", host="news.example")), now=NOW, resolver=changing))
    assert result.body == BODY
    assert asked == ["news.example"]
    assert server.requests[0].headers["host"] == f"news.example:{server.port}"


def test_only_ports_80_and_443_are_asked(server: FeedServer, internet: Config) -> None:
    failure = failed(fetch(internet, source(server.url("/feed")), now=NOW))
    assert f"port {server.port}" in failure.words
    assert server.requests == []


def test_an_address_that_cannot_be_read_is_told(intranet: Config) -> None:
    for url in ("http://[::1", "http://a\x00b/", "http://news.example:99999/", "http:///feed", "http://a b/"):
        asked = source("http://news.example/").model_copy(update={"url": url})
        assert failed(fetch(intranet, asked, now=NOW)).kind in (FailureKind.REFUSED, FailureKind.NOT_FOUND)


def test_an_address_is_asked_for_in_ascii(server: FeedServer, intranet: Config) -> None:
    server.answer("/caf%C3%A9/a%20b?q=%C3%B6&r=%25", body=BODY)
    url = f"http://b\u00fccher.example:{server.port}/caf\u00e9/a b?q=\u00f6&r=%25#part"
    asked = source("http://news.example/").model_copy(update={"url": url})
    looked_up: list[str] = []

    def names(host: str, _port: int, _seconds: float) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"]

    assert got(fetch(intranet, asked, now=NOW, resolver=names)).body == BODY
    assert looked_up == ["xn--bcher-kva.example"]
    assert server.requests[0].headers["host"] == f"xn--bcher-kva.example:{server.port}"


def test_a_name_and_a_password_in_an_address_are_given(server: FeedServer, intranet: Config) -> None:
    server.answer("/feed", body=BODY)
    fetch(intranet, source(f"http://me:p%40ss@127.0.0.1:{server.port}/feed"), now=NOW)
    fetch(intranet, source(server.url("/feed")), now=NOW)
    given = [request.headers.get("authorization") for request in server.requests]
    assert given == [f"Basic {base64.b64encode(b'me:p@ss').decode()}", None]


def test_proxies_named_in_the_environment_are_passed_over(
    server: FeedServer, intranet: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    server.answer("/feed", body=BODY)
    assert got(fetch(intranet, source(server.url("/feed")), now=NOW)).body == BODY


def test_what_a_server_calls_an_answer_can_be_sent_back(server: FeedServer, intranet: Config) -> None:
    """An ETag may hold any byte above the space; it comes back as it was."""
    server.answer("/feed", body=BODY, headers={"ETag": '"caf\u00e9"'})
    validators = got(fetch(intranet, source(server.url("/feed")), now=NOW)).validators
    assert got(fetch(intranet, source(server.url("/feed")), now=NOW, validators=validators)).body is None


def test_a_file_is_read_relative_to_the_config(config: Config) -> None:
    (config.root / "feed.xml").write_bytes(BODY)
    assert got(fetch(config, source(path="feed.xml"), now=NOW)).body == BODY


def test_a_file_that_is_not_there_is_named(config: Config) -> None:
    failure = failed(fetch(config, source(path="missing.xml"), now=NOW))
    assert f"no file {config.root / 'missing.xml'}" in failure.words
    assert "is a folder" in failed(fetch(config, source(path="."), now=NOW)).words


def test_a_file_over_the_cap_is_refused(intranet: Config) -> None:
    (intranet.root / "large.xml").write_bytes(b"x" * 60_000)
    assert failed(fetch(intranet, source(path="large.xml"), now=NOW)).kind is FailureKind.TOO_LARGE


def test_the_user_agent_is_one_plain_line(config: Config) -> None:
    association = config.association.model_copy(update={"name": "Verein für Lärm (e.V.)"})
    agent = user_agent(config.with_values(association=association))
    assert agent.isascii()
    assert "\n" not in agent
    assert "Verein fr Lrm e.V." in agent
