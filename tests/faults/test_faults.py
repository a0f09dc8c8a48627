"""A seeded tenth of the long form (`make faults`): whatever happens, nobody gets two copies and nobody is missed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from tests.faults.monday import Counts, Installations, Monday
from tests.faults.processes import ENVIRONMENT, ROOT
from tests.faults.runs import IMPATIENT, end, mixed, rivals
from tests.faults.storage import PATIENT, full_disk, locked


@pytest.fixture(scope="session")
def installations(tmp_path_factory: pytest.TempPathFactory) -> Installations:
    return Installations(tmp_path_factory.mktemp("faults"))


def holds(counts: Counts) -> None:
    assert counts.wrong == []
    assert (counts.doubles, counts.missing) == (0, 0)


@pytest.mark.parametrize("seed", range(5))
def test_one_sender_after_another_is_killed(installations: Installations, seed: int) -> None:
    counts = mixed(installations, seed, members=1000, batch_size=20, kills=6)

    holds(counts)
    assert counts.batches >= 50


@pytest.mark.parametrize("seed", range(5))
def test_rival_senders(installations: Installations, seed: int) -> None:
    holds(rivals(installations, seed, members=300, batch_size=10))


def test_the_command_itself_is_killed(installations: Installations) -> None:
    """`digest run-due`, as it is typed: killed in the middle of its work, and typed again."""
    with Monday(installations, members=300, batch_size=10, latency=0.05) as monday:
        command = [sys.executable, "-m", "digest", "--config", str(monday.folder / "config.toml"), "run-due", "--now"]

        def typed() -> subprocess.Popen[str]:
            at = monday.clock.now.isoformat()
            return subprocess.Popen([*command, at], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=ENVIRONMENT)

        for requests in (3, 9):
            with typed() as process:
                while monday.ask("arrived")["requests"] < requests and process.poll() is None:
                    time.sleep(0.01)
                process.kill()
            assert process.returncode == -signal.SIGKILL
        with typed() as process:
            said, _ = process.communicate()
        assert process.returncode == 0
        assert "An earlier sending was broken off" in said
        counts = end(monday)

    holds(counts)
    assert (counts.settled, counts.unknown) == (300, 0)


@pytest.mark.parametrize("seed", range(2))
def test_the_disk_is_full_for_good(installations: Installations, seed: int) -> None:
    counts = full_disk(installations, seed, for_good=True)

    holds(counts)
    assert counts.refused


def test_the_disk_is_full_for_a_while(installations: Installations) -> None:
    counts = full_disk(installations, 0, for_good=False)

    holds(counts)
    assert (counts.settled, counts.unknown) == (300, 0)


def test_somebody_holds_the_database_for_a_while(installations: Installations) -> None:
    counts, answer = locked(installations, seconds=1, **PATIENT)

    holds(counts)
    assert (counts.settled, counts.unknown) == (300, 0)
    assert answer == {"said": ["Issue 736 is handing_over: 300 accepted, 7 excluded."]}


def test_somebody_holds_the_database_for_good(installations: Installations) -> None:
    counts, answer = locked(installations, seconds=None, **IMPATIENT)

    holds(counts)
    assert "The database" in str(answer)
    assert "database is locked" in str(answer)
    assert counts.settled == 300
