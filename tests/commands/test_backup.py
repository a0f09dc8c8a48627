"""Backup and restore, as a person runs them: all of it comes back, and it is not armed."""

from __future__ import annotations

import shutil
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from digest.commands.backing_up import _check_versions
from digest.errors import StateError
from digest.installation.backup import Manifest
from tests.commands.conftest import Run


def installation(folder: Path) -> tuple[object, ...]:
    with closing(sqlite3.connect(folder / "digest.sqlite3")) as database:
        return tuple(
            database.execute("SELECT armed_at, marker, restore_epoch FROM installation_installation").fetchone()
        )


def arm_by_hand(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "digest.sqlite3")) as database:
        database.execute("UPDATE installation_installation SET armed_at = '2026-01-05', marker = 'x'")
        database.commit()


def test_from_one_folder_to_another(run: Run, home: Path, tmp_path: Path) -> None:
    (home / "issues" / "735").mkdir(parents=True)
    (home / "issues" / "735" / "index.html").write_text("<p>What was published</p>", encoding="utf-8")
    arm_by_hand(home)
    file = tmp_path / "backup.tar.gz"
    said = run("backup", str(file), cwd=home)
    assert (said.code, said.err) == (0, "")
    assert "The keys are not in it" in said.out
    assert file.stat().st_mode & 0o777 == 0o600
    with tarfile.open(file) as archive:
        assert {"manifest.json", "database.sqlite3", "config.toml", "issues/735/index.html"} <= set(
            archive.getnames()
        )

    there = tmp_path / "there"
    there.mkdir()
    said = run("restore", str(file), cwd=there)
    assert said.code == 1
    assert "The backup was made without its keys" in said.err
    assert not (there / "digest.sqlite3").exists()

    shutil.copy(home / "keys.toml", there)
    said = run("restore", str(file), cwd=there)
    assert said.code == 0, said.err
    assert "No real mail leaves from here until you run `digest arm`" in said.out
    assert installation(there) == (None, "", 1)
    assert (there / "issues" / "735" / "index.html").read_text(encoding="utf-8") == "<p>What was published</p>"

    said = run("restore", str(file), cwd=there)
    assert said.code == 1
    assert "There is a database already" in said.err
    said = run("restore", str(file), "--replace", cwd=there)
    assert said.code == 0, said.err
    assert [path.name for path in there.glob("before-restore-*/digest.sqlite3")] == ["digest.sqlite3"]
    assert installation(there) == (None, "", 1)


def test_a_damaged_backup_changes_nothing(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    file.write_bytes(b"\x1f\x8b not really")
    said = run("restore", str(file))
    assert said.code == 1
    assert "is no backup that can be read" in said.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.tar.gz"]


def test_what_a_newer_program_made_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGEST_CONFIG_OPTION", "config.toml")
    newer = Manifest(made_at="", version="9.0", migrations=("deliver.0001_initial", "deliver.0999_later"), files={})
    with pytest.raises(StateError, match=r"version 9\.0, which is newer"):
        _check_versions(newer)
