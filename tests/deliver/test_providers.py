"""What the registry of providers holds, and what the outbox adds to the contract of all (test_contract.py)."""

from __future__ import annotations

import datetime as dt
import importlib.util
from collections.abc import Callable

import pytest

from digest.config import Config, Keys
from digest.deliver.message import Mailing
from digest.deliver.providers import ANYMAIL, REGISTRY, Accepted, build, check_provider, provider_class
from digest.errors import ConfigError
from tests.deliver.conftest import recipients_of
from tests.deliver.test_contract import read_outbox


class TestRegistry:
    def test_an_unknown_provider_is_named_with_the_nearest_known(self, make_config: Callable[..., Config]) -> None:
        with pytest.raises(ConfigError, match=r"delivery\.provider: .*did you mean 'sendgrid'"):
            check_provider(make_config('[delivery]\nprovider = "sendgird"'))

    @pytest.mark.parametrize("name", sorted(REGISTRY))
    def test_every_name_leads_to_its_class(self, make_config: Callable[..., Config], name: str) -> None:
        config = make_config(f'[delivery]\nprovider = "{name}"')
        check_provider(config)
        assert provider_class(config).name == name

    @pytest.mark.parametrize("name", ANYMAIL)
    def test_every_name_of_anymails_leads_to_a_backend_of_its(
        self, make_config: Callable[..., Config], name: str
    ) -> None:
        config = make_config(f'[delivery]\nprovider = "{name}"')
        check_provider(config)
        assert provider_class(config).__name__ == "Anymail"
        assert importlib.util.find_spec(f"anymail.backends.{name}") is not None


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
