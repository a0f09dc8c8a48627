"""Reading the sources without a database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from digest.config import Config
from digest.gather.transient import read_sources
from tests.gather.feeds import NOW, rss


def test_every_source_is_read_in_order_and_nothing_is_stored(
    make_config: Callable[..., Config], tmp_path: Path
) -> None:
    (tmp_path / "news.xml").write_bytes(rss("<title>One</title>"))
    config = make_config(
        '[[sources]]\nid = "gone"\ntitle = "Gone"\nsection = "news"\npath = "gone.xml"\n'
        '[[sources]]\nid = "news"\ntitle = "News"\nsection = "news"\npath = "news.xml"\n'
    )
    gone, news = read_sources(config, now=NOW)
    assert (gone.source.id, gone.entries) == ("gone", ())
    assert "there is no file" in gone.failure
    assert [entry.doc.title for entry in news.entries] == ["One"]
    assert news.failure == ""
