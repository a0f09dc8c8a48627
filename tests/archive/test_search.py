"""Search in the record, on the database under test: found, narrowed, ranked, and the index made anew."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from digest.archive.models import IndexedIssue, IndexedItem
from digest.archive.record import write_record
from digest.archive.search import Filters, Found, find, index_issue, index_missing, rebuild
from digest.compose.document import DocumentSection, IssueDocument, Item
from digest.config import Config
from digest.gather.document import EventTime, Publication
from digest.pipeline.earlier import import_earlier
from tests.archive.test_query import HOSTILE, shown
from tests.archive.values import document, rendered

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2024, 2, 14, tzinfo=dt.UTC)


def item(id_: str, title: str, summary: str = "", source: str = "news", **values: object) -> Item:
    titles = {"news": "Our News", "journal": "A Journal"}
    given = {
        "id": id_,
        "title": title,
        "summary": summary,
        "source": source,
        "source_title": titles[source],
        **values,
    }
    return Item.model_validate(given)


def publish(config: Config, number: int, *sections: DocumentSection, intro: str = "") -> IssueDocument:
    doc = document(number).model_copy(update={"sections": sections, "intro": intro})
    write_record(config, doc, rendered(doc), number=number)
    return doc


def section(id_: str, *items: Item) -> DocumentSection:
    return DocumentSection(id=id_, title=id_.title(), kind="list", items=items)


@pytest.fixture
def record(config: Config) -> Config:
    """Three issues over two years."""
    publish(
        config,
        729,
        section("news", item("n1", "Open access funding", "For universities in Wales")),
        intro="A **warm** welcome to [our readers](https://x.example/).",
    )
    publish(
        config,
        735,
        section(
            "news",
            item("n1", "A new café", "Where educators meet; the access is open to all"),
            item("n2", "Funding cut", "Nothing else", authors=("Zoë Müller",), categories=("Policy",)),
        ),
    )
    publish(
        config,
        736,
        section("news", item("n1", "Clinics for conferences", "Open " * 3)),
        section(
            "papers",
            item(
                "p1",
                "On open access",
                "A study of funding",
                source="journal",
                publication=Publication(journal="Research in Learning", doi="10.25304/rlt.v32.3154"),
            ),
            item("e1", "A talk", source="journal", event=EventTime(start=NOW, place="Cardiff City Hall")),
        ),
    )
    assert all(isinstance(found, int) for _, found in rebuild(config))
    return config


def look(typed: str, *, newest_first: bool = False, page: int = 1, **filters: object) -> Found:
    narrowed = Filters(**filters)  # type: ignore[arg-type]
    return find(typed, narrowed, language="en-GB", newest_first=newest_first, page=page)


def places(found: Found) -> list[str]:
    return [f"{hit.number}#{hit.anchor}" for hit in found.hits]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("conference", {"736#n1"}),
        ("CAFE", {"735#n1"}),
        ("muller", {"735#n2"}),
        ("policy", {"735#n2"}),
        ('"open access"', {"729#n1", "736#p1"}),
        ("open access", {"729#n1", "735#n1", "736#p1"}),
        ("access -funding", {"735#n1"}),
        ('access -"open access"', {"735#n1"}),
        ("univers*", {"729#n1"}),
        ("clini*", {"736#n1"}),
        ("educato*", {"735#n1"}),
        ("10.25304/rlt.v32.3154", {"736#p1"}),
        ('"research in learning"', {"736#p1"}),
        ("cardiff", {"736#e1"}),
        ("welcome readers", {"729#"}),
        ("journal", {"736#p1", "736#e1"}),
        ("nowhere", set()),
    ],
)
def test_found(record: Config, typed: str, expected: set[str]) -> None:
    found = look(typed)
    assert set(places(found)) == expected
    assert found.total == len(expected)
    assert not found.some


def test_no_phrase_reaches_from_one_field_into_the_next(record: Config) -> None:
    assert places(look('"funding for universities"')) == []
    assert places(look('"study of funding"')) == ["736#p1"]


def test_when_nothing_holds_all_words_some_are_shown_and_it_is_said(record: Config) -> None:
    found = look("café conference nowhere")
    assert set(places(found)) == {"735#n1", "736#n1"}
    assert found.some


def test_narrowed(record: Config) -> None:
    assert set(places(look("open", year=2024))) == {"735#n1", "736#n1", "736#p1"}
    assert places(look("open", year=2023)) == ["729#n1"]
    assert places(look("open", section="papers")) == ["736#p1"]
    assert places(look("open", source="journal", year=2024)) == ["736#p1"]
    assert places(look("open", source="journal", section="news")) == []


def test_a_title_counts_more_than_a_summary(record: Config) -> None:
    assert places(look("funding"))[-1] == "736#p1"
    assert set(places(look("funding"))[:2]) == {"729#n1", "735#n2"}


def test_newest_first(record: Config) -> None:
    assert places(look("open", newest_first=True)) == ["736#n1", "736#p1", "735#n1", "729#n1"]
    assert places(look("funding", newest_first=True, year=2024)) == ["736#p1", "735#n2"]


def test_a_hit_says_where_it_stands_with_the_words_marked(record: Config) -> None:
    (hit,) = look("cafe educator").hits
    assert (hit.number, hit.anchor, hit.date) == (735, "n1", dt.date(2024, 2, 5))
    assert (hit.section_title, hit.source_title) == ("News", "Our News")
    assert shown(hit.title) == "A new [café]"
    assert shown(hit.snippet) == "Where [educators] meet; the access is open to all"
    assert shown(look("zoe").hits[0].authors) == "[Zoë] Müller"


def test_pages(config: Config) -> None:
    publish(config, 736, section("news", *(item(f"n{n}", f"Story {n}") for n in range(45))))
    index_issue(config, 736)
    pages = [look("story", page=n) for n in (1, 2, 3, 4, -1)]
    assert [len(page.hits) for page in pages] == [20, 20, 5, 0, 20]
    assert len({place for page in pages for place in places(page)}) == 45
    assert {(page.total, page.pages) for page in pages} == {(45, 3)}


def test_nothing_to_look_for(record: Config) -> None:
    for typed in ("", "  ", '"*-', "-open"):
        assert not look(typed).understood


@given(typed=HOSTILE)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_typed_there_is_an_answer(record: Config, typed: str) -> None:
    for newest_first in (False, True):
        found = look(typed, newest_first=newest_first, section="papers", year=2024)
        assert len(found.hits) == found.total


def test_an_issue_indexed_twice_is_there_once(record: Config) -> None:
    index_issue(record, 736)
    assert places(look("conference")) == ["736#n1"]
    assert IndexedItem.objects.count() == 2 + 2 + 3


def test_made_anew_from_the_files_alone(record: Config) -> None:
    IndexedItem.objects.all().delete()
    IndexedIssue.objects.all().delete()
    shutil.rmtree(record.issues_dir / "735")
    assert dict(rebuild(record)) == {729: 2, 736: 3}
    assert places(look("café")) == []
    assert places(look("conference")) == ["736#n1"]


def test_a_restored_database_is_searched_as_before(record: Config) -> None:
    IndexedItem.objects.all().delete()  # as a backup's rows leave it: no items, and words of other ones
    IndexedIssue.objects.all().delete()
    assert look("conference").hits == ()
    assert len(index_missing(record, most=9)) == 3
    found = look("conference")
    assert (places(found), found.total) == (["736#n1"], 1)


def test_a_damaged_record_is_said_and_the_others_are_found(record: Config) -> None:
    (record.issues_dir / "735" / "issue.json").write_text("{")
    said = dict(rebuild(record))
    assert "damaged" in str(said[735])
    assert places(look("conference")) == ["736#n1"]


def test_what_was_published_since_is_taken_in_the_latest_first(config: Config) -> None:
    for number in (734, 735, 736):
        publish(config, number, section("news", item("n1", f"Story {number}")))
    assert index_missing(config, most=2) == [(736, 1), (735, 1)]
    assert index_missing(config, most=2) == [(734, 1)]
    assert index_missing(config, most=2) == []


def test_earlier_issues_are_found_like_all_others(config: Config, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    (old / "Issue 12 2009-03-02.txt").write_text("Weekly digest\n\nThe **symposium** was held in Leeds.\n")
    done = import_earlier(config, old, apply=True, actor="test", now=NOW)
    assert [issue.number for issue in done.new] == [12], done
    (hit,) = look("symposium", year=2009).hits
    assert (hit.number, hit.anchor) == (12, "")
    assert "[symposium]" in shown(hit.snippet)
