"""What the sample ships beside its feeds: members, pictures and the config.toml that shows it."""

from __future__ import annotations

import csv
import datetime as dt
import io
from importlib import resources
from pathlib import Path

import pytest
from email_validator import validate_email

from digest.compose.sections import KINDS, check_kinds
from digest.config import Config, load_config
from digest.sample.feeds import NAMES, feed_bytes
from digest.sample.members import members_csv
from digest.sample.pictures import ALTERNATIVES, picture_url
from digest.sample.stories import stories

CONFIG_FILE = Path(__file__).parents[2] / "config.toml"
RESERVED = (".example", "example.org", "example.com", "example.net")  # RFC 2606


@pytest.fixture
def shipped() -> Config:
    return load_config(CONFIG_FILE)


def test_there_are_25_members_at_reserved_domains() -> None:
    rows = list(csv.DictReader(io.StringIO(members_csv().decode("utf-8"))))
    addresses = [row["email"].lower() for row in rows]
    assert len(rows) == len(set(addresses)) == 25
    for row in rows:
        assert row["name"].strip()
        assert row["email"].lower().endswith(RESERVED)
        validate_email(row["email"], check_deliverability=False, test_environment=True)


def test_every_picture_is_there_and_small() -> None:
    folder = resources.files("digest.sample") / "images"
    sizes = {path.name: len(path.read_bytes()) for path in folder.iterdir() if path.name.endswith(".jpg")}
    assert sizes.keys() == {f"{name}.jpg" for name in ALTERNATIVES}
    assert all(size <= 60_000 for size in sizes.values())


def test_every_picture_is_used_and_no_story_asks_for_another() -> None:
    used = {story.picture for name in NAMES for story in stories(name)} - {""}
    assert used == ALTERNATIVES.keys()
    with pytest.raises(KeyError):
        picture_url("http://127.0.0.1:8000", "windmill")


def test_the_shipped_config_runs_the_sample(shipped: Config) -> None:
    check_kinds(shipped)
    assert shipped.is_sample
    assert [s.kind for s in shipped.sections] == ["list", "events", "blog", "publications", "announcements"]
    assert [s.url for s in shipped.sources] == [f"sample:{name}" for name in NAMES]
    for source in shipped.sources:
        now = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
        assert feed_bytes(source.url.removeprefix("sample:"), config=shipped, now=now).startswith(b"<?xml")


def test_the_examples_in_comments_work_when_their_marks_are_taken_away(tmp_path: Path) -> None:
    lines = CONFIG_FILE.read_text(encoding="utf-8").split("[association]", 1)
    opened = lines[0] + "[association]" + lines[1].replace("\n# [[", "\n[[").replace("\n# id", "\nid")
    for key in ("title", "kind", "max_items", "section", "url", "logo", "logo_alt"):
        opened = opened.replace(f"\n# {key} =", f"\n{key} =")
    path = tmp_path / "config.toml"
    path.write_text(opened, encoding="utf-8")
    config = load_config(path)
    assert {s.kind for s in config.sections} == set(KINDS)
    assert config.brand.logo


def test_about_ten_lines_are_marked_as_the_reader_s_own() -> None:
    body = CONFIG_FILE.read_text(encoding="utf-8").split("[association]", 1)[1]
    assert 8 <= body.count("<-- yours") <= 12


@pytest.mark.parametrize("which", ["primary", "accent"])
def test_the_brand_s_colours_can_be_read_on_white(shipped: Config, which: str) -> None:
    colour = getattr(shipped.brand, which)
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]  # WCAG 2.2
    assert 1.05 / (luminance + 0.05) >= 4.5
