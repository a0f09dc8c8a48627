"""Asking many addresses, politely and for a while only. The answers are kept, so that the next look is cheap."""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import hashlib
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from digest.config import Config
from digest.gather.courtesy import AT_ONCE as LANES_A_HOST
from digest.gather.courtesy import Courtesy
from digest.gather.models import LinkCheck
from digest.gather.probe import LONGEST, Answer, probe
from digest.gather.values import LinkState

log = logging.getLogger(__name__)

MOST_LINKS = 300  # that are asked at one go
AT_ONCE = 16
FRESH = dt.timedelta(hours=24)  # how long a good answer counts
SETTLED = dt.timedelta(hours=1)  # how long a bad one does, before it is worth asking again
BELIEVED = dt.timedelta(days=7)  # what is older says nothing about today
KEPT = dt.timedelta(days=90)
_QUICK = 0.05  # seconds below which asking is not begun any more

Ask = Callable[[Config, str, float], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReport:
    """What a round of asking came to."""

    asked: int
    dead: int
    left: int  # for which there was no time, or no room
    known: int  # fresh enough not to be asked


def look_up(urls: Iterable[str], *, now: dt.datetime) -> Mapping[str, LinkCheck]:
    """What is known of `urls` and young enough to be believed."""
    keys = {_key(url): url for url in urls}
    rows = LinkCheck.objects.filter(checked_at__gt=now - BELIEVED)
    found: dict[str, LinkCheck] = {}
    for chunk in _chunks(list(keys), 500):
        found |= {keys[row.url_key]: row for row in rows.filter(url_key__in=chunk)}
    return found


def refresh(
    config: Config,
    urls: Sequence[str],
    *,
    now: dt.datetime,
    seconds: float,
    again: bool = False,
    ask: Ask | None = None,
) -> LinkReport:
    """Ask those of `urls` whose answer is no longer fresh, for at most `seconds`; with `again` also every bad one."""
    urls = list(dict.fromkeys(urls))
    known = look_up(urls, now=now)
    stale = [url for url in urls if not _is_fresh(known.get(url), now, again=again)]
    # Those never asked come first, then the oldest: a round that runs out of time goes on next time.
    stale.sort(key=lambda url: known[url].checked_at if url in known else dt.datetime.min.replace(tzinfo=dt.UTC))
    wanted = stale[:MOST_LINKS]
    answers = ask_all(config, wanted, seconds=seconds, ask=ask or _politely(config))
    for url, answer in answers.items():
        LinkCheck.objects.update_or_create(
            url_key=_key(url),
            defaults={
                "url": url,
                "state": answer.state,
                "words": answer.words[:500],
                "final_url": answer.final_url[:2000],
                "checked_at": now,
            },
        )
    LinkCheck.objects.filter(checked_at__lt=now - KEPT).delete()
    return LinkReport(
        asked=len(answers),
        dead=sum(answer.state is LinkState.DEAD for answer in answers.values()),
        left=len(stale) - len(answers),
        known=len(urls) - len(stale),
    )


def ask_all(config: Config, urls: Sequence[str], *, seconds: float, ask: Ask) -> dict[str, Answer]:
    """The answers that came in time. A server is asked by few at once; a fault of ours spoils one address only."""
    if not urls:
        return {}
    end = time.monotonic() + seconds
    answers: dict[str, Answer] = {}

    def work(lane: Sequence[str]) -> None:
        for url in lane:
            left = end - time.monotonic()
            if left < _QUICK:
                return
            try:
                answers[url] = ask(config, url, min(left, LONGEST))
            except Exception:
                log.exception("link %s", url)

    lanes = _lanes(urls)
    workers = min(AT_ONCE, len(lanes))
    with concurrent.futures.ThreadPoolExecutor(max_workers=workers, thread_name_prefix="links") as threads:
        list(threads.map(work, lanes))
    return {url: answers[url] for url in urls if url in answers}


def _politely(config: Config) -> Ask:
    courtesy = Courtesy(config.gather.crawl_delay)
    return lambda config, url, seconds: probe(config, url, seconds=seconds, courtesy=courtesy)


def _lanes(urls: Sequence[str]) -> list[list[str]]:
    """Addresses that are asked one after the other: at most LANES_A_HOST lanes for one server."""
    hosts: dict[str, list[str]] = defaultdict(list)
    for url in urls:
        hosts[_host(url)].append(url)
    lanes = [of_host[n::LANES_A_HOST] for of_host in hosts.values() for n in range(LANES_A_HOST)]
    return sorted((lane for lane in lanes if lane), key=len, reverse=True)


def _is_fresh(row: LinkCheck | None, now: dt.datetime, *, again: bool) -> bool:
    if row is None:
        return False
    bad = row.state in (LinkState.DEAD, LinkState.UNSURE)
    return now - row.checked_at < (dt.timedelta(0) if bad and again else SETTLED if bad else FRESH)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _key(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()


def _chunks(keys: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))
