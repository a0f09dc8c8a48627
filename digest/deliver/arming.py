"""Arming: a person's word that this very installation may send real mail.

It is kept twice: in the database, and in `installation.marker` beside the key file. The database holds a hash of the
file's random line, of where the file lies and of the machine's own name, so neither a database that was copied
elsewhere nor a folder that was copied whole is armed. The line is drawn anew for each issue, and each hour: a
database that was put back from an earlier day does not match either, and can neither send an issue again nor write to
people who have left since.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.db import DatabaseError, transaction
from django.db.models import F

from digest.compose.models import Issue, Number
from digest.config import Config, Keys
from digest.deliver.checklist import Answers, checklist
from digest.deliver.providers import provider_class
from digest.errors import ProviderError, StorageError
from digest.installation.audit import record
from digest.installation.models import Installation, Lease

MARKER = "installation.marker"
MACHINE = Path("/etc/machine-id")  # systemd's name of this very machine; a container as a rule has none
RENEWED = dt.timedelta(hours=1)


def marker_file(config: Config) -> Path:
    """Where the installation's half of the word is kept."""
    return config.keys_file.with_name(MARKER)


def is_armed(config: Config) -> bool:
    """Whether mail may leave through the configured provider."""
    return not why_not_armed(config)


def why_not_armed(config: Config) -> str:
    """A sentence saying why no mail may leave yet; "" when it may. A provider that sends nowhere needs no arming."""
    if not provider_class(config).needs_arming:
        return ""
    row = Installation.objects.filter(pk=1).first()
    if row is None or row.armed_at is None:
        return "This installation is not armed, so no real mail leaves it."
    if row.armed_provider != config.delivery.provider:
        return f"This installation was armed for {row.armed_provider}, not for {config.delivery.provider}."
    path = marker_file(config)
    if _matching_line(path, row.marker) is None:
        now = Installation.objects.filter(pk=1).first()
        if now is not None and now.marker != row.marker:  # another process drew it anew this very moment
            return why_not_armed(config)
        return (
            f"The database says that this installation is armed, but {path} does not belong to it: the one or the "
            "other was copied, moved or restored."
        )
    return ""


def require_armed(config: Config) -> None:
    """Raises ProviderError when mail may not leave yet."""
    if problem := why_not_armed(config):
        raise ProviderError(
            problem,
            hint="When this is the installation that sends to your members, and no other one does, run `digest arm`.",
        )


def arm(config: Config, keys: Keys, *, answers: Answers, actor: str, now: dt.datetime) -> None:
    """Let mail leave from here. Raises ProviderError naming what the check-list misses."""
    lines = checklist(config, keys, answers)
    missing = [line.words for line in lines if not line.ok]
    if missing:
        raise ProviderError("This installation cannot be armed yet. " + " ".join(missing))
    said = {
        "previous_unsubscribes": answers.previous_unsubscribes,
        "sender_verified": answers.sender_verified,
        "without_events": answers.without_events,
    }
    path, line = marker_file(config), secrets.token_hex(16)
    try:
        _write(path, [line])
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror or error}.", hint="Arming needs a file beside the key file."
        ) from None
    with transaction.atomic():
        Installation.objects.get_or_create(pk=1, defaults={"created_at": now})
        Installation.objects.filter(pk=1).update(
            armed_at=now,
            armed_by=actor,
            armed_provider=config.delivery.provider,
            marker=_marker(path, line),
        )
        record(
            actor=actor,
            verb="installation.arm",
            subject="installation",
            now=now,
            provider=config.delivery.provider,
            answers=said,
        )


def disarm(config: Config, *, actor: str, now: dt.datetime) -> None:
    """Let no more mail leave from here until it is armed again."""
    with transaction.atomic():
        if Installation.objects.filter(pk=1, armed_at__isnull=False).update(armed_at=None, marker=""):
            record(actor=actor, verb="installation.disarm", subject="installation", now=now)
    marker_file(config).unlink(missing_ok=True)


def restored(config: Config, *, made_at: str, actor: str, now: dt.datetime) -> str:
    """Make known that this database came out of a backup: it is not armed. What its newest issue is, in words."""
    with transaction.atomic():
        Installation.objects.get_or_create(pk=1, defaults={"created_at": now})
        Installation.objects.filter(pk=1).update(
            armed_at=None, marker="", rung_at=None, restore_epoch=F("restore_epoch") + 1
        )
        Lease.objects.update(expires_at=None, owner="")
        record(actor=actor, verb="installation.restore", subject="installation", now=now, made_at=made_at)
    marker_file(config).unlink(missing_ok=True)
    return newest_issue()


def newest_issue() -> str:
    """A sentence on the last issue that this database knows to have gone out."""
    last = Issue.objects.filter(released_at__isnull=False).order_by("-released_at").first()
    if last is None:
        return "No issue that went out is in it."
    number = Number.objects.filter(issue=last).values_list("number", flat=True).first()
    return f"The newest issue in it that went out is {number} of {last.title_date:%d %b %Y}."


def renew_in_time(config: Config, *, now: dt.datetime) -> None:
    """Draw the marker anew once an hour, so that a database put back by hand is known as an older one."""
    row = Installation.objects.filter(pk=1, armed_at__isnull=False).first()
    path = marker_file(config)
    with suppress(OSError):
        written = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
        if row is not None and abs(now - written) >= RENEWED and not why_not_armed(config):
            with renewed(config):
                pass


@contextmanager
def renewed(config: Config) -> Iterator[None]:
    """A transaction that also draws the marker anew: what it stores, no older copy of the database knows.

    The file holds both lines while the transaction is open, so a crash in between leaves the installation armed.
    It is written only by who has the row locked: of two that close a list at once neither undoes the other's line.
    """
    path, line = marker_file(config), secrets.token_hex(16)
    with transaction.atomic():
        row = _locked_row()
        standing = _matching_line(path, row.marker) if row is not None and row.armed_at is not None else None
        renewing = standing is not None
        if standing is not None:
            try:
                _write(path, [standing, line])
                Installation.objects.filter(pk=1).update(marker=_marker(path, line))
            except OSError:
                renewing = False  # a folder that turned read-only is no reason to keep an issue back
        yield
    if renewing:
        # Until this is done the line before stays good as well; the next issue puts that right.
        with suppress(OSError, DatabaseError), transaction.atomic():
            row = _locked_row()
            if row is not None and row.marker == _marker(path, line):  # else a rival has drawn another since
                _write(path, [line])


def _locked_row() -> Installation | None:
    """The installation's row, and nobody else renews the marker until the transaction is over."""
    return Installation.objects.select_for_update().filter(pk=1).first()


def _marker(path: Path, line: str) -> str:
    try:
        machine = MACHINE.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        machine = ""
    return hashlib.sha256(f"{machine}\n{path}\n{line}".encode()).hexdigest()


def _matching_line(path: Path, marker: str) -> str | None:
    """The line of the file that `marker` was made of."""
    try:
        lines = path.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        return None
    return next((line for line in lines if _marker(path, line) == marker), None)


def _write(path: Path, lines: list[str]) -> None:
    part = path.with_name(f"{path.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
