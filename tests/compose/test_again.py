"""What stood in an earlier issue does not come again, whatever its source calls it now."""

from __future__ import annotations

from typing import Any

import pytest

from digest.compose.again import EarlierItem, EarlierItems, stood_before
from tests.compose.values import at, story


def earlier(**values: Any) -> EarlierItems:
    base = story("A library opens", "2024-02-01 10:00", url="https://e.example/library", key=7)
    item = EarlierItem(
        entry=7,
        issue="issue 735",
        source="news",
        url_key=base.url_key,
        title_key=base.title_key,
        summary="",
        published_at=at("2024-02-01 10:00"),
    )
    return EarlierItems([EarlierItem(**{field: values.get(field, getattr(item, field)) for field in item.__slots__})])


@pytest.mark.parametrize(
    ("title", "published", "url", "key", "reason"),
    [
        ("Anything", "2024-02-06 10:00", "https://e.example/x", 7, "it stood in issue 735"),
        ("A library opens", "2024-02-06 10:00", "https://e.example/library", 8, "(the same address)"),
        ("A library opens (corrected)", "2024-02-01 12:00", "https://e.example/library", 8, "(the same address)"),
        ("A library opens", "2024-02-01 10:00", "https://e.example/?p=12", 8, "(the same headline)"),
    ],
)
def test_it_comes_again(title: str, published: str, url: str, key: int, reason: str) -> None:
    found = stood_before(story(title, published, url=url, key=key), earlier())
    assert found is not None
    assert found.endswith(reason)


@pytest.mark.parametrize(
    ("title", "published", "url"),
    [
        ("Something else at a page that is written over", "2024-02-08 10:00", "https://e.example/library"),
        ("A library opens", "2024-02-08 10:00", "https://e.example/another-library"),
        ("Nothing alike", "2024-02-01 10:00", "https://e.example/other"),
    ],
)
def test_it_is_another_story(title: str, published: str, url: str) -> None:
    assert stood_before(story(title, published, url=url, key=8), earlier()) is None


def test_undated_stories_are_known_by_what_they_say() -> None:
    undated = {"seen": "2024-02-08 10:00", "url": "https://e.example/new", "key": 8}
    assert stood_before(
        story("A library opens", None, summary="Doors at nine.", **undated), earlier(summary="Doors at nine.")
    )
    assert not stood_before(story("A library opens", None, summary="Another.", **undated), earlier(summary="Doors."))


def test_another_source_may_tell_it_under_its_own_address() -> None:
    again = story("A library opens", "2024-02-01 10:00", source="blog", url="https://b.example/1", key=8)
    assert stood_before(again, earlier()) is None
