"""Fetching and reading many sources at once: threads at the edge, nothing shared between them."""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import hashlib
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from digest.config import Config, Source
from digest.gather.fetch import Failure, Fetched, Validators, fetch
from digest.gather.parse import parse_feed
from digest.gather.values import ParsedFeed, Reading, Refused

log = logging.getLogger(__name__)


_NONE = Validators()


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
    wait: dt.timedelta | None = None
    fetched: Fetched | None = None
    body_hash: str = ""  # 48 digits of the body's SHA-256 and 16 of how it was read
    duration: dt.timedelta = dt.timedelta(0)


def read_many(
    config: Config, sources: tuple[Source, ...], *, now: dt.datetime, memories: Mapping[str, Memory] | None = None
) -> Iterator[ReadResult]:
    """Each source's result as soon as it is there. A fault in one never keeps another from being read."""
    memories = memories or {}
    if not sources:
        return
    with concurrent.futures.ThreadPoolExecutor(
        max_workers=min(config.gather.workers, len(sources)), thread_name_prefix="gather"
    ) as pool:
        futures = {
            pool.submit(read_one, config, source, now=now, memory=memories.get(source.id, Memory())): source
            for source in sources
        }
        for future in concurrent.futures.as_completed(futures):
            try:
                yield future.result()
            except Exception as error:
                log.exception("source %s", futures[future].id)
                words = f"could not be read because of a fault of this program ({type(error).__name__})"
                yield ReadResult(source=futures[future], failure=words)


def read_one(config: Config, source: Source, *, now: dt.datetime, memory: Memory | None = None) -> ReadResult:
    """Fetch and parse one source."""
    memory = memory or Memory()
    started = time.monotonic()
    reading = reading_of(config, source, now=now)
    # Bytes that would be read differently today (another teaser length, a newer reader) are fetched in full.
    same_reader = memory.body_hash[48:] == reading.fingerprint
    fetched = fetch(config, source, now=now, url=memory.url, validators=memory.validators if same_reader else _NONE)
    result = _judge(source, fetched, reading, memory)
    return _with_duration(result, started)


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


def _judge(source: Source, fetched: Fetched | Failure, reading: Reading, memory: Memory) -> ReadResult:
    if isinstance(fetched, Failure):
        return ReadResult(source=source, failure=fetched.words, wait=fetched.wait)
    if fetched.body is None:
        return ReadResult(source=source, unchanged=True, fetched=fetched, body_hash=memory.body_hash)
    body_hash = hashlib.sha256(fetched.body).hexdigest()[:48] + reading.fingerprint
    if body_hash == memory.body_hash:
        return ReadResult(source=source, unchanged=True, fetched=fetched, body_hash=body_hash)
    parsed = parse_feed(fetched.body, replace(reading, url=fetched.url, content_type=fetched.content_type))
    if isinstance(parsed, Refused):
        return ReadResult(source=source, failure=parsed.words, fetched=fetched)
    return ReadResult(source=source, feed=parsed, fetched=fetched, body_hash=body_hash)


def _with_duration(result: ReadResult, started: float) -> ReadResult:
    return replace(result, duration=dt.timedelta(seconds=time.monotonic() - started))
