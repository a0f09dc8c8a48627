"""One sender at a time."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import pytest
from django.db import OperationalError

from digest.installation import lease
from digest.installation.models import Lease
from digest.installation.turn import Turn

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> dt.datetime:
    return dt.datetime(2024, 2, 12, 9, 0, tzinfo=dt.UTC)


def take(owner: str, now: dt.datetime) -> Turn | None:
    return Turn.take("work", owner=owner, now=now, seconds=100)


def test_a_second_sender_stands_back_until_the_first_is_done(now: dt.datetime) -> None:
    first = take("a", now)
    assert first is not None
    assert take("b", now) is None
    first.end()
    second = take("b", now)
    assert second is not None
    assert second.fence > first.fence


def test_a_turn_is_kept_by_renewing_it(now: dt.datetime) -> None:
    turn = take("a", now)
    assert turn is not None
    for seconds in (40, 90, 150, 240):
        assert turn.keep(now + dt.timedelta(seconds=seconds))
    assert take("b", now + dt.timedelta(seconds=250)) is None


def test_a_sender_that_slept_through_its_turn_has_lost_it(now: dt.datetime) -> None:
    sleeper = take("a", now)
    assert sleeper is not None
    late = now + dt.timedelta(seconds=101)
    assert not sleeper.keep(late)
    other = take("b", late)
    assert other is not None
    assert not sleeper.keep(late)
    sleeper.end()  # must not end the other's
    assert other.keep(late + dt.timedelta(seconds=60))


def test_the_turn_of_a_process_that_died_is_free_at_once(now: dt.datetime) -> None:
    turn = take("a", now)
    assert turn is not None
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    host = turn.owner.rpartition("@")[2].rpartition(":")[0]
    Lease.objects.update(owner=f"a@{host}:{dead.pid}")
    assert take("b", now) is not None


def test_a_turn_whose_end_could_not_be_written_is_over_all_the_same(
    now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **kw: object) -> None:
        raise OperationalError("database or disk is full")

    turn = take("a", now)
    assert turn is not None
    with monkeypatch.context() as patch:
        patch.setattr(lease, "release", full)
        with pytest.raises(OperationalError):
            turn.end()
    assert take("b", now) is not None


def test_the_turn_of_an_earlier_process_with_our_number_is_free(now: dt.datetime) -> None:
    turn = take("a", now)
    assert turn is not None
    Lease.objects.update(owner=turn.owner.replace("a@", "before-us@"))
    assert take("b", now) is not None


@pytest.mark.parametrize("owner", ["someone", "a@elsewhere:1", "a@elsewhere:", "a@elsewhere:999999999999999999999"])
def test_nothing_is_presumed_of_other_machines(now: dt.datetime, owner: str) -> None:
    assert take("a", now)
    Lease.objects.update(owner=owner)
    assert take("b", now) is None
