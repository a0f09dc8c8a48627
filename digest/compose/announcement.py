"""An announcement: a mailing of its own, in the dress of the issues, with an editor's words and no number. Pure."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from typing import Any

from digest.compose.document import Composition, IssueDocument, Window
from digest.compose.edit import Overlay
from digest.config import Config
from digest.errors import UsageError

LONGEST_SLUG = 60  # characters after the date
UNNAMED = "announcement"  # where the subject has no letter that an address could hold
_FENCE = re.compile(r"\A(?:\ufeff)?(---|\+\+\+)[ \t]*\r?\n(.*?)^\1[ \t]*\r?$\n?", re.DOTALL | re.MULTILINE)
_LINE = re.compile(r"\s*([A-Za-z_]+)\s*:\s*(.*?)\s*")
KEYS = ("subject", "preheader", "when")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What an editor writes. `body` is Markdown; `when` the instant to send it at, None: once it is approved."""

    subject: str = ""
    preheader: str = ""
    body: str = ""
    when: dt.datetime | None = None


def words_of(overlay: Overlay) -> Words:
    """The words that the changes to an announcement come to."""
    return Words(
        subject=overlay.subject or "",
        preheader=overlay.preheader or "",
        body=overlay.intro or "",
        when=dt.datetime.fromisoformat(overlay.when) if overlay.when else None,
    )


def announcement(config: Config, words: Words, *, began: dt.datetime, now: dt.datetime) -> Composition:
    """The document: it goes out at `words.when`, or at `now` where that is past or not set.

    Nothing was gathered for it: its window is empty, at the instant at which it was begun.
    """
    date = send_time(words, now).astimezone(config.association.tz).date()
    title = " ".join(words.subject.split())
    document = IssueDocument(
        number=None,
        title=title,
        date=date,
        subject=title,
        preheader=words.preheader,
        language=config.association.language,
        zone=config.association.zone,
        window=Window(start=began, end=began),
        intro=words.body,
        slug=slug_of(date, title),
    )
    return Composition(document=document, placements=())


def send_time(words: Words, now: dt.datetime) -> dt.datetime:
    """When it goes out, if it is approved at `now`."""
    return max(words.when, now) if words.when is not None else now


def slug_of(date: dt.date, title: str) -> str:
    """`2024-02-14-fewer-than-10-of-tickets-remain`: whole words, in letters that stand in an address as they are."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = ""
    for word in re.findall(r"[a-z0-9]+", plain.replace("'", "")):
        if len(slug) + len(word) + 1 > LONGEST_SLUG:
            break
        slug = f"{slug}-{word}"
    return f"{date.isoformat()}{slug or f'-{UNNAMED}'}"


def read_file(text: str) -> dict[str, Any]:
    """The front matter of a Markdown file, and its text under "body": `subject: ...` between two lines of ---, or
    TOML between two of +++. Values are as written. Raises UsageError for a file without a subject.
    """
    found = _FENCE.match(text)
    head = _toml(found[2]) if found and found[1] == "+++" else _lines(found[2] if found else "")
    if unknown := sorted(set(head) - set(KEYS)):
        raise UsageError(f"The head of the file has {unknown[0]!r}.", hint=f"It may have: {', '.join(KEYS)}.")
    if not str(head.get("subject", "")).strip():
        raise UsageError(
            "The file names no subject.",
            hint="Let it begin with three lines: ---, then `subject: ...`, then --- again.",
        )
    return {**head, "body": text[found.end() :].strip() if found else text.strip()}


def _lines(text: str) -> dict[str, Any]:
    head = {}
    for number, line in enumerate(text.splitlines(), 2):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise UsageError(f"Line {number} of the file's head is not `key: value`: {line.strip()!r}.")
        value = found[2]
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        head[found[1].lower()] = value[1:-1] if quoted else value
    return head


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"The file's head is no TOML: {error}.") from None
