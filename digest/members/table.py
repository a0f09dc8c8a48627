"""A file of people as some tool wrote it -> what it is, and its rows one by one.

A file that is no such table is refused whole, in words; a row that cannot be used is for the roll to refuse.
Rows are read as they are asked for, so a file of a million needs no more memory than one of ten.
"""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from digest.errors import UsageError
from digest.members import headings, lines
from digest.members.detect import empty, not_text, refuse_other_texts, scan
from digest.members.formats import KINDS, Columns, Says, columns_of
from digest.members.rows import Row, clean_name

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
LONGEST_CELL = 131_072  # characters; Mailchimp's notes are the longest cells seen
_HEAD = 1 << 16
_END = "\x1eend of file\x1e"  # see _records
_GIVEN = re.compile(r'"?sep=(.)"?', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A file that was understood. `understood` says how, for a person to check. `rows` can be walked once."""

    understood: str
    sha256: str
    rows: Iterator[Row]


class _Borrowed(io.TextIOWrapper):
    """The text of somebody else's file, which stays open when this goes away."""

    def close(self) -> None:
        with contextlib.suppress(ValueError):  # given back already
            self.detach()


def read_table(data: bytes, *, name: str, **how: str) -> Table:
    """`open_table` of bytes at hand."""
    return open_table(io.BytesIO(data), name=name, **how)


def open_table(file: BinaryIO, *, name: str, as_: str = "", column: str = "", encoding: str = "") -> Table:
    """What `file` is, and its rows. `name` is what messages call it. Raises UsageError in words, also while rows
    are walked: where the bytes stop being text, or a quotation is never closed.

    `as_` (see formats.KINDS) says whom the file is about, `column` which column holds the address, `encoding` how
    the bytes are read; each is found out where it is empty.
    """
    if as_ and as_ not in KINDS:
        raise UsageError(f"--as {as_}: expected one of {', '.join(KINDS)}.")
    scanned = scan(file, name=name, encoding=encoding)
    text = _Borrowed(file, encoding=scanned.encoding, newline="")
    try:
        head = text.read(_HEAD)
        text.seek(0)
    except UnicodeError:
        raise not_text(name, scanned.label) from None
    refuse_other_texts(head, name=name)
    kind = KINDS[as_] if as_ else Says.MEMBER
    first = head.splitlines()[:50]
    read = f"{scanned.label} text"
    headed = bool(column) or _heading(first)
    if not headed and lines.looks_like_review(first):
        rows = lines.review_rows(text, kind)
        understood = f"{read}, a list server's answer to REVIEW, an address and a name in each line"
    elif not headed and lines.looks_like_addresses(first):
        rows = lines.address_rows(text, kind)
        understood = f"{read}, a list of addresses"
    else:
        understood, rows = _csv(text, head, name, read, as_, column)
    return Table(understood=understood, sha256=scanned.sha256, rows=_whole(rows, name, scanned.label))


def _whole(rows: Iterator[Row], name: str, label: str) -> Iterator[Row]:
    try:
        yield from rows
    except UnicodeError:
        raise not_text(name, label) from None


def _csv(text: io.TextIOWrapper, head: str, name: str, read: str, as_: str, column: str) -> tuple[str, Iterator[Row]]:
    given = _GIVEN.fullmatch(head.partition("\n")[0].strip("\r"))  # Excel's own first line
    if given:
        text.readline()
        head = head.partition("\n")[2]
        refuse_other_texts(head, name=name)
    delimiter = given[1] if given else _delimiter(head)
    records = _records(text, delimiter, name)
    first = next(((number, cells) for number, cells, _ in records if any(cell.strip() for cell in cells)), None)
    if first is None:
        raise empty(name)
    number, cells = first
    columns = columns_of(cells, name=name, as_=as_, column=column)
    parted = f"columns parted by {DELIMITERS.get(delimiter, repr(delimiter))}" if len(cells) > 1 else "one column"
    whose = f"an export of {columns.tool}, " if columns.tool else ""
    if not columns.heading:
        records = itertools.chain([(number, cells, False)], records)
    return f"{read}, {whose}{parted}, {columns.understood}", _rows(records, columns)


def _heading(first: Sequence[str]) -> bool:
    """Whether the first line that is not blank names columns, or Excel's delimiter."""
    line = next((line for line in first if line.strip()), "")
    return bool(_GIVEN.fullmatch(line)) or any(_worth(line, delimiter)[0] for delimiter in DELIMITERS)


def _delimiter(head: str) -> str:
    """The delimiter under which the first row has an address heading, else the most columns."""
    line = next(line for line in io.StringIO(head, newline=None) if line.strip())
    return max(DELIMITERS, key=lambda delimiter: _worth(line, delimiter))


def _worth(line: str, delimiter: str) -> tuple[bool, int]:
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return False, 0
    return any(headings.fold(cell) in headings.ADDRESS for cell in cells), len(cells)


def _records(text: io.TextIOWrapper, delimiter: str, name: str) -> Iterator[tuple[int, list[str], bool]]:
    """`(row number, cells, whether it took several lines)`. A quotation mark that is never closed refuses the file:
    it hides the rows after it.

    A last line of our own shows it: read as a row of its own, or swallowed by an open quotation.
    """
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(itertools.chain(text, [_END]), delimiter=delimiter)
    number = at = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _unreadable(name, number, str(error)) from None
        several = reader.line_num > at + 1
        at = reader.line_num
        if cells and _END in cells[-1]:
            if cells == [_END]:
                return
            raise _unreadable(name, number, "a quotation mark is opened there and never closed")
        yield number, cells, several


def _unreadable(name: str, number: int, why: str) -> UsageError:
    return UsageError(
        f"{name} cannot be read from row {number} on: {why}.",
        hint="Mend that row and try again. Nothing was changed.",
    )


def _rows(records: Iterator[tuple[int, list[str], bool]], columns: Columns) -> Iterator[Row]:
    """Written out for the usual row: a million of them pass here."""
    address, *further = columns.addresses
    names, status, kind = columns.names, columns.status, columns.kind
    says = columns.says()
    harmless = columns.own
    for number, cells, several in records:
        if len(cells) <= address:
            if any(cell.strip() for cell in cells):
                wrong = f"The row ends before the column with the address: it has {_cells(len(cells))}."
                yield Row(number, "", "", kind, wrong)
            continue
        text = cells[address].strip()
        if not text:
            if not any(cell.strip() for cell in cells):
                continue
            text = next((cells[i].strip() for i in further if i < len(cells) and cells[i].strip()), "")
        if " ::: " in text:  # Google's contacts: several of one kind
            text = text.partition(" ::: ")[0]
        name = ""
        for index in names:
            if index < len(cells) and (part := clean_name(cells[index])):
                name = f"{name} {part}" if name else part
        if harmless:
            text, name = text.removeprefix("'"), name.removeprefix("'")
        said = kind if status is None or status >= len(cells) else says(cells[status])
        yield Row(number, text, name, said, _swallowed(cells) if several else "")


def _swallowed(cells: Sequence[str]) -> str:
    for text in cells:
        if "\n" in text and any("@" in line and "," in line for line in text.splitlines()[1:]):
            return "Several lines were read as one: a quotation mark is missing in this row or just after it."
    return ""


def _cells(count: int) -> str:
    return "one" if count == 1 else f"{count} of them"
