"""A folder that is written once and whole, with the hash of each of its files.

It is made under a temporary name, every file and the folder itself brought to the disk, and then renamed: a reader
sees all of it or nothing. SHA256SUMS stands among the files, in the form in which coreutils writes it, so that
`sha256sum -c SHA256SUMS` proves a folder on any machine, without this program.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

SUMS = "SHA256SUMS"
TEMPORARY = re.compile(r"\..+\.[0-9a-f]{12}\.tmp")  # what a crash may leave behind

_LINE = re.compile(r"([0-9a-f]{64}) [ *]([^/\\\n][^\\\n]*)")


def sums_of(files: Mapping[str, bytes]) -> bytes:
    """The text of SHA256SUMS for `files`: names, as seen from their folder, and contents."""
    return "".join(f"{sha256(content)}  {name}\n" for name, content in sorted(files.items())).encode()


def read_sums(content: bytes) -> dict[str, str]:
    """Hash by name. Raises ValueError, in words, for what is no such list."""
    found: dict[str, str] = {}
    for number, line in enumerate(content.decode("utf-8").splitlines(), 1):
        parts = _LINE.fullmatch(line)
        if parts is None:
            raise ValueError(f"line {number} is no hash and name")
        found[parts[2]] = parts[1]
    return found


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def sums_hash(folder: Path) -> str:
    """The hash of the SHA256SUMS in `folder`: one value for the whole of it. "" without any."""
    try:
        return sha256((folder / SUMS).read_bytes())
    except OSError:
        return ""


def write_folder(folder: Path, files: Mapping[str, bytes], *, refers_to: Mapping[str, bytes] | None = None) -> None:
    """Make `folder` of `files`, with their SHA256SUMS. `refers_to` are files elsewhere whose hashes are listed too.

    Raises OSError; where `folder` holds something already, it is left as it is. Nothing half-written stays.
    """
    root = folder.parent
    draft = root / f".{folder.name}.{secrets.token_hex(6)}.tmp"
    try:
        root.mkdir(parents=True, exist_ok=True)
        draft.mkdir()
        for name, content in files.items():
            _write(draft / name, content)
        _write(draft / SUMS, sums_of({**files, **(refers_to or {})}))
        _sync(draft)
        draft.rename(folder)
        _sync(root)
    finally:
        with contextlib.suppress(OSError):
            if draft.exists():
                shutil.rmtree(draft)


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """A rename is certain only when the folder that holds the name has reached the disk too."""
    if not hasattr(os, "O_DIRECTORY"):  # Windows cannot open a folder
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
