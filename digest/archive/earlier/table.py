"""A CSV file of earlier issues: title, date, url, and a number where the title holds none."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from digest.archive.earlier.dates import find_day
from digest.archive.earlier.files import LONGEST_TITLE, MOST_BYTES, decoded
from digest.archive.earlier.values import HIGHEST, EarlierIssue, Unread
from digest.compose.headline import cut, issue_title
from digest.compose.own import earlier_issue
from digest.config import Config
from digest.errors import UsageError
from digest.gather.clean.links import absolute
from digest.gather.clean.text import one_line

HEADINGS: Mapping[str, Sequence[str]] = {
    "title": ("title", "subject", "name"),
    "date": ("date", "day", "sent"),
    "url": ("url", "link", "address", "permalink"),
    "number": ("number", "issue", "no", "no.", "nr", "#"),
}
_HINT = 'Its first row must name the columns title, date and url; "number" is read too, where titles hold none.'
_PACKED = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b", b"SQLite format 3")


def read_table(config: Config, path: Path, *, now: dt.datetime) -> list[EarlierIssue | Unread]:
    """Every row that is not blank. Raises UsageError in words for a file that is no such table."""
    text = _text(path)
    delimiter, columns = _columns(path, text)
    return [
        _read_row(config, f"row {number}", cells, columns, now=now)
        for number, cells in _rows(path, text, delimiter)
        if number > 1 and any(cell.strip() for cell in cells)
    ]


def _text(path: Path) -> str:
    try:
        size, body = path.stat().st_size, b""
        if size <= MOST_BYTES:
            body = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from None
    if size > MOST_BYTES:
        raise UsageError(f"{path} is larger than 5 MB.", hint="Part it into several files.")
    if body.startswith(_PACKED):
        raise UsageError(f"{path} is no CSV file.", hint='Open it and save it as "CSV UTF-8".')
    text = decoded(body)
    if not text.strip():
        raise UsageError(f"{path} is empty.", hint=_HINT)
    return text


def _columns(path: Path, text: str) -> tuple[str, dict[str, int]]:
    """The delimiter under which most of the wanted headings stand in the first row, and where they stand."""
    first = text.partition("\n")[0]
    best: tuple[str, dict[str, int]] = (",", {})
    for delimiter in ",;\t":
        cells = [cell.strip().casefold() for cell in next(csv.reader([first], delimiter=delimiter), [])]
        columns = {
            key: next(cells.index(name) for name in names if name in cells)
            for key, names in HEADINGS.items()
            if any(name in cells for name in names)
        }
        if len(columns) > len(best[1]):
            best = (delimiter, columns)
    missing = [key for key in ("title", "date", "url") if key not in best[1]]
    if missing == ["title"] and "number" in best[1]:
        missing = []
    if missing:
        raise UsageError(
            f"{path} has no column {' and no column '.join(missing)}. Its first row says: {one_line(first)[:120]}",
            hint=_HINT,
        )
    return best


def _rows(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """`(row, cells)`; rows count as a spreadsheet does, the headings being row 1."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = 0
    while True:
        number += 1
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UsageError(f"{path} cannot be read from row {number} on: {error}.", hint="Mend that row.") from None


def _read_row(
    config: Config, origin: str, cells: Sequence[str], columns: Mapping[str, int], *, now: dt.datetime
) -> EarlierIssue | Unread:
    raw = {key: cells[at] if at < len(cells) else "" for key, at in columns.items()}
    if any("\n" in cell.strip() for cell in raw.values()):
        return Unread(origin=origin, reason="several lines were read as one: a quotation mark is missing")
    given = {key: one_line(cell) for key, cell in raw.items()}
    title, date_words, digits = given.get("title", ""), given["date"], given.get("number", "").lstrip("#")
    known = earlier_issue(config, title)
    number = int(digits) if digits.isdecimal() and len(digits) <= 6 else known[0] if known and not digits else None
    if number is None or not 1 <= number <= HIGHEST:
        shown = f"the number {digits!r} is none" if digits else f"the title {title!r} holds no number"
        return Unread(origin=origin, reason=shown)
    if known and known[0] != number:
        return Unread(origin=origin, reason=f"the column says {number}, the title says issue {known[0]}")
    day = find_day(date_words, now=now) or (find_day(known[1], now=now) if known and not date_words else None)
    if day is None:
        return Unread(origin=origin, reason=f"{date_words!r} is not a day; write it like 2024-02-05")
    url = absolute(given["url"])
    if not url:
        return Unread(origin=origin, reason=f"{given['url']!r} is not a web address")
    title = issue_title(config, number, day.date) if known or not title else cut(title, LONGEST_TITLE)
    return EarlierIssue(origin=origin, number=number, date=day.date, title=title, url=url)
