"""How a source is doing: what is usual for it is learned from its own entries. Pure.

What is judged are the days on which it published, not the entries: a journal that brings ten articles four times a
year is as regular as a blog. A source is silent when it has been quiet for all of

- two weeks, so that nobody is called silent over Christmas who publishes every day,
- three times what is usual between two of its days,
- half as long again as the longest pause of the last fifteen months: a yearly holiday is known the second time.

Of fewer than five days, or of less than three weeks, nothing is said.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

WEEK = dt.timedelta(weeks=1)
LOOK_BACK = dt.timedelta(weeks=65)  # a year and a quarter: last year's holiday is seen from its first day to its last
FEWEST = 5  # days, over at least three weeks: fewer say nothing about what is usual
SHORTEST_SILENCE = dt.timedelta(weeks=2)
TURNS_MISSED = 3  # of what is usual between two days
LONGER_PAUSE = 1.5  # times the longest so far
FEWEST_AT_A_TIME = 3  # entries on a day, of a source that does not publish every week
SMALLEST_FLOOD = 20  # new entries at once
TIMES_USUAL = 5  # of the busiest week so far


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """When the entries of a source were published (else first seen), the oldest first."""

    dates: tuple[dt.datetime, ...] = ()

    @property
    def days(self) -> tuple[dt.date, ...]:
        """The days on which something was published, each once."""
        return tuple(dict.fromkeys(date.date() for date in self.dates))

    @property
    def turns_per_week(self) -> float:
        """How many days of a usual week bring something; 0 while too little is known."""
        days = self.days
        span = days[-1] - days[0] if days else dt.timedelta(0)
        return (len(days) - 1) / (span / WEEK) if len(days) >= FEWEST and span >= 3 * WEEK else 0.0

    @property
    def per_week(self) -> float:
        """Entries in a usual week; 0 while too little is known."""
        return (len(self.dates) - 1) / ((self.dates[-1] - self.dates[0]) / WEEK) if self.turns_per_week else 0.0

    @property
    def busiest_week(self) -> int:
        """The most entries that any seven days brought."""
        most = start = 0
        for end, date in enumerate(self.dates):
            while date - self.dates[start] >= WEEK:
                start += 1
            most = max(most, end - start + 1)
        return most

    @property
    def longest_gap(self) -> dt.timedelta:
        pairs = zip(self.dates, self.dates[1:], strict=False)
        return max((later - earlier for earlier, later in pairs), default=dt.timedelta(0))


def usual(history: History) -> str:
    """`2 a week`, `1 a month`, `about 10 at a time, 4 times a year`; "" while too little is known."""
    turns = history.turns_per_week
    if not turns:
        return ""
    at_a_time = len(history.dates) / len(history.days)
    if turns < 0.8 and at_a_time >= FEWEST_AT_A_TIME:
        number, unit = _rate(turns)
        return f"about {round(at_a_time)} at a time, {'once' if number == 1 else f'{number} times'} a {unit}"
    number, unit = _rate(history.per_week)
    return f"{number} a {unit}"


def _rate(per_week: float) -> tuple[int, str]:
    if per_week >= 21:
        return round(per_week / 7), "day"
    if per_week >= 0.8:
        return max(1, round(per_week)), "week"
    per_month = per_week * 52 / 12
    return (max(1, round(per_month)), "month") if per_month >= 0.8 else (max(1, round(per_week * 52)), "year")


def silence(history: History, *, watched_since: dt.datetime | None, now: dt.datetime) -> str:
    """`no new entry for 3 weeks, usually 2 a week`, when that is unusual for this source; else "".

    A source that was read for the first time a moment ago is not called silent: it may be quiet for a reason.
    """
    turns = history.turns_per_week
    if not turns or watched_since is None or now - watched_since < SHORTEST_SILENCE:
        return ""
    quiet = now - history.dates[-1]
    if quiet < max(SHORTEST_SILENCE, TURNS_MISSED * WEEK / turns, history.longest_gap * LONGER_PAUSE):
        return ""
    return f"no new entry for {_weeks(quiet)}, usually {usual(history)}"


def lasting_silence(since: dt.datetime, now: dt.datetime) -> str:
    """For a source that is silent for so long that nothing is left from which its rhythm could be told."""
    return f"no new entry for {_weeks(now - since)}"


def is_flood(new: int, history: History, *, last_read: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether `new` entries at once are far more than usual. Never at the first reading."""
    if last_read is None or not history.dates:
        return False
    weeks = max(1.0, (now - last_read) / WEEK)
    return new > max(SMALLEST_FLOOD, TIMES_USUAL * history.busiest_week * weeks)


def flood_words(held: int, history: History) -> str:
    usually = f", usually {usual(history)}" if usual(history) else ""
    entries = "entry is" if held == 1 else "entries are"
    return f"brought far more than usual at once{usually}: {held} {entries} held back until somebody looks"


CHURN_WORDS = "gives its entries new identities; they are recognised by their addresses"


def _weeks(span: dt.timedelta) -> str:
    if span.days >= 730:
        return f"{span.days // 365} years"
    if span.days >= 90:
        return f"{span.days // 30} months"
    return f"{span.days // 7} weeks"
