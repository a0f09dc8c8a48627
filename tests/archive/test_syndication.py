"""One feed in three forms, each by its own rules, each read back as what went in."""

from __future__ import annotations

import datetime as dt
import html
import json

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.archive.syndication import FORMS, FeedHead, FeedItem
from tests.feed_rules import faults

NOW = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
HOME = "https://d.example/river/"
HEAD = FeedHead(
    id="tag:d.example,2024:river",
    title="The river",
    description="Everything",
    home=HOME,
    author="Test Association",
    author_url="https://test.example",
    language="en-GB",
)
lines = st.text(max_size=40)
instants = st.datetimes(
    min_value=dt.datetime(1990, 1, 1), max_value=dt.datetime(2090, 1, 1), timezones=st.just(dt.UTC)
)


@st.composite
def feeds(draw: st.DrawFn) -> list[FeedItem]:
    return [
        FeedItem(
            id=f"tag:d.example,2024:{n}",
            url=draw(st.sampled_from(["https://n.example/?a=1&b=2", "https://n.example/ä", ""])),
            title=f"{n} {draw(lines)}",
            summary=draw(lines),
            published=draw(instants).replace(microsecond=0),
            updated=draw(instants).replace(microsecond=0),
            authors=tuple(draw(st.lists(lines.filter(str.strip).map(lambda name: f"A {name}"), max_size=2))),
            categories=tuple(draw(st.lists(lines.map(lambda name: f"c{name}"), max_size=3))),
        )
        for n in range(draw(st.integers(0, 4)))
    ]


@given(feeds(), st.sampled_from(sorted(FORMS)))
def test_whatever_it_holds_a_feed_keeps_the_rules_of_its_form(items: list[FeedItem], form: str) -> None:
    body = FORMS[form][1](HEAD, items, f"{HOME}feed.{form}")
    assert faults(body, form, self_url=f"{HOME}feed.{form}") == []


ITEMS = [
    FeedItem(
        id=f"tag:d.example,2024:{n}",
        url=f"https://n.example/{n}?a=1&b=2",
        title=title,
        summary=title,
        published=NOW - dt.timedelta(hours=n),
        updated=NOW,
        authors=("Ada & Sons",),
        categories=("C & D", "<i>"),
    )
    for n, title in enumerate(
        ["AT&T & co", "<b>One</b> <script>alert(1)</script>", "a &lt; b", "5 < 6 > 4", "\x0bUp"]
    )
]


@pytest.mark.parametrize("form", ["atom", "rss"])
def test_what_went_in_is_read_back(form: str) -> None:
    found = feedparser.parse(FORMS[form][1](HEAD, ITEMS, f"{HOME}feed.{form}"))
    assert not found.bozo
    assert (found.feed.title, found.feed.link, found.feed.subtitle) == (HEAD.title, HOME, HEAD.description)
    for item, entry in zip(ITEMS, found.entries, strict=True):
        title = item.title.replace("\x0b", "")
        assert (entry.title, html.unescape(entry.summary)) == (title, title)
        assert "<" not in entry.summary
        assert (entry.id, entry.link, entry.author) == (item.id, item.url, "Ada & Sons")
        assert [tag.term for tag in entry.tags] == list(item.categories)
        assert dt.datetime(*entry.published_parsed[:6], tzinfo=dt.UTC) == item.published


def test_json_holds_the_same() -> None:
    feed = json.loads(FORMS["json"][1](HEAD, ITEMS, f"{HOME}feed.json"))
    assert [item["id"] for item in feed["items"]] == [item.id for item in ITEMS]
    assert feed["items"][1]["title"] == feed["items"][1]["content_text"] == ITEMS[1].title
    assert dt.datetime.fromisoformat(feed["items"][3]["date_published"]) == ITEMS[3].published
    assert feed["items"][0]["tags"] == ["C & D", "<i>"]


@pytest.mark.parametrize("form", sorted(FORMS))
def test_the_hub_is_named_only_where_there_is_one(form: str) -> None:
    from dataclasses import replace

    hub = "https://hub.example/"
    plain, told = (FORMS[form][1](head, ITEMS, f"{HOME}x") for head in (HEAD, replace(HEAD, hub=hub)))
    assert b"hub" not in plain
    assert hub.encode() in told
    assert faults(told, form, self_url=f"{HOME}x") == []


@pytest.mark.parametrize("form", sorted(FORMS))
def test_a_quiet_feed_is_the_same_whenever_it_is_asked_for(form: str) -> None:
    assert FORMS[form][1](HEAD, [], f"{HOME}x") == FORMS[form][1](HEAD, [], f"{HOME}x")
    assert faults(FORMS[form][1](HEAD, [], f"{HOME}x"), form, self_url=f"{HOME}x") == []
