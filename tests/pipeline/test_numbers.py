"""Numbers: given once, never given back, and none missing without a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest import pipeline
from digest.archive.index import archive_of
from digest.compose.models import Issue, IssueState, Number, NumberKind
from digest.compose.number import next_number, number_of
from digest.config import Config, Keys
from digest.errors import StateError, UsageError
from digest.pipeline.earlier import import_earlier
from digest.pipeline.numbers import report, set_aside

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
MONDAY = dt.date(2024, 2, 12)


def aside(number: int, kind: NumberKind = NumberKind.RESERVED, why: str = "used elsewhere") -> None:
    set_aside(number, kind=kind, why=why, actor="sam", now=NOW)


def test_the_first_number_is_counted_from_the_anchor(association: Config) -> None:
    assert next_number(association, MONDAY) == 736
    assert next_number(association, MONDAY + dt.timedelta(days=21)) == 739


def test_a_number_set_aside_is_passed_over(association: Config) -> None:
    aside(736)
    aside(737, NumberKind.SKIPPED)
    assert next_number(association, MONDAY) == 738


def test_a_far_reservation_does_not_move_the_count(association: Config) -> None:
    aside(800)
    assert next_number(association, MONDAY) == 736


def test_a_reserved_number_may_be_skipped_later_and_no_other(association: Config) -> None:
    aside(740)
    aside(740, NumberKind.SKIPPED, "the special was never made")
    assert Number.objects.get(number=740).why == "the special was never made"
    for kind in (NumberKind.RESERVED, NumberKind.SKIPPED):
        with pytest.raises(StateError, match="Number 740 is taken: skipped"):
            aside(740, kind)


@pytest.mark.parametrize(
    ("number", "why", "words"), [(0, "x", "cannot be"), (-1, "x", "cannot be"), (5, "  ", "reason")]
)
def test_what_is_no_number_or_no_reason(number: int, why: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        aside(number, why=why)


def test_the_report_names_what_nobody_has_explained(association: Config) -> None:
    assert list(report()) == []
    aside(736)
    aside(739)
    assert [line.number for line in report() if not line.explained] == [737, 738]
    assert report()[0].words == "reserved: used elsewhere"


@pytest.mark.usefixtures("members")
def test_an_issue_takes_the_next_free_number(
    association: Config, keys: Keys, publish_feed: Callable[..., None]
) -> None:
    aside(736)
    publish_feed("news", ("A library opens", NOW - dt.timedelta(days=2)))
    pipeline.gather(association, now=NOW)
    coming = pipeline.coming(association, now=NOW)
    issue = pipeline.approve(association, coming.issue.pk, actor="sam", now=NOW, revision=coming.issue.revision)
    assert number_of(issue) == 737
    assert [line.words for line in report()] == ["reserved: used elsewhere", "the issue of 2024-02-12 (approved)"]
    with pytest.raises(StateError, match="is taken: the issue of"):
        aside(737)


_moves = st.lists(st.tuples(st.sampled_from(["reserve", "skip", "issue"]), st.integers(730, 745)), max_size=15)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_moves)
def test_no_gap_goes_unreported(association: Config, moves: list[tuple[str, int]]) -> None:
    Number.objects.all().delete()
    Issue.objects.all().delete()
    used: set[int] = set()
    for step, (move, number) in enumerate(moves):
        if move == "issue":
            day = MONDAY + dt.timedelta(days=7 * step)
            given_ = next_number(association, day)
            assert given_ not in used
            issue = Issue.objects.create(
                slot=day,
                title_date=day,
                window_start=NOW,
                planned_cutoff=NOW,
                state=IssueState.SENT,
                merge_tag="x",
                created_at=NOW,
            )
            Number.objects.create(number=given_, kind=NumberKind.ISSUED, issue=issue, actor="sam", at=NOW)
            used.add(given_)
        else:
            try:
                aside(number, NumberKind.RESERVED if move == "reserve" else NumberKind.SKIPPED)
            except StateError:
                assert number in used
            used.add(number)
    lines = report()
    span = set(range(min(used), max(used) + 1)) if used else set()
    assert {line.number for line in lines} == span
    assert {line.number for line in lines if not line.explained} == span - used


@pytest.fixture
def old(tmp_path: Path) -> Path:
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "a.txt").write_text("[LIST] Weekly News Digest - Issue 734, 29 Jan 2024\n\n* A *story*\n", "utf-8")
    (folder / "b.html").write_bytes(
        "<html><title>Weekly News Digest - Issue 735, 05 Feb 2024</title><body><script>alert(1)</script>"
        "<p>Café <a href='https://x.example/leave?u=ada@example.org'>leave</a></p></body></html>".encode("cp1252")
    )
    (folder / "733-2024-01-22.txt").write_text("No title in here.", "utf-16")
    (folder / "notes.txt").write_text("nothing that names an issue", "utf-8")
    (folder / "picture.png").write_bytes(b"")
    return folder


def test_earlier_issues_from_a_folder(association: Config, old: Path) -> None:
    dry = import_earlier(association, old, apply=False, actor="sam", now=NOW)
    assert [(i.number, str(i.date)) for i in dry.new] == [
        (733, "2024-01-22"),
        (734, "2024-01-29"),
        (735, "2024-02-05"),
    ]
    assert [u.origin for u in dry.unread] == ["notes.txt"]
    assert not Number.objects.exists()
    assert not association.issues_dir.exists()
    import_earlier(association, old, apply=True, actor="sam", now=NOW)
    again = import_earlier(association, old, apply=True, actor="sam", now=NOW)
    assert (len(again.new), len(again.present)) == (0, 3)
    assert all(line.explained for line in report())
    assert [p.number for p in archive_of(association.issues_dir).issues()] == [735, 734, 733]
    page = (association.issues_dir / "735" / "index.html").read_text(encoding="utf-8")
    assert "Café" in page
    assert "alert(1)" not in page
    assert "ada@example.org" not in page, "an old mail's own links are its reader's"
    assert "*story*" in (association.issues_dir / "734" / "email.txt").read_text(encoding="utf-8")
    assert next_number(association, MONDAY) == 736


def test_earlier_issues_from_a_table(association: Config, tmp_path: Path) -> None:
    table = tmp_path / "old.csv"
    table.write_text(
        "Title;Date;URL;Number\n"
        "Weekly News Digest - Issue 731, 08 Jan 2024;08/01/2024;https://lists.example/731;\n"
        "The New Year issue;2024-01-15;https://lists.example/732;732\n"
        "No number here;2024-01-15;https://lists.example/x;\n"
        "No day;soon;https://lists.example/x;733\n"
        "No address;2024-01-22;javascript:alert(1);734\n"
        "Twice;2024-01-15;https://lists.example/732b;732\n",
        encoding="utf-8-sig",
    )
    done = import_earlier(association, table, apply=True, actor="sam", now=NOW)
    assert [(i.number, str(i.date)) for i in done.new] == [(731, "2024-01-08"), (732, "2024-01-15")]
    assert [u.origin for u in done.unread] == ["row 4", "row 5", "row 6", "row 7"]
    assert "https://lists.example/732" in (association.issues_dir / "732" / "email.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "text", "words"), [("a.csv", "x,y\n1,2\n", "must have the columns"), ("", "", "no .html")]
)
def test_what_holds_no_issues(association: Config, tmp_path: Path, name: str, text: str, words: str) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    if name:
        (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=words):
        import_earlier(association, folder / name, apply=False, actor="sam", now=NOW)
