"""What the command tells of the sources, and of what they changed; lists of feeds in and out."""

from __future__ import annotations

import datetime as dt
import json
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.commands.conftest import Run

NOW = dt.datetime.now(dt.UTC)


@pytest.fixture
def one(run: Run, home: Path) -> Path:
    """An installation with a feed of its own and one that is missing."""
    config = (home / "config.toml").read_text(encoding="utf-8")
    tables = [
        f'[[sources]]\nid = "{name}"\ntitle = "{name.title()}"\nsection = "news"\npath = "{name}.xml"\n'
        for name in ("ours", "missing")
    ]
    (home / "config.toml").write_text(config[: config.index("[[sources]]")] + "\n".join(tables), encoding="utf-8")
    publish(home, "A talk", "Another")
    assert run("gather", cwd=home).code == 0
    return home


def publish(home: Path, *titles: str) -> None:
    items = "".join(
        f"<item><title>{title}</title><guid>g{n}</guid><link>https://a.example/{n}</link>"
        f"<pubDate>{format_datetime(NOW - dt.timedelta(minutes=n + 1))}</pubDate></item>"
        for n, title in enumerate(titles)
    )
    (home / "ours.xml").write_text(f"<rss version='2.0'><channel>{items}</channel></rss>", encoding="utf-8")


def test_a_draft_says_what_a_source_changed(run: Run, one: Path) -> None:
    assert "the source" not in run("compose", cwd=one).out
    publish(one, "A lecture", "Another")
    run("gather", cwd=one)
    said = run("compose", cwd=one).out
    after = " ".join(said.partition("A lecture")[2].partition("Another")[0].split())
    assert "! the source changed this on " in after
    assert "the title was “A talk”, and is now “A lecture”" in after
    placements = json.loads(run("compose", "--json", cwd=one).out)["placements"]
    changes = {p["title"]: (p["source_note"] or {}).get("changes") for p in placements}
    assert changes == {
        "A lecture": [{"what": "title", "before": "A talk", "now": "A lecture", "edited": False}],
        "Another": None,
    }


def test_how_the_sources_are(run: Run, one: Path) -> None:
    said = run("sources", cwd=one, COLUMNS="80").out
    assert "ours" in said
    assert "failing" in said
    assert "-> Look at the file missing.xml" in said
    assert max(map(len, said.splitlines())) <= 80
    doctor = run("doctor", cwd=one)
    assert doctor.code == 1
    assert "FAIL  Missing: failing: could not be read" in doctor.out


def test_a_list_of_feeds_is_shown_first_and_added_when_asked(run: Run, one: Path) -> None:
    before = (one / "config.toml").read_bytes()
    (one / "list.opml").write_text(
        '<opml version="2.0"><body><outline text="From the blog"><outline text="Zoë" xmlUrl="https://zoe.example/f"/>'
        '<outline text="None"/></outline></body></opml>',
        encoding="utf-8",
    )
    shown = run("sources", "import", "list.opml", cwd=one)
    assert 'section = "blog"\nurl = "https://zoe.example/f"' in shown.out
    assert "Left out: None: the list gives no address" in shown.err
    assert (one / "config.toml").read_bytes() == before
    assert run("sources", "import", "list.opml", "--apply", cwd=one).code == 0
    assert (one / "config.toml").read_bytes().startswith(before.rstrip())
    assert 'xmlUrl="https://zoe.example/f"' in run("sources", "export", cwd=one).out
    assert "brings nothing new" in run("sources", "import", "list.opml", cwd=one).err
    (one / "list.opml").write_text("nonsense", encoding="utf-8")
    refused = run("sources", "import", "list.opml", cwd=one)
    assert (refused.code, "not well-formed" in refused.err) == (1, True)
