"""One web page, read for an item that an editor adds by hand: fetched as guarded as a feed, read in a process that
can be ended."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from digest.config import Config
from digest.gather.clean.links import absolute
from digest.gather.document import EntryDoc
from digest.gather.failures import Failure, FailureKind
from digest.gather.fetch import fetch_url
from digest.gather.isolate import ReaderPool, shared_pool
from digest.gather.values import Reading, Refused

ACCEPT = "text/html, application/xhtml+xml;q=0.9, */*;q=0.5"
SECONDS = 5.0  # of the processor's time for one page


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRead:
    """What the page says of itself; or `problem`, a sentence on why nothing could be read."""

    doc: EntryDoc | None = None
    problem: str = ""


def read_page(config: Config, url: str, *, now: dt.datetime, pool: ReaderPool | None = None) -> PageRead:
    """The page behind `url`. A value comes back, whatever the server does."""
    url = _as_address(url)
    if not url:
        return PageRead(problem="That is not the address of a web page: it begins with https:// or http://.")
    fetched = fetch_url(config, url, now=now, accept=ACCEPT)
    if isinstance(fetched, Failure):
        return PageRead(problem=f"The page {_words(fetched)}.")
    reading = Reading(
        source="manual",
        section_kind="",
        zone=config.association.zone,
        teaser_length=config.digest.teaser_length,
        max_items=1,
        now=now,
        url=fetched.url,
        content_type=fetched.content_type,
        as_page=True,
    )
    read = (pool or shared_pool()).parse(fetched.body or b"", reading, seconds=SECONDS)
    if isinstance(read, Refused):
        return PageRead(problem=f"The page {read.words}.")
    return PageRead(doc=read.entries[0].doc)


def _as_address(typed: str) -> str:
    """What somebody pasted, as an address; `https://` is added where it was left out."""
    typed = typed.strip()
    if "://" not in typed and "." in typed.partition("/")[0] and " " not in typed:
        typed = f"https://{typed}"
    return absolute(typed)


def _words(failure: Failure) -> str:
    if failure.kind is FailureKind.GONE:
        return "is gone for good (410)"
    if failure.kind is FailureKind.NOT_FOUND and "404" in failure.words:
        return "does not exist: the server answered 404"
    return failure.words
