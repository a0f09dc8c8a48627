"""One contract for every provider: what each must do, whatever it is made of."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from digest.compose.models import Issue
from digest.config import Config, Keys
from digest.deliver.arming import arm
from digest.deliver.models import Delivery, DeliveryState, Edition
from digest.deliver.one import send_one
from digest.deliver.providers import (
    REGISTRY,
    Accepted,
    Mixed,
    NotSent,
    Outcome,
    Provider,
    Unknown,
    build,
    provider_class,
)
from digest.deliver.send import deliver
from digest.errors import ProviderError
from digest.members.models import Member
from digest.render.models import RenderedIssue
from tests.deliver.conftest import ANSWERS, HTML, SUBJECT, TEXT, TOKEN, Join, make_mailing, recipients_of
from tests.fakes import postmark as fake_postmark
from tests.fakes import sendgrid as fake_sendgrid
from tests.fakes import smtp as fake_smtp


@dataclass(frozen=True)
class Received:
    """A copy as it arrived, whatever the provider."""

    to: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Subject:
    """A provider under test: its config, a way to see what arrived, and ways to make it fail."""

    config: Config
    keys: Keys
    received: Callable[[], list[Received]]
    broken: Callable[[], Config]  # a config under which nothing can leave
    refuse: Callable[[str], None]  # from now on this address is refused
    die: Callable[[], None]  # the next message is read whole and never answered


@pytest.fixture
def smtp() -> Iterator[fake_smtp.FakeSmtp]:
    with fake_smtp.FakeSmtp() as server:
        yield server


@pytest.fixture
def postmark() -> Iterator[fake_postmark.FakePostmark]:
    with fake_postmark.FakePostmark() as server:
        yield server


REAL = ["sendgrid", "smtp", "postmark"]  # postmark stands for all that django-anymail knows


@pytest.fixture(params=["outbox", *REAL])
def subject(request: pytest.FixtureRequest) -> Subject:
    return _subject(request.param, request)


@pytest.fixture(params=REAL)
def real(request: pytest.FixtureRequest) -> Subject:
    """A provider that mail leaves the house by."""
    return _subject(request.param, request)


def _subject(name: str, request: pytest.FixtureRequest) -> Subject:
    made: Subject = request.getfixturevalue(f"{name}_subject")
    return made


@pytest.fixture
def outbox_subject(make_config: Callable[..., Config], keys: Keys, tmp_path: Path) -> Subject:
    def broken() -> Config:
        (tmp_path / "in-the-way").write_text("")
        return make_config('[storage]\noutbox = "in-the-way"')

    def never(*_: str) -> None:
        raise AssertionError("a folder refuses nobody and cannot die")

    config = make_config()
    return Subject(config, keys, lambda: read_outbox(tmp_path / "outbox"), broken, never, never)


@pytest.fixture
def sendgrid_subject(
    sendgrid: fake_sendgrid.FakeSendGrid, sendgrid_keys: Keys, sendgrid_config: Callable[..., Config]
) -> Subject:
    def received() -> list[Received]:
        return [Received(c.to, c.subject, c.text, c.html, dict(c.headers)) for c in sendgrid.accepted]

    return Subject(
        config=sendgrid_config(),
        keys=sendgrid_keys,
        received=received,
        broken=lambda: sendgrid_config(base_url="http://127.0.0.1:1"),
        refuse=sendgrid.refused.add,
        die=lambda: sendgrid.then(fake_sendgrid.Reset(after_body=True, take=True)),
    )


@pytest.fixture
def smtp_subject(smtp: fake_smtp.FakeSmtp, make_config: Callable[..., Config], keys: Keys) -> Subject:
    def config(port: int) -> Config:
        return public(
            make_config(
                f"""
[delivery]
provider = "smtp"
from_email = "digest@digest.example.ac.uk"
[delivery.smtp]
host = "127.0.0.1"
port = {port}
security = "none"
"""
            )
        )

    return Subject(
        config=config(smtp.port),
        keys=keys,
        received=lambda: [read_message(letter.content) for letter in smtp.accepted],
        broken=lambda: config(1),
        refuse=lambda address: smtp.answers.update({address: f"550 5.1.1 <{address}> nobody here"}),
        die=lambda: smtp.then(fake_smtp.Drop(take=True), on="dot"),
    )


@pytest.fixture
def postmark_subject(postmark: fake_postmark.FakePostmark, make_config: Callable[..., Config], keys: Keys) -> Subject:
    def config(url: str) -> Config:
        return public(
            make_config(
                f"""
[delivery]
provider = "postmark"
from_email = "digest@digest.example.ac.uk"
[delivery.anymail]
api_url = "{url}"
"""
            )
        )

    def received() -> list[Received]:
        return [
            Received(
                m["To"], m["Subject"], m["TextBody"], m["HtmlBody"], {h["Name"]: h["Value"] for h in m["Headers"]}
            )
            for m in postmark.accepted
        ]

    return Subject(
        config=config(postmark.url),
        keys=dataclasses.replace(keys, anymail={"server_token": fake_postmark.TOKEN}),
        received=received,
        broken=lambda: config("http://127.0.0.1:1/"),
        refuse=postmark.inactive.add,
        die=lambda: postmark.then(fake_postmark.Reset(take=True)),
    )


def public(config: Config) -> Config:
    """With an address that members reach."""
    return config.with_values(web=config.web.model_copy(update={"base_url": "https://digest.example.ac.uk"}))


def read_outbox(folder: Path) -> list[Received]:
    return [read_message(path.read_bytes()) for path in sorted(folder.glob("*/*.eml"))]


def read_message(content: bytes) -> Received:
    message = message_from_bytes(content, policy=default)
    plain, html = message.iter_parts()  # type: ignore[attr-defined]
    return Received(
        to=str(message["To"]),
        subject=str(message["Subject"]),
        text=plain.get_content(),
        html=html.get_content(),
        headers={name: str(value) for name, value in message.items()},
    )


def hand_over(subject: Subject, count: int, now: dt.datetime, config: Config | None = None) -> Outcome:
    config = config or subject.config
    channel = build(config, subject.keys).open(make_mailing(config))
    try:
        return channel.hand_over(1, recipients_of(config, subject.keys, count), now=now)
    finally:
        channel.close()


def test_every_provider_of_the_registry_is_here() -> None:
    assert {"outbox", *REAL} - {"postmark"} == set(REGISTRY)


class TestContract:
    def test_each_recipient_gets_one_copy_with_its_own_links(self, subject: Subject, now: dt.datetime) -> None:
        recipients = recipients_of(subject.config, subject.keys, 7)
        channel = build(subject.config, subject.keys).open(make_mailing(subject.config))
        outcome = channel.hand_over(1, recipients[:4], now=now), channel.hand_over(2, recipients[4:], now=now)
        channel.close()
        assert all(isinstance(one, Accepted) for one in outcome)
        received = subject.received()
        assert [copy.to for copy in received] == [r.email for r in recipients]
        for copy, recipient in zip(received, recipients, strict=True):
            for body in (copy.text, copy.html):
                assert TOKEN not in body
                assert recipient.links.unsubscribe in body
                assert recipient.links.view_in_browser in body
                assert recipient.links.preferences in body
            assert copy.headers["List-Unsubscribe"] == f"<{recipient.links.unsubscribe}>"
            assert copy.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
            for name in ("List-Id", "List-Archive", "List-Help", "Archived-At", "Auto-Submitted", "Precedence"):
                assert copy.headers[name]
            assert copy.subject == "Weekly News Digest - Issue 736, 12 Feb 2024"

    def test_nothing_in_a_copy_tells_of_another_member(self, subject: Subject, now: dt.datetime) -> None:
        recipients = recipients_of(subject.config, subject.keys, 3)
        hand_over(subject, 3, now)
        assert len(subject.received()) == 3
        for copy in subject.received():
            others = [r for r in recipients if r.email != copy.to]
            everything = f"{copy.text}{copy.html}{copy.headers}"
            assert not any(other.email in everything or other.ref in everything for other in others)

    def test_where_it_cannot_be_reached_nothing_was_sent(self, subject: Subject, now: dt.datetime) -> None:
        outcome = hand_over(subject, 2, now, subject.broken())
        assert isinstance(outcome, NotSent)
        assert outcome.words.endswith(".")
        assert subject.received() == []

    def test_words_hold_no_address(self, subject: Subject, now: dt.datetime) -> None:
        assert "@" not in hand_over(subject, 2, now).words

    def test_what_it_says_of_itself(self, subject: Subject) -> None:
        provider: Provider = build(subject.config, subject.keys)
        assert provider.name == subject.config.delivery.provider
        assert provider.connections >= 1
        assert 1 <= provider.most_at_once <= 1000
        assert provider.needs_arming or provider.repeatable  # what is neither would be sent twice unasked


def test_a_test_copy_goes_through_any_and_is_recorded_nowhere(subject: Subject, db: None, now: dt.datetime) -> None:
    if provider_class(subject.config).needs_arming:
        arm(subject.config, subject.keys, answers=ANSWERS, actor="a", now=now)
    rendered = RenderedIssue(subject=SUBJECT, html=HTML, text=TEXT, web="")
    send_one(
        subject.config, subject.keys, rendered, merge_tag=TOKEN, to="sam@example.org", now=now, mark="[TEST: News] "
    )
    (copy,) = subject.received()
    assert (copy.to, copy.subject) == ("sam@example.org", f"[TEST: News] {SUBJECT}")
    assert TOKEN not in copy.text + copy.html
    assert not Delivery.objects.exists()


class TestContractOfRealOnes:
    """With the ledger: what a provider says is worth what is written down of it."""

    def send(self, subject: Subject, issue: Issue, edition: Edition, now: dt.datetime) -> None:
        deliver(subject.config, subject.keys, issue, edition, now=now, owner=f"at {now}", clock=lambda: now)

    @pytest.fixture
    def armed(self, real: Subject, now: dt.datetime, db: None) -> Subject:
        arm(real.config, real.keys, answers=ANSWERS, actor="a", now=now)
        return real

    def state(self, member: Member) -> tuple[str, str]:
        row = Delivery.objects.get(member=member)
        return row.state, row.reason

    def test_nothing_leaves_before_it_is_armed(
        self, real: Subject, issue: Issue, edition: Edition, join: Join, now: dt.datetime
    ) -> None:
        join(2)
        with pytest.raises(ProviderError, match="not armed"):
            self.send(real, issue, edition, now)
        assert real.received() == []
        assert provider_class(real.config).needs_arming

    def test_everybody_gets_one_copy(
        self, armed: Subject, issue: Issue, edition: Edition, join: Join, now: dt.datetime
    ) -> None:
        members = join(45)
        self.send(armed, issue, edition, now)
        assert sorted(copy.to for copy in armed.received()) == sorted(str(m.email) for m in members)
        assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.ACCEPTED}
        self.send(armed, issue, edition, now)
        assert len(armed.received()) == 45

    def test_who_is_refused_is_told_of_and_keeps_nobody_back(
        self, armed: Subject, issue: Issue, edition: Edition, join: Join, now: dt.datetime
    ) -> None:
        members = join(7)
        armed.refuse(str(members[2].email))
        self.send(armed, issue, edition, now)
        assert sorted(copy.to for copy in armed.received()) == sorted(
            str(m.email) for m in members if m != members[2]
        )
        state, reason = self.state(members[2])
        assert state == DeliveryState.REJECTED
        assert reason
        assert "@" not in reason
        assert Delivery.objects.filter(state=DeliveryState.ACCEPTED).count() == 6

    def test_a_request_that_was_read_and_not_answered_is_unknown_and_never_repeated(
        self, armed: Subject, issue: Issue, edition: Edition, join: Join, now: dt.datetime
    ) -> None:
        join(5)
        armed.die()
        outcomes = hand_over(armed, 5, now)
        unknown = 1
        if isinstance(outcomes, Mixed):
            kinds = [type(answer) for answer in outcomes.answers.values()]
            assert kinds == [Unknown, NotSent, NotSent, NotSent, NotSent]
        else:
            assert isinstance(outcomes, Unknown)
            unknown = 5
        taken_unseen = len(armed.received())
        armed.die()
        for minute in range(0, 60, 10):
            self.send(armed, issue, edition, now + dt.timedelta(minutes=minute))
        assert Delivery.objects.filter(state=DeliveryState.UNKNOWN).count() == unknown
        assert Delivery.objects.filter(state=DeliveryState.ACCEPTED).count() == 5 - unknown
        got = [copy.to for copy in armed.received()[taken_unseen:]]
        assert len(got) == len(set(got)) == 5  # the unknown ones were taken, and nobody twice
