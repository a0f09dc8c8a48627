"""The proof of the record: whatever is changed, taken away or added is named; and `sha256sum` says the same."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from digest.archive.errata import read_errata, write_erratum
from digest.archive.index import Archive
from digest.archive.record import write_record
from digest.archive.schema import issue_schema, schema_text
from digest.archive.verify import verify
from digest.config import Config
from digest.errors import StateError, UsageError
from tests.archive.values import document, rendered, with_events

DOCS = Path(__file__).parents[2] / "docs"
TUESDAY = dt.datetime(2024, 2, 13, 10, 0, tzinfo=dt.UTC)


@pytest.fixture
def folder(config: Config) -> Path:
    """Issue 736 with two events and two errata, beside issue 735."""
    doc = document(735)
    write_record(config, doc, rendered(doc), number=735)
    doc = with_events()
    folder = write_record(config, doc, rendered(doc), number=736, published=TUESDAY - dt.timedelta(days=1))
    write_erratum(config, 736, text="The clinic is on\nThursday.", item="ia1b2", now=TUESDAY)
    write_erratum(config, 736, text="And at noon.", now=TUESDAY + dt.timedelta(hours=1))
    return folder


def test_as_it_was_written(config: Config, folder: Path) -> None:
    proof = verify(config.issues_dir)
    assert proof.problems == ()
    assert (proof.issues, proof.errata) == ((735, 736), 2)
    assert proof.files == 6 + 8 + 4


def test_nothing_published_is_nothing_wrong(config: Config) -> None:
    assert verify(config.issues_dir).problems == ()


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def forge(folder: Path) -> None:
    """A change to the first erratum with its hash put right: the second still holds the hash of what it added to."""
    first = folder / "errata" / "1"
    rewrite(first / "erratum.json", "Thursday", "Friday")
    digest = subprocess.run(["sha256sum", "erratum.json"], cwd=first, capture_output=True, text=True, check=True)
    lines = (first / "SHA256SUMS").read_text().splitlines()
    kept = [line for line in lines if not line.endswith("erratum.json")]
    (first / "SHA256SUMS").write_text("\n".join([*kept, digest.stdout.strip()]) + "\n")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda f: rewrite(f / "email.txt", "text", "test"), "issue 736: email.txt was changed"),
        (lambda f: rewrite(f / "index.html", "<h1>", "<h1 >"), "issue 736: index.html was changed"),
        (lambda f: (f / "email.html").unlink(), "issue 736: email.html is missing"),
        (lambda f: (f / "events.ics").unlink(), "issue 736: events.ics is missing"),
        (lambda f: (f / "note.txt").write_text("x"), "issue 736: note.txt was added"),
        (lambda f: (f / "SHA256SUMS").unlink(), "issue 736: SHA256SUMS is missing"),
        (lambda f: (f / "SHA256SUMS").write_text("rubbish\n"), "SHA256SUMS cannot be read: line 1"),
        (lambda f: rewrite(f / "issue.json", '"number": 736', '"number": "736"'), "does not fit the schema: number"),
        (lambda f: rewrite(f / "issue.json", '"number": 736', '"number": 737'), "says that it is issue 737"),
        (lambda f: rewrite(f / "issue.json", '"entry": null', '"entry": 7'), "names rows of the database"),
        (lambda f: rewrite(f / "record.json", "736", "735"), "record.json says that it is issue 735"),
        (lambda f: rewrite(f / "issue.json", '"title": "First"', '"title": "First", "x": 1'), "sections.0.items.0.x"),
        (lambda f: shutil.rmtree(f / "errata" / "1"), "issue 736: errata/1 is missing"),
        (lambda f: rewrite(f / "errata/2/erratum.json", "noon", "one"), "errata/2: erratum.json was changed"),
        (forge, "errata/2: ../1/SHA256SUMS was changed"),
        (lambda f: rewrite(f / "SHA256SUMS", "email.txt", "email2.txt"), "errata/1: ../../SHA256SUMS was changed"),
        (lambda f: (f / "errata" / "x").mkdir(), "errata/x: is no issue"),
        (lambda f: (f.parent / ".736.0123456789ab.tmp").mkdir(), ".736.0123456789ab.tmp: left behind"),
        (lambda f: (f.parent / "old").mkdir(), "old: is no issue"),
        (lambda f: (f.parent / "737").symlink_to(f), "issue 737: is no folder of its own"),
    ],
)
def test_what_is_wrong_is_named(config: Config, folder: Path, harm: Callable[[Path], None], words: str) -> None:
    harm(folder)
    assert words in "\n".join(verify(config.issues_dir).problems)
    assert not any(problem.startswith("issue 735") for problem in verify(config.issues_dir).problems)


def test_a_members_link_slipped_in_is_named(config: Config, folder: Path) -> None:
    (folder / "email.html").write_text(f"/unsubscribe/{'a' * 32}.k1.{'b' * 43}")
    assert "issue 736: email.html holds a member's own link" in verify(config.issues_dir).problems


def test_sha256sum_proves_it_without_us(config: Config, folder: Path) -> None:
    for place in (folder, folder / "errata" / "1", folder / "errata" / "2"):
        done = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=place, capture_output=True)
        assert done.returncode == 0, done.stdout
    rewrite(folder / "email.txt", "text", "test")
    assert subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=folder, capture_output=True).returncode == 1


def test_an_erratum_keeps_the_first_form_and_is_dated(config: Config, folder: Path) -> None:
    issue = Archive(config.issues_dir).get(736)
    assert issue is not None
    assert [(e.erratum, e.text, e.item) for e in issue.errata] == [
        (1, "The clinic is on Thursday.", "ia1b2"),
        (2, "And at noon.", ""),
    ]
    assert issue.published == TUESDAY - dt.timedelta(days=1)
    assert issue.updated == TUESDAY + dt.timedelta(hours=1)
    assert issue.text() == b"text\n"


def test_an_erratum_is_seen_at_once(config: Config) -> None:
    doc = document()
    folder = write_record(config, doc, rendered(doc), number=736)
    archive = Archive(config.issues_dir)
    before = archive.get(736)
    assert before is not None
    assert before.errata == ()
    assert before.updated == dt.datetime(2024, 2, 12, tzinfo=dt.UTC)
    write_erratum(config, 736, text="No.", now=TUESDAY)
    after = archive.get(736)
    assert after is not None
    assert after.updated == TUESDAY
    assert after.stamp != before.stamp
    assert read_errata(folder)[1] == []


@pytest.mark.parametrize(
    ("number", "text", "item", "words"),
    [
        (734, "x", "", "not published"),
        (735, " \n ", "", "needs words"),
        (735, "x" * 2001, "", "at most 2,000"),
        (735, "x", "ia1b2", "no item 'ia1b2'"),
        (735, f"/preferences/{'a' * 32}.k1.{'b' * 43}", "", "a member's own link"),
    ],
)
def test_what_cannot_be_an_erratum(
    config: Config, folder: Path, number: int, text: str, item: str, words: str
) -> None:
    with pytest.raises((UsageError, StateError), match=words):
        write_erratum(config, number, text=text, item=item, now=TUESDAY)
    assert verify(config.issues_dir).errata == 2


def test_the_schema_is_in_step_and_holds_for_a_record(folder: Path) -> None:
    written = (DOCS / "issue.schema.json").read_text(encoding="utf-8")
    assert written == schema_text(), "digest archive schema > docs/issue.schema.json"
    Draft202012Validator.check_schema(issue_schema())
    validator = Draft202012Validator(json.loads(written), format_checker=FormatChecker())
    published = json.loads((folder / "issue.json").read_text(encoding="utf-8"))
    validator.validate(published)
    assert not validator.is_valid({**published, "number": "736"})
    assert not validator.is_valid({**published, "editor": "Sam"})
    assert not validator.is_valid({k: v for k, v in published.items() if k != "window"})


def test_every_field_is_described_in_the_documentation() -> None:
    schema = issue_schema()
    words = (DOCS / "record.md").read_text(encoding="utf-8")
    shapes = {"issue": schema, **schema["$defs"]}
    missing = [
        f"{shape}.{field}"
        for shape, what in shapes.items()
        for field in what["properties"]
        if f"`{field}`" not in words
    ]
    assert missing == []
