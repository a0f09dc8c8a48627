"""Asking many addresses, and remembering what they answered."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter

import pytest

from digest.config import Config
from digest.gather.link_checks import BELIEVED, FRESH, KEPT, LANES_A_HOST, MOST_LINKS, SETTLED, look_up, refresh
from digest.gather.models import LinkCheck
from digest.gather.probe import Answer
from digest.gather.values import LinkState
from tests.gather.feeds import NOW

pytestmark = pytest.mark.django_db

A, B = "https://a.alt.ac.uk/1", "https://b.alt.ac.uk/2"


class Web:
    """Answers as told, and remembers who was asked."""

    def __init__(self, **states: LinkState) -> None:
        self.states = states
        self.asked: list[str] = []

    def __call__(self, _config: Config, url: str, _seconds: float) -> Answer:
        self.asked.append(url)
        state = self.states.get(url[8], LinkState.FINE)
        return Answer(state=state, words="answers oddly" if state is not LinkState.FINE else "")


def test_what_was_asked_is_known_and_not_asked_again(config: Config) -> None:
    web = Web(b=LinkState.DEAD)
    report = refresh(config, [A, B, A], now=NOW, seconds=5, ask=web)
    assert (report.asked, report.dead, report.left, report.known) == (2, 1, 0, 0)
    assert sorted(web.asked) == [A, B]
    assert look_up([A, B], now=NOW)[B].words == "answers oddly"
    again = refresh(config, [A, B], now=NOW + dt.timedelta(minutes=5), seconds=5, ask=web)
    assert (again.asked, again.known) == (0, 2)
    assert len(web.asked) == 2


def test_bad_answers_are_asked_again_sooner_than_good_ones(config: Config) -> None:
    web = Web(b=LinkState.DEAD)
    refresh(config, [A, B], now=NOW, seconds=5, ask=web)
    refresh(config, [A, B], now=NOW + SETTLED, seconds=5, ask=web)
    assert Counter(web.asked) == {A: 1, B: 2}
    refresh(config, [A, B], now=NOW + FRESH, seconds=5, ask=web)
    assert Counter(web.asked) == {A: 2, B: 3}


def test_whoever_presses_the_button_asks_the_bad_ones(config: Config) -> None:
    web = Web(b=LinkState.DEAD)
    refresh(config, [A, B], now=NOW, seconds=5, ask=web)
    web.states = {}
    assert refresh(config, [A, B], now=NOW, seconds=5, again=True, ask=web).asked == 1
    assert look_up([B], now=NOW)[B].state == LinkState.FINE


def test_what_is_old_is_not_believed_and_goes_in_the_end(config: Config) -> None:
    refresh(config, [A], now=NOW, seconds=5, ask=Web())
    assert look_up([A], now=NOW + BELIEVED) == {}
    refresh(config, [B], now=NOW + KEPT + FRESH, seconds=5, ask=Web())
    assert list(LinkCheck.objects.values_list("url", flat=True)) == [B]


def test_a_round_without_time_asks_nobody_and_says_so(config: Config) -> None:
    web = Web()
    report = refresh(config, [A, B], now=NOW, seconds=0, ask=web)
    assert (report.asked, report.left) == (0, 2)
    assert web.asked == []


def test_a_flood_of_links_is_asked_in_rounds(config: Config) -> None:
    urls = [f"https://h{n % 40}.alt.ac.uk/{n}" for n in range(MOST_LINKS + 30)]
    first = refresh(config, urls, now=NOW, seconds=30, ask=Web())
    assert (first.asked, first.left) == (MOST_LINKS, 30)
    second = refresh(config, urls, now=NOW, seconds=30, ask=Web())
    assert (second.asked, second.left) == (30, 0)


def test_a_server_is_asked_by_few_at_once(config: Config) -> None:
    lock, inside, most = threading.Lock(), Counter[str](), Counter[str]()
    both = threading.Barrier(LANES_A_HOST, timeout=5)

    def ask(_config: Config, url: str, _seconds: float) -> Answer:
        host = url.split("/")[2]
        with lock:
            inside[host] += 1
            most[host] = max(most[host], inside[host])
        both.wait()  # two are there at the same time; a third would find the count at three
        with lock:
            inside[host] -= 1
        return Answer(state=LinkState.FINE)

    report = refresh(config, [f"https://one.alt.ac.uk/{n}" for n in range(8)], now=NOW, seconds=30, ask=ask)
    assert report.asked == 8
    assert most["one.alt.ac.uk"] == LANES_A_HOST


def test_a_fault_of_ours_spoils_one_address_only(config: Config, caplog: pytest.LogCaptureFixture) -> None:
    def ask(_config: Config, url: str, _seconds: float) -> Answer:
        if url == A:
            raise RuntimeError("a bug")
        return Answer(state=LinkState.FINE)

    report = refresh(config, [A, B], now=NOW, seconds=5, ask=ask)
    assert (report.asked, report.left) == (1, 1)
    assert "link https://a.alt.ac.uk/1" in caplog.text
