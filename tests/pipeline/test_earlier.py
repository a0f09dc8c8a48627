"""Earlier issues into database and archive: whole or not at all, once, and without their recipients."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from django.test import Client

from digest.archive.index import archive_of
from digest.compose.models import Issue, IssueKind, Number, NumberKind
from digest.compose.number import next_number
from digest.config import Config
from digest.errors import StateError
from digest.installation.models import Audit
from digest.pipeline.earlier import ImportedEarlier, import_earlier
from digest.pipeline.numbers import report, set_aside
from digest.pipeline.show import shown

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
PAGE = (
    "<html><head><meta charset='windows-1252'><title>Weekly News Digest - Issue 735, 05 Feb 2024</title></head><body>"
    "<script>alert(1)</script><form action='https://x.example/collect'><p>Caf\xe9 "
    "<a href='https://museum.example/opens?utm_source=mail'>The museum opens</a></p></form>"
    "<img src='https://count.example/pixel.gif?u=1'>"
    "<p>This mail was sent to ada@example.org. <a href='https://x.example/leave/ada'>Unsubscribe</a></p></body></html>"
)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "a.txt").write_text("[LIST] Weekly News Digest - Issue 734, 29 Jan 2024\n\n* A *story*\n", "utf-8")
    (folder / "b.html").write_bytes(PAGE.encode("cp1252"))
    (folder / "733-2024-01-22.txt").write_text("No title in here.", "utf-16")
    (folder / "notes.txt").write_text("nothing that names an issue", "utf-8")
    (folder / "picture.png").write_bytes(b"")
    return folder


def bring(config: Config, path: Path, *, apply: bool = True) -> ImportedEarlier:
    return import_earlier(config, path, apply=apply, actor="sam", now=NOW)


def test_a_dry_run_says_what_it_understood_and_stores_nothing(association: Config, old: Path) -> None:
    dry = bring(association, old, apply=False)
    assert [(i.number, str(i.date), i.title) for i in dry.new] == [
        (733, "2024-01-22", "Weekly News Digest - Issue 733, 22 Jan 2024"),
        (734, "2024-01-29", "Weekly News Digest - Issue 734, 29 Jan 2024"),
        (735, "2024-02-05", "Weekly News Digest - Issue 735, 05 Feb 2024"),
    ]
    assert dry.new[2].left_out == 2
    assert [u.origin for u in dry.refused] == ["notes.txt"]
    assert not Number.objects.exists()
    assert not association.issues_dir.exists()


def test_stored_once_with_number_record_and_trail(association: Config, old: Path) -> None:
    done = bring(association, old)
    assert len(done.new) == 3
    before = {path: path.read_bytes() for path in association.issues_dir.rglob("*.*")}
    again = bring(association, old)
    assert ([i.number for i in again.present], again.new, again.failed) == ([733, 734, 735], (), ())
    assert {path: path.read_bytes() for path in association.issues_dir.rglob("*.*")} == before
    issue = Issue.objects.get(number_row__number=735)
    assert (issue.kind, issue.title_date, issue.published_at) == (IssueKind.IMPORTED, dt.date(2024, 2, 5), NOW)
    assert Audit.objects.filter(verb="issue.import").count() == 3
    assert all(line.explained for line in report())
    assert report()[2].words == "imported: Weekly News Digest - Issue 735, 05 Feb 2024, 2024-02-05"
    assert next_number(association, NOW.date()) == 736
    record = json.loads((association.issues_dir / "735" / "issue.json").read_text("utf-8"))
    assert (record["number"], record["date"], record["sections"]) == (735, "2024-02-05", [])
    assert record["window"]["start"] == record["window"]["end"] == "2024-02-05T00:00:00Z"


def test_the_record_keeps_the_words_and_no_recipient(association: Config, old: Path) -> None:
    bring(association, old)
    for name in ("issue.json", "index.html", "email.html", "email.txt"):
        text = (association.issues_dir / "735" / name).read_text("utf-8")
        assert "The museum opens" in text
        assert "https://museum.example/opens" in text
        assert "<form" not in text
        for gone in ("alert(1)", "utm_source", "collect", "pixel.gif", "ada@example.org", "x.example/leave"):
            assert gone not in text, (name, gone)
    assert "Café" in (association.issues_dir / "735" / "index.html").read_text("utf-8")
    assert "*story*" in (association.issues_dir / "734" / "email.txt").read_text("utf-8")


def test_imported_issues_stand_in_the_same_list(association: Config, old: Path, client: Client) -> None:
    bring(association, old)
    page = client.get("/issues/").content.decode()
    assert page.index("/issues/735/") < page.index("/issues/734/") < page.index("/issues/733/")
    assert "Weekly News Digest - Issue 735, 05 Feb 2024" in page
    issue = client.get("/issues/735/")
    assert "The museum opens" in issue.content.decode()
    assert "default-src 'none'" in issue["Content-Security-Policy"]
    assert client.get("/issues/735.txt").status_code == 200
    assert "Read issue 735" in client.get("/").content.decode()


def test_imported_issues_can_be_shown(association: Config, old: Path) -> None:
    bring(association, old)
    assert "The museum opens" in str(shown(association, 735, now=NOW, form="text"))
    assert "<html" in str(shown(association, 735, now=NOW, form="html"))
    assert shown(association, 735, now=NOW, form="subject") == "Weekly News Digest - Issue 735, 05 Feb 2024"
    assert isinstance(shown(association, 735, now=NOW, form="json"), dict)
    (association.issues_dir / "735" / "email.txt").unlink()
    with pytest.raises(StateError, match="its record"):
        shown(association, 735, now=NOW, form="text")


def test_from_a_table(association: Config, tmp_path: Path, client: Client) -> None:
    table = tmp_path / "old.csv"
    table.write_text(
        "Title;Date;URL;Number\n"
        "Weekly News Digest - Issue 731, 08 Jan 2024;08/01/2024;https://lists.example/731;\n"
        "The [New] Year issue;2024-01-15;https://lists.example/732;732\n"
        "Twice;2024-01-15;https://lists.example/732b;732\n",
        encoding="utf-8-sig",
    )
    done = bring(association, table)
    assert [(i.number, str(i.date)) for i in done.new] == [(731, "2024-01-08"), (732, "2024-01-15")]
    assert [(u.origin, u.reason) for u in done.refused] == [("row 4", "it is issue 732, as is row 3")]
    assert "https://lists.example/732" in (association.issues_dir / "732" / "email.txt").read_text("utf-8")
    page = client.get("/issues/732/").content.decode()
    assert '<a href="https://lists.example/732">The [New] Year issue</a>' in page


def test_numbers_that_belong_to_something_else(association: Config, old: Path) -> None:
    set_aside(733, kind=NumberKind.SKIPPED, why="never made", actor="sam", now=NOW)
    set_aside(735, kind=NumberKind.RESERVED, why="made by the old tool", actor="sam", now=NOW)
    done = bring(association, old)
    assert [u.reason for u in done.refused if u.origin.startswith("733")] == [
        "number 733 is taken: skipped: never made"
    ]
    assert [i.number for i in done.new] == [734, 735]
    number = Number.objects.get(number=735)
    assert (number.kind, number.why) == (NumberKind.IMPORTED, "made by the old tool")
    assert number.issue is not None


def test_what_cannot_be_written_is_not_stored_and_holds_nothing_up(association: Config, old: Path) -> None:
    (association.issues_dir / "734").mkdir(parents=True)
    (association.issues_dir / "734" / "mine.txt").write_text("something else", "utf-8")
    done = bring(association, old)
    assert [i.number for i in done.new] == [733, 735]
    assert [u.origin for u in done.failed] == ["a.txt"]
    assert "incomplete" in done.failed[0].reason
    assert not Number.objects.filter(number=734).exists()
    assert Issue.objects.count() == 2
    assert (association.issues_dir / "734" / "mine.txt").read_text("utf-8") == "something else"
    (association.issues_dir / "734" / "mine.txt").unlink()
    assert [i.number for i in bring(association, old).new] == [734]


def test_a_hundred_files(association: Config, tmp_path: Path) -> None:
    for number in range(601, 701):
        day = dt.date(2024, 2, 12) + dt.timedelta(weeks=number - 736)
        text = f"<title>Weekly News Digest - Issue {number}, {day:%d %b %Y}</title><p>Words of that week</p>"
        (tmp_path / f"{number}.html").write_text(text, "utf-8")
    assert len(bring(association, tmp_path).new) == 100
    assert len(archive_of(association.issues_dir).issues()) == 100
