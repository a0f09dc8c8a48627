"""Lists of feeds, in and out."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from digest.config import Config, load_config
from digest.errors import ConfigError, StorageError, UsageError
from digest.gather.opml import Listed, additions, append, export, read

LIST = b"""<?xml version="1.0"?><opml version="2.0"><body>
<outline text="events"><outline text="Zo\xc3\xab &amp; &quot;Co&quot;" xmlUrl="https://zoe.example/feed"/></outline>
<outline text="Elsewhere"><outline title="Have it" xmlUrl="http://www.one.example/feed?utm_source=x"/>
<outline title="Twice" xmlUrl="https://zoe.example/feed/"/><outline title="Live" xmlUrl="javascript:x"/></outline>
<outline title="One" xmlUrl="https://two.example/"/></body></opml>"""


@pytest.fixture
def one(make_config: Callable[..., Config]) -> Config:
    return make_config(
        '[[sources]]\nid = "one"\ntitle = "O <n> e"\nsection = "blog"\nurl = "https://one.example/feed"\n'
    )


def test_a_list_becomes_tables_without_what_is_there(one: Config) -> None:
    found = additions(one, read(LIST))
    tables = tomllib.loads(found.tables)["sources"]
    assert [(t["id"], t["title"], t["section"], t["url"]) for t in tables] == [
        ("zoe-co", 'Zoë & "Co"', "events", "https://zoe.example/feed"),
        ("one-2", "One", "news", "https://two.example/"),
    ]
    assert [words.partition(":")[0] for words in found.skipped] == ["Have it", "Twice", "Live"]


def test_tables_are_added_wholly_or_not_at_all(one: Config) -> None:
    path = one.root / "config.toml"
    path.chmod(0o640)
    append(path, additions(one, read(LIST)).tables)
    assert [source.id for source in load_config(path).sources] == ["one", "zoe-co", "one-2"]
    assert path.stat().st_mode & 0o777 == 0o640
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="would not be valid"):
        append(path, '[[sources]]\nid = "one"\ntitle = "Again"\nurl = "https://three.example/"\n')
    assert path.read_bytes() == before
    assert [file.name for file in Path(one.root).iterdir() if file.suffix == ".toml"] == ["config.toml"]


def test_what_was_written_by_hand_stays_as_it_is(one: Config) -> None:
    path = one.root / "config.toml"
    by_hand = path.read_text(encoding="utf-8").rstrip("\n") + "\n# ours: do not touch\n"
    path.write_bytes(by_hand.replace("\n", "\r\n").encode())
    link = one.root / "elsewhere.toml"
    link.symlink_to(path)
    append(link, additions(one, read(LIST)).tables)
    assert link.is_symlink()
    text = path.read_bytes().decode()
    assert text.startswith(by_hand.replace("\n", "\r\n"))
    assert text.count("\n") == text.count("\r\n")
    assert len(load_config(path).sources) == 3


def test_a_folder_that_cannot_be_written_is_said(one: Config) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        append(one.root / "not-there" / "config.toml", "")


def test_feeds_without_an_address_or_a_name() -> None:
    found = read(
        b'<opml><body><outline text="Folder"><outline text="No address" type="rss"/></outline>'
        b'<outline xmlUrl="https://untitled.example/feed"/><outline/></body></opml>'
    )
    assert [(feed.title, feed.url, feed.group) for feed in found] == [
        ("No address", "", "Folder"),
        ("untitled.example", "https://untitled.example/feed", ""),
        ("A feed without a name", "", ""),
    ]


def test_a_feed_without_an_address_is_left_out_with_the_reason(one: Config) -> None:
    found = additions(one, read(b'<opml><body><outline text="No address"/></body></opml>'))
    assert (found.count, found.skipped) == (0, ("No address: the list gives no address (xmlUrl) for it",))


def test_what_is_written_is_read_again(one: Config) -> None:
    assert read(export(one).encode()) == [Listed(title="O <n> e", url="https://one.example/feed", group="Blog")]
    assert additions(one, read(export(one).encode())).count == 0


@pytest.mark.parametrize("body", [b"", b"<rss/>", b"<opml", b'<!DOCTYPE a [<!ENTITY b "c">]><opml/>'])
def test_what_is_no_list_is_refused(body: bytes) -> None:
    with pytest.raises(UsageError):
        read(body)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_list_with_entities_or_of_any_size_is_not_read(encoding: str) -> None:
    entity = (
        '<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/hostname">]><opml><body><outline text="&x;"/></body></opml>'
    )
    with pytest.raises(UsageError, match="entities"):
        read(entity.encode(encoding))
    with pytest.raises(UsageError, match="larger"):
        read(b"<opml>" + b" " * 6_000_000 + b"</opml>")
    plain = f'<?xml version="1.0" encoding="{encoding}"?><opml><body><outline text="Zoë" xmlUrl="u"/></body></opml>'
    assert read(plain.encode(encoding))[0].title == "Zoë"
