"""Start Django for a config file, and bring an installation into being.

`boot` is what every command that needs the database calls first. A fresh folder gets its key file and its
database without being asked; a database that is older than the code is brought up to date; a database whose
keys have changed is refused, because links in mails that were sent would all break at once.
"""

from __future__ import annotations

import datetime as dt
import gc
import os
from pathlib import Path

from digest.config import Config, Keys, load_config
from digest.config.keys import create_key_file
from digest.errors import ConfigError, StorageError


def boot(config_path: Path, *, create: bool = True) -> tuple[Config, Keys]:
    """Django set up for the installation of `config_path`, its database at hand; its config and its keys.

    `create=False` leaves a missing database missing.  Raises ConfigError and StorageError in words.
    """
    config = load_config(config_path)
    check_registries(config)
    if not config.keys_file.exists() and not _keys_in_environment() and not has_database(config):
        create_key_file(config.keys_file)
    os.environ["DIGEST_CONFIG"] = str(config_path)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digest.site.settings")

    import django

    django.setup()
    from django.conf import settings

    keys: Keys = settings.DIGEST_KEYS
    if create:
        _migrate(config)
        _register(keys)
    gc.freeze()  # what was loaded so far stays, so the garbage collector need not look through it ever again
    return config, keys


def built_in_templates() -> Path:
    """The folder of the templates that we ship: in the package, or at the top of a checkout."""
    package = Path(__file__).resolve().parent.parent
    bundled = package / "_bundled" / "templates"
    return bundled if bundled.is_dir() else package.parent / "templates"


def _keys_in_environment() -> bool:
    return all(os.environ.get(n) for n in ("DIGEST_DJANGO_SECRET", "DIGEST_LINK_KEYS", "DIGEST_SUPPRESSION_KEYS"))


def has_database(config: Config) -> bool:
    """Whether the configured database is there; one named by URL is taken to be."""
    where = config.storage.database
    return "://" in where or config.under_root(Path(where)).exists()


def check_registries(config: Config) -> None:
    """Values whose choices live in a registry: one line of code adds one, so config cannot list them."""
    from digest.compose.sections import check_kinds
    from digest.deliver.providers import check_provider
    from digest.gather.parse import check_sources
    from digest.render.theme import theme_of

    check_kinds(config)
    check_provider(config)
    check_sources(config)
    theme_of(config)  # a colour nobody could read is refused before anything is done


def _migrate(config: Config) -> None:
    from django.core.management import call_command
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as error:
        raise StorageError(
            f"The database {config.storage.database} cannot be opened: {error}.",
            hint="Check [storage] database in config.toml, and that its folder exists and can be written.",
        ) from None


def _register(keys: Keys) -> None:
    """Remember the keys' fingerprints; refuse keys that no longer hold those seen before."""
    from django.db import transaction

    from digest.installation.audit import record
    from digest.installation.models import Installation

    link = [key.fingerprint for key in keys.link]
    suppression = [key.fingerprint for key in keys.suppression]
    with transaction.atomic():
        row, fresh = Installation.objects.get_or_create(
            pk=1,
            defaults={
                "created_at": dt.datetime.now(dt.UTC),
                "link_fingerprints": link,
                "suppression_fingerprints": suppression,
            },
        )
        if fresh or (row.link_fingerprints == link and row.suppression_fingerprints == suppression):
            return
        for what, old, new in (
            ("link", row.link_fingerprints, link),
            ("suppression", row.suppression_fingerprints, suppression),
        ):
            missing = sorted(set(old) - set(new))
            if missing:
                raise ConfigError(
                    f"The {what} key {missing[0].split(':')[0]!r} that this database was used with is gone.",
                    hint="Put it back into the key file (a new key may stand above it): without it, "
                    + (
                        "the links in every mail already sent stop working."
                        if what == "link"
                        else "people who left or bounced would be written to again."
                    ),
                )
        row.link_fingerprints, row.suppression_fingerprints = link, suppression
        row.save(update_fields=["link_fingerprints", "suppression_fingerprints"])
        record(actor="keys.toml", verb="installation.keys", subject="installation", now=dt.datetime.now(dt.UTC))
