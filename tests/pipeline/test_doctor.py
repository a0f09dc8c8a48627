"""The doctor: what is amiss around the installation, with what to do."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

import pytest

from digest.config import Config, Keys
from digest.deliver.models import Notice
from digest.installation.audit import record
from digest.installation.models import Installation
from digest.pipeline.doctor import Finding, examine

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 2, 9, 9, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def found(config: Config, keys: Keys, now: dt.datetime = NOW) -> dict[str, Finding]:
    return {finding.subject: finding for finding in examine(config, keys, now=now)}


def test_every_line_that_is_not_ok_says_what_to_do(association: Config, keys: Keys) -> None:
    for finding in examine(association, keys, now=NOW):
        assert finding.mark in ("ok", "warn", "FAIL")
        assert finding.mark == "ok" or finding.todo, finding


def test_a_clock_that_was_put_back(association: Config, keys: Keys) -> None:
    assert found(association, keys)["Clock"].mark == "ok"
    record(actor="sam", verb="issue.approve", subject="issue:1", now=NOW + 5 * HOUR)
    clock = found(association, keys)["Clock"]
    assert clock.mark == "FAIL"
    assert "the database has seen 2026-02-09 14:00" in clock.words


def test_a_clock_that_does_not_ring(association: Config, keys: Keys) -> None:
    Installation.objects.create(pk=1, created_at=NOW - 9 * HOUR, rung_at=NOW - 3 * HOUR)
    rings = found(association, keys)["Clock's rings"]
    assert (rings.mark, rings.words) == ("FAIL", "none for 3 hours")


def test_zone_rules_that_are_old(association: Config, keys: Keys) -> None:
    later = dt.datetime(2046, 2, 9, 9, 0, tzinfo=dt.UTC)
    assert found(association, keys, later)["Time zones"].mark == "warn"


def test_letters_that_wait(association: Config, keys: Keys) -> None:
    Notice.objects.create(
        dedupe_key="a", kind="welcome", to="x", created_at=NOW - 3 * HOUR, state_at=NOW, answer="No line."
    )
    letters = found(association, keys)["Letters"]
    assert letters.words == "1 waits, the oldest for 3 hours. No line."


def test_a_webhook_without_a_key(make_config: Callable[..., Config], keys: Keys) -> None:
    config = make_config('[delivery]\nprovider = "sendgrid"')
    assert found(config, keys)["Webhook"].mark == "warn"
    with_key = dataclasses.replace(keys, sendgrid_webhook_keys=("MFkw",))
    assert found(config, with_key)["Webhook"].mark == "ok"
