"""The sample feeds: full in any week, silent about the future, and the same whenever they are asked."""

from __future__ import annotations

import calendar
import datetime as dt
import html
import re
from collections.abc import Callable, Iterator
from typing import Any

import feedparser
import pytest

from digest.compose.own import is_own_digest
from digest.config import Config
from digest.config.weeks import latest_slot, next_slot, slot_after, slot_before
from digest.errors import ConfigError
from digest.sample.feeds import NAMES, feed_bytes
from digest.sample.pictures import ALTERNATIVES

LEAST = {"news": 4, "events": 4, "blog": 3, "journal": 2, "announce": 2}
SPRING = dt.datetime(2024, 3, 24, 0, 30, tzinfo=dt.UTC)  # London's clocks change on 31 March 2024
AUTUMN = dt.datetime(2024, 10, 20, 0, 30, tzinfo=dt.UTC)  # ... and on 27 October
QUIET = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
PLANS = {
    "monday": "",
    "friday": '[plan]\ncut_off = "Fri 17:00"\nsend = "Mon 09:00"',
    "the hour that is skipped": '[plan]\ncut_off = "Sun 01:30"\nsend = "Sun 06:00"',
}


@pytest.fixture(params=PLANS, ids=list(PLANS))
def planned(request: pytest.FixtureRequest, make_config: Callable[..., Config]) -> Config:
    return make_config(PLANS[request.param])


def instants(start: dt.datetime, hours: int, count: int) -> Iterator[dt.datetime]:
    """`hours` shares no factor with 24 or 7, so that every hour of the day and every weekday comes up."""
    return (start + dt.timedelta(hours=hours * n) for n in range(count))


def parsed(name: str, config: Config, now: dt.datetime) -> Any:
    feed = feedparser.parse(feed_bytes(name, config=config, now=now))
    assert not feed.bozo, feed.get("bozo_exception")
    return feed


def published(entry: Any) -> dt.datetime:
    return dt.datetime.fromtimestamp(calendar.timegm(entry.published_parsed), dt.UTC)


def updated(entry: Any) -> dt.datetime:
    return dt.datetime.fromtimestamp(
        calendar.timegm(dict.get(entry, "updated_parsed", entry.published_parsed)), dt.UTC
    )


def news_of(entries: Any, config: Config) -> list[Any]:
    return [e for e in entries if not is_own_digest(config, e.title)]


def last_week(entries: Any, config: Config, now: dt.datetime) -> list[Any]:
    tz = config.association.tz
    slot = latest_slot(config.plan, tz, now)
    start = slot_before(config.plan, tz, slot).cut_off
    return [e for e in news_of(entries, config) if start <= published(e) < slot.cut_off]


@pytest.mark.parametrize("start", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_whenever_it_is_asked_the_last_week_is_full_and_the_future_unknown(
    planned: Config, start: dt.datetime
) -> None:
    hours = 5 if planned.plan.cut_off.weekday == 0 else 25
    for now in instants(start, hours, 505 // hours):
        for name in NAMES:
            entries = parsed(name, planned, now).entries
            assert len(last_week(entries, planned, now)) >= LEAST[name], (name, now)
            assert all(published(e) <= now and updated(e) <= now for e in entries), (name, now)
            assert len({e.id for e in entries}) == len({e.link for e in entries}) == len(entries)


@pytest.mark.parametrize("now", [SPRING, AUTUMN, QUIET], ids=["spring", "autumn", "ordinary"])
def test_no_day_of_the_week_is_empty(config: Config, now: dt.datetime) -> None:
    tz = config.association.tz
    days = {
        published(e).astimezone(tz).weekday()
        for name in NAMES
        for e in last_week(parsed(name, config, now).entries, config, now)
    }
    assert days == set(range(7))


@pytest.mark.parametrize("name", NAMES)
def test_the_week_before_leaves_the_window_something_to_leave_out(config: Config, name: str) -> None:
    tz = config.association.tz
    slot = latest_slot(config.plan, tz, QUIET)
    start = slot_before(config.plan, tz, slot).cut_off
    assert any(published(e) < start for e in parsed(name, config, QUIET).entries)


def test_about_half_of_a_new_week_is_there_after_two_hours(config: Config) -> None:
    slot = next_slot(config.plan, config.association.tz, QUIET)
    after = slot_after(config.plan, config.association.tz, slot)

    def new(now: dt.datetime) -> int:
        return sum(
            published(e) >= slot.cut_off for name in NAMES for e in news_of(parsed(name, config, now).entries, config)
        )

    early, whole = new(slot.cut_off + dt.timedelta(hours=2)), new(after.cut_off - dt.timedelta(seconds=1))
    assert new(slot.cut_off) == 0
    assert whole >= 15
    assert 0.35 <= early / whole <= 0.65


@pytest.mark.parametrize("name", NAMES)
def test_the_same_instant_gives_the_same_bytes(config: Config, name: str) -> None:
    assert feed_bytes(name, config=config, now=QUIET) == feed_bytes(name, config=config, now=QUIET)


def test_nothing_moves_or_changes_its_words_as_the_weeks_go_by(config: Config) -> None:
    seen: dict[str, tuple[Any, ...]] = {}
    for now in instants(AUTUMN, 35, 20):
        for name in NAMES:
            for entry in parsed(name, config, now).entries:
                what = (entry.title, entry.link, entry.published, updated(entry), entry.summary)
                assert seen.setdefault(f"{name} {entry.id}", what) == what


def test_three_weeks_in_a_row_have_different_stories(config: Config) -> None:
    now = dt.datetime(2024, 6, 3, 7, 0, tzinfo=dt.UTC)
    for name in NAMES:
        titles: list[str] = []
        for week in range(3):
            later = now + dt.timedelta(weeks=week)
            titles += (e.title for e in last_week(parsed(name, config, later).entries, config, later))
        assert len(titles) == len(set(titles)) >= 3 * LEAST[name]


def test_events_lie_ahead_of_their_issue_and_one_is_close(config: Config) -> None:
    for now in instants(SPRING, 24 * 7, 4):
        slot = latest_slot(config.plan, config.association.tz, now)
        events = last_week(parsed("events", config, now).entries, config, now)
        starts = [dt.datetime.fromisoformat(e.ev_startdate) for e in events]
        ends = [dt.datetime.fromisoformat(e.ev_enddate) for e in events]
        assert all(slot.send_at < start < end for start, end in zip(starts, ends, strict=True))
        assert any((start.date() - slot.date).days == 2 for start in starts)
        assert any((start.date() - slot.date).days > 20 for start in starts)
        places = [e.ev_location for e in events]
        assert any(p.startswith("Online") for p in places)
        assert any("nline" not in p for p in places)


def test_event_times_are_wall_times_with_the_zones_offset(config: Config) -> None:
    offsets = {
        e.ev_startdate[-6:]
        for now in instants(SPRING, 24 * 7, 4)
        for e in parsed("events", config, now).entries
        if e.ev_startdate[11:16] >= "06:00"
    }
    assert offsets == {"+00:00", "+01:00"}


def test_the_list_brings_the_earlier_digests_back_under_their_own_titles(config: Config) -> None:
    now = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
    before = [e.title for e in parsed("announce", config, now).entries if is_own_digest(config, e.title)]
    assert before[:2] == [
        "Weekly News Digest - Issue 735, 05 Feb 2024",
        "Weekly News Digest - Issue 734, 29 Jan 2024",
    ]
    after = [e.title for e in parsed("announce", config, now + dt.timedelta(hours=3)).entries]
    assert "Weekly News Digest - Issue 736, 12 Feb 2024" in after


def test_without_an_anchor_there_is_no_number_to_list_a_digest_under(config: Config) -> None:
    unanchored = config.with_values(digest=config.digest.model_copy(update={"anchor": None}))
    entries = parsed("announce", unanchored, QUIET).entries
    assert not any(is_own_digest(unanchored, e.title) for e in entries)
    assert len(entries) >= 2


def test_a_story_stands_in_news_and_blog_from_the_second_issue_on(config: Config) -> None:
    def shared(now: dt.datetime) -> set[str]:
        news, blog = (
            {e.title for e in last_week(parsed(n, config, now).entries, config, now)} for n in NAMES[::2][:2]
        )
        return news & blog

    first = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)  # the anchor's own issue
    assert shared(first) == set()
    assert len(shared(first + dt.timedelta(weeks=1))) == 1


def test_the_blog_is_shaped_like_wordpress(config: Config) -> None:
    entries = parsed("blog", config, QUIET).entries
    assert all("appeared first on" in e.content[0].value and e.author and e.tags for e in entries)
    pictures = [e.media_content[0]["url"] for e in entries if "media_content" in e]
    assert pictures
    for url in pictures:
        base, _, name = url.rpartition("/sample/")
        assert base == config.web.base_url
        assert name.removesuffix(".jpg") in ALTERNATIVES


def test_the_journal_names_every_author_and_is_published_before_it_is_updated(config: Config) -> None:
    for entry in parsed("journal", config, QUIET).entries:
        assert len(entry.authors) >= 2
        assert entry.prism_doi.startswith("10.5555/")
        assert published(entry) < updated(entry)


def test_texts_name_no_date_of_their_own(config: Config) -> None:
    from digest.sample.stories import stories

    month = "January|February|March|April|June|July|August|September|October|November|December"
    fixed = re.compile(rf"\b(?:{month}|\w+day \d|20\d\d)\b")
    for name in NAMES:
        for story in stories(name):
            assert not fixed.search(story.title + story.text), story.slug


def test_markup_in_a_text_is_escaped_once(config: Config) -> None:
    for name in NAMES:
        for entry in parsed(name, config, QUIET).entries:
            assert "&amp;amp;" not in entry.summary
            assert html.unescape(entry.title) == entry.title


def test_an_unknown_name_is_refused_in_words(config: Config) -> None:
    with pytest.raises(ConfigError, match="did you mean 'news'"):
        feed_bytes("nwes", config=config, now=QUIET)
