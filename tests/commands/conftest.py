"""The command as a person runs it: a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`run("gather", ...)` in this test's folder; no traceback may ever show."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("DIGEST_", "DJANGO_", "SENDGRID_"))}

    def run_digest(*arguments: str, stdin: str = "", cwd: Path | None = None, **more: str) -> Said:
        done = subprocess.run(
            [sys.executable, "-m", "digest", *arguments],
            cwd=cwd or tmp_path,
            env={**environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2]), **more},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Said(done.returncode, done.stdout, done.stderr)

    return run_digest


@pytest.fixture
def home(run: Run, tmp_path: Path) -> Path:
    """A fresh installation of the sample association."""
    assert run("init", "home").code == 0
    return tmp_path / "home"
