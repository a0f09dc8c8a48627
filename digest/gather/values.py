"""The values that pass from fetching to storing. Pure, picklable, and free of Django.

`Reading` goes into a parser, `ParsedFeed` or `Refused` comes out.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from enum import StrEnum

from digest.gather.document import EntryDoc


class DateQuality(StrEnum):
    """How far `published_at` can be trusted."""

    EXACT = "exact"  # an instant with a zone, in a plausible year
    GUESSED = "guessed"  # a date without a zone or time, read in the association's zone
    MISSING = "missing"  # none, or an absurd one: first_seen_at decides
    EVENT = "event"  # the feed gives the event's start where the publication date belongs


class IdentityKind(StrEnum):
    """By what an entry is known again."""

    GUID = "guid"
    LINK = "link"
    TITLE = "title"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything a parser may know about a source besides the bytes it sent."""

    source: str  # its id in config.toml
    section_kind: str  # "events", "publications", ...
    zone: str  # the association's IANA zone: for dates that state none
    teaser_length: int  # characters
    max_items: int
    now: dt.datetime  # aware
    url: str = ""  # where the bytes came from, after redirects; "" for a file
    content_type: str = ""  # the HTTP header, with its charset
    language: str = ""
    looking_back: bool = False  # `now` may lie long before the bytes were sent
    as_page: bool = False  # the bytes are a web page, to be read as one entry

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change when the same bytes would have to be read anew."""
        whole = "\x00".join(
            (READER_VERSION, self.section_kind, self.zone, str(self.teaser_length), str(self.max_items))
        )
        return hashlib.sha256(whole.encode()).hexdigest()[:16]


READER_VERSION = "3"  # raise it when an unchanged feed should be read again after an upgrade


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEntry:
    """One entry as its source gave it, cleaned and dated. Instants are aware UTC."""

    doc: EntryDoc
    identity: str  # SHA-256, hex
    identity_kind: IdentityKind
    url_key: str  # SHA-256 of the canonical URL; "" without one
    title_key: str  # SHA-256 of the normalised title; "" without one
    published_raw: str = ""
    published_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None
    date_quality: DateQuality = DateQuality.MISSING
    event_start: dt.datetime | None = None
    event_end: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed that could be read. No entries is a quiet week, not a failure."""

    title: str
    entries: tuple[ParsedEntry, ...]
    format: str  # "rss", "json", "icalendar"
    words: str = ""  # what a person should know of it: "not well-formed; read as far as possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Bytes that are not a feed. `words` is a sentence without a subject: "answered with a web page, not a feed"."""

    words: str
    given_up: bool = False  # not for what it says, but because it took too long
    feed_url: str = ""  # a web page names its feed there; absolute once `parse_feed` returns it


class LinkState(StrEnum):
    """What is known of an address that an issue points to."""

    FINE = "fine"
    DEAD = "dead"  # no such page, no such server: for certain
    UNSURE = "unsure"  # it did not answer in time, or had a fault of its own
    CLOSED = "closed"  # it lets people in and programs not: nothing can be told
