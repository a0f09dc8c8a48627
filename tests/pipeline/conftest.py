"""An association with two feeds on disk, forty weeks of nothing, and three members."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest

from digest.config import Config, Keys
from digest.members.roll import import_bytes

MEMBERS = b"email,name\nada@example.org,Ada\nben@example.org,Ben\ncleo@example.org,Cleo\n"


def rss(*items: tuple[str, dt.datetime]) -> str:
    """A small RSS feed of (title, published)."""
    entries = "".join(
        f"<item><title>{escape(title)}</title><link>https://news.example/{quote(title)}</link>"
        f"<guid isPermaLink='false'>{escape(title)}</guid><pubDate>{format_datetime(at)}</pubDate>"
        f"<description>What {escape(title)} is about, in a sentence of its own.</description></item>"
        for title, at in items
    )
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>Feed</title>{entries}</channel></rss>"


@pytest.fixture
def publish_feed(tmp_path: Path) -> Callable[..., None]:
    """`publish_feed("news", ("Title", instant), ...)` writes the feed of a source."""

    def write(source: str, *items: tuple[str, dt.datetime]) -> None:
        (tmp_path / f"{source}.xml").write_text(rss(*items), encoding="utf-8")

    return write


@pytest.fixture
def association(make_config: Callable[..., Config], publish_feed: Callable[..., None], settings: Any) -> Config:
    config = make_config(
        '[[sources]]\nid = "news"\ntitle = "The News"\nsection = "news"\npath = "news.xml"\n'
        '[[sources]]\nid = "blog"\ntitle = "The Blog"\nsection = "blog"\npath = "blog.xml"\n'
    )
    settings.DIGEST = config
    publish_feed("news")
    publish_feed("blog")
    return config


@pytest.fixture
def members(association: Config, keys: Keys, db: None) -> None:
    now = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    import_bytes(MEMBERS, name="members.csv", keys=keys, now=now, actor="test")
