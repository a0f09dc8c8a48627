"""Feeds that stall or burst a parser: the child ends, its feed fails in words, the others are stored."""

from __future__ import annotations

import concurrent.futures
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from digest.config import Config
from digest.gather.isolate import Patience, ReaderPool, _Reader
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


@pytest.fixture
def obedient() -> Iterator[ReaderPool]:
    """Readers that do what the bytes say (tests/fakes/readers.py)."""
    pool = ReaderPool(size=1, nursery=Nursery(MEMORY_BYTES, parser="tests.fakes.readers:obey"), grace=0.2)
    yield pool
    pool.close()


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("SIGSEGV", "made the program that reads it crash (SIGSEGV), so it was given up"),
        ("SIGBUS", "made the program that reads it crash (SIGBUS), so it was given up"),
        ("SIGABRT", "made the program that reads it break off, most likely because it needed too much memory"),
        (
            "SIGKILL",
            "could not be read: the system ended the program that reads it, twice; it may be short of memory",
        ),
        ("SIGTERM", "could not be read: the program that reads it was ended from outside, twice"),
        ("exit", "made the program that reads it end without an answer (exit status 7)"),
        ("raise", "could not be read because of a fault of this program (LookupError: the shelf is empty)"),
        ("unspeakable", "could not be read because of a fault of this program (TypeError: cannot be told)"),
        ("grow", "needed more memory to be read than a feed is given, so it was given up"),
    ],
)
def test_a_reader_that_ends_is_reported_as_what_it_was(obedient: ReaderPool, order: str, words: str) -> None:
    assert obedient.parse(order.encode(), reading()) == Refused(words=words)
    assert isinstance(obedient.parse(b"fine", reading()), ParsedFeed)


@pytest.mark.parametrize("order", ["spin", "sleep"])
def test_a_reader_that_stalls_is_ended_whether_it_works_or_waits(obedient: ReaderPool, order: str) -> None:
    """The one by the processor's time, the other by the clock's."""
    started = time.monotonic()
    result = obedient.parse(order.encode(), reading(), seconds=0.2)
    assert result == Refused(words="took more than 0.2 seconds to read, so it was given up", given_up=True)
    assert time.monotonic() - started < 60
    assert isinstance(obedient.parse(b"fine", reading()), ParsedFeed)


def test_that_no_reader_can_be_started_is_told(obedient: ReaderPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.gather.nursery.sys.executable", "/nowhere/python")
    result = obedient.parse(b"fine", reading())
    assert isinstance(result, Refused)
    assert result.words.startswith("could not be read: no process to read it in could be started (")
    monkeypatch.undo()
    assert isinstance(obedient.parse(b"fine", reading()), ParsedFeed)


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


def test_readers_outlive_the_nursery_for_the_feed_they_have() -> None:
    """Killed in the middle: the feeds at work are answered, the next ones have a new nursery."""
    nursery = Nursery(MEMORY_BYTES)
    pool = ReaderPool(size=2, nursery=nursery)
    body = rss(*(f"<title>{n}</title><description>{'A word. ' * 300}</description>" for n in range(200)))
    try:
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            found = [threads.submit(pool.parse, body, reading()) for _ in range(12)]
            concurrent.futures.wait(found, timeout=60, return_when=concurrent.futures.FIRST_COMPLETED)
            assert nursery._process is not None
            os.kill(nursery._process.pid, signal.SIGKILL)
            assert all(isinstance(future.result(timeout=60), ParsedFeed) for future in found)
    finally:
        pool.close()


@pytest.mark.parametrize("another", [False, True])
def test_a_crash_after_the_nursery_was_killed_is_reported_as_what_it_is(another: bool) -> None:
    """Nobody is left who knows how its reader ended: it is read again by one of which that is known."""
    nursery = Nursery(MEMORY_BYTES, parser="tests.fakes.readers:obey")
    pool = ReaderPool(size=2, nursery=nursery)
    try:
        assert isinstance(pool.parse(b"fine", reading()), ParsedFeed)
        pool._idle.append(_Reader(nursery, *nursery.new()))
        assert nursery._process is not None
        nursery._process.kill()
        nursery._process.wait()
        if another:  # somebody else has already needed one
            nursery.end(0)
            process, connection = nursery.new()
            connection.close()
            nursery.end(process)
        assert pool.parse(b"SIGSEGV", reading()) == Refused(
            words="made the program that reads it crash (SIGSEGV), so it was given up"
        )
    finally:
        pool.close()


def test_a_nursery_that_nobody_needs_ends_by_itself() -> None:
    nursery = Nursery(MEMORY_BYTES, idle=0.2)
    pool = ReaderPool(size=1, nursery=nursery)
    try:
        assert isinstance(pool.parse(GOOD, reading()), ParsedFeed)
        assert nursery._process is not None
        assert nursery._process.wait(timeout=60) == 0
        (reader,) = pool._idle
        assert not Path(f"/proc/{reader.process}").exists()
        assert isinstance(pool.parse(GOOD, reading()), ParsedFeed)
    finally:
        pool.close()


def test_a_nursery_closed_for_good_starts_no_more() -> None:
    """At the end of the process, while a thread may still ask."""
    nursery = Nursery(MEMORY_BYTES)
    pool = ReaderPool(size=1, nursery=nursery)
    assert isinstance(pool.parse(GOOD, reading()), ParsedFeed)
    nursery.close(for_good=True)
    result = pool.parse(GOOD, reading())
    assert isinstance(result, Refused)
    assert nursery._process is None


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not show what is open")
def test_a_thousand_feeds_leave_nothing_open_and_no_process(obedient: ReaderPool) -> None:
    def open_in(process: str) -> int:
        return len(list(Path(f"{process}/fd").iterdir()))

    def held() -> tuple[int, int, int]:
        """What is open here and there, and the readers: those that work and those that nobody has buried."""
        assert obedient._nursery._process is not None
        nursery = f"/proc/{obedient._nursery._process.pid}"
        children = Path(f"{nursery}/task/{obedient._nursery._process.pid}/children").read_text(encoding="ascii")
        return open_in("/proc/self"), open_in(nursery), len(children.split())

    assert isinstance(obedient.parse(b"fine", reading()), ParsedFeed)
    before = held()
    for n in range(1000):
        # Every tenth ends its reader, in one way or another.
        order = ("exit", "SIGSEGV", "raise", "grow")[n // 10 % 4] if n % 10 == 0 else "fine"
        assert isinstance(obedient.parse(order.encode(), reading()), ParsedFeed if order == "fine" else Refused)
    assert held() == before


def capped(code: str) -> str:
    """What a process of its own prints that has `child` at hand."""
    start = "import resource\nfrom digest.gather import child\n"
    done = subprocess.run(
        [sys.executable, "-c", start + code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


@pytest.mark.parametrize("size", ["child._size", "lambda: None"], ids=["as the system says", "unknown"])
def test_memory_is_limited_whether_or_not_the_system_says_what_is_taken(size: str) -> None:
    code = (
        f"child.limit_memory(100_000_000, {size})\n"
        "small = bytearray(20_000_000)\n"
        "try:\n    bytearray(700_000_000)\nexcept MemoryError:\n    print('too much')\n"
    )
    assert capped(code) == "too much"


def test_a_lower_limit_that_is_there_already_stays() -> None:
    code = (
        "import os\n"
        "size = child._size()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (900_000_000, 900_000_000))\n"
        "os.setuid(65534) if os.getuid() == 0 else None\n"  # root may raise it again
        "child.limit_memory(2_000_000_000, lambda: size)\n"
        "print(resource.getrlimit(resource.RLIMIT_AS)[1])\n"
    )
    assert capped(code) == "900000000"


@pytest.mark.parametrize("module", ["readers", "readers_without_proc"])
def test_a_reader_that_has_grown_is_not_asked_again(module: str) -> None:
    """What it holds would count against the next feed. Whether or not the system says what a process takes."""
    pool = ReaderPool(size=1, nursery=Nursery(100_000_000, parser=f"tests.fakes.{module}:obey"))
    try:
        assert isinstance(pool.parse(b"fine", reading()), ParsedFeed)
        assert isinstance(pool.parse(b"hoard", reading()), ParsedFeed)
        assert pool._idle == []
        assert pool.parse(b"grow", reading()) == Refused(
            words="needed more memory to be read than a feed is given, so it was given up"
        )
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
