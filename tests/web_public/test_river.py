"""The river of a section: where "3 more on the web" leads."""

from __future__ import annotations

import datetime as dt
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client

from digest import pipeline

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)


def test_what_had_no_room_is_on_the_web(client: Client, make_config: Any, tmp_path: Path, settings: Any) -> None:
    from tests.conftest import CONFIG

    titles = ["<b>One</b> & two", "Three", "Weekly News Digest - Issue 735, 05 Feb 2024"]
    items = "".join(
        f"<item><title><![CDATA[{title}]]></title><link>https://n.example/{n}</link><guid>{n}</guid>"
        f"<pubDate>{format_datetime(NOW - dt.timedelta(hours=n + 1))}</pubDate></item>"
        for n, title in enumerate(titles)
    )
    (tmp_path / "news.xml").write_text(
        f"<rss version='2.0'><channel><title>N</title>{items}</channel></rss>", "utf-8"
    )
    source = '[[sources]]\nid = "news"\ntitle = "The News"\nsection = "news"\npath = "news.xml"\n'
    config = make_config(source, base=CONFIG.replace('id = "news"', 'id = "news"\nmax_items = 1', 1))
    settings.DIGEST = config
    pipeline.gather(config, now=NOW)
    document = pipeline.coming(config, now=NOW).document
    assert (document.sections[0].more, document.sections[0].more_url) == (1, "http://127.0.0.1:8000/river/news/")
    with time_machine.travel(NOW + dt.timedelta(days=1)):
        page = client.get("/river/news/")
        empty = client.get("/river/blog/")
    text = page.content.decode()
    assert page.status_code == 200
    assert not page.cookies
    assert text.index("One") < text.index("Three")
    assert "<b>One" not in text
    assert "Issue 735" not in text
    assert "Nothing was published here" in empty.content.decode()
    assert client.get("/river/nosuch/").status_code == 404
    assert client.post("/river/news/").status_code == 405
