"""What a post says, and what reports make of a delivery, whatever their order."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.config import Keys
from digest.config.keys import SecretKey
from digest.deliver.events import RANK, STATE, Event, Meaning, Standing, outcome
from digest.deliver.models import DeliveryState
from digest.deliver.providers.sendgrid_events import read_post
from digest.members.address import address_key

T0 = dt.datetime(2024, 2, 12, 9, 0, tzinfo=dt.UTC)
KEYS = Keys(
    django_secret="s" * 50,
    link=(SecretKey(id="l1", secret=b"l" * 32),),
    suppression=(SecretKey(id="s2", secret=b"t" * 32), SecretKey(id="s1", secret=b"s" * 32)),
)


def said(meaning: Meaning, after: int = 0, reason: str = "", batch: int | None = 1) -> Event:
    at = T0 + dt.timedelta(seconds=after)
    return Event(meaning.value, meaning, at, 1, batch, (), "m", reason, machine=False, dedupe_key="")


events = st.builds(
    said,
    st.sampled_from(list(Meaning)),
    st.integers(0, 3),
    st.sampled_from(["", "no such mailbox", "full"]),
    st.sampled_from([1, 2, None]),
)
standings = st.builds(
    Standing,
    st.sampled_from(sorted(RANK)),
    st.sampled_from(["", "broken off"]),
    st.just(T0 + dt.timedelta(seconds=1)),
)


class TestRank:
    def test_every_state_has_a_rank_but_the_one_that_was_never_handed_over(self) -> None:
        assert {*RANK, DeliveryState.EXCLUDED.value} == {state.value for state in DeliveryState}
        assert set(STATE) == set(Meaning) - {Meaning.NOTHING}
        assert all(RANK[state] > 0 for state in STATE.values())

    @settings(max_examples=500, deadline=None)
    @given(standing=standings, history=st.lists(events, max_size=8), data=st.data())
    def test_shuffled_cut_and_repeated_a_history_ends_in_one_state(
        self, standing: Standing, history: list[Event], data: st.DataObject
    ) -> None:
        whole = outcome(standing, history, batch=1)
        again = data.draw(
            st.permutations(history + data.draw(st.lists(st.sampled_from(history or [said(Meaning.NOTHING)]))))
        )
        where = standing
        at = 0
        while at < len(again):  # in posts of any size
            size = data.draw(st.integers(1, 4))
            where = outcome(where, again[at : at + size], batch=1)
            at += size
        assert where == whole

    @settings(max_examples=300, deadline=None)
    @given(standing=standings, history=st.lists(events, max_size=8))
    def test_no_report_takes_a_state_back(self, standing: Standing, history: list[Event]) -> None:
        for event in history:
            after = outcome(standing, [event], batch=1)
            assert RANK[after.state] >= RANK[standing.state]
            standing = after

    @pytest.mark.parametrize("meaning", [m for m in Meaning if m is not Meaning.NOTHING])
    @pytest.mark.parametrize("state", ["pending", "claimed", "unknown", "withdrawn", "rejected"])
    def test_whatever_the_provider_reports_it_has_the_copy(self, state: str, meaning: Meaning) -> None:
        assert outcome(Standing(state, "nobody knew", T0), [said(meaning)], batch=1).state == STATE[meaning]

    @pytest.mark.parametrize("meaning", [m for m in Meaning if m is not Meaning.NOTHING])
    def test_of_a_copy_that_was_taken_back_only_what_proves_that_it_was_sent_counts(self, meaning: Meaning) -> None:
        proof = meaning not in (Meaning.ACCEPTED, Meaning.DROPPED)
        again = outcome(Standing("pending", "", T0), [said(meaning, batch=7)], batch=8)
        stopped = outcome(Standing("cancelled", "stopped", T0), [said(meaning, batch=7)], batch=7)
        assert (again.state, stopped.state) == ((STATE[meaning],) * 2 if proof else ("pending", "cancelled"))

    def test_who_was_never_on_the_list_is_not_moved(self) -> None:
        excluded = Standing("excluded", "left the list", T0)
        assert outcome(excluded, [said(Meaning.DELIVERED)], batch=1) == excluded

    def test_a_late_bounce_outweighs_the_delivery_and_the_first_reason_stands(self) -> None:
        history = [said(Meaning.BOUNCED, 30, "full"), said(Meaning.DELIVERED, 10), said(Meaning.BOUNCED, 20, "gone")]
        at = T0 + dt.timedelta(seconds=20)
        assert outcome(Standing("accepted", "", T0), history, batch=1) == Standing("bounced", "gone", at)


def read(**raw: Any) -> Event:
    whole = {
        "email": "Ada@Example.org",
        "timestamp": 1707728400,
        "event": "delivered",
        "sg_message_id": "a.filter1.2",
    }
    post = read_post(json.dumps([whole | raw]).encode(), KEYS)
    assert post is not None
    (event,) = post.events
    return event


class TestReading:
    def test_what_an_event_holds(self) -> None:
        event = read(batch="12", delivery="345")
        assert (event.meaning, event.at, event.batch, event.delivery) == (Meaning.DELIVERED, T0, 12, 345)
        assert event.address_keys[0] == address_key(KEYS, "ada@example.org")
        assert len(event.address_keys) == 2  # under the former key, too
        assert event.message == "a"
        assert "ada" not in repr(event).lower()

    @pytest.mark.parametrize(
        ("raw", "meaning", "reason"),
        [
            ({"event": "processed"}, Meaning.ACCEPTED, ""),
            ({"event": "deferred", "response": "450 busy"}, Meaning.ACCEPTED, ""),
            ({"event": "dropped", "reason": "Bounced Address"}, Meaning.DROPPED, "Bounced Address"),
            ({"event": "dropped"}, Meaning.DROPPED, "the provider did not say why"),
            ({"event": "spamreport"}, Meaning.COMPLAINED, "reported it as spam"),
            ({"event": "unsubscribe"}, Meaning.LEFT, ""),
            ({"event": "group_unsubscribe"}, Meaning.LEFT, ""),
            ({"event": "group_resubscribe"}, Meaning.NOTHING, ""),
            ({"event": "made-up-next-year"}, Meaning.NOTHING, ""),
            (
                {"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 <ada@example.org>: unknown"},
                Meaning.BOUNCED,
                "no such mailbox (5.1.1) - 550 5.1.1 <(an address)>: unknown",
            ),
            (
                {"event": "bounce", "type": "blocked", "reason": "554 5.7.1 no"},
                Meaning.BLOCKED,
                "refused by the mail server's rules (5.7.1), for now - 554 5.7.1 no",
            ),
            (
                {"event": "bounce", "type": "bounce", "bounce_classification": "Invalid Address"},
                Meaning.BOUNCED,
                "invalid address",
            ),
            ({"event": "bounce", "reason": "no"}, Meaning.BLOCKED, "the mail server refused it, for now - no"),
            ({"event": "bounce", "type": ["bounce"], "status": 5}, Meaning.BLOCKED, "the mail server refused it, for now"),
        ],
    )  # fmt: skip
    def test_names_and_reasons(self, raw: dict[str, Any], meaning: Meaning, reason: str) -> None:
        event = read(**raw)
        assert (event.meaning, event.reason) == (meaning, reason)

    def test_one_event_has_one_key_whatever_its_id_at_sendgrid(self) -> None:
        key = read(delivery="1", sg_event_id="x").dedupe_key
        assert read(delivery="1", sg_event_id="y").dedupe_key == key
        others = [
            {"event": "bounce"},
            {"email": "eve@example.org"},
            {"timestamp": 1707728401},
            {"sg_message_id": "b"},
        ]
        assert len({key, read(delivery="2").dedupe_key, *(read(delivery="1", **o).dedupe_key for o in others)}) == 6

    def test_the_key_gives_no_address_away(self) -> None:
        """It is made of the keyed hash: without the key nobody can try addresses until one fits."""
        other = dataclasses.replace(KEYS, suppression=(SecretKey(id="s9", secret=b"x" * 32),))
        raw = json.dumps([{"email": "a@example.org", "timestamp": 1707728400, "event": "open"}]).encode()
        ours, theirs = read_post(raw, KEYS), read_post(raw, other)
        assert ours is not None
        assert theirs is not None
        assert ours.events[0].dedupe_key != theirs.events[0].dedupe_key

    def test_words_that_no_database_would_take(self) -> None:
        event = read(event="bounce", type="bounce", reason="a\x00b\ud800c\r\nd" + "x" * 9000)
        assert event.reason.startswith("the mail server refused it - a b c d")
        assert len(event.reason) <= 400
        assert event.reason.encode()
        assert read(email="a\ud800@example.org").address_keys == ()

    @pytest.mark.parametrize("value", [None, "", "x", "-1", "1.5", True, 1.5, [], {}, "9" * 19, "١"])
    def test_a_delivery_that_is_no_number(self, value: object) -> None:
        assert read(delivery=value).delivery is None

    @pytest.mark.parametrize(
        "item",
        [None, 1, "x", [], {}, {"event": "open"}, {"timestamp": 1707728400}, {"event": 3, "timestamp": 1707728400},
         {"event": "open", "timestamp": True}, {"event": "open", "timestamp": -1}, {"event": "open", "timestamp": 1e400},
         {"event": "open", "timestamp": 10**30}],
    )  # fmt: skip
    def test_one_that_is_no_event_does_not_spoil_the_others(self, item: object) -> None:
        good = {"email": "a@example.org", "timestamp": 1707728400, "event": "open"}
        post = read_post(json.dumps([item, good]).encode(), KEYS)
        assert post is not None
        assert (len(post.events), post.unreadable) == (1, 1)

    @pytest.mark.parametrize("body", [b"", b"{}", b"[", b"\xff\xfe", b'"x"', b"[" * 200_000])
    def test_what_is_no_list(self, body: bytes) -> None:
        assert read_post(body, KEYS) is None

    @settings(max_examples=200, deadline=None)
    @given(
        st.lists(
            st.dictionaries(
                st.sampled_from(
                    ["event", "timestamp", "email", "type", "reason", "status", "delivery", "batch", "sg_message_id"]
                ),
                st.one_of(
                    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30), st.just("bounce")
                ),
            ),
            max_size=5,
        )
    )
    def test_nothing_that_json_can_say_raises(self, items: list[dict[str, Any]]) -> None:
        post = read_post(json.dumps(items).encode(), KEYS)
        assert post is not None
        assert len(post.events) + post.unreadable == len(items)
