"""One sender at a time."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import pytest

from digest.compose.models import Issue
from digest.deliver.turn import Turn
from digest.installation.models import Lease

pytestmark = pytest.mark.django_db


def take(issue: Issue, owner: str, now: dt.datetime) -> Turn | None:
    return Turn.take(issue, owner=owner, now=now, seconds=100)


def test_a_second_sender_stands_back_until_the_first_is_done(issue: Issue, now: dt.datetime) -> None:
    first = take(issue, "a", now)
    assert first is not None
    assert take(issue, "b", now) is None
    first.end()
    second = take(issue, "b", now)
    assert second is not None
    assert second.fence > first.fence


def test_a_turn_is_kept_by_renewing_it(issue: Issue, now: dt.datetime) -> None:
    turn = take(issue, "a", now)
    assert turn is not None
    for seconds in (40, 90, 150, 240):
        assert turn.keep(now + dt.timedelta(seconds=seconds))
    assert take(issue, "b", now + dt.timedelta(seconds=250)) is None


def test_a_sender_that_slept_through_its_turn_has_lost_it(issue: Issue, now: dt.datetime) -> None:
    sleeper = take(issue, "a", now)
    assert sleeper is not None
    late = now + dt.timedelta(seconds=101)
    assert not sleeper.keep(late)
    other = take(issue, "b", late)
    assert other is not None
    assert not sleeper.keep(late)
    sleeper.end()  # must not end the other's
    assert other.keep(late + dt.timedelta(seconds=60))


def test_the_turn_of_a_process_that_died_is_free_at_once(issue: Issue, now: dt.datetime) -> None:
    turn = take(issue, "a", now)
    assert turn is not None
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    host = turn.owner.rpartition("@")[2].rpartition(":")[0]
    Lease.objects.update(owner=f"a@{host}:{dead.pid}")
    assert take(issue, "b", now) is not None


@pytest.mark.parametrize("owner", ["someone", "a@elsewhere:1", "a@elsewhere:", "a@elsewhere:999999999999999999999"])
def test_nothing_is_presumed_of_other_machines(issue: Issue, now: dt.datetime, owner: str) -> None:
    assert take(issue, "a", now)
    Lease.objects.update(owner=owner)
    assert take(issue, "b", now) is None
