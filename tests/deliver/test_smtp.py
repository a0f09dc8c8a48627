"""Mail by SMTP: one connection, an answer for each copy, and what becomes of them when it goes wrong."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from digest.config import Config, Keys
from digest.deliver.message import Mailing
from digest.deliver.providers import Accepted, Mixed, NotSent, Outcome, Refused, Rejected, Unknown, Wait, build
from digest.deliver.providers.smtp import Smtp
from digest.errors import ConfigError, ProviderError
from tests.deliver.conftest import make_mailing, recipients_of
from tests.deliver.test_contract import public
from tests.fakes.smtp import Drip, Drop, FakeSmtp, Say, Stall, make_certificate

USER, PASSWORD = "digest", "not-a-secret"


@pytest.fixture
def smtp() -> Iterator[FakeSmtp]:
    with FakeSmtp() as server:
        yield server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls") / "fake.pem")


@pytest.fixture
def smtp_config(make_config: Callable[..., Config]) -> Callable[..., Config]:
    def make(server: FakeSmtp, *, security: str = "none", host: str = "127.0.0.1", **more: object) -> Config:
        lines = "\n".join(f"{key} = {value!r}" for key, value in more.items())
        return public(
            make_config(
                f"""
[delivery]
provider = "smtp"
from_email = "digest@digest.example.ac.uk"
[delivery.smtp]
host = "{host}"
port = {server.port}
security = "{security}"
{lines}
"""
            )
        )

    return make


def hand_over(config: Config, keys: Keys, count: int, now: dt.datetime) -> Outcome:
    channel = build(config, keys).open(make_mailing(config))
    try:
        return channel.hand_over(1, recipients_of(config, keys, count), now=now)
    finally:
        channel.close()


def kinds(outcome: Outcome) -> list[type]:
    assert isinstance(outcome, Mixed), outcome
    return [type(answer) for answer in outcome.answers.values()]


class TestConversation:
    def test_many_messages_go_over_one_connection(
        self, smtp: FakeSmtp, smtp_config: Callable[..., Config], keys: Keys, now: dt.datetime
    ) -> None:
        config = smtp_config(smtp)
        channel = build(config, keys).open(make_mailing(config))
        recipients = recipients_of(config, keys, 6)
        for part in (recipients[:3], recipients[3:]):
            assert isinstance(channel.hand_over(1, part, now=now), Accepted)
        channel.close()
        assert [letter.to for letter in smtp.accepted] == [r.email for r in recipients]
        assert {letter.sender for letter in smtp.accepted} == {"digest@digest.example.ac.uk"}
        assert (smtp.connections, smtp.violations) == (1, [])
        assert smtp.greeted == ["digest.example.ac.uk"]

    def test_a_message_arrives_as_it_was_written(
        self, smtp: FakeSmtp, smtp_config: Callable[..., Config], keys: Keys, now: dt.datetime
    ) -> None:
        config = smtp_config(smtp, bounces_to="bounces@digest.example.ac.uk")
        mailing: Mailing = dataclasses.replace(
            make_mailing(config), text="A line.\n.\n..two dots\n.hidden, or not\n", html="<p>\n.\n</p>\n"
        )
        channel = build(config, keys).open(mailing)
        channel.hand_over(1, recipients_of(config, keys, 1), now=now)
        channel.close()
        (letter,) = smtp.accepted
        assert letter.sender == "bounces@digest.example.ac.uk"
        plain, html = message_from_bytes(letter.content, policy=default).iter_parts()  # type: ignore[attr-defined]
        assert plain.get_content().replace("\r\n", "\n") == mailing.text
        assert html.get_content().replace("\r\n", "\n") == mailing.html

    def test_a_dropped_connection_is_made_anew_before_the_next_message(
        self, smtp: FakeSmtp, smtp_config: Callable[..., Config], keys: Keys, now: dt.datetime
    ) -> None:
        smtp.most_per_connection = 2
        assert isinstance(hand_over(smtp_config(smtp), keys, 5, now), Accepted)
        assert (len(smtp.accepted), smtp.connections) == (5, 3)

    def test_a_server_that_is_gone_between_two_requests(
        self, smtp: FakeSmtp, smtp_config: Callable[..., Config], keys: Keys, now: dt.datetime
    ) -> None:
        config = smtp_config(smtp)
        channel = build(config, keys).open(make_mailing(config))
        recipients = recipients_of(config, keys, 2)
        channel.hand_over(1, recipients[:1], now=now)
        smtp.then(Drop(), on="MAIL")
        assert isinstance(channel.hand_over(2, recipients[1:], now=now), Accepted)
        channel.close()
        assert len(smtp.accepted) == 2


class TestAnswers:
    def test_a_refused_and_a_delayed_recipient_concern_nobody_else(
        self, smtp: FakeSmtp, smtp_config: Callable[..., Config], keys: Keys, now: dt.datetime
    ) -> None:
        smtp.answers = {
            "m2@example.org": "550 5.1.1 <m2@example.org>: nobody here",
            "m4@example.org": "450 4.2.0 grey",
        }
        outcome = hand_over(smtp_config(smtp), keys, 5, now)
        assert kinds(outcome) == [Accepted, Rejected, Accepted, Wait, Accepted]
        assert isinstance(outcome, Mixed)
        assert outcome.after is None
        refused, delayed = outcome.answers[2], outcome.answers[4]
        assert refused.words == "The mail server refuses it: 550 5.1.1 <(an address)>: nobody here."
        assert isinstance(delayed, Wait)
        assert delayed.until > now
        assert [letter.to for letter in smtp.accepted] == ["m1@example.org", "m3@example.org", "m5@example.org"]

    @pytest.mark.parametrize(
        ("line", "kind"),
        [("554 5.7.1 content refused", Rejected), ("452 4.3.1 disk full", Wait), ("354 what?", Unknown)],
    )
    def test_the_answer_to_the_content_is_the_answer(
        self,
        smtp: FakeSmtp,
        smtp_config: Callable[..., Config],
        keys: Keys,
        now: dt.datetime,
        line: str,
        kind: type,
    ) -> None:
        smtp.then(Say(line), on="dot")
        assert kinds(hand_over(smtp_config(smtp), keys, 1, now)) == [kind]

    def test_no_answer_after_the_final_dot_is_unknown_for_that_copy_only(
        self, smtp: FakeSmtp, smtp_config: Callable[..., Config], keys: Keys, now: dt.datetime
    ) -> None:
        config = smtp_config(smtp)
        channel = build(config, keys).open(make_mailing(config))
        recipients = recipients_of(config, keys, 4)
        channel.hand_over(1, recipients[:1], now=now)
        smtp.then(Drop(take=True), on="dot")
        outcome = channel.hand_over(2, recipients[1:], now=now)
        channel.close()
        assert kinds(outcome) == [Unknown, NotSent, NotSent]
        assert [letter.to for letter in smtp.accepted] == ["m1@example.org", "m2@example.org"]

    @pytest.mark.parametrize("step", ["RCPT", "DATA"])
    def test_a_break_before_the_final_dot_sent_nothing(
        self, smtp: FakeSmtp, smtp_config: Callable[..., Config], keys: Keys, now: dt.datetime, step: str
    ) -> None:
        smtp.then(Drop(), on=step)
        outcome = hand_over(smtp_config(smtp), keys, 2, now)
        assert isinstance(outcome, NotSent)
        assert smtp.messages == 0

    @pytest.mark.parametrize(
        ("step", "line", "kind"),
        [
            ("connect", "554 5.7.1 your address is on a list", Refused),
            ("connect", "421 4.3.2 too busy", NotSent),
            ("MAIL", "550 5.7.1 sender not allowed", Refused),
            ("MAIL", "451 4.3.0 later", NotSent),
        ],
    )
    def test_what_concerns_all_is_one_answer(
        self,
        smtp: FakeSmtp,
        smtp_config: Callable[..., Config],
        keys: Keys,
        now: dt.datetime,
        step: str,
        line: str,
        kind: type,
    ) -> None:
        smtp.then(Say(line), on=step)
        outcome = hand_over(smtp_config(smtp), keys, 3, now)
        assert type(outcome) is kind
        assert line[:3] in outcome.words
        assert smtp.accepted == []

    def test_a_server_that_refuses_everybody_is_not_asked_about_everybody(
        self, smtp: FakeSmtp, smtp_config: Callable[..., Config], keys: Keys, now: dt.datetime
    ) -> None:
        smtp.answers = {f"m{n}@example.org": "550 5.4.5 daily quota reached" for n in range(3, 21)}
        outcome = hand_over(smtp_config(smtp), keys, 20, now)
        assert isinstance(outcome, Mixed)
        assert kinds(outcome) == [Accepted] * 2 + [Rejected] * 5 + [Refused] * 13
        assert isinstance(outcome.after, Refused)
        assert "daily quota reached" in outcome.after.words


class TestTime:
    @pytest.mark.parametrize(
        ("step", "behaviour", "kind"),
        [("MAIL", Drip(), NotSent), ("connect", Drip(), NotSent), ("RCPT", Stall(), NotSent)],
    )
    def test_a_slow_server_is_cut_off_before_the_message(
        self,
        smtp: FakeSmtp,
        smtp_config: Callable[..., Config],
        keys: Keys,
        now: dt.datetime,
        step: str,
        behaviour: object,
        kind: type,
    ) -> None:
        smtp.then(behaviour, on=step)  # type: ignore[arg-type]
        assert type(hand_over(smtp_config(smtp, timeout=0.5), keys, 2, now)) is kind

    @pytest.mark.parametrize("behaviour", [Drip(), Stall()])
    def test_a_slow_answer_to_the_message_is_no_answer(
        self, smtp: FakeSmtp, smtp_config: Callable[..., Config], keys: Keys, now: dt.datetime, behaviour: object
    ) -> None:
        smtp.then(behaviour, on="dot")  # type: ignore[arg-type]
        assert kinds(hand_over(smtp_config(smtp, timeout=0.5), keys, 2, now)) == [Unknown, NotSent]

    def test_copies_keep_their_pace_and_the_rest_of_a_request_follows_in_the_next(
        self, smtp: FakeSmtp, smtp_config: Callable[..., Config], keys: Keys, now: dt.datetime
    ) -> None:
        clock, pauses = [0.0], []

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            clock[0] += seconds

        config = smtp_config(smtp)
        made = Smtp.of(config, keys)
        provider = Smtp(
            made._target, sender="digest@digest.example.ac.uk", timeout=60, max_per_second=0.05, pause=pause,
            monotonic=lambda: clock[0],
        )  # fmt: skip
        channel = provider.open(make_mailing(config))
        recipients = recipients_of(config, keys, 5)
        first = channel.hand_over(1, recipients, now=now)
        second = channel.hand_over(2, recipients[3:], now=now)
        channel.close()
        assert kinds(first) == [Accepted, Accepted, Accepted, Wait, Wait]
        assert isinstance(first, Mixed)
        assert (first.after, first.answers[4]) == (None, Wait(words="The time for one request was up.", until=now))
        assert isinstance(second, Accepted)
        assert pauses == [20, 20, 20, 20]

    def test_a_pace_slower_than_a_request_waits_for_its_turn(
        self, smtp: FakeSmtp, smtp_config: Callable[..., Config], keys: Keys, now: dt.datetime
    ) -> None:
        made = Smtp.of(smtp_config(smtp), keys)
        provider = Smtp(
            made._target, sender="digest@digest.example.ac.uk", timeout=60, max_per_second=0.01, monotonic=lambda: 0.0
        )
        channel = provider.open(make_mailing(smtp_config(smtp)))
        recipients = recipients_of(smtp_config(smtp), keys, 3)
        assert isinstance(channel.hand_over(1, recipients[:1], now=now), Accepted)
        outcome = channel.hand_over(2, recipients[1:], now=now)
        channel.close()
        assert outcome == Wait(words="The time for one request was up.", until=now + dt.timedelta(seconds=100))

    def test_no_thread_outlives_a_request(
        self, smtp: FakeSmtp, smtp_config: Callable[..., Config], keys: Keys, now: dt.datetime
    ) -> None:
        hand_over(smtp_config(smtp), keys, 3, now)
        assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]


class TestSignIn:
    @pytest.fixture
    def keys(self, keys: Keys) -> Keys:
        return dataclasses.replace(keys, smtp_username=USER, smtp_password=PASSWORD)

    @pytest.mark.parametrize("tls", ["starttls", "tls"])
    def test_signed_in_under_encryption(
        self,
        smtp_config: Callable[..., Config],
        keys: Keys,
        now: dt.datetime,
        certificate: Path,
        monkeypatch: pytest.MonkeyPatch,
        tls: str,
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with FakeSmtp(tls=tls, users={USER: PASSWORD}, certificate=certificate) as smtp:
            outcome = hand_over(smtp_config(smtp, security=tls, host="localhost"), keys, 2, now)
        assert isinstance(outcome, Accepted), outcome
        assert (len(smtp.accepted), smtp.signed_in, smtp.violations) == (2, [USER], [])

    @pytest.mark.parametrize("tls", ["starttls", "tls"])
    def test_a_certificate_that_is_not_trusted_gets_nothing(
        self, smtp_config: Callable[..., Config], keys: Keys, now: dt.datetime, certificate: Path, tls: str
    ) -> None:
        with FakeSmtp(tls=tls, users={USER: PASSWORD}, certificate=certificate) as smtp:
            outcome = hand_over(smtp_config(smtp, security=tls, host="localhost"), keys, 2, now)
        assert isinstance(outcome, NotSent)
        assert "CERTIFICATE_VERIFY_FAILED" in outcome.words
        assert (smtp.signed_in, smtp.messages) == ([], 0)

    def test_a_server_without_starttls_hears_no_password(
        self, smtp_config: Callable[..., Config], keys: Keys, now: dt.datetime
    ) -> None:
        with FakeSmtp(users={USER: PASSWORD}) as smtp:
            outcome = hand_over(smtp_config(smtp, security="starttls"), keys, 2, now)
        assert isinstance(outcome, Refused)
        assert "STARTTLS" in outcome.words
        assert smtp.signed_in == []

    def test_a_wrong_password_stops_everything(
        self, smtp_config: Callable[..., Config], keys: Keys, now: dt.datetime
    ) -> None:
        with FakeSmtp(users={USER: "another"}) as smtp:
            outcome = hand_over(smtp_config(smtp), keys, 2, now)
        assert isinstance(outcome, Refused)
        assert "535" in outcome.words
        assert PASSWORD not in outcome.words

    def test_a_server_that_wants_a_sign_in_and_gets_none(
        self, smtp_config: Callable[..., Config], keys: Keys, now: dt.datetime
    ) -> None:
        plain = dataclasses.replace(keys, smtp_username="", smtp_password="")
        with FakeSmtp(users={USER: PASSWORD}) as smtp:
            assert isinstance(hand_over(smtp_config(smtp), plain, 2, now), Refused)

    def test_half_a_sign_in_is_refused_in_words(
        self, smtp: FakeSmtp, smtp_config: Callable[..., Config], keys: Keys
    ) -> None:
        with pytest.raises(ProviderError, match="half a sign-in") as error:
            build(smtp_config(smtp), dataclasses.replace(keys, smtp_password=""))
        assert "SMTP_PASSWORD_FILE" in error.value.hint


def test_in_the_clear_only_on_this_machine(make_config: Callable[..., Config]) -> None:
    with pytest.raises(ConfigError, match=r"delivery\.smtp: expected security"):
        make_config('[delivery.smtp]\nhost = "mail.example.org"\nsecurity = "none"')
