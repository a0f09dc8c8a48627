"""Small feeds, and the ways to read them in a test."""

from __future__ import annotations

import datetime as dt

from digest.gather.parse import parse_feed
from digest.gather.values import ParsedEntry, ParsedFeed, Reading, Refused

NOW = dt.datetime(2024, 2, 16, 12, 0, tzinfo=dt.UTC)

NAMESPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:ev="http://purl.org/rss/1.0/modules/event/" '
    'xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/" xmlns:atom="http://www.w3.org/2005/Atom"'
)


def rss(*items: str, channel: str = "<title>Feed</title><link>https://news.example/</link>") -> bytes:
    """An RSS 2.0 feed of whole <item>s given by their content."""
    inner = "".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0"?><rss version="2.0" {NAMESPACES}><channel>{channel}{inner}</channel></rss>'.encode()


def atom(*entries: str, head: str = "<title>Feed</title><link href='https://journal.example/'/>") -> bytes:
    inner = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return (
        f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/">{head}{inner}</feed>'
    ).encode()


def ics(*events: str, head: str = "X-WR-CALNAME:Diary") -> bytes:
    """A calendar of whole events, given by their lines."""
    inner = "".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{head}\n{inner}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def reading(**changes: object) -> Reading:
    values: dict[str, object] = {
        "source": "news",
        "section_kind": "list",
        "zone": "Europe/London",
        "teaser_length": 280,
        "max_items": 1000,
        "now": NOW,
        **changes,
    }
    return Reading(**values)  # type: ignore[arg-type]


def parsed(body: bytes, **changes: object) -> ParsedFeed:
    result = parse_feed(body, reading(**changes))
    assert isinstance(result, ParsedFeed), result
    return result


def only(body: bytes, **changes: object) -> ParsedEntry:
    """The one entry of a feed."""
    (entry,) = parsed(body, **changes).entries
    return entry


def refused(body: bytes, **changes: object) -> str:
    result = parse_feed(body, reading(**changes))
    assert isinstance(result, Refused), result
    return result.words
