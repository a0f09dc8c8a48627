"""`digest deliveries` as a person runs it, in a process of its own."""

from __future__ import annotations

import csv
import io
import sqlite3
from pathlib import Path

import pytest

from tests.commands.conftest import Run


@pytest.fixture
def sent(run: Run, home: Path) -> Path:
    """An installation whose issue 736 went into the outbox."""
    (home / "members.csv").write_text("email\nada@example.org\n=eve@example.org\nbob@example.org\n", encoding="utf-8")
    assert run("members", "import", "members.csv", "--apply", cwd=home).code == 0
    for command in (["gather"], ["approve"], ["send"]):
        said = run(*command, cwd=home)
        assert said.code == 0, said.err
    return home


def change(home: Path, statement: str) -> None:
    with sqlite3.connect(home / "digest.sqlite3") as database:
        database.execute(statement)
    database.close()


def number(run: Run, home: Path) -> str:
    out = run("number", "report", cwd=home).out
    return out.split("From ", 1)[1].split()[0].rstrip(",")


def test_before_anything_was_sent(run: Run, home: Path) -> None:
    said = run("deliveries", cwd=home)
    assert said.code == 1
    assert "No issue has gone out yet" in said.err
    assert run("deliveries", "77", cwd=home).code == 1
    assert run("deliveries", "2024-02-14-no-such-announcement", cwd=home).code == 1


def test_an_issue_that_went_out(run: Run, sent: Path) -> None:
    said = run("deliveries", "--batches", cwd=sent)
    assert said.code == 0
    assert "3 copies to send, 100.0 % accepted by the provider" in said.out
    assert "accepted                          3" in said.out
    assert "    1   1    1  accepted   3 accepted" in said.out
    assert run("deliveries", number(run, sent), cwd=sent).out in said.out
    assert "settle" in run("deliveries", "--help", cwd=sent).out


def test_csv_is_masked_and_inert(run: Run, sent: Path) -> None:
    change(sent, "UPDATE deliver_delivery SET reason = '=HYPERLINK(1)' WHERE id = 1")
    rows = list(csv.DictReader(io.StringIO(run("deliveries", "--csv", cwd=sent).out)))
    assert [row["address"] for row in rows] == ["a***@example.org", "'=***@example.org", "b***@example.org"]
    assert rows[0]["reason"] == "'=HYPERLINK(1)"
    assert "ada@example.org" in run("deliveries", "--csv", "--addresses", cwd=sent).out
    assert run("deliveries", "--addresses", cwd=sent).code == 2


def test_settling_by_hand(run: Run, sent: Path) -> None:
    issue = number(run, sent)
    change(sent, "UPDATE deliver_delivery SET state = 'unknown' WHERE id < 3")
    change(sent, "UPDATE deliver_batch SET state = 'unknown', answer = 'It timed out.'")
    change(sent, "UPDATE compose_issue SET state = 'released'")
    said = run("deliveries", issue, cwd=sent)
    assert "Unknown: 2 in batch 1" in said.out
    assert f"digest deliveries settle {issue} --batch N" in said.out
    settle = ["deliveries", "settle", issue, "--as", "not-sent"]
    assert run(*settle, "--all", cwd=sent).code == 2  # --why is missing
    assert run(*settle, "--why", "the log", cwd=sent).code == 2
    assert run(*settle, "--why", "the log", "--all", "--batch", "1", cwd=sent).code == 2
    assert run(*settle, "--why", "the log", "--batch", "9", cwd=sent).code == 1
    said = run(*settle, "--why", "the log", "--batch", "1", cwd=sent)
    assert (said.code, said.out) == (
        0,
        f"2 copies of issue {issue} wait to be sent: the clock sends them, or `digest send {issue}` now.\n",
    )
    assert run("send", issue, cwd=sent).code == 0
    said = run("deliveries", "--batches", cwd=sent)
    assert "accepted                          3" in said.out
    assert "    1   2    1  accepted   2 accepted" in said.out
    said = run("deliveries", "settle", issue, "--as", "sent", "--why", "x", "--all", cwd=sent)
    assert (said.code, "nothing to settle" in said.err) == (1, True)
