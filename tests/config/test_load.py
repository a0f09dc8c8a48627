"""config.toml: what is refused, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.config import find_config, load_config
from digest.errors import ConfigError
from tests.conftest import CONFIG

ROOT = Path(__file__).resolve().parents[2]


def refused(tmp_path: Path, text: str) -> str:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(path) in caught.value.message
    return str(caught.value)


def test_the_shipped_file_is_valid_and_runs_the_sample() -> None:
    config = load_config(ROOT / "config.toml")
    assert config.is_sample
    assert [s.id for s in config.sections] == ["news", "events", "blog", "publications", "announcements"]
    assert config.root == ROOT


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("[plann]\n", "plann: unknown key. Did you mean 'plan'?"),
        ('[plan]\ncut_of = "Mon 07:00"\n', "plan.cut_of: unknown key. Did you mean 'cut_off'?"),
        (
            '[plan]\ncut_off = "Monday"\n',
            "plan.cut_off: expected a weekday and a time, like \"Mon 07:00\", not 'Monday'",
        ),
        ('[plan]\nsend = "Mon 06:00"\n', "the plan is impossible"),
        ('[plan]\nsend = "Mon 07:10"\n', "less the lead of 30 minutes lies before cut_off"),
        ('[plan]\napprove_by = "Mon 08:45"\n', "approve_by (Mon 08:45) must lie between"),
        ('[[sources]]\nid = "a"\ntitle = "A"\nsection = "news"\n', "expected either url or path"),
        ('[[sources]]\nid = "a"\ntitle = "A"\nsection = "nws"\nurl = "https://e.example/f"\n', "not 'nws'"),
        ('[[sources]]\nid = "a"\ntitle = "A"\nsection = "news"\nurl = "ftp://e.example/"\n', "begins with https://"),
        ('[[sections]]\nid = "news"\ntitle = "Again"\n', "'news' stands twice"),
        ('[[sections]]\nid = "No Slug"\ntitle = "x"\n', 'sections[6] ("No Slug").id: expected a short name'),
        ("[delivery]\nbatch_size = 1001\n", "delivery.batch_size: expected less than or equal to 1000, not 1001"),
        ('[brand]\nprimary = "red"\n', "brand.primary: expected a colour"),
    ],
)
def test_a_bad_value_is_named_with_its_path(tmp_path: Path, extra: str, words: str) -> None:
    assert words in refused(tmp_path, CONFIG + "\n" + extra)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('zone = "Europe/London"', 'zone = "Europe/Londn"', "association.zone: expected an IANA time zone"),
        ('name = "Test Association"', "", "association.name: this key is missing"),
        ("[digest]", '[digest]\ntitle = "News"', "expected a title that holds both {number} and {date}"),
        ("[digest]", '[digest]\ntitle = "{number} {date} {oops}"', "no other braces"),
        ('base_url = "http://127.0.0.1:8000"', 'base_url = "digest.example.org"', "expected the public address"),
        ('base_url = "http://127.0.0.1:8000"', 'base_url = "https://dïgest.example.org"', "in plain ASCII"),
        ('base_url = "http://127.0.0.1:8000"', """base_url = 'https://digest.example.org/a"b'""", "in plain ASCII"),
    ],
)
def test_a_bad_value_in_the_basics(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in CONFIG
    assert words in refused(tmp_path, CONFIG.replace(old, new))


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    assert "line 2" in refused(tmp_path, "[association]\nname = \n")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_config(path)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    words = refused(tmp_path, CONFIG + '\n[plann]\n[brand]\nprimary = "red"\n')
    assert "plann" in words
    assert "brand.primary" in words


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG + '\n[storage]\nissues = "record"\n', encoding="utf-8")
    assert load_config(path).issues_dir == tmp_path / "record"


def test_where_the_file_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
        (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(here)
    assert find_config(environ={}) == here / "config.toml"
    assert find_config(environ={"DIGEST_CONFIG": str(there / "config.toml")}) == there / "config.toml"
    option = str(here / "config.toml")
    assert find_config(option, environ={"DIGEST_CONFIG": str(there)}) == here / "config.toml"
    with pytest.raises(ConfigError, match="--config names"):
        find_config(str(tmp_path / "none.toml"), environ={})
