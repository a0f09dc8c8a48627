"""From what the sources say to rows: stored once, every fetch recorded, one bad feed never stops the others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from digest.config import Config
from digest.errors import UsageError
from digest.gather.document import EntryDoc
from digest.gather.models import Entry, Fetch, FetchOutcome, Source, SourceState
from digest.gather.store import SourceReport, gather_sources
from tests.fakes.feed_server import FeedServer
from tests.gather.feeds import NOW, rss

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
ONE = (
    "<title>One</title><link>https://a.example/1</link><guid>1</guid><pubDate>Mon, 12 Feb 2024 09:00:00 GMT</pubDate>"
)
TWO = (
    "<title>Two</title><link>https://a.example/2</link><guid>2</guid><pubDate>Tue, 13 Feb 2024 09:00:00 GMT</pubDate>"
)


@pytest.fixture
def feeds(make_config: Callable[..., Config], tmp_path: Path) -> Callable[..., Config]:
    """`feeds(news=b"...")`: a config with one file a source, in the section news, holding these bytes."""

    def make(extra: str = "", **bodies: bytes | None) -> Config:
        tables = [extra]
        for name, body in bodies.items():
            tables.append(f'[[sources]]\nid = "{name}"\ntitle = "The {name}"\nsection = "news"\npath = "{name}.xml"')
            if body is not None:
                (tmp_path / f"{name}.xml").write_bytes(body)
        return make_config("\n".join(tables))

    return make


def gather(config: Config, now: dt.datetime = NOW) -> SourceReport:
    (report,) = gather_sources(config, now=now)
    return report


def test_entries_are_stored_as_their_source_gave_them(feeds: Callable[..., Config]) -> None:
    report = gather(feeds(news=rss(ONE, TWO)))
    assert (report.source, report.title, report.outcome) == ("news", "The news", FetchOutcome.NEW)
    assert (report.seen, report.new, report.changed, report.words) == (2, 2, 0, "brought 2 new entries")
    one = Entry.objects.get(source__key="news", published_at="2024-02-12T09:00:00Z")
    doc = EntryDoc.model_validate(one.first_doc)
    assert (doc.title, doc.url) == ("One", "https://a.example/1")
    assert one.latest_doc == one.first_doc
    assert (one.first_seen_at, one.date_quality, one.identity_kind) == (NOW, "exact", "guid")
    assert len(one.url_key) == len(one.title_key) == 64


def test_gathering_an_unchanged_feed_again_adds_nothing(feeds: Callable[..., Config]) -> None:
    config = feeds(news=rss(ONE, TWO))
    gather(config)
    before = list(Entry.objects.order_by("pk").values())
    report = gather(config, NOW + DAY)
    assert (report.outcome, report.new, report.changed) == (FetchOutcome.UNCHANGED, 0, 0)
    assert report.words == "has not changed since the last time"
    assert list(Entry.objects.order_by("pk").values()) == before
    assert [fetch.outcome for fetch in Fetch.objects.order_by("pk")] == ["new", "unchanged"]


def test_only_what_is_new_is_added(feeds: Callable[..., Config]) -> None:
    gather(feeds(news=rss(ONE)))
    report = gather(feeds(news=rss(TWO, ONE)), NOW + DAY)
    assert (report.seen, report.new, report.changed) == (2, 1, 0)
    assert Entry.objects.get(first_seen_at=NOW + DAY).latest_doc["title"] == "Two"
    assert Entry.objects.get(first_seen_at=NOW).last_seen_at == NOW + DAY


def test_a_changed_entry_keeps_its_first_form_and_its_week(feeds: Callable[..., Config]) -> None:
    gather(feeds(news=rss(ONE)))
    edited = ONE.replace("One", "One, corrected").replace("12 Feb", "15 Feb")
    report = gather(feeds(news=rss(edited)), NOW + DAY)
    assert (report.new, report.changed, report.words) == (0, 1, "brought 1 changed entry")
    entry = Entry.objects.get()
    assert entry.first_doc["title"] == "One"
    assert entry.latest_doc["title"] == "One, corrected"
    assert entry.changed_at == NOW + DAY
    assert entry.published_at == dt.datetime(2024, 2, 12, 9, tzinfo=dt.UTC)


def test_a_date_that_was_missing_is_taken_when_it_comes(feeds: Callable[..., Config]) -> None:
    undated = ONE[: ONE.index("<pubDate>")]
    gather(feeds(news=rss(undated)))
    assert Entry.objects.get().published_at is None
    gather(feeds(news=rss(ONE + "<description>More.</description>")), NOW + DAY)
    assert Entry.objects.get().published_at == dt.datetime(2024, 2, 12, 9, tzinfo=dt.UTC)


def test_new_guids_for_old_articles_bring_nothing_back(feeds: Callable[..., Config]) -> None:
    gather(feeds(news=rss(ONE, TWO)))
    rebuilt = [item.replace("<guid>", "<guid>new-") for item in (ONE, TWO)]
    for days in (1, 2):
        report = gather(feeds(news=rss(*rebuilt, f"<title>{days}</title>")), NOW + days * DAY)
        assert report.new == 1
    assert Entry.objects.count() == 4


def test_one_address_for_several_events_is_several_entries(feeds: Callable[..., Config]) -> None:
    gather(feeds(news=rss(ONE)))
    again = ONE.replace("<guid>1", "<guid>1b").replace("12 Feb", "19 Feb")
    assert gather(feeds(news=rss(ONE, again)), NOW + DAY).new == 1


def test_a_bad_feed_never_stops_the_others(feeds: Callable[..., Config]) -> None:
    config = feeds(
        empty=b"",
        page=b"<!DOCTYPE html><html></html>",
        missing=None,
        broken=b"<rss><channel>",
        news=rss(ONE),
        quiet=rss(),
    )
    reports = {report.source: report for report in gather_sources(config, now=NOW)}
    assert list(reports) == ["empty", "page", "missing", "broken", "news", "quiet"]
    failed = {name for name, report in reports.items() if report.outcome is FetchOutcome.FAILED}
    assert failed == {"empty", "page", "missing", "broken"}
    assert reports["page"].words == "answered with a web page, not a feed"
    assert "there is no file" in reports["missing"].words
    assert reports["quiet"].words == "is in order, but holds no entries"
    assert Entry.objects.count() == 1


def test_a_failure_is_remembered_until_it_is_over(feeds: Callable[..., Config]) -> None:
    gather(feeds(news=b""))
    gather(feeds(news=b""), NOW + DAY)
    row = Source.objects.get()
    assert (row.failures, row.state, row.last_failed_at) == (2, SourceState.FAILING, NOW + DAY)
    assert row.first_ok_at is None
    gather(feeds(news=rss(ONE)), NOW + 2 * DAY)
    row.refresh_from_db()
    assert (row.failures, row.state, row.first_ok_at) == (0, SourceState.OK, NOW + 2 * DAY)
    assert row.last_new_at == NOW + 2 * DAY


def test_a_feed_that_turned_into_a_page_keeps_its_entries(feeds: Callable[..., Config]) -> None:
    gather(feeds(news=rss(ONE)))
    assert gather(feeds(news=b"<html></html>"), NOW + DAY).outcome is FetchOutcome.FAILED
    assert Entry.objects.count() == 1


def test_some_sources_can_be_named(feeds: Callable[..., Config]) -> None:
    config = feeds(news=rss(ONE), blog=rss(TWO))
    assert [report.source for report in gather_sources(config, now=NOW, only=["blog"])] == ["blog"]
    with pytest.raises(UsageError, match="There is no source 'nwes'"):
        gather_sources(config, now=NOW, only=["nwes"])


def test_a_source_that_config_no_longer_names_is_retired_and_keeps_its_entries(feeds: Callable[..., Config]) -> None:
    gather_sources(feeds(news=rss(ONE), blog=rss(TWO)), now=NOW)
    Source.objects.create(key="manual")
    gather_sources(feeds(news=rss(ONE)), now=NOW + DAY)
    assert Source.objects.get(key="blog").retired_at == NOW + DAY
    assert Source.objects.get(key="manual").retired_at is None
    assert Entry.objects.count() == 2
    gather_sources(feeds(news=rss(ONE), blog=rss(TWO)), now=NOW + 2 * DAY)
    assert Source.objects.get(key="blog").retired_at is None
    assert Entry.objects.count() == 2


def test_an_unchanged_feed_is_read_again_when_it_would_be_read_differently(feeds: Callable[..., Config]) -> None:
    text = "<description>" + "A sentence of about forty characters, so. " * 9 + "</description>"
    config = feeds(news=rss(ONE + text))
    gather(config)
    shorter = config.with_values(digest=config.digest.model_copy(update={"teaser_length": 100}))
    assert gather(shorter, NOW + DAY).changed == 0, "it is not the source that changed"
    entry = Entry.objects.get()
    assert len(entry.latest_doc["summary"]) <= 100
    assert (entry.first_doc, entry.changed_at) == (entry.latest_doc, None)


def test_a_server_is_asked_whether_anything_has_changed(server: FeedServer, served: Config) -> None:
    server.answer("/feed", body=rss(ONE), headers={"ETag": '"1"'})
    assert gather(served).new == 1
    assert gather(served, NOW + DAY).outcome is FetchOutcome.UNCHANGED
    assert gather(served, NOW + 2 * DAY).outcome is FetchOutcome.UNCHANGED
    assert [r.headers.get("if-none-match") for r in server.requests] == [None, '"1"', '"1"']
    server.answer("/feed", body=rss(TWO), headers={"ETag": '"2"'})
    assert gather(served, NOW + 3 * DAY).new == 1


def test_a_request_to_wait_is_obeyed(server: FeedServer, served: Config) -> None:
    server.answer("/feed", status=429, headers={"Retry-After": "7200"})
    assert gather(served).outcome is FetchOutcome.FAILED
    waiting = gather(served, NOW + dt.timedelta(hours=1))
    assert waiting.words == "asked us to wait until 14:00 on 16 February"
    assert len(server.requests) == 1
    server.answer("/feed", body=rss(ONE))
    assert gather(served, NOW + dt.timedelta(hours=3)).new == 1


def test_another_address_starts_afresh_but_keeps_the_entries(server: FeedServer, served: Config) -> None:
    server.answer("/feed", body=rss(ONE), headers={"ETag": '"1"'})
    server.answer("/other", body=rss(ONE, TWO), headers={"ETag": '"1"'})
    gather(served)
    moved = served.sources[0].model_copy(update={"url": server.url("/other")})
    report = gather(served.with_values(sources=(moved,)), NOW + DAY)
    assert (report.new, report.seen) == (1, 2)


DATED = [
    f"<title>Story {day}</title><link>https://a.example/{day}</link><guid>{day}</guid>"
    f"<pubDate>{day:02d} Feb 2024 09:00:00 GMT</pubDate>"
    for day in range(14, 4, -1)
]


def gone() -> set[str]:
    return {entry.latest_doc["title"] for entry in Entry.objects.filter(gone_at__isnull=False)}


def test_what_a_feed_no_longer_holds_is_marked_until_it_comes_back(feeds: Callable[..., Config]) -> None:
    gather(feeds(news=rss(*DATED)))
    gather(feeds(news=rss(*DATED[:3], *DATED[4:])), NOW + DAY)
    assert gone() == {"Story 11"}
    assert Entry.objects.get(gone_at__isnull=False).gone_at == NOW + DAY
    gather(feeds(news=rss(*DATED)), NOW + 2 * DAY)
    assert gone() == set()


def test_what_was_withdrawn_at_once_is_marked_too(feeds: Callable[..., Config]) -> None:
    gather(feeds(news=rss(*DATED)))
    gather(feeds(news=rss(*DATED[1:])), NOW + DAY)
    assert gone() == {"Story 14"}


def test_what_only_fell_off_the_end_of_a_feed_is_not_gone(feeds: Callable[..., Config]) -> None:
    gather(feeds(news=rss(*DATED)))
    gather(feeds(news=rss(ONE.replace("12 Feb", "15 Feb").replace(">1<", ">one<"), *DATED[:6])), NOW + DAY)
    assert gone() == set()


@pytest.mark.parametrize(
    "shown",
    [
        [DATED[0], DATED[2], DATED[1], *DATED[4:]],
        [DATED[0], *DATED[-4:]],
        [*DATED[:3], *DATED[4:], "<title>Undated</title>"],
        [DATED[0], DATED[2]],
    ],
    ids=["not by date", "mostly another feed", "undated", "too few"],
)
def test_nothing_is_called_gone_where_that_is_doubtful(feeds: Callable[..., Config], shown: list[str]) -> None:
    gather(feeds(news=rss(*DATED)))
    gather(feeds(news=rss(*shown)), NOW + DAY)
    assert gone() == set()


def test_a_feed_of_which_only_a_part_is_read_misses_nothing(feeds: Callable[..., Config]) -> None:
    config = feeds(news=rss(*DATED))
    gather(config)
    fewer = config.with_values(gather=config.gather.model_copy(update={"max_items": 8}))
    feeds(news=rss(*DATED[:3], *DATED[4:]))
    gather(fewer, NOW + DAY)
    assert gone() == set()


def test_identities_and_dates_that_change_at_every_fetch_bring_nothing_back(feeds: Callable[..., Config]) -> None:
    for days in range(4):
        items = [
            f"<title>Story {n}</title><link>https://a.example/{n}</link><guid>{n}-{days}</guid>"
            f"<pubDate>{13 + days:02d} Feb 2024 0{n}:00:00 GMT</pubDate>"
            for n in range(5)
        ]
        report = gather(feeds(news=rss(*items)), NOW + days * DAY)
        assert report.new == (0 if days else 5)
    assert Source.objects.get().state == SourceState.GUID_CHURN
    fresh = "<title>New</title><link>https://a.example/new</link><guid>n-5</guid>"
    assert gather(feeds(news=rss(fresh, *items)), NOW + 5 * DAY).new == 1


def test_a_series_under_one_address_is_not_taken_for_changing_identities(feeds: Callable[..., Config]) -> None:
    def seminar(guid: int) -> str:
        return (
            f"<title>Seminar</title><link>https://a.example/seminar</link><guid>{guid}</guid>"
            f"<pubDate>{guid:02d} Feb 2024 09:00:00 GMT</pubDate>"
        )

    gather(feeds(news=rss(seminar(5), TWO)))
    assert gather(feeds(news=rss(seminar(12), TWO)), NOW + DAY).new == 1


def test_a_feed_that_a_page_names_is_asked_itself_from_then_on(server: FeedServer, served: Config) -> None:
    page = (
        f'<html><head><link rel="alternate" type="application/rss+xml" href="{server.url("/found")}"></head></html>'
    )
    server.answer("/feed", body=page.encode(), headers={"Content-Type": "text/html"})
    server.answer("/found", body=rss(ONE), headers={"ETag": '"1"'})
    assert gather(served).new == 1
    row = Source.objects.get()
    assert (row.url, row.configured_url) == (server.url("/found"), server.url("/feed"))
    assert gather(served, NOW + DAY).words == "has not changed since the last time"
    assert [request.path for request in server.requests] == ["/feed", "/found", "/found"]


def test_an_address_that_was_found_is_given_up_when_it_fails(server: FeedServer, served: Config) -> None:
    page = '<html><head><link rel="alternate" type="application/rss+xml" href="/{}"></head></html>'
    server.answer("/feed", body=page.format("found").encode(), headers={"Content-Type": "text/html"})
    server.answer("/found", body=rss(ONE))
    gather(served)
    server.answer("/found", status=404)
    server.answer("/feed", body=page.format("new").encode(), headers={"Content-Type": "text/html"})
    server.answer("/new", body=rss(ONE, TWO))
    assert gather(served, NOW + DAY).failed
    assert "the address in config.toml is asked again" in gather(served, NOW + 2 * DAY).words
    assert gather(served, NOW + 3 * DAY).new == 1
    server.answer("/new", status=410)
    assert gather(served, NOW + 4 * DAY).failed
    assert Source.objects.get().retired_at is None


def test_a_page_that_names_itself_is_refused(server: FeedServer, served: Config) -> None:
    page = '<html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head></html>'
    server.answer("/feed", body=page.encode(), headers={"Content-Type": "text/html"})
    report = gather(served)
    assert report.failed
    assert "web page" in report.words
    assert len(server.requests) <= 2
