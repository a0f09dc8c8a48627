"""The record: written once, whole, and about nobody."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from digest.archive.record import FILES, write_record
from digest.config import Config, Keys
from digest.deliver.editions import new_merge_tag
from digest.deliver.links import member_links
from digest.errors import StateError, StorageError
from digest.render.models import MergeTags
from tests.archive.values import document, rendered, with_events


def test_its_files_and_no_trace_of_the_database(config: Config) -> None:
    doc = document()
    folder = write_record(config, doc, rendered(doc), number=736)
    assert folder == config.issues_dir / "736"
    assert sorted(path.name for path in folder.iterdir()) == sorted((*FILES, "record.json", "SHA256SUMS"))
    published = json.loads((folder / "issue.json").read_text())
    assert published["number"] == 736
    assert published["sections"][0]["items"][0]["entry"] is None
    assert [path.name for path in config.issues_dir.iterdir()] == ["736"]
    assert folder.stat().st_mode & 0o055 == 0o055 & ~_umask()  # a web server of another user may read it


def test_its_events_stand_beside_it_as_calendar_files(config: Config) -> None:
    doc = with_events()
    folder = write_record(config, doc, rendered(doc), number=736)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        (*FILES, "record.json", "SHA256SUMS", "events.ics", "ia1b2.ics")
    )
    whole, clinic = ((folder / f"{name}.ics").read_bytes() for name in ("events", "ia1b2"))
    assert whole.count(b"BEGIN:VEVENT\r\n") == 2
    assert b"SUMMARY:Clinic\r\n" in clinic
    assert f"URL:{config.web.base_url}/issues/736/#ia1b2\r\n".encode() in clinic
    assert [path.name for path in config.issues_dir.iterdir()] == ["736"], "nothing beside the folder"


def test_a_record_from_before_there_were_calendar_files_is_whole(config: Config) -> None:
    doc = with_events()
    folder = write_record(config, doc, rendered(doc), number=736)
    for path in folder.glob("*.ics"):
        path.unlink()
    assert write_record(config, doc, rendered(doc), number=736) == folder
    assert not list(folder.glob("*.ics")), "a record that stands is never added to"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_writing_the_same_again_is_harmless(config: Config) -> None:
    doc = document()
    folder = write_record(config, doc, rendered(doc), number=736)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert write_record(config, doc, rendered(doc), number=736) == folder
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_another_content_is_never_written_over(config: Config) -> None:
    doc = document()
    folder = write_record(config, doc, rendered(doc), number=736)
    with pytest.raises(StorageError, match=r"email\.txt differs"):
        write_record(config, doc, rendered(doc, text="other\n"), number=736)
    assert (folder / "email.txt").read_text() == "text\n"


def test_an_incomplete_record_is_named(config: Config) -> None:
    doc = document()
    folder = write_record(config, doc, rendered(doc), number=736)
    (folder / "index.html").unlink()
    with pytest.raises(StorageError, match=r"index\.html is missing"):
        write_record(config, doc, rendered(doc), number=736)


def test_an_empty_folder_is_no_record(config: Config) -> None:
    (config.issues_dir / "736").mkdir(parents=True)
    doc = document()
    write_record(config, doc, rendered(doc), number=736)
    assert (config.issues_dir / "736" / "issue.json").is_file()


def test_a_failure_leaves_nothing_behind(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Path] = []

    def disk_full(path: Path, content: bytes) -> None:
        written.append(path)
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        path.write_bytes(content)

    monkeypatch.setattr("digest.archive.folder._write", disk_full)
    doc = document()
    with pytest.raises(StorageError, match="No space left"):
        write_record(config, doc, rendered(doc), number=736)
    assert list(config.issues_dir.iterdir()) == []


def test_a_file_where_the_folder_should_be(config: Config) -> None:
    config.issues_dir.parent.mkdir(parents=True, exist_ok=True)
    config.issues_dir.write_text("in the way")
    doc = document()
    with pytest.raises(StorageError, match="issue 736") as caught:
        write_record(config, doc, rendered(doc), number=736)
    assert caught.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(config: Config) -> None:
    config.issues_dir.mkdir(mode=0o500)
    doc = document()
    with pytest.raises(StorageError, match="Permission denied"):
        write_record(config, doc, rendered(doc), number=736)


@pytest.mark.parametrize("where", ["html", "text", "web"])
@pytest.mark.parametrize("verb", ["unsubscribe", "preferences", "view_in_browser"])
def test_a_members_link_is_refused(config: Config, keys: Keys, where: str, verb: str) -> None:
    doc = document()
    link = getattr(member_links(config, keys, "0123456789abcdef" * 2, "736"), verb)
    with pytest.raises(StateError, match="a member's own link"):
        write_record(config, doc, rendered(doc, **{where: f'<a href="{link}">x</a>'}), number=736)
    assert not (config.issues_dir / "736").exists()


def test_a_merge_tag_is_refused(config: Config) -> None:
    doc = document()
    tag = MergeTags.of(new_merge_tag()).unsubscribe
    with pytest.raises(StateError, match="the place of a member's own link"):
        write_record(config, doc, rendered(doc, html=f'<a href="{tag}">x</a>'), number=736)


def test_addresses_that_only_look_alike_pass(config: Config) -> None:
    doc = document()
    html = '<a href="https://journal.example/index.php/rlt/article/view/3014">x</a> /unsubscribe/ dg'
    folder = write_record(config, doc, rendered(doc, html=html), number=736)
    assert (folder / "email.html").read_text(encoding="utf-8") == html


def test_the_number_and_the_page_must_be_there(config: Config) -> None:
    doc = document(735)
    with pytest.raises(StateError, match="says number 735"):
        write_record(config, doc, rendered(doc), number=736)
    with pytest.raises(StateError, match="web page"):
        write_record(config, doc, rendered(doc, web=""), number=735)
