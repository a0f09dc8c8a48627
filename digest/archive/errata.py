"""Errata: what was wrong in a published issue, said beside it. The issue itself keeps its first form.

Each erratum is a folder of its own, issues/736/errata/1/, written once like the record: erratum.json and its
SHA256SUMS, which also holds the hash of what it adds to - the record's SHA256SUMS, or those of the erratum before.
So the errata are a chain: none can be changed or taken out unseen but the last, and that one is in the audit trail.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from pydantic import AwareDatetime, ValidationError

from digest.archive.folder import SUMS, write_folder
from digest.archive.record import JSON, recipients_own
from digest.compose.document import IssueDocument
from digest.config import Config
from digest.errors import StateError, StorageError, UsageError
from digest.gather.document import Value
from digest.render.plain import one_line

ERRATA, ERRATUM = "errata", "erratum.json"
LONGEST = 2000  # characters


class Erratum(Value):
    """One correction. `item` is the anchor of the item it speaks of, "" for the issue as a whole. Plain text."""

    issue: int
    erratum: int  # 1 for the issue's first
    at: AwareDatetime
    text: str
    item: str = ""


def write_erratum(config: Config, number: int, *, text: str, item: str = "", now: dt.datetime) -> Erratum:
    """Add an erratum to issue `number`.

    Raises UsageError for words that cannot be one, or an item that the issue has not; StateError when the issue is
    not published, StorageError when it cannot be written.
    """
    folder = config.issues_dir / str(number)
    words = _checked(one_line(text))
    try:
        document = IssueDocument.model_validate_json((folder / JSON).read_bytes())
    except FileNotFoundError:
        raise StateError(f"Issue {number} is not published, so there is nothing to correct.") from None
    except (OSError, ValidationError) as error:
        raise StorageError(
            f"The record of issue {number} cannot be read: {error}",
            hint="`digest archive verify` names what is wrong.",
        ) from None
    if item and item not in {one.id for one in document.items}:
        raise UsageError(
            f"Issue {number} has no item {item!r}.",
            hint="The part after # in the address of an item in the issue is what names it.",
        )
    seen, wrong = read_errata(folder)
    if wrong:
        raise StorageError(
            f"The errata of issue {number} are damaged: {wrong[0]}.", hint="Restore them from a backup."
        )
    erratum = Erratum(issue=number, erratum=len(seen) + 1, at=now.astimezone(dt.UTC), text=words, item=item)
    written = json.dumps(erratum.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n"
    name, before = before_of(folder, erratum.erratum)
    try:
        refers_to = {name: before.read_bytes()}
        write_folder(folder / ERRATA / str(erratum.erratum), {ERRATUM: written.encode()}, refers_to=refers_to)
    except OSError as error:
        raise StorageError(
            f"The erratum to issue {number} cannot be written: {error.strerror or error}.",
            hint="Check that the folder can be written and has its SHA256SUMS, then try again. Nothing was added.",
        ) from None
    return erratum


def before_of(folder: Path, erratum: int) -> tuple[str, Path]:
    """What erratum `erratum` of the record in `folder` adds to: its name as seen from there, and its path."""
    if erratum == 1:
        return f"../../{SUMS}", folder / SUMS
    return f"../{erratum - 1}/{SUMS}", folder / ERRATA / str(erratum - 1) / SUMS


def read_errata(folder: Path) -> tuple[tuple[Erratum, ...], list[str]]:
    """The errata of the record in `folder`, the first one first, and a sentence for each that cannot be read."""
    try:
        names = sorted(int(path.name) for path in (folder / ERRATA).iterdir() if path.name.isdecimal())
    except FileNotFoundError:
        return (), []
    except OSError as error:
        return (), [str(error)]
    found, wrong = [], []
    for name in names:
        path = folder / ERRATA / str(name) / ERRATUM
        try:
            erratum = Erratum.model_validate_json(path.read_bytes())
        except OSError as error:
            wrong.append(f"{path} cannot be read: {error.strerror or error}")
        except ValidationError as error:
            wrong.append(f"{path}: {error.errors()[0]['msg']}")
        else:
            found.append(erratum)
    return tuple(found), wrong


def _checked(words: str) -> str:
    if not words:
        raise UsageError("An erratum needs words.", hint='--text "The workshop is on 20 February, not on the 19th."')
    if len(words) > LONGEST:
        raise UsageError(f"An erratum has at most {LONGEST:,} characters; this one has {len(words):,}.")
    if what := recipients_own(words):
        raise UsageError(f"This holds {what}, which must not stand in the public record.")
    return words
