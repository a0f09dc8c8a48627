"""The rotation: which stories a week has, when each of them appears, and what its dates come to.

A week runs from one planned cut-off to the next and is known by the slot it ends in. Its stories depend on
that slot alone, so a story keeps its identity, its date and its words however often the feed is asked for.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass

from digest.config import Config
from digest.config.weeks import WEEK, Slot, latest_slot, slot_after, slot_before
from digest.sample.days import Day, working_day
from digest.sample.stories import Story, WallTime, stories

ROTATION = 3  # weeks until the first texts come round again; also how many weeks a feed shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A story as one week has it. Instants are aware UTC; `starts` and `ends` are in the association's zone."""

    story: Story
    issue_date: dt.date
    ordinal: int  # counts the pieces of a feed from a fixed day on: the number in made-up addresses
    published: dt.datetime
    appears: dt.datetime  # when the feed first shows it: `published`, or the update that follows
    title: str
    text: str
    starts: dt.datetime | None = None
    ends: dt.datetime | None = None

    @property
    def key(self) -> str:
        return f"{self.issue_date:%Y%m%d}-{self.story.slug}"


def pieces(name: str, config: Config, now: dt.datetime) -> list[Piece]:
    """What the feed `name` shows at `now`, newest first: this week so far and the two before it."""
    tz = config.association.tz
    ending = slot_after(config.plan, tz, latest_slot(config.plan, tz, now))
    shown: list[Piece] = []
    for _ in range(ROTATION):
        opening = slot_before(config.plan, tz, ending)
        shown += (p for p in _week(name, config, opening, ending) if p.appears <= now)
        ending = opening
    return sorted(shown, key=lambda p: (p.appears, p.key), reverse=True)


def earlier_slots(config: Config, now: dt.datetime, count: int) -> Iterator[Slot]:
    """The last `count` slots whose issue went out at or before `now`, newest first."""
    tz = config.association.tz
    slot = latest_slot(config.plan, tz, now)
    while count:
        if slot.send_at <= now:
            count -= 1
            yield slot
        slot = slot_before(config.plan, tz, slot)


def _week(name: str, config: Config, opening: Slot, ending: Slot) -> Iterator[Piece]:
    number = ending.date.toordinal() // WEEK.days
    anchor = config.digest.anchor
    first = anchor is not None and ending.date <= anchor.date
    for place, story in enumerate(stories(name)):
        if story.week == number % ROTATION and not (first and story.from_second_issue):
            yield _piece(story, config.association.tz, opening, ending, ordinal=number * 16 + place % 16)


def _piece(story: Story, tz: zoneinfo.ZoneInfo, opening: Slot, ending: Slot, *, ordinal: int) -> Piece:
    start = opening.cut_off if story.at > dt.timedelta(0) else ending.cut_off
    appears = start + story.at
    starts, ends = _wall(story.starts, ending.date, tz), _wall(story.ends, ending.date, tz)
    if story.starts and story.ends and starts and ends:  # an event of three days lasts three days
        last = starts.date() + dt.timedelta(days=story.ends.days - story.starts.days)
        ends = dt.datetime.combine(last, story.ends.time, tzinfo=tz)
    words = {name: Day(working_day(ending.date, days)) for name, days in story.days.items()}
    return Piece(
        story=story,
        issue_date=ending.date,
        ordinal=ordinal,
        published=appears - dt.timedelta(minutes=story.lag),
        appears=appears,
        title=story.title.format_map(words),
        text=story.text.strip().format_map(words),
        starts=starts,
        ends=ends,
    )


def _wall(wall: WallTime | None, issue_date: dt.date, tz: zoneinfo.ZoneInfo) -> dt.datetime | None:
    if wall is None:
        return None
    return dt.datetime.combine(working_day(issue_date, wall.days), wall.time, tzinfo=tz)
