"""Four Mondays of a real association, from its real feeds. Runs where those feeds are; they are not copied here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FEEDS = Path(__file__).resolve().parents[2] / ".." / "shared" / "feeds" / "alt"
SOURCES = {
    "news": ("ALT News", "alt-news.rss"),
    "events": ("ALT Events", "alt-events.rss"),
    "blog": ("#ALTC Blog", "altc-blog.rss"),
    "publications": ("RLT Journal", "rlt-journal.atom"),
    "announcements": ("ALT Announce", "alt-announce.rss"),
}
KINDS = {"news": "list"}

pytestmark = pytest.mark.skipif(not FEEDS.is_dir(), reason=f"the real feeds are not at {FEEDS}")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    text = """
[association]
name = "Association for Learning Technology"
zone = "Europe/London"
[digest]
anchor = { number = 736, date = 2024-02-12 }
[plan]
cut_off = "Mon 09:00"
send = "Mon 09:30"
"""
    for section in SOURCES:
        text += (
            f'[[sections]]\nid = "{section}"\ntitle = "{section.title()}"\nkind = "{KINDS.get(section, section)}"\n'
        )
    for section, (title, file) in SOURCES.items():
        text += f'[[sources]]\nid = "{section}"\ntitle = "{title}"\nsection = "{section}"\npath = "{FEEDS / file}"\n'
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    return tmp_path


def digest(home: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "digest", *arguments, "--config", str(home / "config.toml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


EXPECTED = [
    ("2024-01-29 09:00", 734, "29 Jan 2024", {"publications": 1}),
    ("2024-02-05 09:00", 735, "05 Feb 2024", {"news": 1, "events": 1, "blog": 2}),
    ("2024-02-12 09:00", 736, "12 Feb 2024", {"news": 3, "blog": 1}),
    ("2024-02-19 09:00", 737, "19 Feb 2024", {"news": 2, "events": 4, "blog": 1, "announcements": 1}),
]


@pytest.mark.parametrize("gathered", [False, True], ids=["read-now", "stored"])
def test_four_mondays(home: Path, gathered: bool) -> None:
    if gathered:
        digest(home, "gather")
    for when, number, day, counts in EXPECTED:
        issue = json.loads(digest(home, "compose", "--as-of", when, "--json"))
        assert issue["title"] == f"Weekly News Digest - Issue {number}, {day}"
        found = {section["id"]: len(section["items"]) for section in issue["sections"]}
        assert found == {section: counts.get(section, 0) for section in SOURCES}
        titles = [item["title"] for section in issue["sections"] for item in section["items"]]
        assert not [title for title in titles if "Weekly News Digest" in title]
        for placement in issue["placements"]:
            if "Weekly News Digest" in placement["title"]:
                assert placement["outcome"] == "own-digest"
    assert (home / "digest.sqlite3").exists() is gathered, "a look at a past week stores nothing"
