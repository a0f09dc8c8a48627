"""Asking whether an address is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from digest.config import Config
from digest.gather.network import NameNotFound
from digest.gather.probe import Answer, probe
from digest.gather.values import LinkState
from tests.fakes.feed_server import FeedServer


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
def intranet(make_config: Callable[..., Config]) -> Config:
    return make_config("[gather]\nallow_private_networks = true\n")


def methods(server: FeedServer) -> list[str]:
    return [request.method for request in server.requests]


def test_a_page_that_is_there_is_asked_once_and_not_read(server: FeedServer, intranet: Config) -> None:
    server.answer("/page", body=b"x" * 1000)
    assert probe(intranet, server.url("/page")) == Answer(state=LinkState.FINE)
    assert methods(server) == ["HEAD"]
    assert server.requests[0].headers["user-agent"].startswith("weekly-digest/")


@pytest.mark.parametrize("status", [403, 404, 405, 500, 501])
def test_who_refuses_head_is_asked_properly(server: FeedServer, intranet: Config, status: int) -> None:
    server.refuse_head("/page", status)
    assert probe(intranet, server.url("/page")).state is LinkState.FINE
    assert methods(server) == ["HEAD", "GET"]


def test_get_is_given_up_as_soon_as_the_status_is_there(server: FeedServer, intranet: Config) -> None:
    def refuse_head_and_never_end() -> None:
        server.drip("/endless", b"x")

    refuse_head_and_never_end()
    assert probe(intranet, server.url("/endless")).state is LinkState.FINE


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        (404, LinkState.DEAD, "answers that there is no such page (404)"),
        (410, LinkState.DEAD, "answers that the page is gone for good (410)"),
        (401, LinkState.CLOSED, ""),
        (403, LinkState.CLOSED, ""),
        (429, LinkState.CLOSED, ""),
        (999, LinkState.CLOSED, ""),
        (500, LinkState.UNSURE, "answers with an error (500)"),
        (204, LinkState.FINE, ""),
    ],
)
def test_what_an_answer_means(
    server: FeedServer, intranet: Config, status: int, state: LinkState, words: str
) -> None:
    server.answer("/page", status=status)
    assert probe(intranet, server.url("/page")) == Answer(state=state, words=words)


def test_a_redirect_is_followed_and_told(server: FeedServer, intranet: Config) -> None:
    server.redirect("/short", "/long")
    server.answer("/long")
    assert probe(intranet, server.url("/short")) == Answer(state=LinkState.FINE, final_url=server.url("/long"))


def test_a_circle_ends(server: FeedServer, intranet: Config) -> None:
    server.redirect("/a", "/a")
    assert "without end" in probe(intranet, server.url("/a")).words


def test_silence_is_waited_for_no_longer_than_allowed(server: FeedServer, intranet: Config) -> None:
    server.hang("/slow")
    assert probe(intranet, server.url("/slow"), seconds=0.3).state is LinkState.UNSURE


def test_who_hangs_up_is_not_called_dead(server: FeedServer, intranet: Config) -> None:
    server.hang_up("/rude")
    assert probe(intranet, server.url("/rude")).state is LinkState.UNSURE


def test_a_private_network_is_never_asked(server: FeedServer, config: Config) -> None:
    server.answer("/page")
    found = probe(config, f"http://internal.alt.ac.uk:80{'/page'}", resolver=lambda *_a: ["127.0.0.1"])
    assert (found.state, found.words) == (
        LinkState.DEAD,
        "leads into a private network, where readers cannot follow",
    )
    assert server.requests == []


def test_a_redirect_into_a_private_network_is_refused(server: FeedServer, config: Config) -> None:
    server.redirect("/out", "http://10.0.0.1/secret")
    found = probe(config, server.url("/out"), allowed=lambda address: address == "127.0.0.1")
    assert found.state is LinkState.DEAD


def test_a_name_that_is_none(config: Config) -> None:
    def nobody(host: str, _port: int, _seconds: float) -> list[str]:
        raise NameNotFound(host)

    found = probe(config, "https://no-such-name.alt.ac.uk/", resolver=nobody)
    assert found == Answer(
        state=LinkState.DEAD, words="leads to no-such-name.alt.ac.uk, and there is no server of that name"
    )


@pytest.mark.parametrize(
    "url", ["https://exa mple.ac.uk/", "ftp://alt.ac.uk/", "http://0x7f.1/", "https://alt.ac.uk:99999/"]
)
def test_addresses_that_nobody_should_follow(config: Config, url: str) -> None:
    assert probe(config, url, resolver=lambda *_a: ["127.0.0.1"]).state is LinkState.DEAD
