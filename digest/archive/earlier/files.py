"""One file of an earlier issue: which number, of which day, and what it says."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from digest.archive.earlier.dates import find_day
from digest.archive.earlier.values import HIGHEST, EarlierIssue, Unread
from digest.archive.earlier.words import Words, from_html, from_text
from digest.compose.headline import cut, issue_title
from digest.compose.own import earlier_issue
from digest.config import Config
from digest.gather.parse.charset import decode

MOST_BYTES = 5_000_000
LONGEST_TITLE = 150
FIRST_LINES = 15  # where an issue says what it is
HTML = (".html", ".htm")
SUFFIXES = (*HTML, ".txt")

_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_WORDED = re.compile(r"\b(?:issue|number|no\.?|nr\.?|#)\s*(\d{1,6})(?!\d)", re.IGNORECASE)
_DIGITS = re.compile(r"(?<!\d)\d{1,6}(?!\d)")
_NUMBER_ALONE = re.compile(r"(?:issue|digest|number|no|nr)?[\s.#-]*(\d{1,6})", re.IGNORECASE)
_BESIDE_A_DATE = 25  # letters: "Monday," or "Date: ... 09:00 GMT"; a longer line only mentions the day


def read_file(config: Config, path: Path, *, now: dt.datetime) -> EarlierIssue | Unread:
    """The issue that a .html or .txt file holds; Unread, with the reason, when it does not say which one it is."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return Unread(origin=path.name, reason="it is larger than 5 MB")
        body = path.read_bytes()
    except OSError as error:
        return Unread(origin=path.name, reason=f"it cannot be read: {error.strerror or error}")
    words = from_html(decoded(body)) if path.suffix.lower() in HTML else from_text(decoded(body))
    if not words.whole:
        return Unread(origin=path.name, reason="its markup is nested too deeply to be read to the end")
    if not words.markdown:
        return Unread(origin=path.name, reason="it holds no words")
    return _identify(config, path, words, now)


def decoded(body: bytes) -> str:
    """`body` as text: by its byte order mark or what its <meta> says, else UTF-8, else Windows-1252."""
    if body[:1] == b"\x00" and body[1:2].strip(b"\x00"):
        return body.decode("utf-16-be", "replace")
    if body[1:2] == b"\x00" and body[:1].strip(b"\x00"):
        return body.decode("utf-16-le", "replace")
    declared = _CHARSET.search(body[:4000])
    return decode(body, f"charset={declared[1].decode('ascii')}" if declared else "")


def _identify(config: Config, path: Path, words: Words, now: dt.datetime) -> EarlierIssue | Unread:
    name = " ".join(path.stem.replace("_", " ").split())
    number, titled, date = None, False, None
    for line in (words.title, name, *words.lines[:FIRST_LINES]):
        if known := earlier_issue(config, line):
            number, titled = known[0], True
            day = find_day(known[1], now=now)
            date = day.date if day else None
            break
    alone = _NUMBER_ALONE.fullmatch(name)
    if number is not None and alone is not None and int(alone[1]) != number:
        return Unread(origin=path.name, reason=f"its name says {int(alone[1])}, its text says issue {number}")
    if number is None:
        number = _number_in(words.title, name, now)
    date = date or _date_in(words, name, now)
    if number is None or not 1 <= number <= HIGHEST:
        return Unread(origin=path.name, reason="neither its title nor its name says which issue it is")
    if date is None:
        return Unread(
            origin=path.name, reason=f"it is issue {number}, but neither its title nor its name says of which day"
        )
    title = issue_title(config, number, date) if titled or not words.title else cut(words.title, LONGEST_TITLE)
    return EarlierIssue(
        origin=path.name, number=number, date=date, title=title, markdown=words.markdown, left_out=words.left_out
    )


def _number_in(title: str, name: str, now: dt.datetime) -> int | None:
    """The number after "Issue" or "No.", else the only one that a file's name holds besides its day."""
    for text in (title, name):
        if found := _WORDED.search(text):
            return int(found[1])
    day = find_day(name, now=now)
    if day is not None:
        name = name[: day.start] + " " + name[day.end :]
    digits = _DIGITS.findall(name)
    return int(digits[0]) if len(digits) == 1 else None


def _date_in(words: Words, name: str, now: dt.datetime) -> dt.date | None:
    for text in (name, words.title):
        if day := find_day(text, now=now):
            return day.date
    for line in words.lines[:FIRST_LINES]:
        day = find_day(line, now=now)
        if day is not None and len(line) - (day.end - day.start) <= _BESIDE_A_DATE:
            return day.date
    return None
