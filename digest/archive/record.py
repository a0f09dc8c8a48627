"""Write an issue's record: issues/736/{issue.json,email.html,email.txt,index.html}, once and whole.

Beside these four stand record.json, which says when it was published, SHA256SUMS, and the calendar files of its
events, where it has any: events.ics, and one for each event. docs/record.md describes them for other programs.

A record that is there already is compared, never replaced. Nothing about a recipient may stand in one: a
rendering that holds a merge tag or a signed link is refused.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime

from digest.archive.folder import write_folder
from digest.compose.document import IssueDocument
from digest.config import Config
from digest.errors import StateError, StorageError
from digest.gather.document import Value
from digest.render.dates import zone_of
from digest.render.models import RenderedIssue

JSON, MAIL, TEXT, PAGE, ABOUT = "issue.json", "email.html", "email.txt", "index.html", "record.json"
FILES = (JSON, MAIL, TEXT, PAGE)


class About(Value):
    """record.json: what the record says of itself."""

    number: int
    published: AwareDatetime


# A link of ours is /verb/public_id.key_id.mac; addresses of others that merely begin alike (a journal's
# /article/view/12) do not look like that.
_SIGNED_LINK = re.compile(r"/(?:unsubscribe|preferences|view|confirm)/[\w-]{16,64}\.[0-9a-z]{1,16}\.[\w-]{16,}")
# digest.deliver.editions.new_merge_tag, with the letter that MergeTags adds.
_MERGE_TAG = re.compile(r"dg[0-9a-f]{20}x[vup]")


def write_record(
    config: Config,
    document: IssueDocument,
    rendered: RenderedIssue,
    *,
    number: int,
    published: dt.datetime | None = None,
) -> Path:
    """The folder of issue `number`, written now or found there with the very same content.

    `rendered` is the public rendering, with its web page; `published` the aware instant of the release, the start
    of its day for an issue of which it is not known. Raises StateError when it holds anything of a recipient's,
    StorageError when the folder cannot be written or holds something else.
    """
    files = _files(document, rendered, number)
    folder = config.issues_dir / str(number)
    if _is_there(folder, files):
        return folder
    released = published or dt.datetime.combine(document.date, dt.time(), zone_of(document.zone))
    about = About(number=number, published=released.astimezone(dt.UTC))
    written = {**files, ABOUT: _json(about.model_dump(mode="json")), **_calendars(config, document, number)}
    try:
        try:
            write_folder(folder, written)
        except OSError:
            # Somebody else published it between our look and our rename.
            if not _is_there(folder, files):
                raise
    except OSError as error:
        raise StorageError(
            f"The record of issue {number} cannot be written to {folder}: {error.strerror or error}.",
            hint="Check that the folder exists and can be written, and that the disk is not full, then try again. "
            "Nothing was left half-written.",
        ) from None
    return folder


def recipients_own(text: str) -> str:
    """What of a recipient's `text` holds, in words; "" for nothing."""
    found = _SIGNED_LINK.search(text) or _MERGE_TAG.search(text)
    if found is None:
        return ""
    return "the place of a member's own link" if found[0].startswith("dg") else "a member's own link"


def _files(document: IssueDocument, rendered: RenderedIssue, number: int) -> dict[str, bytes]:
    if document.number != number:
        raise StateError(
            f"Issue {number} cannot be published: its document says number {document.number}.",
            hint="Publish it under its own number.",
        )
    if not rendered.web:
        raise StateError(f"Issue {number} cannot be published: its web page was not rendered.")
    texts = {
        JSON: _json(document.public().as_json()).decode(),
        MAIL: rendered.html,
        TEXT: rendered.text,
        PAGE: rendered.web,
    }
    for name, text in texts.items():
        if what := recipients_own(text):
            raise StateError(
                f"Issue {number} cannot be published: {name} holds {what}.",
                hint="The record must say nothing about a recipient: publish the public rendering.",
            )
    return {name: text.encode("utf-8", "replace") for name, text in texts.items()}


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")


def _calendars(config: Config, document: IssueDocument, number: int) -> dict[str, bytes]:
    """The calendar files, made of what issue.json holds.

    Where a record stands already they are not compared: one that was written before there were any is whole.
    """
    from digest.render.calendar import calendars  # icalendar takes a while to import, and pages only read

    return calendars(document, f"{config.web.base_url}/issues/{number}/")


def _is_there(folder: Path, files: dict[str, bytes]) -> bool:
    """True when the record stands there just so; StorageError when something else does."""
    try:
        if not folder.exists() or not any(folder.iterdir()):
            return False
        for name, content in files.items():
            path = folder / name
            if not path.is_file():
                raise StorageError(
                    f"The record of issue {folder.name} in {folder} is incomplete: {name} is missing.",
                    hint="A record is written once and never mended in silence. Restore the folder from a backup, "
                    "or move it away to have it written anew.",
                )
            if path.read_bytes() != content:
                raise StorageError(
                    f"Issue {folder.name} is published already, and {path} differs from what would be written.",
                    hint="A published record never changes. Nothing was written.",
                )
    except OSError as error:
        raise StorageError(f"The record in {folder} cannot be read: {error.strerror or error}.") from None
    return True
