"""From the bytes a source sent to entries: one pure function, fit to run in a process of its own.

charset.py   bytes -> text: BOM, HTTP, XML, in that order
sniff.py     what the text is: a feed, and of which format, or something else, in words
rss.py       RSS 0.9x/1.0/2.0, RDF and Atom, through feedparser
jsonfeed.py  JSON Feed 1 and 1.1
calendar.py  iCalendar, through the icalendar package
repair.py    XML whose tags were never closed
page.py      a web page: the feed that it names, and what it is
article.py   a web page as one entry, for an item that an editor adds
entry.py     what every format has in common: cleaning, identity, dates -> ParsedEntry
elements.py  the fields of an XML entry, those of calendars among them
events.py    when an event takes place, from the fields and the markup that state it; guess.py: from its text
fields.py    publications and closing dates
labels.py    names of people, categories, languages

A new format is one module here with a `parse(text, reading) -> ParsedFeed | Refused`, a line in `PARSERS`, and a
line in sniff.py by which it is recognised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from digest.gather.parse import article, calendar, jsonfeed, page, rss
from digest.gather.parse.charset import decode
from digest.gather.parse.sniff import sniff
from digest.gather.values import ParsedFeed, Reading, Refused

if TYPE_CHECKING:
    from digest.config import Config

Parser = Callable[[str, Reading], ParsedFeed | Refused]

PARSERS: Mapping[str, Parser] = {
    "xml": rss.parse,
    "json": jsonfeed.parse,
    "icalendar": calendar.parse,
    "html": page.parse,
}

KINDS = ("feed",)
_NO_TEXT = (b"%PDF", b"\x89PNG", b"GIF8", b"PK\x03\x04", b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1", b"RIFF")

__all__ = ["KINDS", "PARSERS", "check_sources", "parse_feed"]


def parse_feed(body: bytes, reading: Reading) -> ParsedFeed | Refused:
    """What `body` says, or in words why it is not a feed. Never raises for anything in `body`."""
    if not body.strip(b"\x00 \t\r\n"):
        return Refused(words="answered with nothing: the file is empty")
    if reading.as_page:
        return _parse_page(body, reading)
    text = decode(body, reading.content_type)
    kind = sniff(text)
    if isinstance(kind, Refused):
        return kind
    try:
        return PARSERS[kind](text, reading)
    except RecursionError:
        return Refused(words="sent a feed that is nested too deeply to be read")
    except MemoryError:
        return Refused(words="needed more memory to be read than a feed is given, so it was given up")
    except Exception as error:
        # A fault in a parser is the same to everybody else as a fault in the feed: this one failed, the rest go on.
        return Refused(words=f"sent a feed that could not be read ({type(error).__name__}: {str(error)[:200]})")


def _parse_page(body: bytes, reading: Reading) -> ParsedFeed | Refused:
    if body[:4] in _NO_TEXT or b"\x00" in body[:1000]:
        return Refused(words="is not a web page but a file of another kind (a PDF, a picture, ...)")
    try:
        return article.parse(decode(body, reading.content_type), reading)
    except Exception as error:
        return Refused(words=f"is a page that could not be read ({type(error).__name__})")


def check_sources(config: Config) -> None:
    """Refuse a source of a kind that nothing here reads, or a sample feed there is none of. Raises ConfigError."""
    from digest.config import describe_unknown  # not needed to parse, and slow to import
    from digest.errors import ConfigError

    for index, source in enumerate(config.sources, 1):
        where = f'{config.root / "config.toml"}: sources[{index}] ("{source.id}")'
        if source.kind not in KINDS:
            raise ConfigError(
                f"{where}.kind: {describe_unknown(source.kind, KINDS)}.",
                hint="Nothing was done. Mend the file and try again.",
            )
        if source.url.startswith("sample:"):
            from digest.sample.feeds import NAMES

            name = source.url.removeprefix("sample:")
            if name not in NAMES:
                raise ConfigError(
                    f"{where}.url: {describe_unknown(name, NAMES)}.",
                    hint="Nothing was done. Mend the file and try again.",
                )
