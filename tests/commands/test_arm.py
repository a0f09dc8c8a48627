"""digest arm, from a terminal and without one; and what goes before it."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.fakes.sendgrid import KEY, FakeSendGrid

EVENTS = "Go without the reports of bounces and complaints?"
EARLIER = "Who left the list of an earlier tool"  # what it may be follows in colour
LET = "send real mail through sendgrid?"


@pytest.fixture
def sendgrid() -> Iterator[FakeSendGrid]:
    with FakeSendGrid() as server:
        yield server


@pytest.fixture
def ready(home: Path, sendgrid: FakeSendGrid) -> Path:
    """An installation that only a person's answers are missing from."""
    path = home / "config.toml"
    text = path.read_text(encoding="utf-8")
    text = text.replace('provider = "outbox"', 'provider = "sendgrid"')
    text = re.sub(r'(?m)^from_email = ".*"', 'from_email = "digest@digest.example.ac.uk"', text)
    text = text.replace("http://127.0.0.1:8000", "https://digest.example.ac.uk")
    text += f'\n[delivery.sendgrid]\nbase_url = "{sendgrid.url}"\n'
    path.write_text(text, encoding="utf-8")
    return home


def test_without_a_terminal_every_answer_is_a_flag(run: Run, ready: Path) -> None:
    (ready / "left.csv").write_text("E-Mail\ngone@example.org\nGONE@example.org\nnonsense\n", encoding="utf-8")
    said = run("arm", "--yes", cwd=ready, SENDGRID_API_KEY=KEY)
    assert said.code == 1
    assert "ok       SendGrid's key: it may send mail" in said.out
    assert "--previous-unsubscribes imported|none, " not in said.out
    assert "What only you can say: --without-events, --previous-unsubscribes imported|none." in said.err
    flags = ["--without-events", "--previous-unsubscribes", "imported", "--yes"]
    said = run("arm", *flags, cwd=ready, SENDGRID_API_KEY=KEY)
    assert (said.code, "digest members import FILE.csv --as unsubscribed" in said.out) == (1, True), said.err
    kept = run("members", "import", "left.csv", "--as", "unsubscribed", "--apply", cwd=ready)
    assert (kept.code, "1 remembered, so that nothing is sent to them" in kept.out) == (0, True), kept.out
    assert "1 refused" in kept.out
    said = run("arm", *flags, cwd=ready, SENDGRID_API_KEY=KEY)
    assert (said.code, "Armed: approved issues go out through sendgrid." in said.out) == (0, True), said.err
    assert run("arm", "--previous-unsubscribes", "perhaps", cwd=ready).code == 2


def test_a_yes_is_wanted(run: Run, ready: Path) -> None:
    said = run("arm", "--without-events", "--previous-unsubscribes", "none", cwd=ready, SENDGRID_API_KEY=KEY)
    assert (said.code, "wants a person's yes" in said.err) == (1, True)


def test_on_a_terminal_it_asks(ready: Path) -> None:
    code, said = on_a_terminal(["arm"], {EVENTS: "y", EARLIER: "none", LET: "y"}, cwd=ready, SENDGRID_API_KEY=KEY)
    assert code == 0, said
    assert all(question in said for question in (EVENTS, EARLIER, LET))
    assert "Armed: approved issues go out through sendgrid." in said


def test_on_a_terminal_a_no_is_a_no(ready: Path) -> None:
    code, said = on_a_terminal(["arm"], {EVENTS: "y", EARLIER: "none", LET: "n"}, cwd=ready, SENDGRID_API_KEY=KEY)
    assert (code, "Nothing was changed" in said) == (1, True), said


def test_suppressions_are_pulled_by_hand(run: Run, ready: Path, sendgrid: FakeSendGrid) -> None:
    sendgrid.suppressions["bounces"] = [{"created": 1700000000, "email": "a@example.org", "reason": "550"}]
    said = run("members", "pull-suppressions", cwd=ready, SENDGRID_API_KEY=KEY)
    assert (said.code, said.out) == (0, "1 suppressed addresses read; new: 1 by bounce.\n"), said.err


def test_a_provider_without_lists_says_so(run: Run, home: Path) -> None:
    said = run("members", "pull-suppressions", cwd=home)
    assert (said.code, "outbox keeps no list" in said.err) == (1, True)


def on_a_terminal(arguments: list[str], answers: dict[str, str], *, cwd: Path, **more: str) -> tuple[int, str]:
    """The command with a terminal on both ends: `answers` by the question; exit status and what the person saw."""
    ours, theirs = pty.openpty()
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("DIGEST_", "DJANGO_", "SENDGRID_"))}
    environ |= {"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "TERM": "xterm", "COLUMNS": "200", **more}
    process = subprocess.Popen(
        [sys.executable, "-m", "digest", *arguments], cwd=cwd, env=environ, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    seen, left = b"", dict(answers)
    try:
        while select.select([ours], [], [], 60)[0]:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            seen += part
            for question in [question for question in left if question.encode() in seen]:
                os.write(ours, f"{left.pop(question)}\n".encode())
    finally:
        os.close(ours)
        if left:
            process.terminate()
    return process.wait(timeout=60), seen.decode()
