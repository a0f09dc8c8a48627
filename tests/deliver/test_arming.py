"""Nothing leaves before a person armed this very installation."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from digest.compose.models import Issue
from digest.config import Config, Keys
from digest.deliver import arming, ledger
from digest.deliver.arming import arm, checklist, disarm, is_armed, marker_file, why_not_armed
from digest.deliver.models import Edition
from digest.errors import ProviderError
from digest.installation.models import Audit, Installation

pytestmark = pytest.mark.django_db


@pytest.fixture
def real(sendgrid_config: Callable[..., Config]) -> Config:
    return sendgrid_config()


def missing(config: Config, keys: Keys) -> str:
    return " ".join(line.words for line in checklist(config, keys) if not line.ok)


def test_the_outbox_needs_no_arming_and_cannot_be_armed(config: Config, keys: Keys, now: dt.datetime) -> None:
    assert is_armed(config)
    with pytest.raises(ProviderError, match="outbox keeps all mail here"):
        arm(config, keys, actor="a@example.org", now=now)


def test_arming_is_a_persons_word_and_leaves_a_trace(real: Config, sendgrid_keys: Keys, now: dt.datetime) -> None:
    assert "not armed" in why_not_armed(real)
    assert all(line.ok for line in checklist(real, sendgrid_keys))
    arm(real, sendgrid_keys, actor="ada@example.org", now=now)
    assert is_armed(real)
    assert marker_file(real).stat().st_mode & 0o777 == 0o600
    row = Installation.objects.get(pk=1)
    assert (row.armed_by, row.armed_at, row.armed_provider) == ("ada@example.org", now, "sendgrid")
    assert Audit.objects.get(verb="installation.arm").actor == "ada@example.org"
    disarm(real, actor="ada@example.org", now=now)
    assert not is_armed(real)


@pytest.mark.parametrize(
    ("table", "values", "word"),
    [
        ("association", {"postal_address": ""}, "postal_address"),
        ("web", {"base_url": "http://digest.example.org"}, "https"),
        ("delivery", {"from_email": "digest@example.org"}, "only an example"),
        ("delivery", {"from_email": "jörg@uni.ac.uk"}, "from_email"),
    ],
)
def test_the_check_list_names_what_is_missing(
    real: Config, sendgrid_keys: Keys, now: dt.datetime, table: str, values: dict[str, str], word: str
) -> None:
    config = real.with_values(**{table: getattr(real, table).model_copy(update=values)})
    assert word in missing(config, sendgrid_keys)
    with pytest.raises(ProviderError, match=word):
        arm(config, sendgrid_keys, actor="a", now=now)
    assert not is_armed(config)


def test_without_a_key_there_is_nothing_to_arm(real: Config, keys: Keys) -> None:
    assert "SENDGRID_API_KEY" in missing(real, keys)


def test_a_copied_database_is_not_armed(real: Config, sendgrid_keys: Keys, now: dt.datetime, tmp_path: Path) -> None:
    arm(real, sendgrid_keys, actor="a", now=now)
    elsewhere = tmp_path / "copy"
    elsewhere.mkdir()
    copy = real.with_values(root=elsewhere)
    assert "copied, moved or restored" in why_not_armed(copy)
    shutil.copy(marker_file(real), marker_file(copy))  # the whole folder, even
    assert not is_armed(copy)
    assert is_armed(real)


def test_another_provider_is_not_armed_by_the_way(real: Config, sendgrid_keys: Keys, now: dt.datetime) -> None:
    arm(real, sendgrid_keys, actor="a", now=now)
    Installation.objects.update(armed_provider="pigeon")
    assert why_not_armed(real) == "This installation was armed for pigeon, not for sendgrid."


def test_a_restored_database_that_has_forgotten_an_issue_is_not_armed(
    real: Config, sendgrid_keys: Keys, issue: Issue, edition: Edition, now: dt.datetime
) -> None:
    arm(real, sendgrid_keys, actor="a", now=now)
    backup = Installation.objects.get(pk=1).marker
    ledger.freeze(real, issue, edition, now=now)
    assert is_armed(real)
    assert len(marker_file(real).read_text().split()) == 1
    Installation.objects.update(marker=backup)
    assert not is_armed(real)


def test_a_crash_while_the_marker_is_renewed_leaves_the_installation_armed(
    real: Config, sendgrid_keys: Keys, now: dt.datetime
) -> None:
    arm(real, sendgrid_keys, actor="a", now=now)
    for _ in range(2):
        with pytest.raises(RuntimeError), arming.renewed(real):
            raise RuntimeError
        assert is_armed(real)
    with arming.renewed(real):
        pass
    assert is_armed(real)
    assert len(marker_file(real).read_text().split()) == 1


def test_an_installation_that_is_not_armed_is_not_armed_by_an_issue(
    real: Config, issue: Issue, edition: Edition, now: dt.datetime
) -> None:
    ledger.freeze(real, issue, edition, now=now)
    assert not marker_file(real).exists()
    assert not is_armed(real)
