"""Feeds that stall or burst a parser: the child ends, its feed fails in words, the others are stored."""

from __future__ import annotations

import concurrent.futures
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from digest.config import Config
from digest.gather.isolate import Patience, ReaderPool
from digest.gather.models import Entry
from digest.gather.nursery import MEMORY_BYTES, Nursery
from digest.gather.read import read_many
from digest.gather.store import gather_sources
from digest.gather.values import ParsedFeed, Refused
from tests.gather.feeds import NOW, reading, rss

GOOD = rss("<title>One</title><link>https://a.example/1</link>")
STALLS = {
    "attributes": rss("<title>A</title><description>x</description><a " + "a='b' " * 170_000 + "/>"),
    "html-attributes": rss(
        "<title>A</title><description><![CDATA[<p " + "a=b " * 250_000 + ">x</p>]]></description>"
    ),
    "comments": rss("<title>A</title><description><![CDATA[" + "<!--" * 60_000 + "]]></description>"),
    "bare-comments": b"<rss version='2.0'><channel><title>" + b"<!--" * 60_000,
    "categories": rss("<title>A</title>" + "".join(f"<category>c{n}</category>" for n in range(50_000))),
    "surrogate": rss("<title>A &#xD800; B</title><link>https://a.example/1</link>"),
    "nested": rss("<title>A</title><description><![CDATA[" + "<div>" * 100_000 + "]]></description>"),
    "nested-elements": b"<rss version='2.0'><channel>" + b"<item>" * 80_000,
    "nested-closed": rss("<title>A</title><a>" + "<b>" * 50_000 + "</b>" * 50_000 + "</a>"),
}


@pytest.fixture
def pool() -> Iterator[ReaderPool]:
    pool = ReaderPool(size=1)
    yield pool
    pool.close()


@pytest.mark.parametrize("name", STALLS)
def test_no_feed_stalls_the_reader(pool: ReaderPool, name: str) -> None:
    result = pool.parse(STALLS[name], reading(), seconds=0.6)
    if isinstance(result, Refused):
        assert result.words
    else:
        assert all(entry.doc.title for entry in result.entries)
    assert isinstance(pool.parse(GOOD, reading()), ParsedFeed)


def test_what_takes_too_long_is_told_in_words(pool: ReaderPool) -> None:
    result = pool.parse(STALLS["nested"], reading(), seconds=0.5)
    assert result == Refused(words="took more than 0.5 seconds to read, so it was given up", given_up=True)


def test_the_time_is_counted_anew_for_each_feed(pool: ReaderPool) -> None:
    body = rss(*(f"<title>{n}</title><description>{'A word. ' * 300}</description>" for n in range(40)))
    for _ in range(20):
        assert isinstance(pool.parse(body, reading(), seconds=1), ParsedFeed)


def test_what_takes_too_much_memory_is_told_in_words() -> None:
    pool = ReaderPool(size=1, memory=8_000_000)
    try:
        big = rss("<title>A</title><description>" + "many words " * 400_000 + "</description>")
        result = pool.parse(big, reading())
        assert isinstance(result, Refused)
        assert "needed more memory" in result.words
        assert isinstance(pool.parse(GOOD, reading()), ParsedFeed)
    finally:
        pool.close()


def test_a_child_that_died_while_idle_is_replaced(pool: ReaderPool) -> None:
    assert isinstance(pool.parse(GOOD, reading()), ParsedFeed)
    for reader in pool._idle:
        os.kill(reader.process, signal.SIGKILL)
    assert isinstance(pool.parse(GOOD, reading()), ParsedFeed)


def test_a_child_is_used_again(pool: ReaderPool) -> None:
    pool.parse(GOOD, reading())
    (child,) = pool._idle
    pool.parse(GOOD, reading())
    assert pool._idle == [child]


def test_many_hostile_feeds_are_given_less_time_each() -> None:
    patience = Patience(full=10, left=25, least=2)
    given = []
    for _ in range(5):
        given.append(patience.seconds())
        patience.spend(given[-1])
    assert given == [10, 10, 5, 2, 2]


@pytest.mark.django_db
def test_the_other_feeds_are_stored(
    make_config: Callable[..., Config], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digest.gather.isolate.Patience.seconds", lambda _self: 0.5)
    tables = []
    for name, body in {"a": STALLS["nested"], "good": GOOD, "z": STALLS["categories"]}.items():
        (tmp_path / f"{name}.xml").write_bytes(body)
        tables.append(f'[[sources]]\nid = "{name}"\ntitle = "{name}"\nsection = "news"\npath = "{name}.xml"\n')
    reports = {r.source: r for r in gather_sources(make_config("\n".join(tables)), now=NOW)}
    assert reports["good"].new == 1
    assert reports["a"].failed
    assert reports["a"].words == "took more than 0.5 seconds to read, so it was given up"
    assert [entry.source.key for entry in Entry.objects.select_related("source")].count("good") == 1


def test_a_pool_of_ones_own_can_be_given(
    make_config: Callable[..., Config], tmp_path: Path, pool: ReaderPool
) -> None:
    (tmp_path / "news.xml").write_bytes(GOOD)
    config = make_config('[[sources]]\nid = "n"\ntitle = "N"\nsection = "news"\npath = "news.xml"\n')
    (result,) = read_many(config, config.sources, now=NOW, pool=pool)
    assert result.feed is not None


def test_a_reader_knows_nothing_of_our_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENDGRID_API_KEY", "secret-for-a-test")
    nursery = Nursery(MEMORY_BYTES)
    process, connection = nursery.new()
    try:
        environment = Path(f"/proc/{process}/environ")
        if environment.exists():
            assert b"PYTHONPATH" in environment.read_bytes()
            assert b"secret-for-a-test" not in environment.read_bytes()
    finally:
        connection.close()
        nursery.end(process)
        nursery.close()


def test_where_readers_come_from_is_started_again_when_it_is_gone() -> None:
    nursery = Nursery(MEMORY_BYTES)
    pool = ReaderPool(size=1, nursery=nursery)
    try:
        assert isinstance(pool.parse(GOOD, reading()), ParsedFeed)
        assert nursery._process is not None
        nursery._process.kill()
        nursery._process.wait()
        pool._idle.pop().close()
        assert isinstance(pool.parse(GOOD, reading()), ParsedFeed)
    finally:
        pool.close()


def test_many_threads_share_a_few_readers() -> None:
    pool = ReaderPool(size=2)
    try:
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda _n: pool.parse(GOOD, reading()), range(24)))
        assert all(isinstance(feed, ParsedFeed) for feed in found)
        assert 1 <= len(pool._idle) <= 2
    finally:
        pool.close()
