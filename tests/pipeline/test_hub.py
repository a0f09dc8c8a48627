"""A WebSub hub hears of each issue once, after it was published; what it does never stands in anybody's way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from urllib.parse import parse_qs

import pytest

from digest.compose.models import HubPing, Issue, Number
from digest.config import Config
from digest.errors import ConfigError
from digest.gather import websub
from digest.pipeline.hub import FIRST_PAUSE, MOST_TRIES, tell_hub
from tests.fakes.listener import listening

NOW = dt.datetime(2024, 2, 12, 9, 0, tzinfo=dt.UTC)
HUB = "https://hub.example/"


@pytest.fixture
def told(make_config: Callable[..., Config]) -> Config:
    return make_config().with_values(web=make_config().web.model_copy(update={"hub": HUB}))


@pytest.fixture
def issue(db: None) -> Issue:
    sections = [{"id": "news", "items": [{}]}, {"id": "blog", "items": []}]
    row = Issue.objects.create(
        slot=NOW.date(),
        title_date=NOW.date(),
        state="sent",
        window_start=NOW,
        planned_cutoff=NOW,
        created_at=NOW,
        published_at=NOW,
        document={"sections": sections},
    )
    Number.objects.create(number=736, kind="issued", issue=row, actor="test", at=NOW)
    return row


class Hub:
    """Takes everything, or does what it is told to."""

    def __init__(self) -> None:
        self.heard: list[list[str]] = []
        self.does = ""

    def __call__(self, config: Config, hub: str, topics: object) -> str:
        self.heard.append(list(topics))  # type: ignore[call-overload]
        return self.does


def test_it_hears_of_an_issue_once(told: Config, issue: Issue) -> None:
    hub = Hub()
    assert list(tell_hub(told, now=NOW, tell=hub)) == ["The hub was told of issue 736."]
    assert list(tell_hub(told, now=NOW + FIRST_PAUSE, tell=hub)) == []
    base = "http://127.0.0.1:8000/issues"
    assert sorted(hub.heard[0]) == sorted(
        f"{base}{part}/feed.{form}" for part in ("", "/news") for form in ("atom", "rss", "json")
    )
    assert len(hub.heard) == 1


def test_without_a_hub_nobody_is_told(config: Config, issue: Issue) -> None:
    hub = Hub()
    assert list(tell_hub(config, now=NOW, tell=hub)) == []
    assert not hub.heard
    assert not HubPing.objects.exists()


@pytest.mark.parametrize("published", [None, NOW - dt.timedelta(days=30)])
def test_only_news_is_told(told: Config, issue: Issue, published: dt.datetime | None) -> None:
    Issue.objects.update(published_at=published)
    assert list(tell_hub(told, now=NOW, tell=Hub())) == []


def test_a_hub_that_fails_is_told_again_with_growing_pauses_and_then_left_alone(told: Config, issue: Issue) -> None:
    hub, now, said = Hub(), NOW, []
    hub.does = "could not be reached"
    Issue.objects.update(published_at=NOW)
    for n in range(MOST_TRIES + 3):
        said += tell_hub(told, now=now, tell=hub)
        assert list(tell_hub(told, now=now + FIRST_PAUSE / 2, tell=hub)) == []
        now += FIRST_PAUSE * 2**n
    assert len(hub.heard) == len(said) == MOST_TRIES
    assert "it could not be reached; it is told again in a while" in said[0]
    assert said[-1].endswith("it is not told again. The archive and its feeds are in order.")
    assert HubPing.objects.get().words == "could not be reached"


def test_another_clock_in_between_does_not_tell_it_twice(told: Config, issue: Issue) -> None:
    inner: list[str] = []

    def hub(config: Config, _hub: str, _topics: object) -> str:
        inner.extend(tell_hub(config, now=NOW, tell=hub))
        return ""

    assert list(tell_hub(told, now=NOW, tell=hub)) == ["The hub was told of issue 736."]
    assert inner == []


def test_what_the_hub_gets_and_what_is_made_of_its_answer(make_config: Callable[..., Config]) -> None:
    inside = make_config("[gather]\nallow_private_networks = true")
    topics = ["https://d.example/issues/feed.atom", "https://d.example/issues/feed.json"]
    with listening() as server:
        server.answers = [202, 204]
        assert websub.tell(inside, server.url, topics) == ""
        assert [(method, parse_qs(body.decode())) for method, _, body in server.heard] == [
            ("POST", {"hub.mode": ["publish"], "hub.url": [topic]}) for topic in topics
        ]
        server.answers = [301]
        assert websub.tell(inside, server.url, topics) == f"answered 301 when it was told of {topics[0]}"
        private = make_config()
        assert "private network" in websub.tell(
            private, "https://hub.example", topics, resolver=lambda *_: ["10.0.0.1"]
        )
    assert websub.tell(inside, server.url, topics) == "could not be reached"


@pytest.mark.parametrize("hub", ["http://hub.example/", "hub.example", "ftp://hub.example"])
def test_the_hub_is_an_https_address(make_config: Callable[..., Config], hub: str) -> None:
    with pytest.raises(ConfigError, match="hub"):
        make_config(f'[web]\nhub = "{hub}"', base='[association]\nname = "A"\n[[sections]]\nid = "n"\ntitle = "N"\n')
