"""Weeks upon weeks with outages, wrong clocks, kills, holidays and late editors: one issue, or one reason, a week.

`make weeks` is the long form: two years in each of six zones.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from digest.config import Keys
from digest.installation.models import Installation
from digest.members.roll import import_bytes
from tests.weeks.associations import PLANS, config_of
from tests.weeks.verdict import verdict
from tests.weeks.world import World

# Summer time begins in New York, then in London, and ends in Sydney and on Lord Howe; Easter is in between.
START = dt.datetime(2024, 3, 6, 12, 0, tzinfo=dt.UTC)
WEEKS = 6


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("zone", PLANS)
def test_one_issue_or_one_reason_a_week(zone: str, tmp_path: Path, keys: Keys, settings: Any) -> None:
    config = config_of(tmp_path, zone)
    settings.DIGEST = config
    Installation.objects.create(pk=1, created_at=START)
    import_bytes(b"email\nada@example.org\nben@example.org\n", name="m.csv", keys=keys, now=START, actor="test")
    world = World(config, keys, start=START, weeks=WEEKS, seed=list(PLANS).index(zone))
    world.live()
    assert verdict(world) == []
