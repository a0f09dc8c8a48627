"""Fetching and reading many sources at once: threads at the edge, nothing shared between them."""

from __future__ import annotations

import concurrent.futures
import contextlib
import datetime as dt
import hashlib
import logging
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from digest.config import Config, Source
from digest.gather.fetch import Failure, FailureKind, Fetched, Validators, fetch
from digest.gather.isolate import Patience, ReaderPool, shared_pool
from digest.gather.values import ParsedFeed, Reading, Refused

log = logging.getLogger(__name__)

CONNECTIONS = 4  # at once, for each of gather.workers: a thread that waits for a server costs next to nothing
CONNECTIONS_A_HOST = 2
_LOOPBACK = re.compile(r"127(?:\.\d{1,3}){3}$")
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
    hosts = _Hosts()
    if sum(not _is_sample(s) and not memories.get(s.id, Memory()).body_hash for s in sources) > 1:
        pool.warm_up()

    def one(source: Source) -> ReadResult:
        memory = memories.get(source.id, Memory())
        with hosts.place(memory.url or source.url):
            fetched, reading, started = _fetch_one(config, source, now=now, memory=memory)
        reading = replace(reading, looking_back=looking_back)
        result = _judge(source, fetched, reading, memory, parse)
        if result.feed_url:
            with hosts.place(result.feed_url):
                found = fetch(config, source, now=now, url=result.feed_url)
            result = _discovered(result, _judge(source, found, reading, memory, parse))
        return _with_duration(result, started)

    with concurrent.futures.ThreadPoolExecutor(
        max_workers=min(config.gather.workers * CONNECTIONS, len(sources)), thread_name_prefix="gather"
    ) as threads:
        futures = {threads.submit(one, source): source for source in hosts.mixed(sources)}
        for future in concurrent.futures.as_completed(futures):
            try:
                yield future.result()
            except Exception as error:
                log.exception("source %s", futures[future].id)
                words = f"could not be read because of a fault of this program ({type(error).__name__})"
                yield ReadResult(source=futures[future], failure=words)


class _Hosts:
    """Politeness: a server that many sources name is asked by few at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places: dict[str, threading.Semaphore] = {}

    def place(self, url: str) -> contextlib.AbstractContextManager[object]:
        host = _host(url)
        if not host:
            return contextlib.nullcontext()
        with self._lock:
            return self._places.setdefault(host, threading.Semaphore(CONNECTIONS_A_HOST))

    @staticmethod
    def mixed(sources: tuple[Source, ...]) -> list[Source]:
        """Sources of one host apart, so that threads which wait for it do not keep other hosts waiting."""
        turn: dict[str, int] = defaultdict(int)
        order = []
        for source in sources:
            host = _host(source.url)
            order.append((turn[host] if host else 0, source))
            turn[host] += 1
        return [source for _, source in sorted(order, key=lambda pair: pair[0])]


def _host(url: str) -> str:
    """The server of an address; "" where there is none to be polite to, as on this very machine."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or host in ("localhost", "::1") or _LOOPBACK.match(host):
        return ""
    return host


def _is_sample(source: Source) -> bool:
    return source.url.startswith("sample:")


def _parse_here(body: bytes, reading: Reading) -> ParsedFeed | Refused:
    from digest.gather.parse import parse_feed  # the parsers are not needed here for anything else

    return parse_feed(body, reading)


def _guarded(pool: ReaderPool, patience: Patience) -> Parse:
    def parse(body: bytes, reading: Reading) -> ParsedFeed | Refused:
        return pool.parse(body, reading, patience=patience)

    return parse


def _fetch_one(
    config: Config, source: Source, *, now: dt.datetime, memory: Memory
) -> tuple[Fetched | Failure, Reading, float]:
    started = time.monotonic()
    reading = reading_of(config, source, now=now)
    # Bytes that would be read differently today (another teaser length, a newer reader) are fetched in full.
    same_reader = memory.body_hash[48:] == reading.fingerprint
    fetched = fetch(config, source, now=now, url=memory.url, validators=memory.validators if same_reader else _NONE)
    return fetched, reading, started


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


def _with_duration(result: ReadResult, started: float) -> ReadResult:
    return replace(result, duration=dt.timedelta(seconds=time.monotonic() - started))
