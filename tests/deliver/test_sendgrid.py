"""SendGrid: the payload against the vendor's own helpers, and every kind of answer against our fake."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from sendgrid.helpers import mail as vendor

from digest.config import Config, Keys
from digest.deliver.message import Mailing, copy_headers
from digest.deliver.providers import Accepted, NotSent, Outcome, Refused, Rejected, Unknown, Wait
from digest.deliver.providers.sendgrid import SendGrid, read_answer
from digest.deliver.providers.sendgrid_payload import Requests
from digest.errors import ProviderError
from tests.deliver.conftest import make_mailing, recipients_of
from tests.fakes.sendgrid import Answer, Behaviour, Drip, FakeSendGrid, Reset, Stall, Take

HandOver = Callable[..., Outcome]


@pytest.fixture
def hand_over(
    sendgrid: FakeSendGrid, sendgrid_config: Callable[..., Config], sendgrid_keys: Keys, now: dt.datetime
) -> HandOver:
    """`hand_over(*behaviours, count=3)`: one request to the fake, which behaves as told."""

    def make(*behaviours: Behaviour, count: int = 3, keys: Keys | None = None, **settings: Any) -> Outcome:
        config = sendgrid_config(**settings)
        sendgrid.then(*behaviours)
        provider = SendGrid.of(config, keys or sendgrid_keys)
        channel = provider.open(make_mailing(config))
        try:
            return channel.hand_over(17, recipients_of(config, sendgrid_keys, count), now=now)
        finally:
            channel.close()

    return make


class TestPayload:
    def test_it_is_what_the_vendors_helpers_build(self, sendgrid_config: Callable[..., Config], keys: Keys) -> None:
        config = sendgrid_config()
        mailing, recipients = make_mailing(config), recipients_of(config, keys, 3)
        message = vendor.Mail()
        message.from_email = vendor.Email(mailing.sender_email, mailing.sender_name)
        message.reply_to = vendor.ReplyTo(mailing.reply_to)
        message.subject = mailing.subject
        message.content = [vendor.Content("text/plain", mailing.text), vendor.Content("text/html", mailing.html)]
        tracking = vendor.TrackingSettings()
        tracking.click_tracking = vendor.ClickTracking(enable=False, enable_text=False)
        tracking.open_tracking = vendor.OpenTracking(enable=False)
        tracking.subscription_tracking = vendor.SubscriptionTracking(enable=False)
        tracking.ganalytics = vendor.Ganalytics(enable=False)
        message.tracking_settings = tracking
        for recipient in recipients:
            person = vendor.Personalization()
            person.add_to(vendor.Email(recipient.email))
            for name, value in copy_headers(mailing, recipient).items():
                person.add_header(vendor.Header(name, value))
            for tag, value in (
                (mailing.tags.view_in_browser, recipient.links.view_in_browser),
                (mailing.tags.unsubscribe, recipient.links.unsubscribe),
                (mailing.tags.preferences, recipient.links.preferences),
            ):
                person.add_substitution(vendor.Substitution(tag, value))
            person.add_custom_arg(vendor.CustomArg("batch", "17"))
            person.add_custom_arg(vendor.CustomArg("delivery", str(recipient.delivery)))
            message.add_personalization(person)
        expected = message.get()
        ours = json.loads(Requests(mailing).body(recipients, 17))
        # The helpers put the latest personalization first.
        assert {**ours, "personalizations": ours["personalizations"][::-1]} == expected

    def test_what_the_request_tells_the_provider_of_a_member_is_the_address_and_numbers(
        self, hand_over: HandOver, sendgrid: FakeSendGrid
    ) -> None:
        hand_over(count=2)
        people = sendgrid.requests[0]["personalizations"]
        assert [person["custom_args"] for person in people] == [
            {"batch": "17", "delivery": "1"},
            {"batch": "17", "delivery": "2"},
        ]
        assert [person["to"] for person in people] == [[{"email": "m1@example.org"}], [{"email": "m2@example.org"}]]

    def test_a_full_batch_keeps_every_limit(self, hand_over: HandOver, sendgrid: FakeSendGrid) -> None:
        assert isinstance(hand_over(count=1000), Accepted)
        assert sendgrid.violations == []
        assert len(sendgrid.accepted) == 1000

    def test_content_in_any_script_arrives_as_it_was(self, mailing: Mailing, keys: Keys, config: Config) -> None:
        odd = dataclasses.replace(mailing, text='Ψ \U0001f600 \u2028 "\\ </script>', subject="№ \u201cx\u201d")
        body = json.loads(Requests(odd).body(recipients_of(config, keys, 1), 1))
        assert (body["content"][0]["value"], body["subject"]) == (odd.text, odd.subject)

    def test_it_is_tracked_only_where_the_association_turned_that_on(
        self, sendgrid_config: Callable[..., Config], keys: Keys
    ) -> None:
        config = sendgrid_config()
        plain, recipients = make_mailing(config), recipients_of(config, keys, 1)
        mailings = (plain, dataclasses.replace(plain, tracking=True))
        off, on = (json.loads(Requests(one).body(recipients, 1))["tracking_settings"] for one in mailings)
        assert {name: setting["enable"] for name, setting in off.items()} == dict.fromkeys(off, False)
        assert [name for name, setting in on.items() if setting["enable"]] == ["click_tracking", "open_tracking"]
        assert on["click_tracking"]["enable_text"] is False


class TestAnswers:
    def test_only_202_is_a_yes(self, hand_over: HandOver, sendgrid: FakeSendGrid) -> None:
        outcome = hand_over()
        assert isinstance(outcome, Accepted)
        assert "fake-1" in outcome.words
        assert len(sendgrid.accepted) == 3
        assert sendgrid.violations == []

    @pytest.mark.parametrize(
        "behaviour",
        [
            Answer(200, b"{}"),
            Answer(201),
            Answer(204),
            Answer(301, headers={"Location": "/elsewhere"}),
            Answer(302, headers={"Location": "/elsewhere"}),
            Answer(307, headers={"Location": "/v3/mail/send"}),
            Answer(404, b"<html>"),
            Answer(408),
            Answer(418),
            Answer(500),
            Answer(502, b"<html>Bad gateway</html>"),
            Answer(503, headers={"Retry-After": "5"}),
            Take(500),
            Take(202, b"ok", promised=50),
            Reset(after_body=True),
            Reset(after_body=True, take=True),
            Reset(after_body=False),
        ],
        ids=repr,
    )
    def test_anything_else_is_unknown(
        self, hand_over: HandOver, sendgrid: FakeSendGrid, behaviour: Behaviour
    ) -> None:
        outcome = hand_over(behaviour)
        assert isinstance(outcome, Unknown)
        assert outcome.words.endswith(".")
        assert len(sendgrid.requests) <= 1  # asked once, and no redirect followed
        assert sendgrid.violations == []

    @pytest.mark.parametrize("behaviour", [Stall(), Drip()], ids=repr)
    def test_the_whole_request_has_one_deadline(self, hand_over: HandOver, behaviour: Behaviour) -> None:
        outcome = hand_over(behaviour, timeout=0.3)
        assert isinstance(outcome, Unknown)
        assert "Timeout" in outcome.words

    def test_a_broken_body_after_a_complete_202_is_still_a_yes(self, hand_over: HandOver) -> None:
        assert isinstance(hand_over(Take(202, b'{"broken')), Accepted)

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_key_that_does_not_serve_stops_the_issue(self, hand_over: HandOver, status: int) -> None:
        outcome = hand_over(Answer(status, b'{"errors":[{"message":"access forbidden","field":null}]}'))
        assert isinstance(outcome, Refused)
        assert "access forbidden" in outcome.words

    def test_a_wrong_key(self, hand_over: HandOver, sendgrid: FakeSendGrid, sendgrid_keys: Keys) -> None:
        wrong = dataclasses.replace(sendgrid_keys, sendgrid_api_key="SG.other")
        assert isinstance(hand_over(keys=wrong), Refused)
        assert sendgrid.accepted == []

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"X-RateLimit-Reset": "1707728520"}, 120),
            ({"X-RateLimit-Reset": "45"}, 45),
            ({"Retry-After": "Mon, 12 Feb 2024 09:01:30 GMT"}, 90),
            ({"X-RateLimit-Reset": "Mon, 12 Feb 2024 09:01:30 -0000"}, 90),
            ({"X-RateLimit-Reset": "soon"}, 60),
            ({"X-RateLimit-Reset": "nan"}, 60),
            ({"X-RateLimit-Reset": "inf"}, 60),
            ({"X-RateLimit-Reset": "-5"}, 0),
            ({"X-RateLimit-Reset": "1000000001"}, 0),
            ({"X-RateLimit-Reset": "9999999999"}, 3600),
            ({}, 60),
        ],
    )
    def test_a_limit_says_until_when(self, now: dt.datetime, headers: dict[str, str], seconds: float) -> None:
        outcome = read_answer(429, headers, b"", recipients=[], now=now, jitter=dt.timedelta(seconds=2))
        assert isinstance(outcome, Wait)
        assert outcome.until == now + dt.timedelta(seconds=seconds + 2)

    def test_a_limit_over_the_wire(self, hand_over: HandOver, sendgrid: FakeSendGrid, now: dt.datetime) -> None:
        outcome = hand_over(Answer(429, headers={"X-RateLimit-Reset": str(int(now.timestamp()) + 30)}))
        assert isinstance(outcome, Wait)
        assert 31 <= (outcome.until - now).total_seconds() <= 35  # with its jitter
        assert sendgrid.accepted == []

    def test_a_refused_recipient_is_named(self, hand_over: HandOver, sendgrid: FakeSendGrid) -> None:
        sendgrid.refused = {"m2@example.org"}
        outcome = hand_over()
        assert isinstance(outcome, Rejected)
        assert outcome.recipients == {2}
        assert not outcome.whole
        assert "@" not in outcome.words
        assert sendgrid.accepted == []

    def test_a_recipient_refused_without_a_name_is_to_be_found_by_halving(
        self, hand_over: HandOver, sendgrid: FakeSendGrid
    ) -> None:
        sendgrid.refused, sendgrid.names_culprits = {"m2@example.org"}, False
        outcome = hand_over()
        assert isinstance(outcome, Rejected)
        assert (outcome.recipients, outcome.whole) == (frozenset(), False)

    @pytest.mark.parametrize(
        ("body", "recipients", "whole"),
        [
            (b'{"errors":[{"message":"bad","field":"from.email"}]}', set(), True),
            (b'{"errors":[{"message":"x","field":"personalizations.1.to.0.email"}]}', {2}, False),
            (
                b'{"errors":[{"message":"x","field":"personalizations.0"},{"message":"y","field":"subject"}]}',
                {1},
                False,
            ),
            (b'{"errors":[{"message":"x","field":"personalizations.99.to"}]}', set(), False),
            (b'{"errors":[{"message":"x","field":"personalizations"}]}', set(), False),
            (b'{"errors":[{"message":null,"field":null}]}', set(), False),
            (b'{"errors":null}', set(), False),
            (b'{"errors":[7]}', set(), False),
            (b"[]", set(), False),
            (b"\xff", set(), False),
            (b"[" * 5000, set(), False),
            (b"", set(), False),
        ],
    )
    @pytest.mark.parametrize("status", [400, 413])
    def test_what_a_rejection_blames(
        self,
        config: Config,
        keys: Keys,
        now: dt.datetime,
        status: int,
        body: bytes,
        recipients: set[int],
        whole: bool,
    ) -> None:
        outcome = read_answer(status, {}, body, recipients=recipients_of(config, keys, 3), now=now)
        assert isinstance(outcome, Rejected)
        assert (outcome.recipients, outcome.whole) == (recipients, whole)

    def test_an_endless_answer_is_not_read_to_its_end(self, hand_over: HandOver) -> None:
        assert isinstance(hand_over(Answer(500, b"x" * 5_000_000)), Unknown)


class TestReaching:
    @pytest.mark.parametrize("base_url", ["http://127.0.0.1:1", "http://no-such-host.invalid"])
    def test_a_server_that_is_not_there(self, hand_over: HandOver, base_url: str) -> None:
        assert isinstance(hand_over(base_url=base_url), NotSent)

    def test_a_server_that_does_not_speak_tls(self, hand_over: HandOver, sendgrid: FakeSendGrid) -> None:
        outcome = hand_over(base_url=sendgrid.url.replace("http:", "https:"))
        assert isinstance(outcome, NotSent)
        assert sendgrid.requests == []

    def test_connections_are_used_again(
        self, sendgrid: FakeSendGrid, sendgrid_config: Callable[..., Config], sendgrid_keys: Keys, now: dt.datetime
    ) -> None:
        config = sendgrid_config()
        channel = SendGrid.of(config, sendgrid_keys).open(make_mailing(config))
        for batch in range(5):
            assert isinstance(channel.hand_over(batch, recipients_of(config, sendgrid_keys, 2), now=now), Accepted)
        channel.close()
        assert sendgrid.connections == 1

    def test_no_key_no_provider(self, sendgrid_config: Callable[..., Config], keys: Keys) -> None:
        with pytest.raises(ProviderError, match="SENDGRID_API_KEY"):
            SendGrid.of(sendgrid_config(), keys)

    @pytest.mark.parametrize("key", ["SG.x\ny", "SG.ключ"])
    def test_a_key_that_is_none(self, sendgrid_config: Callable[..., Config], keys: Keys, key: str) -> None:
        with pytest.raises(ProviderError, match="characters"):
            SendGrid.of(sendgrid_config(), dataclasses.replace(keys, sendgrid_api_key=key))

    @pytest.mark.parametrize("base_url", ["api.sendgrid.com", "ftp://api.sendgrid.com", "https://", "http://[::1"])
    def test_an_address_that_is_none(
        self, sendgrid_config: Callable[..., Config], sendgrid_keys: Keys, base_url: str
    ) -> None:
        with pytest.raises(ProviderError, match=r"delivery\.sendgrid\.base_url"):
            SendGrid.of(sendgrid_config(base_url=base_url), sendgrid_keys)

    def test_the_key_is_in_no_words(self, hand_over: HandOver, sendgrid_keys: Keys) -> None:
        for behaviour in (Answer(401), Answer(500), Reset()):
            outcome = hand_over(behaviour)
            assert sendgrid_keys.sendgrid_api_key not in repr(outcome)
