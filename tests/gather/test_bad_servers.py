"""What a server does wrong or means ill: it is left in time, in words, and leads nobody where nobody should go."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from digest.config import Config, Source
from digest.gather.address import is_public
from digest.gather.failures import Failure, FailureKind
from digest.gather.fetch import Fetched, fetch
from digest.gather.network import read_url
from tests.fakes.feed_server import FeedServer
from tests.gather.feeds import NOW

BODY = b"<rss version='2.0'><channel/></rss>" * 50
INSIDE = "127.0.0.2"  # stands for every address that must not be asked; the server has 127.0.0.1


@pytest.fixture
def intranet(make_config: Callable[..., Config]) -> Config:
    """A config that may ask the loopback interface, and is not patient."""
    return make_config("[gather]\nallow_private_networks = true\ntotal_timeout = 0.4\nmax_bytes = 50000\n")


def source(url: str) -> Source:
    return Source.model_validate({"id": "s", "title": "S", "section": "news", "url": url})


def got(result: Fetched | Failure) -> Fetched:
    assert isinstance(result, Fetched), result
    return result


def failed(result: Fetched | Failure) -> Failure:
    assert isinstance(result, Failure), result
    return result


def the_server_or_public(address: str) -> bool:
    return address == "127.0.0.1" or is_public(address)


def names(host: str, _port: int, _seconds: float) -> list[str]:
    """A resolver: names of this machine lead inside, addresses to themselves, what else there is to the server."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        inside = host.endswith(("localhost", "localdomain", "inside.example"))
        return [INSIDE] if inside else ["127.0.0.1"]


# where it leads -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.2", "127.0.0.2.", "10.0.0.7", "169.254.169.254", "0.0.0.0", "[::]"),
        *("2130706434", "0x7f000002", "0x7F.0x0.0x0.0x2", "017700000002", "0177.0.0.02", "127.2", "127.0.2", "2130706434."),
        *("[::ffff:127.0.0.2]", "[::ffff:7f00:2]", "[::127.0.0.2]", "[0:0:0:0:0:ffff:7f00:2]", "[::1]", "[fe80::1%25eth0]"),
        *("[2002:7f00:2::]", "[64:ff9b::127.0.0.2]", "[64:ff9b::7f00:2]", "[64:ff9b:1::7f00:2]", "[fd00::7]"),
        *("localhost", "LOCALHOST", "localhost.", "a.localhost", "localhost.localdomain", "inside.example"),
        *("127%2e0%2e0%2e2", "１２７.0.0.2", "127。0。0。2", "①②⑦.⓪.⓪.②", "loca\u00adlhost"),
        *("me@127.0.0.2", "news.example@127.0.0.2", "news.example:80@[::1]", "127.0.0.1@inside.example"),
    ],
)  # fmt: skip
def test_a_redirect_to_a_private_address_is_refused_in_whatever_form(
    server: FeedServer, intranet: Config, host: str
) -> None:
    server.redirect("/feed", f"http://{host}:{server.port}/feed?inside".encode().decode("latin-1"))
    asked = source(server.url("/feed", host="news.example"))
    failure = failed(fetch(intranet, asked, now=NOW, resolver=names, allowed=the_server_or_public))
    assert failure.kind in (FailureKind.REFUSED, FailureKind.NOT_FOUND)
    assert failure.words
    assert [request.path for request in server.requests] == ["/feed"]


def test_a_redirect_may_name_a_page_in_any_letters(server: FeedServer, intranet: Config) -> None:
    """As UTF-8, although a header is meant to be in ASCII; else each byte stands for itself, as in browsers."""
    server.answer("/caf%C3%A9", body=BODY)
    server.answer("/caf%E9", body=BODY)
    for path, to in (("/utf-8", "/café".encode().decode("latin-1")), ("/latin", "/café")):
        server.redirect(path, to)
        assert got(fetch(intranet, source(server.url(path)), now=NOW)).body == BODY
    assert [request.path for request in server.requests] == ["/utf-8", "/caf%C3%A9", "/latin", "/caf%E9"]


def test_each_hop_of_a_redirect_is_looked_up_and_checked(server: FeedServer, intranet: Config) -> None:
    """Names whose answers change from one lookup to the next lead nowhere else: what was checked is what is asked."""
    answers = iter([["127.0.0.1"], [INSIDE]])
    server.redirect("/feed", "/again")
    asked = source(server.url("/feed", host="news.example"))
    failure = failed(fetch(intranet, asked, now=NOW, resolver=lambda *_: next(answers), allowed=the_server_or_public))
    assert failure.kind is FailureKind.REFUSED
    assert INSIDE in failure.words
    assert len(server.requests) == 1


@pytest.mark.parametrize("answer", [["127.0.0.1", INSIDE], [INSIDE, "127.0.0.1"], ["127.0.0.1", "::1"]])
def test_a_name_of_which_one_address_is_private_is_not_asked_at_all(
    server: FeedServer, intranet: Config, answer: list[str]
) -> None:
    asked = source(server.url("/feed", host="news.example"))
    failure = failed(fetch(intranet, asked, now=NOW, resolver=lambda *_: answer, allowed=the_server_or_public))
    assert failure.kind is FailureKind.REFUSED
    assert server.requests == []


def test_a_password_goes_to_its_own_server_only(server: FeedServer, intranet: Config) -> None:
    server.redirect("/feed", server.url("/feed", host="other.example"))
    asked = source(f"http://me:secret@news.example:{server.port}/feed")
    failed(fetch(intranet, asked, now=NOW, resolver=names))
    given = [
        (request.headers["host"].split(":")[0], request.headers.get("authorization")) for request in server.requests
    ]
    assert given[0] == ("news.example", f"Basic {base64.b64encode(b'me:secret').decode()}")
    assert set(given[1:]) == {("other.example", None)}


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_itself_ends(server: FeedServer, intranet: Config, status: int) -> None:
    server.redirect("/feed", "/feed", status=status)
    assert "without end" in failed(fetch(intranet, source(server.url("/feed")), now=NOW)).words
    assert len(server.requests) == 6


def test_slow_redirects_share_one_deadline(server: FeedServer, intranet: Config) -> None:
    for hop in range(3):
        server.redirect(f"/{hop}", f"/{hop + 1}")
    server.drip_headers("/3")
    failure = failed(fetch(intranet, source(server.url("/0")), now=NOW))
    assert failure.words == "did not answer within 0.4 seconds"


@pytest.mark.parametrize("location", ["http://", "//", "http://[::1", "http://a b/", "\\\\inside", "http://:80/", "?", "#x", "\x7f\xff"])  # fmt: skip
def test_a_redirect_to_nonsense_is_told(server: FeedServer, intranet: Config, location: str) -> None:
    server.redirect("/feed", location)
    failure = failed(fetch(intranet, source(server.url("/feed")), now=NOW))
    assert failure.words


# what it says -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n", "does not keep to HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloEXTRA\r\n0\r\n\r\n", "does not keep to HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "broke off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n", "does not keep to HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nhello", "does not keep to HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", "does not keep to HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", "broke off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 19 + b"\r\n\r\nhello", "larger than"),
        (b"HTTP/1.1 200 OK\r\nbad header line\r\n\r\nhello", "does not keep to HTTP"),
        (b"HTTP/1.1 999999 OK\r\n\r\nhello", "does not keep to HTTP"),
        (b"<rss version='2.0'/>\r\n\r\n", "does not keep to HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "broke off"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 20_000 + b"\r\nhello", "does not keep to HTTP"),
        (b"HTTP/1.1 200 OK\r\nX-A: " + b"b" * 200_000 + b"\r\n\r\nhello", "does not keep to HTTP"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "does not keep to HTTP"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 50, "broke off"),
    ],
    ids=lambda value: None if isinstance(value, str) else repr(value[:50]),
)  # fmt: skip
def test_what_is_not_http_is_told(server: FeedServer, intranet: Config, answer: bytes, words: str) -> None:
    server.raw("/feed", answer)
    failure = failed(fetch(intranet, source(server.url("/feed")), now=NOW))
    assert words in failure.words


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 100),
        (b"HTTP/1.1 200 OK\r\nX-A: ", b"b" * 1000),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"<item/>" * 1000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 500),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x" * 1000),
    ],
    ids=["headers", "header", "continue", "body", "chunks", "chunk extension"],
)
def test_what_never_ends_is_left(server: FeedServer, intranet: Config, start: bytes, piece: bytes) -> None:
    server.flood("/feed", start, piece)
    failure = failed(fetch(intranet, source(server.url("/feed")), now=NOW))
    assert failure.kind in (FailureKind.TOO_LARGE, FailureKind.BROKEN, FailureKind.SLOW)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200\r\nContent-Length: %d\r\n\r\n" % len(BODY),
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nContent-Length: %d\r\n\r\n" % (len(BODY), len(BODY)),
        b"HTTP/1.1 200 OK\r\nRetry-After: 86400\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 2000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX-Odd: caf\xe9\r\n\r\n",
    ],
    ids=["1.0", "close", "no reason", "length twice", "retry-after", "early hints", "many headers", "latin-1 header"],
)
def test_what_is_only_old_or_odd_is_read(server: FeedServer, intranet: Config, head: bytes) -> None:
    server.raw("/feed", head + BODY)
    assert got(fetch(intranet, source(server.url("/feed")), now=NOW)).body == BODY


def test_what_follows_the_length_that_was_given_is_not_read(server: FeedServer, intranet: Config) -> None:
    server.answer("/feed", body=BODY + b"<script>", length=len(BODY))
    assert got(fetch(intranet, source(server.url("/feed")), now=NOW)).body == BODY


@pytest.mark.parametrize("status", [403, 503])
def test_a_bot_check_is_called_by_its_name(server: FeedServer, intranet: Config, status: int) -> None:
    page = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body></html>"
    server.answer("/feed", body=page, status=status, headers={"cf-mitigated": "challenge"})
    failure = failed(fetch(intranet, source(server.url("/feed")), now=NOW))
    assert "a bot check" in failure.words
    assert failure.kind in (FailureKind.FORBIDDEN, FailureKind.BUSY)


# how it is reached --------------------------------------------------------------------------------------------------


def test_an_address_of_version_6_is_asked_by_its_proper_name() -> None:
    """The brackets belong to the Host header (RFC 9110, 7.2); see how a server that is there is asked below."""
    assert (read_url("http://[::1]:8080/a").host, read_url("http://[::1]:8080/a").port) == (b"::1", 8080)


def test_a_server_of_version_6_is_told_its_name_in_brackets(server: FeedServer, intranet: Config) -> None:
    server.answer("/feed", body=BODY)
    asked = source(f"http://[2001:db8::7]:{server.port}/feed")
    assert got(fetch(intranet, asked, now=NOW, resolver=lambda *_: ["127.0.0.1"])).body == BODY
    assert server.requests[0].headers["host"] == f"[2001:db8::7]:{server.port}"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of news.example, signed by itself; with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "news.example")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("news.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "news.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def safe_server(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FeedServer]:
    """A server that speaks TLS as news.example, whom everybody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    trusted = ssl.create_default_context(cafile=certificate)
    monkeypatch.setattr("digest.gather.network.ssl_context", lambda: trusted)
    with FeedServer(tls=context) as running:
        yield running


def test_the_name_is_verified_although_an_address_is_asked(safe_server: FeedServer, intranet: Config) -> None:
    safe_server.answer("/feed", body=BODY)
    for host in ("news.example", "News.example."):
        asked = source(safe_server.url("/feed", host=host))
        assert got(fetch(intranet, asked, now=NOW, resolver=names)).body == BODY
    asked = source(safe_server.url("/feed", host="other.example"))
    failure = failed(fetch(intranet, asked, now=NOW, resolver=names))
    assert "its certificate is not valid" in failure.words
    asked = source(f"http://news.example:{safe_server.port}/feed")
    assert failed(fetch(intranet, asked, now=NOW, resolver=names)).kind is FailureKind.BROKEN


def test_an_address_that_lost_its_encryption_is_followed_but_not_kept(
    safe_server: FeedServer, server: FeedServer, intranet: Config
) -> None:
    server.answer("/feed", body=BODY)
    safe_server.redirect("/feed", server.url("/feed", host="news.example"), status=301)
    found = got(fetch(intranet, source(safe_server.url("/feed", host="news.example")), now=NOW, resolver=names))
    assert (found.body, found.moved_to) == (BODY, "")
    server.redirect("/up", safe_server.url("/up", host="news.example"), status=301)
    safe_server.answer("/up", body=BODY)
    found = got(fetch(intranet, source(server.url("/up", host="news.example")), now=NOW, resolver=names))
    assert found.moved_to == safe_server.url("/up", host="news.example")
