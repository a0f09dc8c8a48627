"""People's clicks told from scanners', and put where they belong."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.document import DocumentSection
from digest.deliver.clicks import AT_ONCE, BURST, OTHER, SEVERAL, Click, Clicked, count, machines_among, on_items
from tests.render.documents import PUBLIC, document, item

ARRIVED = dt.datetime(2024, 2, 12, 9, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


def click(copy: int = 1, url: str = "https://a.example/", after: dt.timedelta = dt.timedelta(hours=1)) -> Click:
    return Click(copy=copy, url=url, at=ARRIVED + after)


def test_a_click_at_the_arrival_is_a_machines() -> None:
    scanned, read = click(after=AT_ONCE), click(after=AT_ONCE + SECOND)
    assert machines_among([scanned, read], {1: ARRIVED}) == {scanned}
    assert machines_among([scanned, read], {}) == set()  # nobody knows when it arrived


@pytest.mark.parametrize(("links", "machines"), [(SEVERAL - 1, 0), (SEVERAL, SEVERAL)])
def test_several_links_at_once_are_a_machines(links: int, machines: int) -> None:
    clicks = [click(url=f"https://{n}.example/", after=dt.timedelta(hours=1, seconds=n)) for n in range(links)]
    assert len(machines_among(clicks, {1: ARRIVED})) == machines


def test_the_same_link_over_and_over_is_a_persons() -> None:
    clicks = [click(after=dt.timedelta(hours=1, seconds=n)) for n in range(2 * SEVERAL)]
    assert machines_among(clicks, {1: ARRIVED}) == set()


def test_each_member_counts_once_and_as_a_person_where_they_are_one() -> None:
    rows = [click(1), click(1, after=AT_ONCE), click(2, after=AT_ONCE), click(3), click(3)]
    machines = {row for row in rows if row.at - ARRIVED <= AT_ONCE}
    assert count(rows, machines) == Clicked(people=2, clicks=3, machines=1)


@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(0, 6), st.integers(0, 120)).map(
            lambda row: click(row[0], f"https://{row[1]}.example/", dt.timedelta(seconds=row[2]))
        ),
        max_size=40,
    )
)
def test_nobody_is_lost_or_counted_twice(clicks: list[Click]) -> None:
    machines = machines_among(clicks, {1: ARRIVED, 2: ARRIVED + BURST})
    found = count(clicks, machines)
    assert machines <= set(clicks)
    assert found.people + found.machines == len({row.copy for row in clicks})
    assert found.clicks == sum(row not in machines for row in clicks)


def test_clicks_find_their_items_however_the_address_is_written() -> None:
    one = item("One", url="https://www.harbourlight.example/one/?utm_source=rss")
    two = item("Two", url="https://www.harbourlight.example/two")
    made = document(DocumentSection(id="news", title="News", kind="list", items=(one, two)))
    urls = {
        "https://www.harbourlight.example/one": one.id,
        "https://harbourlight.example/two/": two.id,
        f"{PUBLIC.permalink}{two.id}.ics": two.id,
        "https://elsewhere.example/": OTHER,
        "": OTHER,
    }
    clicks = [click(url=url) for url in urls]
    assert [on_items(made, PUBLIC.permalink, clicks)[row] for row in clicks] == list(urls.values())
