"""The alarm clock: it rings at the plan's wall times, once a minute, and survives whatever a ring meets."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging

import pytest
import time_machine

from digest import pipeline
from digest.config import Config, Keys
from digest.schedule import build_scheduler, ring
from tests.fakes.listener import listening

LONDON = "Europe/London"


def next_rings(config: Config, keys: Keys, now: dt.datetime) -> dict[str, str]:
    with time_machine.travel(now, tick=False):
        scheduler = build_scheduler(config, keys, job=lambda: None)
        scheduler.start(paused=True)
        try:
            jobs = {job.id: job.next_run_time for job in scheduler.get_jobs()}
        finally:
            scheduler.shutdown(wait=False)
    return {name: f"{at.astimezone(config.association.tz):%a %d %b %H:%M}" for name, at in jobs.items()}


def test_it_rings_at_the_times_of_the_plan(config: Config, keys: Keys) -> None:
    rings = next_rings(config, keys, dt.datetime(2024, 2, 8, 12, 0, tzinfo=dt.UTC))
    assert rings == {
        "cut-off": "Mon 12 Feb 07:00",
        "approve-by": "Mon 12 Feb 08:00",
        "send": "Mon 12 Feb 09:00",
        "gather-0630": "Fri 09 Feb 06:30",
        "gather-1230": "Thu 08 Feb 12:30",
        "gather-1830": "Thu 08 Feb 18:30",
        "tick": "Thu 08 Feb 12:00",
        "pdf": "Thu 08 Feb 12:01",
    }


@pytest.mark.parametrize("day", ["2026-03-27", "2026-10-23"])
def test_it_keeps_wall_time_across_the_clock_changes(config: Config, keys: Keys, day: str) -> None:
    friday = dt.datetime.fromisoformat(f"{day}T12:00+00:00")
    assert next_rings(config, keys, friday)["send"].endswith("09:00")


@pytest.mark.django_db
def test_a_ring_that_fails_does_not_stop_the_clock(
    config: Config, keys: Keys, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> list[str]:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(pipeline, "run_due", fail)
    monkeypatch.setattr("django.db.close_old_connections", lambda: None)
    with caplog.at_level(logging.ERROR):
        ring(config, keys)
    assert "rings again within a minute" in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize("well", [True, False])
def test_a_ring_that_did_all_it_owed_is_told_outside(
    config: Config, keys: Keys, monkeypatch: pytest.MonkeyPatch, well: bool
) -> None:
    def run_due(*_: object, **__: object) -> list[str]:
        if not well:
            raise RuntimeError("the disk is on fire")
        return []

    monkeypatch.setattr(pipeline, "run_due", run_due)
    monkeypatch.setattr("django.db.close_old_connections", lambda: None)
    with listening() as listener:
        ring(config, dataclasses.replace(keys, ping_url=listener.url + "/alive"))
        assert [path for _, path, _ in listener.heard] == (["/alive"] if well else [])
