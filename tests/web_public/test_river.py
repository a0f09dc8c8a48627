"""The river's pages, feeds and calendar, as a visitor and as a feed reader get them."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import feedparser
import pytest
import time_machine
from django.test import Client
from icalendar import Calendar

from digest import pipeline
from digest.compose.models import Edit, RiverItem
from digest.config import Config
from digest.errors import ConfigError
from digest.gather.document import EventTime
from digest.gather.models import Entry, Fetch, Source
from tests.conftest import CONFIG
from tests.feed_rules import faults
from tests.river import NOW, SOURCES, entry, listed, source

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
BASE = "http://127.0.0.1:8000"


@pytest.fixture
def river(make_config: Callable[..., Config], settings: Any) -> Iterator[Config]:
    config = make_config(SOURCES)
    settings.DIGEST = config
    with time_machine.travel(NOW, tick=False):
        yield config


def words(response: Any) -> str:
    """The page's text, one space between words."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", response.content.decode())).split())


def test_what_had_no_room_is_on_the_web(client: Client, make_config: Any, tmp_path: Path, settings: Any) -> None:
    now = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
    titles = ["<b>One</b> & two", "Three", "Weekly News Digest - Issue 735, 05 Feb 2024"]
    items = "".join(
        f"<item><title><![CDATA[{title}]]></title><link>https://n.example/{n}</link><guid>{n}</guid>"
        f"<pubDate>{format_datetime(now - dt.timedelta(hours=n + 1))}</pubDate></item>"
        for n, title in enumerate(titles)
    )
    (tmp_path / "news.xml").write_text(
        f"<rss version='2.0'><channel><title>N</title>{items}</channel></rss>", "utf-8"
    )
    table = '[[sources]]\nid = "news"\ntitle = "The News"\nsection = "news"\npath = "news.xml"\n'
    config = make_config(table, base=CONFIG.replace('id = "news"', 'id = "news"\nmax_items = 1', 1))
    settings.DIGEST = config
    pipeline.gather(config, now=now)
    document = pipeline.coming(config, now=now).document
    assert (document.sections[0].more, document.sections[0].more_url) == (1, f"{BASE}/river/news/")
    with time_machine.travel(now + DAY):
        page = client.get("/river/news/")
        empty = client.get("/river/blog/")
    text = page.content.decode()
    assert page.status_code == 200
    assert text.index("One") < text.index("Three")
    assert "<b>One" not in text
    assert "Issue 735" not in text
    assert "Nothing was published here" in empty.content.decode()
    assert client.get("/river/nosuch/").status_code == 404
    assert client.get("/river/source/nosuch/").status_code == 404
    assert client.post("/river/news/").status_code == 405


def test_an_entry_says_where_it_is_from_when_and_what_about(client: Client, river: Config) -> None:
    entry("New", at=NOW - 3 * HOUR, summary="A teaser.", categories=("Open Education", "Policy"))
    entry("Old", of="blog", at=NOW - 9 * DAY)
    start = dt.datetime(2024, 2, 22, 14, tzinfo=dt.UTC)
    entry("Event", of="dates", at=NOW - DAY, event=EventTime(start=start, end=start + HOUR, place="The Corn Store"))
    listed(river)
    text = words(client.get("/river/"))
    assert "Today New The News · 3 hours ago A teaser. Open Education Policy" in text
    assert "Yesterday Event The Calendar · 18/02/24 Thu 22 Feb 2024, 14:00–15:00\N{NO-BREAK SPACE}GMT" in re.sub(
        r"(?<=\d\d:\d\d)\s(?=GMT)", "\N{NO-BREAK SPACE}", text
    )
    assert "The Corn Store" in text
    assert "Saturday 10 February 2024 Old The Blog · 10/02/24" in text
    page = client.get("/river/").content.decode()
    assert 'href="/river/source/blog/"' in page
    assert 'href="/river/?category=open%20education"' in page
    assert words(client.get("/river/?category=OPEN  education")).count("hours ago") == 1
    assert "Old" not in words(client.get("/river/?category=policy"))


def test_the_form_of_dates_is_a_setting(client: Client, make_config: Callable[..., Config], settings: Any) -> None:
    settings.DIGEST = make_config(SOURCES + '[river]\ndate_format = "yyyy-MM-dd"')
    entry("Old", at=NOW - 9 * DAY)
    listed(settings.DIGEST)
    assert "2024-02-10" in words(client.get("/river/"))
    with pytest.raises(ConfigError, match="day, month and year"):
        make_config('[river]\ndate_format = "EEEE"')


@pytest.mark.parametrize("key", ["source", "sources"])
def test_a_section_cannot_have_the_address_of_the_sources(make_config: Callable[..., Config], key: str) -> None:
    with pytest.raises(ConfigError, match="another id"):
        make_config(f'[[sections]]\nid = "{key}"\ntitle = "S"')


def test_ages_are_right_in_a_copy_that_was_kept(client: Client, river: Config) -> None:
    entry("New", at=NOW - dt.timedelta(minutes=10, seconds=30))
    listed(river)
    first = client.get("/river/")
    assert "10 minutes ago" in words(first)
    assert first["Cache-Control"] == "public, max-age=60"
    same = {"headers": {"If-None-Match": first["ETag"]}}
    with time_machine.travel(NOW + dt.timedelta(seconds=20), tick=False):
        assert client.get("/river/", **same).status_code == 304
    with time_machine.travel(NOW + dt.timedelta(minutes=1), tick=False):
        assert "11 minutes ago" in words(client.get("/river/", **same))
    with time_machine.travel(NOW + 26 * HOUR, tick=False):
        text = words(client.get("/river/"))
    assert "Yesterday New The News · 19/02/24" in text


def test_an_old_page_is_the_same_tomorrow(client: Client, river: Config) -> None:
    for n in range(45):
        entry(f"Old {n}", at=NOW - 9 * DAY - n * HOUR)
    listed(river)
    first = client.get("/river/")
    older = re.search(r'href="(/river/\?before=[^"]+)"', first.content.decode())
    assert older is not None
    page = client.get(older[1])
    with time_machine.travel(NOW + DAY, tick=False):
        for path, known in (("/river/", first), (older[1], page)):
            assert client.get(path, headers={"If-None-Match": known["ETag"]}).status_code == 304
    assert 'rel="prev"' in page.content.decode()
    assert "noindex" in page.content.decode()
    assert "noindex" not in first.content.decode()


@pytest.mark.parametrize("query", ["before=x", "after=1", "before=1-1-1", "before=99999999999999999-1", "before=١-١"])
def test_what_names_no_place_is_not_found(client: Client, river: Config, query: str) -> None:
    entry("One")
    listed(river)
    expected = 200 if query == "before=99999999999999999-1" else 404
    assert client.get(f"/river/?{query}").status_code == expected


def test_what_happens_is_seen_at_once(client: Client, river: Config) -> None:
    one = entry("One", at=NOW - HOUR)
    listed(river)
    seen = [client.get("/river/")]

    def now_says(*titles: str) -> None:
        page = client.get("/river/", headers={"If-None-Match": seen[-1]["ETag"]})
        assert page.status_code == 200
        assert re.findall(r'<h3 class="river-title"><a[^>]*>([^<]*)', page.content.decode()) == list(titles)
        seen.append(page)

    entry("Two", at=NOW)
    listed(river)
    now_says("Two", "One")
    Entry.objects.filter(pk=one.pk).update(
        latest_doc={**one.latest_doc, "title": "One, again"}, changed_at=NOW + HOUR
    )
    listed(river, now=NOW + HOUR)
    now_says("Two", "One, again")
    draft = pipeline.ensure_draft(river, now=NOW)
    Edit.objects.create(issue=draft, seq=0, kind="hold", entry=one, actor="x", at=NOW, base_revision=1)
    now_says("Two")
    Source.objects.filter(key="news").update(retired_at=NOW)
    Fetch.objects.create(source=source("news"), at=NOW, outcome="failed", words="is gone")
    now_says()
    assert client.get("/river/source/news/").status_code == 404
    assert "The News" not in words(client.get("/river/sources/"))


PARTS = {"/river/": "", "/river/news/": "news", "/river/source/news/": "source/news"}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_the_feeds_say_what_the_page_says(client: Client, river: Config, part: str, form: str) -> None:
    for n, title in enumerate(["Plain & simple", "<b>Bold</b> <script>x</script>", "Three"]):
        entry(
            title, at=NOW - n * DAY, summary=f"{title}: a teaser", categories=("C & D",), authors=("Ada",) * (n % 2)
        )
    Entry.objects.filter(latest_doc__title="Three").update(changed_at=NOW + HOUR)
    listed(river, now=NOW + 2 * HOUR)
    page = client.get(part).content.decode()
    assert f'href="{part}feed.{form}"' in page
    assert page.count('<link rel="alternate" type="application/') >= 3
    answer = client.get(f"{part}feed.{form}")
    assert answer.status_code == 200
    assert faults(answer.content, form, self_url=f"{BASE}{part}feed.{form}") == []
    assert parsedate_to_datetime(answer["Last-Modified"]) == NOW + 2 * HOUR
    rows = list(Entry.objects.order_by("-published_at"))
    ids = [f"tag:digest.localhost,2024-02-{19 - n}:news/{row.identity[:32]}" for n, row in enumerate(rows)]
    updated = [NOW, NOW - DAY, NOW + HOUR]
    if form == "json":
        items = json.loads(answer.content)["items"]
        assert [(item["id"], item["title"], item["content_text"], item["url"]) for item in items] == [
            (id_, row.latest_doc["title"], row.latest_doc["summary"], row.latest_doc["url"])
            for id_, row in zip(ids, rows, strict=True)
        ]
        assert [dt.datetime.fromisoformat(item["date_modified"]) for item in items] == updated
        return
    found = feedparser.parse(answer.content, sanitize_html=False)
    for n, (item, row) in enumerate(zip(found.entries, rows, strict=True)):
        assert (item.id, item.title, item.link) == (ids[n], row.latest_doc["title"], row.latest_doc["url"])
        assert html.unescape(item.summary) == row.latest_doc["summary"]
        assert dt.datetime(*item.published_parsed[:6], tzinfo=dt.UTC) == row.published_at
        assert item.author == ("Ada" if n == 1 else "The News")
        assert [tag.term for tag in item.tags] == ["C & D"]
        if form == "atom":
            assert dt.datetime(*item.updated_parsed[:6], tzinfo=dt.UTC) == updated[n]
    if form == "atom":
        assert found.feed.id == f"tag:digest.localhost,2024:river/{PARTS[part]}"


def test_a_feed_is_confirmed_and_read_by_category(client: Client, river: Config) -> None:
    entry("In", categories=("Open Education",))
    entry("Out")
    listed(river)
    whole, some = client.get("/river/feed.atom"), client.get("/river/feed.atom?category=Open+Education")
    assert [e.title for e in feedparser.parse(some.content).entries] == ["In"]
    assert len(feedparser.parse(whole.content).entries) == 2
    assert faults(some.content, "atom", self_url=f"{BASE}/river/feed.atom?category=open+education") == []
    for name, header in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        assert client.get("/river/feed.atom", headers={name: whole[header]}).status_code == 304
    entry("Later", at=NOW)
    listed(river, now=NOW + HOUR)
    assert client.get("/river/feed.atom", headers={"If-Modified-Since": whole["Last-Modified"]}).status_code == 200


def test_what_a_feed_calls_an_entry_does_not_change(client: Client, river: Config) -> None:
    one = entry("One")
    listed(river)
    before = feedparser.parse(client.get("/river/feed.atom").content).entries[0].id
    RiverItem.objects.all().delete()
    Entry.objects.update(latest_doc={**one.latest_doc, "title": "Other", "url": "https://o.example"}, changed_at=NOW)
    listed(river, now=NOW + DAY)
    after = feedparser.parse(client.get("/river/feed.atom").content).entries[0]
    assert (after.id, after.title) == (before, "Other")


def test_the_events_to_come_as_a_calendar(client: Client, river: Config) -> None:
    paris = dt.datetime(2024, 4, 3, 10, tzinfo=ZoneInfo("Europe/Paris"))
    over = NOW - 3 * DAY
    spring = EventTime(start=paris, end=paris + 2 * HOUR, zone="Europe/Paris", place="Lyon")
    entry("Spring; a, meeting", of="dates", event=spring, summary="Come.\nAll.")
    entry("Over", of="dates", event=EventTime(start=over, end=over + HOUR))
    entry("Still on", of="dates", event=EventTime(start=over, end=NOW + DAY))
    entry("All day", of="dates", event=EventTime(start=dt.datetime(2024, 3, 1, tzinfo=dt.UTC), all_day=True))
    listed(river)
    answer = client.get("/river/events.ics")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(answer.content)
    events = calendar.events
    assert [str(event["SUMMARY"]) for event in events] == ["Still on", "All day", "Spring; a, meeting"]
    assert events[1].decoded("DTSTART") == dt.date(2024, 3, 1)
    assert (events[2].decoded("DTSTART"), events[2]["DTSTART"].params["TZID"]) == (paris, "Europe/Paris")
    assert {str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")} >= {"Europe/Paris"}
    assert str(events[2]["LOCATION"]) == "Lyon"
    uids = [str(event["UID"]) for event in events]
    row = Entry.objects.get(latest_doc__title="Spring; a, meeting")
    assert uids[2] == f"i{row.identity[:10]}@127.0.0.1"  # as in the calendar of the issue it will stand in
    assert client.get("/river/events.ics", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    Entry.objects.filter(pk=row.pk).update(latest_doc={**row.latest_doc, "title": "Moved"}, changed_at=NOW + HOUR)
    listed(river, now=NOW + HOUR)
    moved = Calendar.from_ical(client.get("/river/events.ics").content).events[2]
    assert (str(moved["SUMMARY"]), str(moved["UID"])) == ("Moved", uids[2])
    assert moved.decoded("DTSTAMP") == NOW + HOUR


SECRETS = """
[[sources]]
id = "a"
title = "With a password"
section = "news"
url = "https://me:hunter2@a.example/feed"
[[sources]]
id = "b"
title = "With a key"
section = "news"
url = "https://b.example/feed?token=hunter2"
[[sources]]
id = "c"
title = "Inside"
section = "news"
url = "http://hunter2.intranet/feed"
[[sources]]
id = "d"
title = "A file"
section = "news"
path = "hunter2.xml"
[[sources]]
id = "e"
title = "Open"
section = "news"
url = "https://e.example/feed?format=rss"
[[sources]]
id = "f"
title = "By lot"
section = "news"
url = "https://f.example/private/hunter2a8f9e7d6c5b4a3f2e1d/feed"
"""


def test_the_list_of_sources_tells_how_they_are_and_nothing_secret(
    client: Client, make_config: Callable[..., Config], settings: Any
) -> None:
    settings.DIGEST = config = make_config(SECRETS)
    for key, state, said in (
        ("a", "failing", "leads to 10.0.0.7 hunter2"),
        ("b", "flooding", "hunter2 entries are held back"),
        ("c", "silent", "no new entry for 3 weeks, usually 2 a week"),
        ("d", "failing", "there is no file /home/hunter2.xml"),
        ("e", "ok", ""),
    ):
        source(key)
        Source.objects.filter(key=key).update(state=state, words=said, last_failed_at=NOW)
    Source.objects.filter(key="d").update(last_ok_at=None)
    entry("One", of="e", at=NOW - DAY)
    listed(config)
    with time_machine.travel(NOW, tick=False):
        page = client.get("/river/sources/")
    opml = client.get("/river/sources.opml")
    for answer in (page, opml):
        assert "hunter2" not in answer.content.decode()
    text = words(page)
    assert "With a password No entry so far Cannot be read at the moment; the last time it could was on 19" in text
    assert "With a key No entry so far Read on 19 February 2024, 12:00." in text
    assert "No new entry for 3 weeks, usually 2 a week." in text
    assert "A file No entry so far Could not be read so far." in text
    assert "Open Last entry 18 Feb 2024 · 1 entry in four weeks" in text
    outlines = ET.fromstring(opml.content).findall(".//outline[@xmlUrl]")
    assert [o.attrib for o in outlines] == [
        {
            "type": "rss",
            "text": "Open",
            "title": "Open",
            "xmlUrl": "https://e.example/feed?format=rss",
            "htmlUrl": f"{BASE}/river/source/e/",
        }
    ]
