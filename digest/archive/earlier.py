"""Reading the issues another tool made: a folder of files, or a CSV of title, date and address. No database here."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import lxml.html
from dateutil import parser as dates

from digest.compose.own import earlier_issue
from digest.config import Config
from digest.errors import UsageError
from digest.gather.clean.html import clean_html
from digest.gather.clean.text import one_line, scrub

MOST_BYTES = 5_000_000
_DEFAULTS = (dt.datetime(1901, 1, 1, tzinfo=dt.UTC), dt.datetime(1902, 2, 2, tzinfo=dt.UTC))
HTML, TEXT = (".html", ".htm"), (".txt",)
_FILE_NUMBER = re.compile(r"(?<!\d)(\d{1,6})(?!\d)")
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierIssue:
    """One earlier issue. Of `text` and `url` at least one is there; `text` is plain and may be long."""

    origin: str  # the file's name, or "row 7"
    number: int
    date: dt.date
    title: str
    text: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A file or row that was not understood, and why."""

    origin: str
    reason: str


def read_earlier(config: Config, path: Path) -> list[EarlierIssue | Unread]:
    """What `path` holds, in the order of its files or rows. Raises UsageError when it is neither folder nor CSV."""
    if path.is_dir():
        files = sorted(f for f in path.iterdir() if f.suffix.lower() in (*HTML, *TEXT))
        if not files:
            raise UsageError(f"{path} holds no .html or .txt file.", hint="Name the folder with the earlier issues.")
        return [_read_file(config, file) for file in files]
    if not path.is_file():
        raise UsageError(f"There is no {path}.", hint="Name a folder of files, or a CSV of title, date and url.")
    return list(_read_table(config, path))


def _read_file(config: Config, path: Path) -> EarlierIssue | Unread:
    try:
        if path.stat().st_size > MOST_BYTES:
            return Unread(origin=path.name, reason="it is larger than 5 MB")
        raw = _decoded(path.read_bytes())
    except OSError as error:
        return Unread(origin=path.name, reason=f"it cannot be read: {error.strerror}")
    if path.suffix.lower() in HTML:
        heading, text = _html(raw)
    else:
        heading, text = "", scrub(raw)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for candidate in (heading, path.stem, *lines[:15]):
        if known := earlier_issue(config, one_line(candidate)):
            number, words = known
            date = _date(words) or _date_in_name(path.stem)
            if date is None:
                return Unread(origin=path.name, reason=f"its title {candidate!r} has no date that can be read")
            return EarlierIssue(origin=path.name, number=number, date=date, title=one_line(candidate), text=text)
    date = _date_in_name(path.stem)
    found = _FILE_NUMBER.findall(_ISO.sub(" ", path.stem))
    if date is not None and len(found) == 1:
        title = one_line(heading) or path.stem
        return EarlierIssue(origin=path.name, number=int(found[0]), date=date, title=title, text=text)
    return Unread(origin=path.name, reason="neither its title nor its name says which issue it is, and of which day")


def _html(raw: str) -> tuple[str, str]:
    """The page's title and its text. Old mails hold trackers and their readers' own links: only words are kept."""
    try:
        tree = lxml.html.document_fromstring(raw)
    except (lxml.etree.ParserError, ValueError):
        return "", ""
    title = tree.findtext(".//title") or tree.findtext(".//h1") or ""
    return title, clean_html(raw).text


def _read_table(config: Config, path: Path) -> Iterator[EarlierIssue | Unread]:
    raw = _decoded(path.read_bytes()[:MOST_BYTES])
    try:
        dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(raw[:4000], delimiters=",;\t")
    except csv.Error:
        dialect = csv.excel
    rows = csv.DictReader(io.StringIO(raw), dialect=dialect)
    names = {(name or "").strip().casefold(): name for name in rows.fieldnames or ()}
    if not {"title", "date", "url"} <= set(names):
        raise UsageError(
            f"{path} must have the columns title, date and url; its first row says: {', '.join(names) or 'nothing'}.",
            hint="A column number is read too, where the title holds none.",
        )
    for line, row in enumerate(rows, 2):
        cells = {key: one_line(row.get(name) or "") for key, name in names.items()}
        yield _read_row(config, f"row {line}", cells)


def _read_row(config: Config, origin: str, cells: dict[str, str]) -> EarlierIssue | Unread:
    title, url = cells["title"], cells["url"]
    known = earlier_issue(config, title)
    digits = cells.get("number", "")
    number = int(digits) if digits.isdecimal() else known[0] if known else None
    date = _date(cells["date"]) or (_date(known[1]) if known else None)
    if number is None or not 1 <= number < 1_000_000:
        return Unread(origin=origin, reason=f"the title {title!r} holds no number, and no column does")
    if date is None:
        return Unread(origin=origin, reason=f"{cells['date']!r} is not a date")
    if urlsplit(url).scheme not in ("http", "https"):
        return Unread(origin=origin, reason=f"{url!r} is not an address")
    return EarlierIssue(origin=origin, number=number, date=date, title=title, url=url)


def _date(words: str) -> dt.date | None:
    """`05 Feb 2024`, `2024-02-05`, `5 February 2024`, `05/02/2024` (day first)."""
    if found := _ISO.search(words):
        return _valid(*map(int, found.groups()))
    if not words:
        return None
    try:
        # Two defaults that differ: a date that leaves a part to the default is none.
        one, other = (dates.parse(words, dayfirst=True, default=default) for default in _DEFAULTS)
        return one.date() if one.date() == other.date() else None
    except (ValueError, OverflowError, TypeError):
        return None


def _date_in_name(name: str) -> dt.date | None:
    found = _ISO.search(name)
    return _valid(*map(int, found.groups())) if found else None


def _valid(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _decoded(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")
