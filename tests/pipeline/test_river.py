"""The river: who is in it, in which order, and that paging through it neither repeats nor misses anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from digest import pipeline
from digest.compose.models import Edit, Issue, Placement, RiverItem
from digest.compose.river import Cursor
from digest.config import Config
from digest.gather.models import Entry, Fetch, Source
from digest.gather.standing import release
from digest.pipeline.river import Scope, entries_at, stretch
from tests.conftest import CONFIG
from tests.river import NOW, SOURCES, entry, ids, listed, source, titles

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def river(make_config: Callable[..., Config]) -> Config:
    return make_config(SOURCES)


def test_the_newest_stands_first_whatever_its_source(river: Config) -> None:
    entry("old", at=NOW - 3 * DAY)
    entry("middle", of="blog", at=NOW - DAY)
    entry("new", of="dates", at=NOW - HOUR)
    listed(river)
    assert titles(river) == ["new", "middle", "old"]
    assert titles(river, Scope(section="blog")) == ["middle"]
    assert titles(river, Scope(source="dates")) == ["new"]


def test_a_date_that_cannot_be_believed_is_not(river: Config) -> None:
    entry("from the future", at=NOW + 9 * DAY, seen=NOW - 2 * HOUR)
    entry("an event's own date", at=NOW - 9 * DAY, seen=NOW - HOUR, quality="event")
    entry("without a date", at=NOW - 9 * DAY, seen=NOW - 3 * HOUR, quality="missing")
    entry("long ago", at=NOW - 9 * DAY, seen=NOW)
    listed(river)
    assert titles(river) == ["an event's own date", "from the future", "without a date", "long ago"]


def test_the_rules_of_config_place_an_entry_and_place_it_anew(
    river: Config, make_config: Callable[..., Config]
) -> None:
    one = entry("A call for papers", categories=("Calls",))
    listed(river)
    before = RiverItem.objects.get()
    assert titles(river, Scope(section="news")) == ["A call for papers"]
    rule = 'id = "announcements"\nmatch = [{ category = "calls" }]'
    moved = make_config(SOURCES, base=CONFIG.replace('id = "announcements"', rule))
    listed(moved, now=NOW + HOUR)
    assert titles(moved, Scope(section="news")) == []
    assert titles(moved, Scope(section="announcements")) == ["A call for papers"]
    after = RiverItem.objects.get()
    assert (after.entry_id, after.at, after.listed_at) == (one.pk, before.at, NOW + HOUR)


def test_categories_are_one_however_they_are_written(river: Config) -> None:
    entry("a", categories=("Open  Education", "open education", "News"))
    entry("b", of="blog", categories=("OPEN EDUCATION",))
    entry("c")
    listed(river)
    assert titles(river, Scope(category="open education")) == ["b", "a"]
    assert titles(river, Scope(category="open education", source="blog")) == ["b"]
    assert titles(river, Scope(category="closed")) == []


def test_listing_twice_changes_nothing(river: Config) -> None:
    entry("a", categories=("x",))
    listed(river)
    first = list(RiverItem.objects.values())
    listed(river, now=NOW + DAY)
    assert list(RiverItem.objects.values()) == first


def test_what_changes_keeps_its_place_and_is_listed_anew(river: Config) -> None:
    one = entry("a", at=NOW - DAY)
    listed(river)
    doc = {**one.latest_doc, "title": "b"}
    Entry.objects.update(latest_doc=doc, changed_at=NOW + HOUR, published_at=NOW + HOUR)
    listed(river, now=NOW + 2 * HOUR)
    item = RiverItem.objects.get()
    assert (item.at, item.listed_at) == (NOW - DAY, NOW + 2 * HOUR)
    (shown,) = entries_at(river, stretch(river, Scope()).places)
    assert (shown.doc.title, shown.source_title, shown.section) == ("b", "The News", "news")


def test_our_own_issues_are_not_listed(river: Config) -> None:
    entry("Weekly News Digest - Issue 735, 05 Feb 2024")
    listed(river)
    assert titles(river) == []


def test_what_is_held_back_is_not_listed_before_it_is_let_in(river: Config) -> None:
    held = entry("flood")
    Entry.objects.update(quarantined_at=NOW)
    listed(river)
    assert titles(river) == []
    release(river, "news", actor="test", now=NOW + HOUR)
    listed(river, now=NOW + HOUR)
    assert ids(stretch(river, Scope())) == [held.pk]


@pytest.mark.parametrize("how", ["retired", "not configured"])
def test_a_source_that_is_gone_takes_its_entries_with_it(
    river: Config, make_config: Callable[..., Config], how: str
) -> None:
    entry("gone", of="blog")
    entry("here")
    listed(river)
    assert titles(river) == ["here", "gone"]
    if how == "retired":
        Source.objects.filter(key="blog").update(retired_at=NOW)
        Fetch.objects.create(source=source("blog"), at=NOW, outcome="failed", words="is gone for good")
        assert titles(river) == ["here"]
        assert titles(river, Scope(source="blog")) == []
    else:
        left = make_config(SOURCES.replace('id = "blog"', 'id = "weblog"'))
        assert titles(left) == ["here"]


def issue(state: str, days: int = 0) -> Issue:
    day = (NOW + days * DAY).date()
    return Issue.objects.create(
        slot=day, title_date=day, state=state, window_start=NOW, planned_cutoff=NOW, created_at=NOW, merge_tag="x"
    )


def test_what_an_editor_drops_or_holds_is_not_shown_until_it_is_restored(river: Config) -> None:
    dropped, held = entry("dropped"), entry("held")
    entry("stays")
    listed(river)
    draft = pipeline.ensure_draft(river, now=NOW)
    for seq, (kind, one) in enumerate([("drop", dropped), ("hold", held)]):
        Edit.objects.create(issue=draft, seq=seq, kind=kind, entry=one, actor="x", at=NOW, base_revision=1)
    assert titles(river) == ["stays"]
    Edit.objects.create(issue=draft, seq=2, kind="undo", actor="x", at=NOW, base_revision=1)
    assert titles(river) == ["stays", "held"]


def test_what_an_issue_left_out_by_hand_stays_out_until_another_takes_it(river: Config) -> None:
    names = {"included": 1, "over-limit": 2, "dropped": 3, "held": 4}
    rows = {name: entry(name, at=NOW - n * HOUR) for name, n in names.items()}
    first = issue("sent")
    for name, row in rows.items():
        Placement.objects.create(issue=first, entry=row, outcome=name, reason_code="x", reason="x")
    listed(river)
    assert titles(river) == ["included", "over-limit"]
    Placement.objects.create(
        issue=issue("sent", 7), entry=rows["held"], outcome="included", reason_code="", reason=""
    )
    listed(river)
    Fetch.objects.create(source=source("news"), at=NOW, outcome="unchanged", words="has not changed")
    assert titles(river) == ["included", "over-limit", "held"]


moments = st.integers(0, 6).map(lambda n: NOW - n * HOUR)  # few of them: many entries share an instant


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    first=st.lists(moments, max_size=14),
    later=st.lists(st.lists(moments, max_size=3), max_size=8),
    most=st.integers(1, 4),
)
@example(first=[NOW] * 9, later=[[NOW]] * 8, most=2)
def test_paging_down_and_up_meets_each_entry_once_whatever_comes_in_meanwhile(
    river: Config, first: list[dt.datetime], later: list[list[dt.datetime]], most: int
) -> None:
    RiverItem.objects.all().delete()
    Entry.objects.all().delete()
    names = iter(range(10**6))

    def bring(moments: list[dt.datetime]) -> None:
        for at in moments:
            entry(f"{next(names)}", at=at)
        listed(river)
        Fetch.objects.create(source=source("news"), at=NOW, outcome="new", words="brought some")

    bring(first)
    began = set(RiverItem.objects.values_list("entry_id", flat=True))
    waiting = iter(later)
    down: list[int] = []
    page = stretch(river, Scope(), most=most)
    while True:
        assert len(page.places) <= most
        down += ids(page)
        if page.older is None:
            break
        bring(next(waiting, []))
        page = stretch(river, Scope(), before=page.older, most=most)
    assert len(set(down)) == len(down)
    assert began <= set(down)
    places = {item.pk: Cursor(at=item.at, entry=item.pk) for item in RiverItem.objects.all()}
    assert down == sorted(down, key=lambda one: places[one], reverse=True)
    if not page.places:
        return
    # And all the way up again: everything that stands above, each once.
    climbed = [*ids(page)]
    while page.newer is not None:
        page = stretch(river, Scope(), after=page.newer, most=most)
        assert 0 < len(page.places) <= most
        climbed = [*ids(page), *climbed]
    above = [one for one in places if places[one] >= places[climbed[-1]]]
    assert climbed == sorted(above, key=lambda one: places[one], reverse=True)
