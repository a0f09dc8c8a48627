"""One contract for every provider of the registry, and what each adds to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from digest.config import Config, Keys
from digest.deliver.message import Mailing
from digest.deliver.providers import REGISTRY, Accepted, NotSent, Provider, build, check_provider, provider_class
from digest.errors import ConfigError
from tests.deliver.conftest import TOKEN, make_mailing, recipients_of
from tests.fakes.sendgrid import FakeSendGrid


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
    """A provider under test: its config and a way to see what arrived."""

    config: Config
    keys: Keys
    received: Callable[[], list[Received]]
    broken: Callable[[], Config]  # a config under which nothing can leave


@pytest.fixture(params=sorted(REGISTRY))
def subject(
    request: pytest.FixtureRequest,
    make_config: Callable[..., Config],
    keys: Keys,
    sendgrid: FakeSendGrid,
    sendgrid_keys: Keys,
    sendgrid_config: Callable[..., Config],
    tmp_path: Path,
) -> Subject:
    if request.param == "sendgrid":
        return Subject(
            config=sendgrid_config(),
            keys=sendgrid_keys,
            received=lambda: [
                Received(to=c.to, subject=c.subject, text=c.text, html=c.html, headers=dict(c.headers))
                for c in sendgrid.accepted
            ],
            broken=lambda: sendgrid_config(base_url="http://127.0.0.1:1"),
        )
    assert request.param == "outbox", "a new provider needs its line here"

    def broken() -> Config:
        (tmp_path / "in-the-way").write_text("")
        return make_config('[storage]\noutbox = "in-the-way"')

    return Subject(config=make_config(), keys=keys, received=lambda: read_outbox(tmp_path / "outbox"), broken=broken)


def read_outbox(folder: Path) -> list[Received]:
    found = []
    for path in sorted(folder.glob("*/*.eml")):
        message = message_from_bytes(path.read_bytes(), policy=default)
        plain, html = message.iter_parts()  # type: ignore[attr-defined]
        found.append(
            Received(
                to=str(message["To"]),
                subject=str(message["Subject"]),
                text=plain.get_content(),
                html=html.get_content(),
                headers={name: str(value) for name, value in message.items()},
            )
        )
    return found


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
        channel = build(subject.config, subject.keys).open(make_mailing(subject.config))
        channel.hand_over(1, recipients, now=now)
        channel.close()
        for copy in subject.received():
            others = [r for r in recipients if r.email != copy.to]
            everything = f"{copy.text}{copy.html}{copy.headers}"
            assert not any(other.email in everything or other.ref in everything for other in others)

    def test_where_it_cannot_be_reached_nothing_was_sent(self, subject: Subject, now: dt.datetime) -> None:
        config = subject.broken()
        channel = build(config, subject.keys).open(make_mailing(config))
        outcome = channel.hand_over(1, recipients_of(config, subject.keys, 2), now=now)
        channel.close()
        assert isinstance(outcome, NotSent)
        assert outcome.words.endswith(".")
        assert subject.received() == []

    def test_words_hold_no_address(self, subject: Subject, now: dt.datetime) -> None:
        channel = build(subject.config, subject.keys).open(make_mailing(subject.config))
        outcome = channel.hand_over(1, recipients_of(subject.config, subject.keys, 2), now=now)
        channel.close()
        assert "@" not in outcome.words

    def test_what_it_says_of_itself(self, subject: Subject) -> None:
        provider: Provider = build(subject.config, subject.keys)
        assert provider.name == subject.config.delivery.provider
        assert provider.connections >= 1
        assert provider.needs_arming or provider.repeatable  # what is neither would be sent twice unasked


class TestRegistry:
    def test_an_unknown_provider_is_named_with_the_nearest_known(self, make_config: Callable[..., Config]) -> None:
        with pytest.raises(ConfigError, match=r"delivery\.provider: .*did you mean 'sendgrid'"):
            check_provider(make_config('[delivery]\nprovider = "sendgird"'))

    @pytest.mark.parametrize("name", sorted(REGISTRY))
    def test_every_name_leads_to_its_class(self, make_config: Callable[..., Config], name: str) -> None:
        config = make_config(f'[delivery]\nprovider = "{name}"')
        check_provider(config)
        assert provider_class(config).name == name


class TestOutbox:
    def test_a_copy_written_twice_is_one_file_and_stays_as_it_was(
        self, config: Config, keys: Keys, mailing: Mailing, now: dt.datetime
    ) -> None:
        channel = build(config, keys).open(mailing)
        recipients = recipients_of(config, keys, 2)
        channel.hand_over(1, recipients, now=now)
        before = {path: path.read_bytes() for path in config.outbox_dir.rglob("*") if path.is_file()}
        outcome = channel.hand_over(1, recipients, now=now + dt.timedelta(hours=1))
        assert isinstance(outcome, Accepted)
        assert {path: path.read_bytes() for path in config.outbox_dir.rglob("*") if path.is_file()} == before
        assert sorted(path.name for path in before) == ["pid00001.eml", "pid00002.eml"]
        assert {path.parent.name for path in before} == {"736"}

    def test_a_batch_broken_off_is_completed_when_it_comes_again(
        self, config: Config, keys: Keys, mailing: Mailing, now: dt.datetime
    ) -> None:
        channel = build(config, keys).open(mailing)
        recipients = recipients_of(config, keys, 3)
        channel.hand_over(1, recipients[:1], now=now)
        channel.hand_over(1, recipients, now=now)
        assert [copy.to for copy in read_outbox(config.outbox_dir)] == [r.email for r in recipients]

    def test_no_file_name_holds_an_address(
        self, config: Config, keys: Keys, mailing: Mailing, now: dt.datetime
    ) -> None:
        build(config, keys).open(mailing).hand_over(1, recipients_of(config, keys, 2), now=now)
        assert not any("@" in path.name or "m1" in path.name for path in config.outbox_dir.rglob("*"))
