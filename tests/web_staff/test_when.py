"""Instants in words."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.web.staff.when import count, distance, long_time, short_time

LONDON = zoneinfo.ZoneInfo("Europe/London")
NOW = dt.datetime(2024, 2, 9, 15, 20, tzinfo=dt.UTC)


def test_wall_time_is_that_of_the_zone() -> None:
    summer = dt.datetime(2024, 7, 1, 6, 0, tzinfo=dt.UTC)
    assert long_time(summer, LONDON) == "Monday 1 July, 07:00"
    assert short_time(summer, LONDON) == "Mon 1 Jul, 07:00"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "now"),
        (0.5, "now"),
        (1, "in 1 minute"),
        (-59, "59 minutes ago"),
        (60, "in 1 hour"),
        (61, "in 1 hour and 1 minute"),
        (-24 * 60, "1 day ago"),
        (2 * 24 * 60 + 4 * 60 + 30, "in 2 days and 4 hours"),
        (8 * 24 * 60 + 5, "in 8 days"),
    ],
)
def test_distance(minutes: float, words: str) -> None:
    assert distance(NOW + dt.timedelta(minutes=minutes), NOW) == words


@given(st.integers(min_value=60, max_value=10**8))
def test_distance_is_the_same_both_ways(seconds: int) -> None:
    ahead, behind = NOW + dt.timedelta(seconds=seconds), NOW - dt.timedelta(seconds=seconds)
    assert distance(ahead, NOW).removeprefix("in ") == distance(behind, NOW).removesuffix(" ago")


def test_count() -> None:
    assert count(1, "item") == "1 item"
    assert count(0, "item") == "0 items"
    assert count(1204, "entry", "entries") == "1,204 entries"
