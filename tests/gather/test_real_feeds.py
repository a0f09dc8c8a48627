"""Feeds that real software made, where they are at hand: none of them is part of this project."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from digest.gather.parse import parse_feed
from digest.gather.values import DateQuality, ParsedEntry, ParsedFeed, Reading, Refused

FOLDER = Path(__file__).resolve().parents[2] / ".." / "shared" / "feeds"
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the folder of real feeds, {FOLDER}, is not there")


def manifest() -> Iterator[dict[str, str]]:
    path = FOLDER / "real" / "manifest.csv"
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def read(path: Path, kind: str = "list") -> ParsedFeed | Refused:
    return parse_feed(
        path.read_bytes(),
        Reading(
            source="s",
            section_kind=kind,
            zone="Europe/London",
            teaser_length=280,
            max_items=1000,
            now=NOW,
            url="https://feeds.example/feed.xml",
        ),
    )


def check(entry: ParsedEntry) -> None:
    doc = entry.doc
    assert doc.title
    for text in (doc.title, doc.summary, doc.text, doc.html, *doc.authors, *doc.categories):
        assert not CONTROL.search(text), text
    assert "\n" not in doc.title + doc.summary
    assert len(doc.summary) <= 280
    assert not re.search(r"&(?:amp|lt|gt|quot|#\d+);", doc.title), doc.title
    for text in (doc.title, doc.summary):
        assert not re.search(r"â€[™œ“]|Ã[¤¶¼©³]|\u00ad", text), text
        assert not re.search(
            r"</(?:b|i|em|strong|a|span|p|div|script)\s*>|<(?:a|img|div|p)[\s>]", text, re.IGNORECASE
        ), text
    assert not re.search(r"<(?:script|iframe|img|style|form)|\son\w+\s*=\s*[\"']|javascript:", doc.html), doc.html
    for url in (doc.url, doc.image.url if doc.image else ""):
        assert url == "" or urlsplit(url).scheme in ("http", "https")
    assert not re.search(r"[?&]utm_", doc.url)
    assert len(entry.identity) == 64


@pytest.mark.parametrize("row", list(manifest()), ids=lambda row: row["file"])
def test_a_real_feed_is_read_right_or_refused_with_a_reason(row: dict[str, str]) -> None:
    feed = read(FOLDER / "real" / row["file"])
    assert isinstance(feed, ParsedFeed), feed.words
    for entry in feed.entries:
        check(entry)
    # Entries that say nothing at all, and those given twice, are left out.
    left_out = int(row["items"]) - len(feed.entries)
    assert 0 <= left_out <= (1 if "no-titles" in row["traps"] or "duplicate" in row["traps"] else 0)
    assert not feed.title or feed.title.startswith(" ".join(row["feed_title"].split())[:50])
    if "no-links" not in row["traps"]:
        assert all(entry.doc.url for entry in feed.entries)
    dated = [entry.published_at for entry in feed.entries if entry.published_at is not None]
    are_events = any(entry.date_quality is DateQuality.EVENT for entry in feed.entries)
    if row["newest"] and not are_events:
        assert max(dated).date().isoformat() == row["newest"]
    if are_events:
        assert max(e.event_start for e in feed.entries if e.event_start).date().isoformat() == row["newest"]


def test_the_dates_guessed_for_real_events_are_right_or_absent() -> None:
    feed = read(FOLDER / "alt" / "alt-events.rss", "events")
    assert isinstance(feed, ParsedFeed)
    (event,) = [entry.doc.event for entry in feed.entries if entry.doc.event]
    assert event.guessed
    assert event.start == dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC)
    assert event.end == dt.datetime(2024, 2, 29, 13, tzinfo=dt.UTC)


def test_the_teaser_of_a_real_letter_begins_with_its_first_sentence() -> None:
    feed = read(FOLDER / "alt" / "altc-blog.rss", "blog")
    assert isinstance(feed, ParsedFeed)
    report = next(entry.doc for entry in feed.entries if entry.doc.title.startswith("CEO Report"))
    assert report.summary.startswith("A very belated Happy New Year!")


@pytest.mark.parametrize(
    ("name", "kind", "count"),
    [
        ("alt-news.rss", "list", 6),
        ("alt-events.rss", "events", 5),
        ("altc-blog.rss", "blog", 4),
        ("rlt-journal.atom", "publications", 1),
        ("alt-announce.rss", "announcements", 4),
    ],
)
def test_the_feeds_of_a_real_association_are_read_whole(name: str, kind: str, count: int) -> None:
    feed = read(FOLDER / "alt" / name, kind)
    assert isinstance(feed, ParsedFeed)
    assert len(feed.entries) == count
    for entry in feed.entries:
        check(entry)
        assert entry.doc.url
        assert entry.doc.summary
        assert entry.doc.authors
        assert entry.date_quality is DateQuality.EXACT
        assert entry.published_at is not None
        assert entry.published_at.year == 2024
