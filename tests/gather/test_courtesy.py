"""How one server is asked, however many sources lead to it: by two at once, and not in the same breath."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

import pytest

from digest.config import Config, Source
from digest.gather.courtesy import Courtesy
from digest.gather.fetch import Fetched, fetch
from digest.gather.read import read_many
from tests.fakes.feed_server import FeedServer
from tests.gather.feeds import NOW, rss

BODY = rss("<title>One</title><link>https://a.example/1</link>")


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def everywhere(_host: str, _port: int, _seconds: float) -> list[str]:
    return ["127.0.0.1"]


def sources(urls: list[str]) -> str:
    return "".join(
        f'[[sources]]\nid = "s{n}"\ntitle = "S"\nsection = "news"\nurl = "{url}"\n' for n, url in enumerate(urls)
    )


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name stands for this machine, as a resolver would say it."""

    def answer(_host: str, port: int, *_rest: object, **_options: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr("digest.gather.network.socket.getaddrinfo", answer)


def test_two_requests_to_one_server_do_not_start_in_the_same_breath() -> None:
    clock = Clock()
    courtesy = Courtesy(0.5, clock=clock, sleep=clock.sleep)
    for url in (
        "https://one.example/a",
        "http://ONE.example.:8080/b",
        "https://two.example/",
        "https://one.example/c",
    ):
        with courtesy.turn(url):
            clock.now += 0.125  # the answer takes some time itself
    assert clock.slept == [0.375, 0.25]
    clock.now += 60
    with courtesy.turn("https://one.example/d"):
        assert len(clock.slept) == 2


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/a", "http://localhost/", "http://[::1]/", "http://[::1", "x"])
def test_this_very_machine_need_not_be_spared(url: str) -> None:
    courtesy = Courtesy(60, sleep=lambda _seconds: pytest.fail("nobody has to be spared"))
    with courtesy.turn(url), courtesy.turn(url), courtesy.turn(url):
        pass


def test_a_server_is_asked_by_two_at_once_and_by_no_more(
    make_config: Callable[..., Config], server: FeedServer, named: None
) -> None:
    """Whether its own sources, a page's link or another server's redirect lead to it."""
    lock, asked, most = threading.Lock(), [0], [0]
    pair = threading.Barrier(2, timeout=60)

    def before() -> None:
        with lock:
            asked[0] += 1
            most[0] = max(most[0], asked[0])
        pair.wait()  # two are there at once, or the server never answers
        with lock:
            asked[0] -= 1
        pair.wait()

    page = '<html><head><link rel="alternate" type="application/rss+xml" href="{}"></head></html>'
    urls = []
    for n in range(4):
        server.answer(f"/{n}", body=BODY, before=before)
        server.redirect(f"/to/{n}", server.url(f"/{n}", host="one.example"))
        server.answer(f"/page/{n}", body=page.format(server.url(f"/{n}", host="one.example")).encode())
        urls.append(server.url(f"/{n}", host="One.example"))
        urls.append(server.url(f"/to/{n}", host=f"r{n}.example"))
        urls.append(server.url(f"/page/{n}", host=f"p{n}.example"))
    config = make_config("[gather]\nallow_private_networks = true\ncrawl_delay = 0\n" + sources(urls))
    results = list(read_many(config, config.sources, now=NOW))
    assert [result.failure for result in results] == [""] * 12
    assert most == [2]


def test_a_redirect_waits_for_its_turn_and_the_wait_is_not_held_against_it(
    make_config: Callable[..., Config], server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is late because others were asked first: the clock of the fetch stands still meanwhile."""
    away = [0.0]
    monkeypatch.setattr("digest.gather.network.monotonic", lambda: time.monotonic() + away[0])
    clock = Clock()

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        away[0] += seconds

    config = make_config("[gather]\nallow_private_networks = true\ntotal_timeout = 20\n")
    server.answer("/feed", body=BODY)
    server.redirect("/there", server.url("/back", host="two.example"))
    server.redirect("/back", server.url("/feed", host="one.example"))
    courtesy = Courtesy(60, clock=clock, sleep=sleep)
    source = Source.model_validate({"id": "s", "title": "S", "section": "news", "url": "http://one.example/"})
    found = fetch(
        config,
        source,
        now=NOW,
        url=server.url("/there", host="one.example"),
        resolver=everywhere,
        courtesy=courtesy,
    )
    assert isinstance(found, Fetched)
    assert found.body == BODY
    assert clock.slept == [60]


def test_requests_to_one_server_are_kept_apart_as_config_says(
    make_config: Callable[..., Config], server: FeedServer, named: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    def courtesy(interval: float) -> Courtesy:
        return Courtesy(interval, clock=lambda: 1000.0, sleep=waits.append)

    monkeypatch.setattr("digest.gather.read.Courtesy", courtesy)
    for n in range(4):
        server.answer(f"/{n}", body=BODY)
    urls = [server.url(f"/{n}", host="one.example") for n in range(4)]
    config = make_config("[gather]\nallow_private_networks = true\ncrawl_delay = 2\n" + sources(urls))
    assert sorted(r.failure for r in read_many(config, config.sources, now=NOW)) == [""] * 4
    assert sorted(waits) == [2, 4, 6]


def test_who_stops_asking_leaves_no_server_waited_for(make_config: Callable[..., Config], server: FeedServer) -> None:
    """As Ctrl-C does: what has not begun never begins, and what hangs is not waited for."""
    server.answer("/0", body=BODY)
    for n in range(1, 40):
        server.hang(f"/{n}")
    config = make_config(
        "[gather]\nallow_private_networks = true\ntotal_timeout = 300\nworkers = 1\n"
        + sources([server.url(f"/{n}") for n in range(40)])
    )
    results = read_many(config, config.sources, now=NOW)
    assert next(results).feed is not None
    results.close()  # type: ignore[attr-defined]
    assert len(server.requests) <= 5
