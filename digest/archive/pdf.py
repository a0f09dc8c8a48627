"""An issue as PDF, made of its page by WeasyPrint: once, by the clock or by hand, never because somebody asks for it.

WeasyPrint (the extra "pdf") needs Pango, which a system may lack; then there are no PDFs, no page speaks of them, and
the command says what to install. It works in a process of its own, which is given little time and no network. What is
made is kept beside the record, not in it: it can be made again.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

from digest.archive.index import Published
from digest.config import Config
from digest.errors import StorageError

FOLDER = "pdf"  # under the installation's own
SECONDS = 120  # of the clock, for one issue; a usual one takes two or three
INSTALL = (
    'Install the library with `pip install "weekly-digest[pdf]"`, and what it needs with `apt-get install '
    "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0` (Debian), then try again."
)


def path_of(config: Config, issue: Published) -> Path:
    """Where the PDF of `issue` is, or would be: another one after each erratum."""
    corrected = f"-{len(issue.errata)}" if issue.errata else ""
    return config.under_root(Path(FOLDER)) / f"{issue.number}{corrected}.pdf"


def missing(config: Config, issues: tuple[Published, ...]) -> list[Published]:
    """Those of `issues` whose PDF has not been made, in their order."""
    return [issue for issue in issues if not path_of(config, issue).exists()]


def installed() -> bool:
    """Whether the library is there; what it needs of the system shows only when it is used."""
    return importlib.util.find_spec("weasyprint") is not None


def make_pdf(config: Config, issue: Published) -> Path:
    """Make the PDF of `issue`, or find it there. Raises StorageError, in words, when that cannot be done."""
    path = path_of(config, issue)
    if path.exists():
        return path
    notes = [f"{erratum.at.astimezone(config.association.tz):%d %B %Y}: {erratum.text}" for erratum in issue.errata]
    question = json.dumps({"page": issue.page(), "errata": notes, "title": issue.title})
    command = [sys.executable, "-m", "digest.archive.pdf_child"]
    try:
        # In our own environment but for what could reach the network by a proxy.
        environ = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
        done = subprocess.run(  # noqa: S603 - our own module, in our own Python
            command, input=question.encode(), capture_output=True, timeout=SECONDS, env=environ, check=False
        )
    except subprocess.TimeoutExpired:
        raise StorageError(
            f"The PDF of issue {issue.number} took longer than {SECONDS} seconds and was given up."
        ) from None
    if done.returncode == 3:
        raise StorageError("PDFs cannot be made here: a library is missing.", hint=INSTALL)
    if done.returncode or not done.stdout.startswith(b"%PDF-"):
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise StorageError(f"The PDF of issue {issue.number} could not be made: {last[0]}")
    _keep(path, done.stdout, issue.number)
    return path


def _keep(path: Path, content: bytes, number: int) -> None:
    """Write it whole, and take those of the issue away that an erratum has made old."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        draft.write_bytes(content)
        draft.replace(path)
        for old in (path.parent / f"{number}.pdf", *path.parent.glob(f"{number}-*.pdf")):
            if old != path:
                old.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"The PDF of issue {number} cannot be written to {path}: {error.strerror or error}."
        ) from None
