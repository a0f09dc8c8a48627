"""Fetching and reading many sources at once: threads at the edge, nothing shared between them."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from digest.config import Config, Source
from digest.gather.courtesy import Courtesy, host_to_spare
from digest.gather.failures import Failure, FailureKind
from digest.gather.fetch import Fetched, Validators, fetch
from digest.gather.isolate import Patience, ReaderPool, shared_pool
from digest.gather.values import ParsedFeed, Reading, Refused

log = logging.getLogger(__name__)

CONNECTIONS = 4  # at once, for each of gather.workers: a thread that waits for a server costs next to nothing
_NONE = Validators()
Parse = Callable[[bytes, Reading], ParsedFeed | Refused]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is remembered of a source from the last time: where it is, and what its bytes were."""

    url: str = ""
    validators: Validators = _NONE
    body_hash: str = ""  # as `ReadResult.body_hash`


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadResult:
    """What became of one source. Exactly one of `feed`, `failure` and `unchanged` says it."""

    source: Source
    feed: ParsedFeed | None = None
    failure: str = ""  # words
    unchanged: bool = False
    feed_url: str = ""  # a web page came, which names its feed there; with a feed: where it was found so
    gone: bool = False  # for good: the server says so
    wait: dt.timedelta | None = None
    fetched: Fetched | None = None
    body_hash: str = ""  # 48 digits of the body's SHA-256 and 16 of how it was read
    duration: dt.timedelta = dt.timedelta(0)


def read_many(
    config: Config,
    sources: tuple[Source, ...],
    *,
    now: dt.datetime,
    memories: Mapping[str, Memory] | None = None,
    pool: ReaderPool | None = None,
    patience: Patience | None = None,
    looking_back: bool = False,
) -> Iterator[ReadResult]:
    """Each source's result as soon as it is there. A fault in one never keeps another from being read."""
    memories = memories or {}
    if not sources:
        return
    pool = pool or shared_pool()
    parse = _guarded(pool, patience or Patience())
    courtesy = Courtesy(config.gather.crawl_delay)
    if sum(not _is_sample(s) and not memories.get(s.id, Memory()).body_hash for s in sources) > 1:
        pool.warm_up()

    def one(source: Source) -> ReadResult:
        memory = memories.get(source.id, Memory())
        started = time.monotonic()
        reading = replace(reading_of(config, source, now=now), looking_back=looking_back)
        # Bytes that would be read differently today (another teaser length, a newer reader) are fetched in full.
        validators = memory.validators if memory.body_hash[48:] == reading.fingerprint else _NONE
        fetched = fetch(config, source, now=now, url=memory.url, validators=validators, courtesy=courtesy)
        result = _judge(source, fetched, reading, memory, parse)
        if result.feed_url:
            found = fetch(config, source, now=now, url=result.feed_url, courtesy=courtesy)
            result = _discovered(result, _judge(source, found, reading, memory, parse))
        return replace(result, duration=dt.timedelta(seconds=time.monotonic() - started))

    def safely(source: Source) -> ReadResult:
        try:
            return one(source)
        except Exception as error:
            log.exception("source %s", source.id)
            words = f"could not be read because of a fault of this program ({type(error).__name__})"
            return ReadResult(source=source, failure=words)

    yield from _as_they_come(safely, _mixed(sources), threads=config.gather.workers * CONNECTIONS)


def _as_they_come(
    work: Callable[[Source], ReadResult], sources: list[Source], *, threads: int
) -> Iterator[ReadResult]:
    """The results of `work`, which never raises. Who stops asking leaves no server waited for.

    An executor's threads would be waited for at the end of the process, twenty seconds and more after Ctrl-C; these
    end with it, and begin nothing more once nobody asks.
    """
    todo: queue.SimpleQueue[Source] = queue.SimpleQueue()
    done: queue.SimpleQueue[ReadResult] = queue.SimpleQueue()
    given_up = threading.Event()
    for source in sources:
        todo.put(source)

    def take() -> None:
        while not given_up.is_set():
            try:
                source = todo.get_nowait()
            except queue.Empty:
                return
            done.put(work(source))

    takers = [
        threading.Thread(target=take, name=f"gather-{n}", daemon=True) for n in range(min(threads, len(sources)))
    ]
    for taker in takers:
        taker.start()
    try:
        for _source in sources:
            yield done.get()
    finally:
        given_up.set()
    for taker in takers:
        taker.join()


def _mixed(sources: tuple[Source, ...]) -> list[Source]:
    """Sources of one host apart, so that threads which wait for it do not keep other hosts waiting."""
    turn: dict[str, int] = defaultdict(int)
    order = []
    for source in sources:
        host = host_to_spare(source.url)
        order.append((turn[host] if host else 0, source))
        turn[host] += 1
    return [source for _, source in sorted(order, key=lambda pair: pair[0])]


def _is_sample(source: Source) -> bool:
    return source.url.startswith("sample:")


def _parse_here(body: bytes, reading: Reading) -> ParsedFeed | Refused:
    from digest.gather.parse import parse_feed  # the parsers are not needed here for anything else

    return parse_feed(body, reading)


def _guarded(pool: ReaderPool, patience: Patience) -> Parse:
    def parse(body: bytes, reading: Reading) -> ParsedFeed | Refused:
        return pool.parse(body, reading, patience=patience)

    return parse


def reading_of(config: Config, source: Source, *, now: dt.datetime) -> Reading:
    """What a parser may know of `source`."""
    kinds = {section.id: section.kind for section in config.sections}
    return Reading(
        source=source.id,
        section_kind=kinds[source.section],
        zone=config.association.zone,
        teaser_length=config.digest.teaser_length,
        max_items=config.gather.max_items,
        now=now,
    )


def _judge(
    source: Source, fetched: Fetched | Failure, reading: Reading, memory: Memory, guarded: Parse
) -> ReadResult:
    if isinstance(fetched, Failure):
        gone = fetched.kind is FailureKind.GONE
        return ReadResult(source=source, failure=fetched.words, wait=fetched.wait, gone=gone)
    if fetched.body is None:
        return ReadResult(source=source, unchanged=True, fetched=fetched, body_hash=memory.body_hash)
    body_hash = hashlib.sha256(fetched.body).hexdigest()[:48] + reading.fingerprint
    if body_hash == memory.body_hash:
        return ReadResult(source=source, unchanged=True, fetched=fetched, body_hash=body_hash)
    # The sample is this program's own; everything else may have been made to hurt.
    parse = _parse_here if _is_sample(source) else guarded
    parsed = parse(fetched.body, replace(reading, url=fetched.url, content_type=fetched.content_type))
    if isinstance(parsed, Refused):
        return ReadResult(source=source, failure=parsed.words, fetched=fetched, feed_url=parsed.feed_url)
    return ReadResult(source=source, feed=parsed, fetched=fetched, body_hash=body_hash)


def _discovered(page: ReadResult, found: ReadResult) -> ReadResult:
    """What became of the feed that a page names. One step only: a page that names a page is refused."""
    if found.failure:
        words = f"{page.failure}; the feed that it names, {page.feed_url[:200]}, {found.failure}"
        return replace(found, failure=words, feed_url="", gone=False)
    return replace(found, feed_url=page.feed_url)
