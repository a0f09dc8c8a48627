"""A table of people as some tool wrote it: find the encoding, the delimiter and the columns. Pure.

A file that is no such table is refused whole, in words; a row that cannot be used is for the roll to refuse.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from digest.errors import UsageError

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+")
_END = "\x1eend of file\x1e"  # see _records

# Headings, lower case, letters and digits only. The second list is asked when the first finds nothing:
# an "address" is as often a street as a mailbox.
ADDRESS_HEADINGS = [
    "email",
    "emails",
    "mail",
    "emailaddress",
    "mailaddress",
    "mailadress",
    "emailadress",
    "primaryemail",
    "emailprimary",
    "contactemail",
    "emailaddress1",
    "email1value",
    "useremail",
    "memberemail",
    "subscriberemail",
    "emailid",
    "emailadresse",
    "mailadresse",
    "epost",
    "epostadresse",
    "courriel",
    "adressemail",
    "adresseemail",
    "adressecourriel",
    "correo",
    "correoelectronico",
    "correoelectrnico",
    "indirizzoemail",
    "emailadres",
    "mailadres",
    "sahkoposti",
    "shkposti",
    "adresemail",
]
WEAK_ADDRESS_HEADINGS = ("address", "adresse", "to", "subscriber", "recipient")
NAME_HEADINGS = ("name", "fullname", "displayname", "membername", "contactname", "yourname", "nom", "nombre")
FIRST_HEADINGS = ("firstname", "first", "givenname", "forename", "vorname", "prenom", "prnom")
LAST_HEADINGS = ("lastname", "last", "surname", "familyname", "nachname", "nomdefamille")

_NOT_TABLES = (
    (b"PK\x03\x04", "a spreadsheet or another packed file (.xlsx, .ods, .zip)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file (.xls, .doc)"),
    (b"%PDF", "a PDF file"),
    (b"\x1f\x8b", "a packed file (.gz)"),
    (b"SQLite format 3", "a database"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row. `number` counts as a spreadsheet does, the heading being row 1. `wrong`: why it cannot be read."""

    number: int
    address: str
    name: str
    wrong: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that was understood. `understood` says how, for a person to check."""

    understood: str
    rows: tuple[Row, ...]


def read_table(data: bytes, *, name: str) -> Table:
    """The rows of a CSV file. `name` is what messages call it. Raises UsageError in words."""
    text, encoding = _decode(data, name)
    stripped = text.lstrip()[:200].lower()
    if not stripped:
        raise UsageError(f"{name} is empty.", hint="Export the members again. Nothing was changed.")
    if stripped.startswith(("<!doctype html", "<html", "<?xml", "<head", "<body")):
        raise UsageError(
            f"{name} is a web page, not a table.",
            hint="The export was probably answered by a sign-in page: open the file to see. Nothing was changed.",
        )
    given, text = _given_delimiter(text)
    delimiter = given or _delimiter(text)
    records = _records(text, delimiter, name)
    first = next(((number, cells) for number, cells in records if any(cell.strip() for cell in cells)), None)
    assert first is not None  # the text is not blank
    columns = _columns(first[1], name)
    rows = [] if columns.heading else [_row(first[0], first[1], columns)]
    rows += [_row(number, cells, columns) for number, cells in records if any(cell.strip() for cell in cells)]
    parted = f"columns parted by {DELIMITERS.get(delimiter, repr(delimiter))}" if len(first[1]) > 1 else "one column"
    return Table(understood=f"{encoding} text, {parted}, {columns.understood}", rows=tuple(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    address: int
    names: tuple[int, ...]
    heading: bool
    understood: str


def _decode(data: bytes, name: str) -> tuple[str, str]:
    for magic, what in _NOT_TABLES:
        if data.startswith(magic):
            raise UsageError(
                f"{name} is {what}, not a CSV file.",
                hint='Open it and save it as "CSV UTF-8", then try again. Nothing was changed.',
            )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = [("utf-16", "UTF-16")]
    elif data[1:2] == b"\x00" or data[:1] == b"\x00":
        candidates = [("utf-16-be" if data[:1] == b"\x00" else "utf-16-le", "UTF-16")]
    else:
        candidates = [("utf-8-sig", "UTF-8"), ("cp1252", "Windows-1252")]
    for encoding, label in candidates:
        try:
            return data.decode(encoding), label
        except UnicodeDecodeError:
            continue
    raise UsageError(
        f"{name} is not text in UTF-8, UTF-16 or Windows-1252.",
        hint='Save it as "CSV UTF-8" and try again. Nothing was changed.',
    )


def _given_delimiter(text: str) -> tuple[str, str]:
    """Excel's own first line, `sep=;`, and the text after it."""
    line, newline, rest = text.partition("\n")
    found = re.fullmatch(r'"?sep=(.)"?', line.strip("\r"), re.IGNORECASE)
    return (found[1], rest) if found and newline else ("", text)


def _delimiter(text: str) -> str:
    """The delimiter under which the first row has an address heading, else the most columns."""
    line = next(line for line in io.StringIO(text) if line.strip())

    def worth(delimiter: str) -> tuple[bool, int]:
        cells = next(csv.reader([line], delimiter=delimiter), [])
        folded = [_fold(cell) for cell in cells]
        return any(cell in ADDRESS_HEADINGS for cell in folded), len(cells)

    return max(DELIMITERS, key=worth)


def _records(text: str, delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """`(row number, cells)`. A quotation mark that is never closed refuses the file: it hides the rows after it.

    A last line of our own shows it: read as a row of its own, or swallowed by an open quotation.
    """
    lines = io.StringIO(text if text.endswith(("\n", "\r")) else text + "\n", newline="")
    reader = csv.reader(_with_end(lines), delimiter=delimiter)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _unreadable(name, number, str(error)) from None
        if cells == [_END]:
            return
        if any(_END in cell for cell in cells):
            raise _unreadable(name, number, "a quotation mark is opened there and never closed")
        yield number, cells


def _with_end(lines: io.StringIO) -> Iterator[str]:
    yield from lines
    yield _END


def _unreadable(name: str, number: int, why: str) -> UsageError:
    return UsageError(
        f"{name} cannot be read from row {number} on: {why}.",
        hint="Mend that row and try again. Nothing was changed.",
    )


def _columns(cells: Sequence[str], name: str) -> _Columns:
    folded = [_fold(cell) for cell in cells]
    addresses = [index for index, cell in enumerate(folded) if cell in ADDRESS_HEADINGS]
    if not addresses:
        addresses = [index for index, cell in enumerate(folded) if cell in WEAK_ADDRESS_HEADINGS]
    if len(addresses) > 1:
        both = " and ".join(repr(cells[index].strip()) for index in addresses[:2])
        raise UsageError(
            f"{name} has two columns that may hold the address: {both}.",
            hint="Delete or rename the one that is not meant. Nothing was changed.",
        )
    if addresses:
        names = _name_columns(folded)
        described = f"addresses from {cells[addresses[0]].strip()!r}"
        if names:
            described += ", names from " + " and ".join(repr(cells[index].strip()) for index in names)
        return _Columns(address=addresses[0], names=names, heading=True, understood=described)
    holding = [index for index, cell in enumerate(cells) if _ADDRESS.fullmatch(cell.strip())]
    if len(holding) == 1:
        return _Columns(
            address=holding[0],
            names=(),
            heading=False,
            understood=f"no heading, addresses from column {holding[0] + 1}",
        )
    shown = ", ".join(repr(cell.strip()[:40]) for cell in cells[:8])
    raise UsageError(
        f"{name} has no column with addresses. Its first row says: {shown}.",
        hint='Name the column "email" in the first row, and try again. Nothing was changed.',
    )


def _name_columns(folded: Sequence[str]) -> tuple[int, ...]:
    def first(headings: Sequence[str]) -> tuple[int, ...]:
        return next(((index,) for index, cell in enumerate(folded) if cell in headings), ())

    return first(NAME_HEADINGS) or first(FIRST_HEADINGS) + first(LAST_HEADINGS)


def _row(number: int, cells: Sequence[str], columns: _Columns) -> Row:
    def cell(index: int) -> str:
        return cells[index] if index < len(cells) else ""

    wrong = ""
    if any("\n" in text and any("@" in line and "," in line for line in text.splitlines()[1:]) for text in cells):
        wrong = "Several lines were read as one: a quotation mark is missing in this row or just after it."
    elif columns.address >= len(cells):
        wrong = f"The row ends before the column with the address: it has {len(cells)} of them."
    return Row(
        number=number,
        address=cell(columns.address).strip(),
        name=" ".join(part for index in columns.names if (part := _clean(cell(index)))),
        wrong=wrong,
    )


def _clean(text: str) -> str:
    """One line without control and format characters."""
    kept = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(kept.split())


def _fold(heading: str) -> str:
    return "".join(c for c in heading.strip().lower() if c.isascii() and c.isalnum())
