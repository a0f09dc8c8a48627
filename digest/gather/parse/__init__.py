"""From the bytes a source sent to entries: one pure function, fit to run in a process of its own.

charset.py   bytes -> text: BOM, HTTP, XML, in that order
sniff.py     what the text is: a feed, and of which format, or something else, in words
rss.py       RSS 0.9x/1.0/2.0, RDF and Atom, through feedparser
entry.py     what every format has in common: cleaning, identity, dates -> ParsedEntry
fields.py    events, publications and closing dates, from the modules that feeds state them in

A new format is one module here with a `parse(text, reading) -> ParsedFeed | Refused`, a line in `PARSERS`, and a
line in sniff.py by which it is recognised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from digest.config import Config, describe_unknown
from digest.errors import ConfigError
from digest.gather.parse import rss
from digest.gather.parse.charset import decode
from digest.gather.parse.sniff import sniff
from digest.gather.values import ParsedFeed, Reading, Refused

Parser = Callable[[str, Reading], ParsedFeed | Refused]

PARSERS: Mapping[str, Parser] = {
    "xml": rss.parse,
}

KINDS = ("feed",)

__all__ = ["KINDS", "PARSERS", "check_sources", "parse_feed"]


def parse_feed(body: bytes, reading: Reading) -> ParsedFeed | Refused:
    """What `body` says, or in words why it is not a feed. Never raises for anything in `body`."""
    if not body.strip(b"\x00 \t\r\n"):
        return Refused(words="answered with nothing: the file is empty")
    text = decode(body, reading.content_type)
    kind = sniff(text)
    if isinstance(kind, Refused):
        return kind
    try:
        return PARSERS[kind](text, reading)
    except RecursionError:
        return Refused(words="sent a feed that is nested too deeply to be read")
    except Exception as error:
        # A fault in a parser is the same to everybody else as a fault in the feed: this one failed, the rest go on.
        return Refused(words=f"sent a feed that could not be read ({type(error).__name__}: {str(error)[:200]})")


def check_sources(config: Config) -> None:
    """Refuse a source of a kind that nothing here reads, or a sample feed there is none of. Raises ConfigError."""
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
