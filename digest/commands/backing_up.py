"""backup, restore: all of an installation in one file, and back."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated

import typer

from digest.commands.common import clock, start
from digest.errors import StateError, StorageError, UsageError

if TYPE_CHECKING:
    from digest.config import Config
    from digest.installation.backup import Manifest

STILL_RUNNING = dt.timedelta(minutes=3)


def register(app: typer.Typer) -> None:
    app.command()(backup)
    app.command()(restore)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it, like digest-2026-01-05.tar.gz.")],
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Also the key file. Whoever has it can forge members' links.")
    ] = False,
    portable: Annotated[
        bool, typer.Option("--portable", help="Rows instead of SQLite's file: to move to another database.")
    ] = False,
) -> None:
    """Back everything up into one file, while it runs: database, issues, settings, templates of your own."""
    config, _ = start()
    from digest.installation.backup import back_up

    manifest = back_up(config, file, with_keys=with_keys, portable=portable, now=clock())
    size = file.stat().st_size
    print(
        f"Wrote {file}: {len(manifest.files):,} files, {size:,} bytes. It holds members' addresses: keep it private."
    )
    if not manifest.with_keys:
        print(
            f"The keys are not in it. Keep a copy of {config.keys_file} in another place: without it the links in "
            "every mail already sent stop working."
        )


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `digest backup` wrote.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Also where there is a database already; its file is set aside.")
    ] = False,
) -> None:
    """Bring a backup back into this folder, or the one of --config. What was restored is not armed."""
    from digest.installation.backup import read_manifest

    manifest = read_manifest(file)
    config = _settings(file, manifest)
    _check_versions(manifest)
    _put_keys(config, file, manifest)
    aside = _put_database(config, file, manifest, replace=replace)
    restored = _put_files(config, file, manifest)
    config, _ = start()
    from digest.deliver.arming import restored as mark_restored

    newest = mark_restored(config, made_at=manifest.made_at, actor="command line", now=clock())
    print(
        f"Restored the backup of {manifest.made_at[:16].replace('T', ' ')} UTC: the database and {restored:,} files."
    )
    if aside:
        print(f"What was there before is in {aside}.")
    print(newest)
    print(
        "No real mail leaves from here until you run `digest arm`. Do that only when no other installation sends to "
        "these members, and look first whether an issue went out after this backup was made."
    )


def _settings(file: Path, manifest: Manifest) -> Config:
    """The settings of the folder; the backup's own where it has none."""
    from digest.config import load_config
    from digest.config.load import FILE_NAME
    from digest.installation.backup import unpack

    given = os.environ.get("DIGEST_CONFIG_OPTION") or os.environ.get("DIGEST_CONFIG") or FILE_NAME
    path = Path(given) / FILE_NAME if Path(given).is_dir() else Path(given)
    if not path.exists():
        if "config.toml" not in manifest.files:
            raise UsageError("There is no config.toml, here or in the backup.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(unpack(file, "config.toml"))
        except OSError as error:
            raise StorageError(f"{path} cannot be written: {error.strerror}.") from None
    os.environ["DIGEST_CONFIG_OPTION"] = str(path)
    return load_config(path.resolve())


def _check_versions(manifest: Manifest) -> None:
    """Refuse what a newer program made. What an older one made is brought up to date at the first start."""
    os.environ.setdefault("DIGEST_CONFIG", os.environ["DIGEST_CONFIG_OPTION"])
    root = Path(__file__).resolve().parent.parent
    for name in manifest.migrations:
        app, _, migration = name.partition(".")
        folder = root / app / "migrations"
        if folder.is_dir() and not (folder / f"{migration}.py").exists():
            raise StateError(
                f"The backup was made by version {manifest.version}, which is newer than this program.",
                hint="Install that version, or a later one, and restore with it.",
            )


def _put_keys(config: Config, file: Path, manifest: Manifest) -> None:
    from digest.config.keys import load_keys
    from digest.errors import ConfigError
    from digest.installation.backup import unpack

    if not config.keys_file.exists() and manifest.with_keys:
        descriptor = os.open(config.keys_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as keys:
            keys.write(unpack(file, "keys.toml"))
    try:
        load_keys(config.keys_file)
    except ConfigError as error:
        raise ConfigError(
            f"{error.message} The backup was made without its keys.",
            hint=f"Put the installation's own key file at {config.keys_file} first, then restore again.",
        ) from None


def _put_database(config: Config, file: Path, manifest: Manifest, *, replace: bool) -> Path | None:
    """Where the earlier database went, if there was one."""
    from digest.installation.backup import DATABASE, ROWS, load_rows, unpack
    from digest.site.boot import has_database

    served = "://" in config.storage.database
    if DATABASE in manifest.files and served:
        raise UsageError(
            "The backup holds SQLite's own file, and config.toml names another database.",
            hint="Take a backup with `digest backup FILE --portable`.",
        )
    aside = None
    if not served and has_database(config):
        _refuse_unless(replace, f"There is a database already: {config.storage.database}.")
        _check_stopped()
        aside = _set_aside(config)
    if DATABASE in manifest.files:
        path = config.under_root(Path(config.storage.database))
        part = path.with_name(f"{path.name}.part")
        part.write_bytes(unpack(file, DATABASE))
        part.chmod(0o600)
        part.replace(path)
        return aside
    start()
    from digest.installation.models import Installation
    from digest.members.models import Member

    if served and Member.objects.exists():
        _refuse_unless(replace, "The database holds members already.")
        _check_stopped()
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    here = sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())
    if here != sorted(manifest.migrations):
        raise StateError(
            f"The backup is portable and was made by version {manifest.version}; this program is another.",
            hint="Restore it with that version, then upgrade.",
        )
    load_rows(unpack(file, ROWS))
    assert Installation.objects.filter(pk=1).exists()
    return aside


def _refuse_unless(replace: bool, words: str) -> None:
    if not replace:
        raise StateError(f"{words} Nothing was changed.", hint="To put the backup in its place add --replace.")


def _check_stopped() -> None:
    """A process that still runs would go on writing into what is set aside."""
    start()
    from django.db import connections

    from digest.installation.models import Installation

    rung = Installation.objects.filter(pk=1).values_list("rung_at", flat=True).first()
    connections.close_all()
    if rung is not None and clock() - rung < STILL_RUNNING:
        raise StateError(
            "The clock of this installation rang a moment ago: it still runs. Nothing was changed.",
            hint="Stop `digest serve` and `digest clock`, wait three minutes, and restore again.",
        )


def _set_aside(config: Config) -> Path:
    path = config.under_root(Path(config.storage.database))
    folder = config.root / f"before-restore-{clock():%Y%m%dT%H%M%SZ}"
    folder.mkdir(mode=0o700)
    for suffix in ("", "-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.rename(folder / beside.name)
    return folder


def _put_files(config: Config, file: Path, manifest: Manifest) -> int:
    """Issues and templates that are not there; what is there stays as it is, for the record never changes."""
    from digest.installation.backup import unpack

    folders = {"issues": config.issues_dir, "templates": config.templates_dir}
    count = 0
    for name in manifest.files:
        parts = PurePosixPath(name).parts
        if parts[0] not in folders or ".." in parts:
            continue
        path = folders[parts[0]].joinpath(*parts[1:])
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(unpack(file, name))
            count += 1
    return count
