"""Histories as real sources have them: who is called silent, and who is not."""

from __future__ import annotations

import datetime as dt
import itertools
import random

import pytest

from digest.gather.health import LOOK_BACK, History, silence, usual
from tests.gather.feeds import NOW

DAY = dt.timedelta(days=1)
WEEK = 7 * DAY
LONG_AGO = NOW - 104 * WEEK


def history(*days: float, at_a_time: int = 1) -> History:
    """`days` before now, of the last fifteen months, as the readers give them."""
    dates = [
        NOW - DAY * day + dt.timedelta(minutes=n) for day in days if DAY * day <= LOOK_BACK for n in range(at_a_time)
    ]
    return History(dates=tuple(sorted(dates)))


def quiet_for(days: float, past: History) -> str:
    """What is said when nothing has come since that many days before now, `past` ending at 0."""
    return silence(past, watched_since=LONG_AGO, now=NOW + DAY * days)


WEEKLY = history(*range(0, 450, 7))
DAILY = history(*(n for n in range(450) if n % 7 not in (5, 6)), at_a_time=3)
QUARTERLY = history(*range(0, 455, 91), at_a_time=10)
FORTNIGHTLY = history(*range(0, 450, 14), at_a_time=3)
SUMMER = history(*(n for n in range(0, 450, 4) if not 180 <= n <= 225))  # a pause of seven weeks in its year
NEW = history(0, 3, 7, 10)


@pytest.mark.parametrize(
    ("past", "words"),
    [
        (WEEKLY, "1 a week"),
        (DAILY, "15 a week"),
        (QUARTERLY, "about 10 at a time, 4 times a year"),
        (FORTNIGHTLY, "about 3 at a time, 2 times a month"),
        (history(*range(0, 450, 30), at_a_time=8), "about 8 at a time, once a month"),
        (NEW, ""),
    ],
)
def test_what_is_usual(past: History, words: str) -> None:
    assert usual(past) == words


@pytest.mark.parametrize(
    ("past", "well", "silent"),
    [
        (WEEKLY, 20, 22),  # three weeks
        (DAILY, 13, 15),  # two weeks: it may stop over Christmas
        (FORTNIGHTLY, 41, 43),  # three turns, however many entries each brings
        (QUARTERLY, 270, 280),  # three issues
        (SUMMER, 70, 80),  # half as long again as its holiday
    ],
)
def test_silence_begins_when_it_is_unusual(past: History, well: float, silent: float) -> None:
    assert quiet_for(well, past) == ""
    assert quiet_for(silent, past).endswith(f", usually {usual(past)}")


def test_of_a_source_with_little_history_nothing_is_said() -> None:
    assert quiet_for(300, NEW) == ""
    assert quiet_for(300, history(*[0] * 40)) == "", "forty entries of one day are one turn"


def test_last_years_holiday_is_known_when_this_years_comes() -> None:
    """A blog of two a week that rests all August: a year later the whole pause is within what is remembered."""
    past = history(*(day for day in range(0, 456, 3) if not 335 <= day <= 365))
    assert past.longest_gap >= 30 * DAY
    assert quiet_for(35, past) == ""
    assert quiet_for(60, past) != ""


def test_irregular_sources_hardly_ever_give_a_false_alarm() -> None:
    """Forty sources that publish at random, about twice a month, for a year: each day is judged by the days before it."""
    alarms = turns = 0
    for seed in range(40):
        dice = random.Random(seed)
        days, day = [], 0.0
        while day < 800:
            day += dice.expovariate(1 / 15)
            days.append(day)
        for n, gap in enumerate(b - a for a, b in itertools.pairwise(days)):
            if days[n] < 400:
                continue
            turns += 1
            past = history(*(days[n] - d for d in days[: n + 1]))
            alarms += bool(quiet_for(gap, past))
    assert turns > 900
    assert alarms / turns < 0.02
