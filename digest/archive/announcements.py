"""Announcements in the record: issues/announcements/2024-02-14-few-tickets-remain/, each written once and whole.

A folder holds the same four files as an issue's. They stand apart from the issues because they bear no number.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from digest.archive.folder import write_folder
from digest.archive.record import FILES, JSON, PAGE, TEXT, recipients_own
from digest.compose.document import IssueDocument
from digest.config import Config
from digest.errors import StateError, StorageError
from digest.render.models import RenderedIssue

log = logging.getLogger(__name__)

FOLDER = "announcements"
SLUG = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """One published announcement. `changed` is aware UTC."""

    slug: str
    folder: Path
    changed: dt.datetime
    date: dt.date
    title: str
    preheader: str
    language: str

    def page(self) -> str:
        """The frozen web page. Raises OSError."""
        return (self.folder / PAGE).read_text(encoding="utf-8")

    def text(self) -> bytes:
        """The plain-text edition, UTF-8. Raises OSError."""
        return (self.folder / TEXT).read_bytes()


def write_announcement(config: Config, document: IssueDocument, rendered: RenderedIssue) -> Path:
    """The announcement's folder, written now or found there with the very same content. Raises as `write_record`."""
    folder, files = config.issues_dir / FOLDER / document.slug, _files(document, rendered)
    try:
        if not _is_there(folder, files):
            try:
                write_folder(folder, files)
            except OSError:
                if not _is_there(folder, files):  # somebody else published it between our look and our rename
                    raise
    except OSError as error:
        raise StorageError(
            f"The record of the announcement cannot be written to {folder}: {error.strerror or error}.",
            hint="Check that the folder exists and can be written, and that the disk is not full, then try again. "
            "Nothing was left half-written.",
        ) from None
    return folder


def _files(document: IssueDocument, rendered: RenderedIssue) -> dict[str, bytes]:
    document_json = json.dumps(document.public().as_json(), ensure_ascii=False, indent=2) + "\n"
    texts = dict(zip(FILES, (document_json, rendered.html, rendered.text, rendered.web), strict=True))
    for name, text in texts.items():
        what = recipients_own(text)
        if what or not text:
            why = f"holds {what}" if text else "was not rendered"
            raise StateError(f"The announcement cannot be published: {name} {why}.")
    return {name: text.encode("utf-8", "replace") for name, text in texts.items()}


def _is_there(folder: Path, files: dict[str, bytes]) -> bool:
    """True when the record stands there just so; StorageError when something else does. Raises OSError."""
    if not folder.exists():
        return False
    for name, content in files.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            raise StorageError(
                f"The announcement is published already, and {path} differs from what would be written.",
                hint="A published record never changes. Nothing was written.",
            )
    return True


def announced(issues_dir: Path) -> tuple[Announced, ...]:
    """Every readable announcement, the latest first."""
    try:
        names = [path.name for path in (issues_dir / FOLDER).iterdir() if SLUG.fullmatch(path.name)]
    except OSError:
        return ()
    found = [one for name in names if (one := announced_as(issues_dir, name)) is not None]
    return tuple(sorted(found, key=lambda one: (one.date, one.slug), reverse=True))


def mark_of(issues_dir: Path) -> int:
    """Changes whenever one is added."""
    try:
        return (issues_dir / FOLDER).stat().st_mtime_ns
    except OSError:
        return 0


def announced_as(issues_dir: Path, slug: str) -> Announced | None:
    """The announcement of that slug, or None where it is not published or cannot be read."""
    if not SLUG.fullmatch(slug):
        return None
    path = issues_dir / FOLDER / slug / JSON
    try:
        stat, content = path.stat(), path.read_bytes()
        document = IssueDocument.model_validate_json(content)
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        log.warning("The record %s cannot be read and is left out: %s", path, error)
        return None
    if document.slug != slug or not (path.parent / PAGE).is_file():
        log.warning("The record %s is not whole, or not what its folder says; it is left out.", path)
        return None
    return Announced(
        slug=slug,
        folder=path.parent,
        changed=dt.datetime.fromtimestamp(stat.st_mtime, dt.UTC),
        date=document.date,
        title=document.title,
        preheader=document.preheader,
        language=document.language,
    )
