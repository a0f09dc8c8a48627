"""Prove the record: every file's hash, the form of every document, and that nothing is missing or was added.

Nothing is mended and no database is asked. What is wrong is named, file by file, in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from digest.archive.announcements import FOLDER as ANNOUNCEMENTS
from digest.archive.announcements import SLUG
from digest.archive.errata import ERRATA, ERRATUM, Erratum, before_of
from digest.archive.folder import SUMS, TEMPORARY, read_sums, sha256, sums_hash
from digest.archive.record import ABOUT, FILES, JSON, About, recipients_own
from digest.compose.document import IssueDocument

Model = TypeVar("Model", bound=BaseModel)

NUMBER = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a look at the whole record found. `sums` is the hash of each issue's SHA256SUMS, where it has them."""

    issues: tuple[int, ...]
    files: int
    errata: int
    problems: tuple[str, ...]
    sums: dict[int | str, str]


def verify(root: Path) -> Proof:
    """Look at every folder under `root`."""
    issues: list[int] = []
    sums: dict[int | str, str] = {}
    problems: list[str] = []
    files = errata = 0
    try:
        entries = sorted(root.iterdir(), key=lambda path: (len(path.name), path.name))
    except FileNotFoundError:
        entries = []
    except OSError as error:
        return Proof(issues=(), files=0, errata=0, problems=(f"{root} cannot be read: {error.strerror}",), sums={})
    for path in entries:
        if path.name == ANNOUNCEMENTS and path.is_dir() and not path.is_symlink():
            for folder in sorted(path.iterdir()):
                problems += [f"announcement {folder.name}: {words}" for words in _announcement(folder)]
                files += sum(1 for file in folder.rglob("*") if file.is_file())
                if found := sums_hash(folder):
                    sums[folder.name] = found
            continue
        if not NUMBER.fullmatch(path.name):
            problems.append(f"{path.name}: {_stray(path)}")
            continue
        issues.append(int(path.name))
        problems += [f"issue {path.name}: {words}" for words in _issue(path)]
        files += sum(1 for file in path.rglob("*") if file.is_file())
        errata += sum(1 for _ in path.glob(f"{ERRATA}/*/{ERRATUM}"))
        if found := sums_hash(path):
            sums[int(path.name)] = found
    return Proof(issues=tuple(issues), files=files, errata=errata, problems=tuple(problems), sums=sums)


def _stray(path: Path) -> str:
    if TEMPORARY.fullmatch(path.name):
        return "left behind by a writing that was cut short; it can be deleted"
    return "is no issue, and does not belong here"


def _announcement(folder: Path) -> Iterator[str]:
    if not SLUG.fullmatch(folder.name) or folder.is_symlink() or not folder.is_dir():
        yield _stray(folder)
        return
    yield from _sums(folder, needed=FILES, aside=frozenset())
    document = _read(folder / JSON, IssueDocument)
    if isinstance(document, str):
        yield document
    elif document.slug != folder.name:
        yield f"{JSON} says that it is {document.slug or document.number}"


def _issue(folder: Path) -> Iterator[str]:
    if folder.is_symlink() or not folder.is_dir():
        yield "is no folder of its own"
        return
    number = int(folder.name)
    yield from _sums(folder, needed=(*FILES, ABOUT), aside=frozenset({ERRATA}))
    document = _read(folder / JSON, IssueDocument)
    if isinstance(document, str):
        yield document
    elif document.number != number:
        yield f"{JSON} says that it is issue {document.number}"
    elif any(item.entry is not None for item in document.items):
        yield f"{JSON} names rows of the database"
    about = _read(folder / ABOUT, About)
    if isinstance(about, str):
        yield about
    elif about.number != number:
        yield f"{ABOUT} says that it is issue {about.number}"
    yield from _recipients(folder)
    if (folder / ERRATA).exists():
        yield from _errata(folder, number)


def _sums(folder: Path, *, needed: tuple[str, ...], aside: frozenset[str] = frozenset()) -> Iterator[str]:
    """What of `folder` is not as its SHA256SUMS say."""
    try:
        listed = read_sums((folder / SUMS).read_bytes())
    except FileNotFoundError:
        yield f"{SUMS} is missing, so nothing can be proved of its files"
        listed = None
    except (OSError, ValueError) as error:
        yield f"{SUMS} cannot be read: {error}"
        listed = None
    there = {path.name for path in folder.iterdir()} - {SUMS} - aside
    for name in sorted(set(needed) - (set(listed) if listed is not None else there)):
        yield f"{name} is not in {SUMS}" if (folder / name).exists() else f"{name} is missing"
    if listed is None:
        return
    for name in sorted(there - set(listed) - set(needed)):
        yield f"{name} was added: it is not in {SUMS}"
    for name, expected in listed.items():
        path = folder / name
        try:
            if path.is_symlink():
                yield f"{name} is a link to elsewhere"
            elif sha256(path.read_bytes()) != expected:
                yield f"{name} was changed: its hash is not the one in {SUMS}"
        except FileNotFoundError:
            yield f"{name} is missing"
        except OSError as error:
            yield f"{name} cannot be read: {error.strerror or error}"


def _recipients(folder: Path) -> Iterator[str]:
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS):
        try:
            words = recipients_own(path.read_bytes().decode("utf-8", "replace"))
        except OSError:
            continue  # said above
        if words:
            yield f"{path.relative_to(folder)} holds {words}"


def _errata(folder: Path, number: int) -> Iterator[str]:
    names = sorted(path.name for path in (folder / ERRATA).iterdir())
    there = [int(name) for name in names if NUMBER.fullmatch(name)]
    for name in names:
        if not NUMBER.fullmatch(name):
            yield f"{ERRATA}/{name}: {_stray(folder / ERRATA / name)}"
    earlier: Erratum | None = None
    for expected in range(1, max(there, default=0) + 1):
        place = f"{ERRATA}/{expected}"
        path = folder / ERRATA / str(expected)
        if expected not in there or not path.is_dir():
            yield f"{place} is missing"
            continue
        before, _ = before_of(folder, expected)
        yield from (f"{place}: {words}" for words in _sums(path, needed=(ERRATUM, before)))
        erratum = _read(path / ERRATUM, Erratum)
        if isinstance(erratum, str):
            yield f"{place}: {erratum}"
            continue
        if (erratum.issue, erratum.erratum) != (number, expected):
            yield f"{place} says that it is erratum {erratum.erratum} to issue {erratum.issue}"
        if earlier is not None and erratum.at < earlier.at:
            yield f"{place} says that it is older than the one before it"
        earlier = erratum


def _read(path: Path, model: type[Model]) -> Model | str:
    """The file as `model`, as strictly as the schema has it; or what is wrong with it."""
    try:
        return model.model_validate_json(path.read_bytes(), strict=True)
    except OSError as error:
        return f"{path.name} cannot be read: {error.strerror or error}"
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        return f"{path.name} does not fit the schema: {where}: {first['msg']}"
