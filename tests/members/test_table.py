"""Tables as tools write them, and files that are none."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import UsageError
from digest.members.rows import Row
from digest.members.table import read_table


def rows_of(data: bytes, **how: str) -> list[Row]:
    return list(read_table(data, name="m.csv", **how).rows)


def addresses(data: bytes, **how: str) -> list[str]:
    return [row.address for row in rows_of(data, **how)]


@pytest.mark.parametrize(
    "heading", ["email", "E-Mail", "E-mail Address", "EMAIL", "mail", "Address", "Courriel", "email_address"]
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_headings_delimiters_and_encodings(heading: str, delimiter: str, encoding: str) -> None:
    text = f"Name{delimiter}{heading}\r\nZoë Müller{delimiter}zoe@example.org\r\n"
    row = rows_of(text.encode(encoding))[0]
    assert (row.number, row.address, row.name) == (2, "zoe@example.org", "Zoë Müller")


def test_it_says_what_it_understood() -> None:
    table = read_table("Vorname;Nachname;E-Mail\nZoë;Müller;zoe@example.org\n".encode("cp1252"), name="m.csv")
    assert table.understood == (
        "Windows-1252 (Western) text, columns parted by semicolons, addresses from 'E-Mail', "
        "names from 'Vorname' and 'Nachname'"
    )
    assert next(table.rows).name == "Zoë Müller"


def test_excel_says_its_delimiter() -> None:
    assert addresses(b"sep=;\r\nname;email\r\na, b;a@example.org\r\n") == ["a@example.org"]


def test_a_plain_list_of_addresses_needs_no_heading() -> None:
    assert addresses(b"a@example.org\n\nb@example.org") == ["a@example.org", "b@example.org"]


def test_quoted_cells_and_blank_rows() -> None:
    table = read_table(b'name,email\n"Lovelace,\nAda",ada@example.org\n,\n\nBen,ben@example.org\n', name="m.csv")
    assert [(row.number, row.name) for row in table.rows] == [(2, "Lovelace, Ada"), (5, "Ben")]


def test_a_ragged_row_is_named() -> None:
    rows = rows_of(b"name,email\nAda\nBen,ben@example.org,more\n")
    assert "ends before the column" in rows[0].wrong
    assert rows[1].address == "ben@example.org"
    assert not rows[1].wrong


def test_a_quotation_that_swallows_rows_is_named() -> None:
    data = b'name,email\nAda,ada@example.org\n"Ben,ben@example.org\nCleo,cleo@example.org\n"Dan",dan@example.org\n'
    wrong = [row for row in rows_of(data) if row.wrong]
    assert [row.number for row in wrong] == [3]
    assert "quotation mark" in wrong[0].wrong


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b" \r\n\r\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"name,town\nAda,London\n", "no column with addresses"),
        (b"email,name,e-mail\na@example.org,A,b@example.org\n", "two columns"),
        (b"<!DOCTYPE html><title>Sign in</title>", "a web page"),
        (b"PK\x03\x04rest", "a spreadsheet"),
        (b"\xd0\xcf\x11\xe0rest", "an old Excel"),
        (b"%PDF-1.7", "a PDF"),
        (b"email\n\xff\xfe\x81\x8d\x90\x9d" + bytes(range(128, 256)), "not text"),
        (b'email,name\nada@example.org,"Ada\nben@example.org,Ben\n', "from row 2 on"),
        (b"email\n" + b"x" * 200_000, "from row 2 on"),
    ],
)
def test_what_is_no_table_is_refused_whole_in_words(data: bytes, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        list(read_table(data, name="members.csv").rows)
    assert words in str(caught.value)
    assert "members.csv" in str(caught.value)
    assert caught.value.hint


def test_names_lose_control_characters() -> None:
    rows = rows_of('email,name\na@example.org,"A\u202e\x00 d\n a"\n'.encode())
    assert rows[0].name == "A d a"


cells = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00\x1e@"), max_size=20)


@given(st.lists(cells, min_size=1, max_size=20), st.sampled_from(",;\t"))
def test_every_row_a_csv_writer_writes_is_read(names: list[str], delimiter: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(["email", "name"])
    writer.writerows([f"m{index}@example.org", name] for index, name in enumerate(names))
    rows = rows_of(out.getvalue().encode())
    assert [row.address for row in rows] == [f"m{index}@example.org" for index in range(len(names))]
    assert not any(row.wrong for row in rows)
