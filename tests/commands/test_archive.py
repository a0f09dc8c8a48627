"""`digest archive`: what each command says, and its exit status."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from digest.archive.record import write_record
from digest.config import Config
from tests.archive.values import document, rendered


def run(config: Config, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "DIGEST_CONFIG": str(config.root / "config.toml")}
    command = [sys.executable, "-m", "digest", "archive", *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120)


def test_a_record_from_its_proof_to_its_copy(config: Config, tmp_path: Path) -> None:
    text = (config.root / "config.toml").read_text()
    (config.root / "config.toml").write_text(text + '\n[storage]\ndatabase = "own.sqlite3"\n')
    for number in (735, 736):
        doc = document(number)
        write_record(config, doc, rendered(doc), number=number)
    assert run(config, "verify").stdout == "2 issues, 12 files, 0 errata: all as they were written.\n"
    assert run(config, "rebuild").stdout == "2 issues, 4 entries can be found by search.\n"
    done = run(config, "erratum", "736", "--text", "It was the other one.", "--item", "news-2")
    assert done.stdout == "Erratum 1 to issue 736 is published: http://127.0.0.1:8000/issues/736/\n"
    (config.issues_dir / "735" / "email.txt").write_text("x")
    done = run(config, "verify")
    assert done.returncode == 1
    assert "issue 735: email.txt was changed" in done.stdout
    assert "One thing is wrong" in done.stderr
    done = run(config, "export", str(tmp_path / "copy"))
    assert (tmp_path / "copy" / "issues" / "736" / "index.html").is_file(), done.stderr
    assert "Put them on any server of files." in done.stdout
