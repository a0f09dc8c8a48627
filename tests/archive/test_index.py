"""Reading the record back: a broken folder is left out, the others stand."""

from __future__ import annotations

import logging

import pytest

from digest.archive.index import Archive
from digest.archive.record import write_record
from digest.config import Config
from tests.archive.values import document, rendered


@pytest.fixture
def archive(config: Config) -> Archive:
    return Archive(config.issues_dir, recheck_seconds=0)


def publish(config: Config, *numbers: int) -> None:
    for number in numbers:
        doc = document(number)
        write_record(config, doc, rendered(doc), number=number)


def test_newest_first_by_year_with_neighbours(config: Config, archive: Archive) -> None:
    publish(config, 736, 728, 730)
    assert [issue.number for issue in archive.issues()] == [736, 730, 728]
    assert [(year, [issue.number for issue in issues]) for year, issues in archive.by_year()] == [
        (2024, [736, 730]),
        (2023, [728]),
    ]
    latest = archive.latest()
    assert latest is not None
    assert latest.number == 736
    earlier, later = archive.neighbours(730)
    assert (earlier and earlier.number, later and later.number) == (728, 736)
    assert archive.neighbours(736)[1] is None


def test_what_a_list_shows(config: Config, archive: Archive) -> None:
    publish(config, 736)
    issue = archive.get(736)
    assert issue is not None
    assert issue.counts == (("News", 2),)
    assert issue.headlines == (("news-1", "First"), ("news-2", "Second"))
    assert issue.document() == document().public()
    assert issue.text() == b"text\n"


def test_no_folder_is_no_issue(archive: Archive) -> None:
    assert archive.issues() == ()
    assert archive.latest() is None
    assert archive.get(736) is None


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("issue.json", b"{", "damaged"),
        ("issue.json", b"\xff\xfe", "damaged"),
        ("issue.json", b'{"number": 735}', "damaged"),
        ("issue.json", document(733).model_dump_json().encode(), "says number 733"),
        ("index.html", None, "incomplete"),
    ],
)
def test_a_broken_folder_is_left_out_with_a_word(
    config: Config, archive: Archive, caplog: pytest.LogCaptureFixture, name: str, content: bytes | None, words: str
) -> None:
    publish(config, 736, 735)
    path = config.issues_dir / "735" / name
    path.unlink() if content is None else path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert [issue.number for issue in archive.issues()] == [736]
    assert words in caplog.text
    assert "735" in caplog.text
    caplog.clear()
    archive.issues()
    assert not caplog.text  # said once


def test_other_things_in_the_folder_are_no_issues(config: Config, archive: Archive) -> None:
    publish(config, 736)
    for name in ("0736", ".737.abc.tmp", "notes", "737"):
        (config.issues_dir / name).mkdir()
    (config.issues_dir / "738").write_text("a file")
    assert [issue.number for issue in archive.issues()] == [736]


def test_a_new_issue_is_seen_at_once_and_a_mended_one_too(config: Config, archive: Archive) -> None:
    publish(config, 735)
    (config.issues_dir / "735" / "issue.json").write_bytes(b"{")
    assert archive.issues() == ()
    (config.issues_dir / "735" / "issue.json").write_text(document(735).model_dump_json())
    publish(config, 736)
    assert [issue.number for issue in archive.issues()] == [736, 735]
