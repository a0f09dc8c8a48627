"""What programs that watch are told: life, readiness, reasons to look, and figures for those who may have them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from digest.config import Config, Keys
from digest.installation.models import Installation

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def site(settings: Any, config: Config, keys: Keys) -> Any:
    settings.DIGEST, settings.DIGEST_KEYS = config, keys
    return settings


def rang(ago: dt.timedelta) -> None:
    now = dt.datetime.now(dt.UTC)
    Installation.objects.update_or_create(pk=1, defaults={"created_at": now, "rung_at": now - ago})


@pytest.mark.parametrize("path", ["/healthz", "/healthz/live", "/healthz/ready"])
def test_all_is_well(client: Client, site: Any, path: str) -> None:
    rang(MINUTE)
    answer = client.get(path)
    assert (answer.status_code, answer.content, answer["Cache-Control"]) == (200, b"ok\n", "no-store")


def test_a_clock_that_stands_still_wakes_a_person_and_keeps_no_visitor_away(client: Client, site: Any) -> None:
    rang(30 * MINUTE)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.content == b"The clock has not rung for 30 minutes.\n"
    assert client.get("/healthz/ready").status_code == 200


def test_a_clock_that_was_put_back_is_noticed(client: Client, site: Any) -> None:
    rang(-60 * MINUTE)
    assert b"was put back" in client.get("/healthz").content


def test_without_a_database_it_lives_and_is_not_ready(
    client: Client, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> Any:
        raise DatabaseError("gone")

    monkeypatch.setattr(connection, "cursor", gone)
    assert client.get("/healthz/live").status_code == 200
    for path in ("/healthz", "/healthz/ready"):
        answer = client.get(path)
        assert (answer.status_code, answer.content) == (503, b"The database does not answer.\n")


def test_figures_for_this_machine(client: Client, site: Any) -> None:
    rang(MINUTE)
    answer = client.get("/metrics")
    assert answer.status_code == 200
    found = {family.name: family.samples for family in text_string_to_metric_families(answer.content.decode())}
    assert {"digest_last_ring_timestamp_seconds", "digest_entries", "digest_draft_items", "digest_unknown_deliveries",
            "digest_next_due_timestamp_seconds", "digest_deliveries", "digest_alarms"} <= set(found)  # fmt: skip
    due = {sample.labels["what"] for sample in found["digest_next_due_timestamp_seconds"]}
    assert due == {"cut_off", "approve_by", "hand_over", "send"}
    assert all(sample.value == 0 for sample in found["digest_deliveries"])


@pytest.mark.parametrize(
    ("where", "headers", "status"),
    [
        ("203.0.113.9", {}, 403),
        ("203.0.113.9", {"Authorization": "Bearer wrong"}, 403),
        ("203.0.113.9", {"Authorization": "Bearer s3cret"}, 200),
        ("::1", {}, 200),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 403),  # a proxy that config.toml does not name
    ],
)
def test_and_for_who_knows_the_token(
    client: Client, site: Any, where: str, headers: dict[str, str], status: int
) -> None:
    site.DIGEST_KEYS = dataclasses.replace(site.DIGEST_KEYS, metrics_token="s3cret")
    assert client.get("/metrics", REMOTE_ADDR=where, headers=headers).status_code == status


def test_behind_a_proxy_the_visitor_counts_and_not_the_proxy(client: Client, site: Any, config: Config) -> None:
    site.DIGEST = config.with_values(web=config.web.model_copy(update={"trusted_proxies": 1}))
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 403


def test_an_empty_token_opens_nothing(client: Client, site: Any) -> None:
    answer = client.get("/metrics", REMOTE_ADDR="203.0.113.9", headers={"Authorization": "Bearer "})
    assert answer.status_code == 403
