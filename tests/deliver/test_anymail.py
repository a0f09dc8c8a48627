"""Mail through django-anymail: its own test backend, and a real client of its against a server of ours."""

from __future__ import annotations

import dataclasses
import datetime as dt
import sys
from collections.abc import Callable, Iterator

import pytest
from anymail.exceptions import AnymailAPIError, AnymailUnsupportedFeature
from anymail.message import AnymailRecipientStatus
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from digest.config import Config, Keys
from digest.deliver.providers import Accepted, Mixed, NotSent, Outcome, Refused, Rejected, Unknown, Wait, build
from digest.deliver.providers import anymail as module
from digest.deliver.providers.anymail import Anymail
from digest.errors import ProviderError
from tests.deliver.conftest import make_mailing, recipients_of
from tests.deliver.test_contract import public
from tests.fakes.postmark import TOKEN, Answer, FakePostmark, Reset, Take


@pytest.fixture
def postmark() -> Iterator[FakePostmark]:
    with FakePostmark() as server:
        yield server


@pytest.fixture
def postmark_config(make_config: Callable[..., Config]) -> Callable[..., Config]:
    def make(url: str) -> Config:
        return public(
            make_config(
                f'[delivery]\nprovider = "postmark"\nfrom_email = "digest@digest.example.ac.uk"\n'
                f'reply_to = "office@digest.example.ac.uk"\n[delivery.anymail]\napi_url = "{url}"'
            )
        )

    return make


@pytest.fixture
def keys(keys: Keys) -> Keys:
    return dataclasses.replace(keys, anymail={"server_token": TOKEN})


def hand_over(config: Config, keys: Keys, count: int, now: dt.datetime, provider: Anymail | None = None) -> Outcome:
    channel = (provider or build(config, keys)).open(make_mailing(config))
    try:
        return channel.hand_over(1, recipients_of(config, keys, count), now=now)
    finally:
        channel.close()


class TestAgainstAServer:
    def test_each_message_is_for_one_and_is_not_tracked(
        self, postmark: FakePostmark, postmark_config: Callable[..., Config], keys: Keys, now: dt.datetime
    ) -> None:
        assert isinstance(hand_over(postmark_config(postmark.url), keys, 3, now), Accepted)
        assert [message["To"] for message in postmark.accepted] == [f"m{n}@example.org" for n in (1, 2, 3)]
        for message in postmark.accepted:
            assert (message["TrackOpens"], message["TrackLinks"]) == (False, "None")
            assert message["From"] == "Test Association <digest@digest.example.ac.uk>"
            assert message["ReplyTo"] == "office@digest.example.ac.uk"
        assert postmark.violations == []

    @pytest.mark.parametrize(
        ("behaviour", "kind"),
        [
            (Answer(400, b'{"Message": "a bad address m1@example.org"}'), Rejected),
            (Answer(413), Rejected),
            (Answer(401), Refused),
            (Answer(402), Refused),
            (Answer(403), Refused),
            (Answer(404), Refused),
            (Answer(429), Wait),
            (Answer(408), Unknown),
            (Answer(500), Unknown),
            (Answer(503), Unknown),
            (Answer(302, headers={"Location": "/elsewhere"}), Unknown),
            (Take(b"<html>"), Unknown),
            (Take(b'{"ErrorCode": 0}'), Unknown),
            (Reset(), Unknown),
            (Reset(take=True), Unknown),
        ],
    )
    def test_what_an_answer_means(
        self,
        postmark: FakePostmark,
        postmark_config: Callable[..., Config],
        keys: Keys,
        now: dt.datetime,
        behaviour: Answer | Take | Reset,
        kind: type,
    ) -> None:
        postmark.then(behaviour)
        outcome = hand_over(postmark_config(postmark.url), keys, 3, now)
        one = outcome.answers[1] if isinstance(outcome, Mixed) else outcome
        assert type(one) is kind
        assert "@" not in one.words
        assert one.words.endswith((".", "."))
        assert len(postmark.accepted) == {Rejected: 2}.get(
            kind, int(getattr(behaviour, "take", False) or isinstance(behaviour, Take))
        )
        assert postmark.violations == []

    def test_a_server_that_refuses_everybody_is_not_asked_about_everybody(
        self, postmark: FakePostmark, postmark_config: Callable[..., Config], keys: Keys, now: dt.datetime
    ) -> None:
        postmark.inactive = {f"m{n}@example.org" for n in range(1, 20)}
        outcome = hand_over(postmark_config(postmark.url), keys, 8, now)
        assert isinstance(outcome, Mixed)
        assert [type(answer) for answer in outcome.answers.values()] == [Rejected] * 5 + [Refused] * 3

    def test_a_request_that_takes_too_long_is_finished_in_the_next(
        self, postmark: FakePostmark, postmark_config: Callable[..., Config], keys: Keys, now: dt.datetime
    ) -> None:
        config = postmark_config(postmark.url)
        times = iter([0.0, 1.0, 50.0, 61.0])
        provider = Anymail(
            "postmark", {"api_url": postmark.url, "server_token": TOKEN}, monotonic=lambda: next(times)
        )
        outcome = hand_over(config, keys, 3, now, provider)
        assert isinstance(outcome, Mixed)
        assert [type(answer) for answer in outcome.answers.values()] == [Accepted, Accepted, Wait]
        assert outcome.after is None


class TestWithItsTestBackend:
    """Statuses and features that no server is needed for."""

    @pytest.fixture(autouse=True)
    def outbox(self) -> Iterator[None]:
        mail.outbox = []
        yield
        mail.outbox = []

    @pytest.mark.parametrize(
        ("status", "kind"),
        [("sent", Accepted), ("queued", Accepted), ("invalid", Rejected), ("rejected", Rejected), ("failed", Rejected), ("unknown", Unknown), (None, Unknown)],
    )  # fmt: skip
    def test_statuses(
        self, config: Config, keys: Keys, now: dt.datetime, monkeypatch: pytest.MonkeyPatch, status: str, kind: type
    ) -> None:
        class Message(EmailMultiAlternatives):
            @property
            def anymail_test_response(self) -> dict[str, dict[str, AnymailRecipientStatus]]:
                return {"recipient_status": {self.to[0]: AnymailRecipientStatus(message_id="1", status=status)}}

        monkeypatch.setattr(module, "EmailMultiAlternatives", Message)
        outcome = hand_over(config, keys, 1, now, Anymail("test", {}))
        assert type(outcome.answers[1] if isinstance(outcome, Mixed) else outcome) is kind

    def test_an_error_without_an_answer_is_unknown(
        self, config: Config, keys: Keys, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Message(EmailMultiAlternatives):
            anymail_test_response = AnymailAPIError("something else")

        monkeypatch.setattr(module, "EmailMultiAlternatives", Message)
        outcome = hand_over(config, keys, 2, now, Anymail("test", {}))
        assert isinstance(outcome, Mixed)
        assert [type(answer) for answer in outcome.answers.values()] == [Unknown, NotSent]

    @pytest.mark.parametrize("tracking", [False, True])
    def test_it_is_told_whether_to_track(self, config: Config, keys: Keys, now: dt.datetime, tracking: bool) -> None:
        mailing = dataclasses.replace(make_mailing(config), tracking=tracking)
        channel = Anymail("test", {}).open(mailing)
        assert isinstance(channel.hand_over(1, recipients_of(config, keys, 1), now=now), Accepted)
        (sent,) = mail.outbox
        told = sent.anymail_test_params  # type: ignore[attr-defined]
        assert (told["track_opens"], told["track_clicks"]) == (tracking, tracking)

    def test_a_provider_that_cannot_be_told_not_to_track_gets_the_mail_all_the_same(
        self, config: Config, keys: Keys, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from anymail.backends.test import TestPayload

        def unsupported(self: TestPayload, value: bool) -> None:
            raise AnymailUnsupportedFeature("track_clicks")

        monkeypatch.setattr(TestPayload, "set_track_clicks", unsupported)
        assert isinstance(hand_over(config, keys, 2, now, Anymail("test", {})), Accepted)
        assert len(mail.outbox) == 2

    def test_a_provider_that_cannot_carry_our_headers_is_refused(
        self, config: Config, keys: Keys, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from anymail.backends.test import TestPayload

        def unsupported(self: TestPayload, value: object) -> None:
            raise AnymailUnsupportedFeature("extra_headers")

        monkeypatch.setattr(TestPayload, "set_extra_headers", unsupported)
        outcome = hand_over(config, keys, 2, now, Anymail("test", {}))
        assert isinstance(outcome, Refused)
        assert "extra_headers" in outcome.words
        assert mail.outbox == []

    def test_a_defect_costs_no_answer_that_is_there(
        self, config: Config, keys: Keys, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from anymail.backends.test import EmailBackend

        send = EmailBackend._send

        def broken(self: EmailBackend, message: EmailMultiAlternatives) -> bool:
            if message.to == ["m2@example.org"]:
                raise RuntimeError("a defect")
            return bool(send(self, message))

        monkeypatch.setattr(EmailBackend, "_send", broken)
        outcome = hand_over(config, keys, 3, now, Anymail("test", {}))
        assert isinstance(outcome, Mixed)
        assert [type(answer) for answer in outcome.answers.values()] == [Accepted, Unknown, NotSent]


class TestSettings:
    def test_without_its_secret_it_says_what_is_missing(
        self, postmark_config: Callable[..., Config], keys: Keys
    ) -> None:
        config = postmark_config("http://127.0.0.1:1/")
        with pytest.raises(ProviderError, match="POSTMARK_SERVER_TOKEN") as error:
            build(config, dataclasses.replace(keys, anymail={}))
        assert "[delivery.anymail]" in error.value.hint

    def test_a_secret_may_carry_the_providers_name(self, postmark_config: Callable[..., Config], keys: Keys) -> None:
        named = dataclasses.replace(keys, anymail={"postmark_server_token": TOKEN})
        assert build(postmark_config("http://127.0.0.1:1/"), named).name == "postmark"

    def test_where_it_is_not_installed_it_says_how_to(
        self, postmark_config: Callable[..., Config], keys: Keys, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "anymail", None)
        monkeypatch.delitem(sys.modules, "anymail.backends", raising=False)
        monkeypatch.delitem(sys.modules, "anymail.backends.postmark", raising=False)
        with pytest.raises(ProviderError, match="not installed") as error:
            build(postmark_config("http://127.0.0.1:1/"), keys)
        assert "weekly-digest[anymail]" in error.value.hint
