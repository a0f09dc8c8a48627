"""Backup: everything an installation is, in one file, taken while it runs; and back again.

    manifest.json     what is in it, with a hash of each file; what made it
    database.sqlite3  the database as it stood at one instant (SQLite), or
    data.jsonl        its rows, which any database takes (PostgreSQL, or where a portable form is asked for)
    config.toml  issues/  templates/      keys.toml only where asked for

What is restored is a copy: it is not armed, and says so wherever it matters.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core import serializers
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder

import digest
from digest.config import Config
from digest.errors import StorageError, UsageError

FORMAT = 1
DATABASE, ROWS, MANIFEST = "database.sqlite3", "data.jsonl", "manifest.json"
# Who is signed in now is nobody's business later; what is found by is made anew from issues/ by the clock.
_LEFT_OUT = {"sessions.Session", "archive.IndexedIssue", "archive.IndexedItem"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup says of itself. `migrations` are "app.name", `files` names with their SHA-256."""

    made_at: str
    version: str
    migrations: tuple[str, ...]
    files: dict[str, str]

    @property
    def with_keys(self) -> bool:
        return "keys.toml" in self.files


class _Exact(DjangoJSONEncoder):
    """Django's own cuts instants to milliseconds, and an entry seen at a window's very end would change weeks."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, dt.datetime | dt.time) else super().default(o)


def back_up(config: Config, target: Path, *, with_keys: bool, portable: bool, now: dt.datetime) -> Manifest:
    """Write the backup to `target`, readable by its owner only. Nothing is kept waiting for it.

    StorageError when it cannot be written; a file that is there already is replaced only once the new one is whole.
    """
    sources = dict(_files(config, with_keys=with_keys))
    part = target.with_name(f"{target.name}.part")
    try:
        with tempfile.TemporaryDirectory(prefix="digest-backup-") as name:
            stored = Path(name) / (ROWS if portable or connection.vendor != "sqlite" else DATABASE)
            migrations = _dump_rows(stored) if stored.name == ROWS else _copy_sqlite(stored)
            sources[stored.name] = stored
            manifest = Manifest(
                made_at=now.isoformat(),
                version=digest.__version__,
                migrations=migrations,
                files={name: _sha256(path) for name, path in sources.items()},
            )
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                with tarfile.open(fileobj=file, mode="w:gz") as archive:
                    _add(archive, MANIFEST, json.dumps({"format": FORMAT, **_as_dict(manifest)}, indent=1).encode())
                    for name, path in sources.items():
                        archive.add(path, arcname=name, recursive=False)
                file.flush()
                os.fsync(file.fileno())
        part.replace(target)
    except (OSError, sqlite3.Error, tarfile.TarError) as error:
        part.unlink(missing_ok=True)
        raise StorageError(
            f"The backup could not be written: {getattr(error, 'strerror', None) or error}.",
            hint="Choose a place with room that this user may write to.",
        ) from None
    return manifest


def read_manifest(path: Path) -> Manifest:
    """What is in a backup, after every file in it was compared with its hash. UsageError for anything else."""
    try:
        with tarfile.open(path, "r:gz") as archive:
            raw = json.loads(_member(archive, MANIFEST))
            if raw.get("format") != FORMAT:
                raise UsageError(f"{path} is a backup of a form that this program does not know.", hint="Upgrade it.")
            manifest = Manifest(
                made_at=raw["made_at"],
                version=raw["version"],
                migrations=tuple(raw["migrations"]),
                files=dict(raw["files"]),
            )
            for name, sha in manifest.files.items():
                if hashlib.sha256(_member(archive, name)).hexdigest() != sha:
                    raise UsageError(f"{path} is damaged: {name} is not what it was.", hint="Take another backup.")
    except (OSError, tarfile.TarError, KeyError, ValueError, EOFError) as error:
        raise UsageError(f"{path} is no backup that can be read: {error}.") from None
    return manifest


def unpack(path: Path, name: str) -> bytes:
    """One file of a backup."""
    with tarfile.open(path, "r:gz") as archive:
        return _member(archive, name)


def load_rows(text: bytes) -> int:
    """Put the rows of a portable backup in the place of all that the database holds; how many.

    The database must stand at the very migrations that the backup was made at.
    """
    with transaction.atomic():
        with connection.constraint_checks_disabled():
            for model in (
                *(apps.get_model(label) for label in sorted(_LEFT_OUT, reverse=True)),
                *reversed(_models()),
            ):
                model._base_manager.all()._raw_delete(connection.alias)
            count = 0
            for row in serializers.deserialize("jsonl", io.StringIO(text.decode("utf-8"))):
                models.Model.save_base(row.object, raw=True, force_insert=True)
                for field, values in (row.m2m_data or {}).items():
                    getattr(row.object, field).set(values)
                count += 1
        connection.check_constraints()
    from django.core.management.color import no_style

    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), _models()):
            cursor.execute(statement)
    return count


def _files(config: Config, *, with_keys: bool) -> Iterator[tuple[str, Path]]:
    yield "config.toml", config.root / "config.toml"
    if with_keys and config.keys_file.is_file():
        yield "keys.toml", config.keys_file
    for name, folder in (("issues", config.issues_dir), ("templates", config.templates_dir)):
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file() and not path.is_symlink():
                yield f"{name}/{path.relative_to(folder).as_posix()}", path


def _copy_sqlite(target: Path) -> tuple[str, ...]:
    """SQLite's own way of copying a database that is in use: one read of one instant, which no writer waits for."""
    where = connection.settings_dict["NAME"]
    with (
        closing(sqlite3.connect(f"file:{where}?mode=ro", uri=True, timeout=30)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without the two beside it
        rows = copy.execute("SELECT app, name FROM django_migrations ORDER BY app, name").fetchall()
    return tuple(f"{app}.{name}" for app, name in rows)


def _dump_rows(target: Path) -> tuple[str, ...]:
    """Every row as JSON, of one instant: the transaction sees no later change."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        applied = MigrationRecorder(connection).applied_migrations()
        with target.open("w", encoding="utf-8") as file:
            for model in _models():
                rows = model._base_manager.order_by("pk").iterator(chunk_size=2000)
                serializers.serialize("jsonl", rows, stream=file, cls=_Exact)
    return tuple(sorted(f"{app}.{name}" for app, name in applied))


def _models() -> list[type[models.Model]]:
    """Every table's model, those first that others refer to."""
    found = [(config, None) for config in apps.get_app_configs()]
    ordered = serializers.sort_dependencies(found)
    return [m for m in ordered if m._meta.managed and not m._meta.proxy and m._meta.label not in _LEFT_OUT]


def _as_dict(manifest: Manifest) -> dict[str, Any]:
    return {
        "made_at": manifest.made_at,
        "version": manifest.version,
        "migrations": list(manifest.migrations),
        "files": manifest.files,
    }


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o600
    archive.addfile(info, io.BytesIO(content))


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file.read()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
