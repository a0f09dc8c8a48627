"""What is usual for a source, and what is said when it is not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from digest.commands.sources import table
from digest.config import Config
from digest.errors import UsageError
from digest.gather.health import History, is_flood, silence, usual
from digest.gather.models import Entry, Fetch, Source, SourceState
from digest.gather.standing import read_standings, release
from digest.gather.store import SourceReport, gather_sources
from digest.pipeline.doctor import _gathering, _sources
from digest.web.staff.health import read_health
from tests.fakes.feed_server import FeedServer
from tests.gather.feeds import NOW, rss

DAY = dt.timedelta(days=1)
WEEK = 7 * DAY


def every(step: dt.timedelta, count: int, *, until: dt.datetime = NOW) -> History:
    return History(dates=tuple(until - step * n for n in reversed(range(count))))


@pytest.mark.parametrize(
    ("step", "count", "words"),
    [
        (DAY * 3.5, 20, "2 a week"),
        (WEEK, 10, "1 a week"),
        (dt.timedelta(hours=6), 100, "4 a day"),
        (DAY / 2, 60, "14 a week"),
        (DAY * 30, 12, "1 a month"),
        (DAY * 90, 6, "4 a year"),
        (WEEK, 4, ""),
        (DAY, 6, ""),
    ],
)
def test_the_rhythm_is_learned_from_the_dates(step: dt.timedelta, count: int, words: str) -> None:
    assert usual(every(step, count)) == words


def test_no_history_is_no_rhythm() -> None:
    assert usual(History()) == ""
    assert silence(History(), watched_since=NOW - 52 * WEEK, now=NOW) == ""
    assert not is_flood(500, History(), last_read=NOW, now=NOW)


def test_a_source_is_silent_when_that_is_unusual_for_it() -> None:
    lively = every(DAY * 3.5, 30)
    said = silence(lively, watched_since=NOW - 10 * WEEK, now=NOW + 3 * WEEK)
    assert said == "no new entry for 3 weeks, usually 2 a week"
    assert silence(lively, watched_since=NOW - 10 * WEEK, now=NOW + WEEK) == ""
    assert silence(every(DAY * 30, 12), watched_since=NOW - 10 * WEEK, now=NOW + 4 * WEEK) == ""
    assert silence(lively, watched_since=NOW + 2 * WEEK, now=NOW + 3 * WEEK) == "", "read for the first time lately"


def test_a_longer_holiday_than_ever_is_silence_and_a_usual_one_is_not() -> None:
    summer = History(
        dates=tuple(sorted((*every(DAY * 3, 20).dates, *every(DAY * 3, 10, until=NOW - 12 * WEEK).dates)))
    )
    assert silence(summer, watched_since=NOW - 30 * WEEK, now=NOW + 3 * WEEK) == ""


def test_a_flood_is_far_more_than_the_busiest_week() -> None:
    history = every(DAY, 60)
    assert not is_flood(35, history, last_read=NOW, now=NOW)
    assert is_flood(36, history, last_read=NOW, now=NOW)
    assert not is_flood(36, history, last_read=NOW - 3 * WEEK, now=NOW), "three weeks' entries come at once"
    assert not is_flood(20, every(WEEK, 10), last_read=NOW, now=NOW)
    assert not is_flood(500, history, last_read=None, now=NOW), "never at the first reading"


# through the store ----------------------------------------------------------------------------------------------


@pytest.fixture
def feed(make_config: Callable[..., Config], tmp_path: Path) -> Callable[[bytes], Config]:
    def make(body: bytes) -> Config:
        (tmp_path / "news.xml").write_bytes(body)
        return make_config('[[sources]]\nid = "news"\ntitle = "News"\nsection = "news"\npath = "news.xml"\n')

    return make


def items(numbers: range, *, guid: str = "g") -> list[str]:
    return [
        f"<title>Entry {n}</title><link>https://a.example/{n}</link><guid>{guid}{n}</guid>"
        f"<pubDate>{NOW - DAY * 4 * n:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
        for n in numbers
    ]


def gather(config: Config, now: dt.datetime = NOW) -> SourceReport:
    (report,) = gather_sources(config, now=now)
    return report


@pytest.mark.django_db
def test_a_flood_is_held_back_until_somebody_looks(feed: Callable[[bytes], Config]) -> None:
    gather(feed(rss(*items(range(20)))))
    assert not Entry.objects.exclude(quarantined_at=None).exists(), "never at the first reading"
    flooded = feed(rss(*items(range(20)), *(f"<title>Spam {n}</title><guid>s{n}</guid>" for n in range(60))))
    report = gather(flooded, NOW + DAY)
    assert report.new == 60
    assert Entry.objects.filter(quarantined_at=NOW + DAY).count() == 60
    assert Source.objects.get().state == SourceState.FLOODING
    assert "60 entries are held back until somebody looks" in report.words
    assert "`digest sources release news`" in read_standings(flooded, now=NOW + DAY)[0].todo
    assert gather(flooded, NOW + 2 * DAY).words.startswith("has not changed")
    assert Source.objects.get().state == SourceState.FLOODING, "until somebody looks"
    assert release(flooded, "news", actor="test", now=NOW) == 60
    assert not Entry.objects.exclude(quarantined_at=None).exists()
    gather(flooded, NOW + 3 * DAY)
    assert Source.objects.get().state == SourceState.OK
    with pytest.raises(UsageError, match="Nothing of news is held back"):
        release(flooded, "news", actor="test", now=NOW)
    with pytest.raises(UsageError, match="no such source"):
        release(flooded, "nwes", actor="test", now=NOW)


@pytest.mark.django_db
def test_silence_is_noticed_although_the_feed_answers(feed: Callable[[bytes], Config]) -> None:
    config = feed(rss(*items(range(20))))
    assert gather(config).words == "brought 20 new entries"
    assert Source.objects.get().state == SourceState.OK
    assert gather(config, NOW + 4 * WEEK).words.endswith("no new entry for 4 weeks, usually 2 a week")
    assert Source.objects.get().state == SourceState.SILENT
    (standing,) = read_standings(config, now=NOW + 4 * WEEK)
    assert (standing.state, standing.usual) == (SourceState.SILENT, "2 a week")
    (finding,) = _sources(config, NOW + 4 * WEEK)
    assert (finding.mark, finding.words) == ("warn", "silent: no new entry for 4 weeks, usually 2 a week")
    (shown,) = read_health(config, now=NOW + 4 * WEEK)
    assert (shown.state, shown.words) == ("Silent", "No new entry for 4 weeks, usually 2 a week.")
    assert gather(config, NOW + 70 * WEEK).words.endswith("no new entry for 16 months"), "its history has run out"
    assert Source.objects.get().state == SourceState.SILENT
    gather(feed(rss("<title>Again</title><link>https://a.example/again</link>")), NOW + 71 * WEEK)
    assert Source.objects.get().state == SourceState.OK


@pytest.mark.django_db
def test_what_nobody_read_is_not_called_silent(feed: Callable[[bytes], Config]) -> None:
    gather(feed(rss(*items(range(8, 20)))), NOW - 4 * WEEK)
    config = feed(rss(*items(range(20))))
    gather(config)
    (standing,) = read_standings(config, now=NOW + 8 * WEEK)
    assert standing.state is SourceState.OK, "the clock stood still, not the source"
    (finding,) = _gathering(config, NOW + 8 * WEEK)
    assert (finding.mark, finding.words) == ("FAIL", "no source was asked since Fri 16 Feb 2024, 12:00")
    assert "digest serve" in finding.todo
    assert list(_gathering(config, NOW + DAY)) == []


@pytest.mark.django_db
def test_every_place_says_the_same_words(feed: Callable[[bytes], Config]) -> None:
    gather(feed(rss(*items(range(20)))))
    config = feed(b"<html>a page</html>")
    for day in (1, 2):
        gather(config, NOW + day * DAY)
    now = NOW + 2 * DAY
    (standing,) = read_standings(config, now=now)
    assert standing.words.endswith("; 2 times in a row, last read on 16 Feb 2024")
    (finding,) = _sources(config, now)
    assert finding.words == f"failing: {standing.words}"
    (shown,) = read_health(config, now=now)
    assert shown.words == standing.words[0].upper() + standing.words[1:] + "."
    said = " ".join(" ".join(table((standing,), config)).split())
    assert f"News: {standing.words} -> {standing.todo}" in said
    assert (
        finding.todo
        == shown.todo
        == standing.todo
        == "Look at the file news.xml; mend the address in config.toml if it moved."
    )


@pytest.mark.django_db
def test_identities_that_change_are_noticed_and_add_nothing(feed: Callable[[bytes], Config]) -> None:
    gather(feed(rss(*items(range(10)))))
    report = gather(feed(rss(*items(range(10), guid="other"))), NOW + DAY)
    assert (report.new, Entry.objects.count()) == (0, 10)
    assert Source.objects.get().state == SourceState.GUID_CHURN
    assert "recognised by their addresses" in report.words
    gather(feed(rss(*items(range(10)))), NOW + 2 * DAY)
    assert Source.objects.get().state == SourceState.OK


@pytest.mark.django_db
def test_the_table_fits_a_terminal(feed: Callable[[bytes], Config]) -> None:
    config = feed(rss(*items(range(20))))
    assert "not read" in table(read_standings(config, now=NOW), config)[1]
    gather(config)
    lines = table(read_standings(config, now=NOW), config)
    assert lines[0].split() == ["source", "state", "last", "read", "last", "new", "usual"]
    assert lines[1].split() == ["news", "ok", "16", "Feb", "12:00", "16", "Feb", "12:00", "2", "a", "week"]
    assert lines[2] == "  News: brought 20 new entries"
    gather(feed(b"<html>a page</html>"), NOW + DAY)
    assert "failing" in table(read_standings(config, now=NOW), config)[1]
    for width in (80, 120):
        assert max(map(len, table(read_standings(config, now=NOW), config, width=width))) <= width


# addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_permanent_redirect_is_believed_at_the_third_sighting(server: FeedServer, served: Config) -> None:
    server.redirect("/feed", "/new", status=301)
    server.answer("/new", body=rss("<title>One</title>"))
    for day in range(3):
        assert Source.objects.filter(url=server.url("/new")).count() == 0
        report = gather(served, NOW + day * DAY)
    assert report.words.endswith(f"it has moved for good and is read from {server.url('/new')} from now on")
    server.requests.clear()
    gather(served, NOW + 3 * DAY)
    assert [request.path for request in server.requests] == ["/new"]
    again = served.sources[0].model_copy(update={"url": server.url("/elsewhere")})
    gather(served.with_values(sources=(again,)), NOW + 4 * DAY)
    assert (Source.objects.get().url, Source.objects.get().moved_sightings) == (server.url("/elsewhere"), 0)


@pytest.mark.django_db
def test_a_redirect_that_wavers_is_never_believed(server: FeedServer, served: Config) -> None:
    server.answer("/a", body=rss("<title>One</title>"))
    server.answer("/b", body=rss("<title>One</title>"))
    for day, (to, status) in enumerate([("/a", 301), ("/a", 308), ("/b", 301), ("/a", 302), ("/a", 301)]):
        server.redirect("/feed", to, status=status)
        gather(served, NOW + day * DAY)
    row = Source.objects.get()
    assert (row.url, row.moved_to, row.moved_sightings) == (server.url("/feed"), server.url("/a"), 1)


@pytest.mark.django_db
def test_a_feed_that_is_gone_for_good_is_not_asked_again(server: FeedServer, served: Config) -> None:
    server.answer("/feed", status=410)
    report = gather(served)
    assert report.failed
    assert "gone for good (410); it is not asked any more" in report.words
    assert gather(served, NOW + DAY).failed
    assert len(server.requests) == 1
    assert Fetch.objects.count() == 1
    (finding,) = _sources(served, NOW)
    assert finding.mark == "FAIL"
    server.answer("/other", body=rss("<title>One</title>"))
    other = served.sources[0].model_copy(update={"url": server.url("/other")})
    assert gather(served.with_values(sources=(other,)), NOW + 2 * DAY).new == 1
    assert Source.objects.get().state == SourceState.OK


@pytest.mark.django_db
def test_a_feed_that_is_gone_can_be_asked_by_name(server: FeedServer, served: Config) -> None:
    server.answer("/feed", status=410)
    gather(served)
    server.answer("/feed", body=rss("<title>One</title>"))
    (report,) = gather_sources(served, now=NOW + DAY, only=["news"])
    assert report.new == 1
    assert Source.objects.get().retired_at is None
