"""Bad input: counted, named by row, nothing half-applied, and never a traceback."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.config import Keys
from digest.errors import DigestError, UsageError
from digest.installation.models import Audit
from digest.members.address import Refused, normalise
from digest.members.detect import LONGEST_LINE
from digest.members.models import Consent, Member
from digest.members.roll import ImportReport, compare, import_bytes
from digest.members.table import read_table

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)


def bring(keys: Keys, data: bytes | str, name: str = "members.csv") -> ImportReport:
    raw = data.encode() if isinstance(data, str) else data
    return import_bytes(raw, name=name, keys=keys, now=NOW)


def refused(report: ImportReport) -> dict[int, str]:
    return {note.row: note.reason for note in report.refused}


def emails() -> list[str]:
    return [str(member.email) for member in Member.objects.order_by("pk")]


def test_rows_without_an_address(keys: Keys) -> None:
    report = bring(keys, "name,email\nAda,\nBen,   \nCleo,cleo@example.org\n,\n\nDan\n")
    assert refused(report) == {
        2: "There is no address.",
        3: "There is no address.",
        7: "The row ends before the column with the address: it has one.",
    }
    assert emails() == ["cleo@example.org"]
    assert report.rows == 4


def test_two_columns_that_may_hold_the_address(keys: Keys) -> None:
    with pytest.raises(UsageError, match=r"'E-mail' and 'Courriel'.*\n.*--column"):
        bring(keys, "E-mail,Courriel\na@example.org,b@example.org\n")
    assert not Member.objects.exists()


def test_duplicates_by_case_and_spacing(keys: Keys) -> None:
    report = bring(keys, "email\nada@example.org\n ADA@EXAMPLE.ORG \n\tAda@Example.org\nben@example.org\n")
    assert [(note.row, note.reason) for note in report.repeated] == [
        (3, "The address stands in row 2 already."),
        (4, "The address stands in row 2 already."),
    ]
    assert emails() == ["ada@example.org", "ben@example.org"]


def test_the_longest_address_there_may_be(keys: Keys) -> None:
    longest = "a" * 64 + "@" + "b" * 60 + "." + "c" * 60 + "." + "d" * 59 + ".example"
    assert len(longest) == 254
    report = bring(keys, f"email\n{longest}\n{'x' + longest[:63]}@{'y' * 63}.{'z' * 63}.{'w' * 63}.example\n")
    assert emails() == [longest]
    assert "too long" in refused(report)[3]


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ('"ada love"@example.org', "Quoting"),
        ("jörg@example.org", "before the @"),
        ("ada@example.org\\r\\nBcc: eve@example.org", "invalid"),
        ("ada@localhost", "period"),
        ("ada@192.0.2.1", "top-level"),
        ("ada", "@"),
        ("@example.org", "before the @"),
        ("ada@example.org,ben@example.org", "invalid"),
    ],
)
def test_what_is_no_address_for_us_is_named_with_the_reason(keys: Keys, address: str, word: str) -> None:
    report = bring(keys, f'email,name\n"{address.replace(chr(34), chr(34) * 2)}",Ada\nben@example.org,Ben\n')
    assert word in refused(report)[2]
    assert emails() == ["ben@example.org"]


def test_international_domains_become_punycode(keys: Keys) -> None:
    bring(keys, "email\nada@Müller.example\nben@xn--mller-kva.example\ncleo@пример.example\n")
    assert emails() == ["ada@xn--mller-kva.example", "ben@xn--mller-kva.example", "cleo@xn--e1afmkfd.example"]


def test_line_ends_and_formulas_in_names(keys: Keys) -> None:
    bring(
        keys, 'email,name\na@example.org,"Ada\r\nBcc: x"\nb@example.org,=HYPERLINK("x")\nc@example.org,"\tC\x07 c"\n'
    )
    assert [member.name for member in Member.objects.order_by("pk")] == ["Ada Bcc: x", '=HYPERLINK("x")', "C c"]


def test_nul_bytes(keys: Keys) -> None:
    report = bring(keys, b"email,name\nada@example.org,A\x00da\nb\x00en@example.org,Ben\ncleo@example.org,C\x00\n")
    assert [member.name for member in Member.objects.order_by("pk")] == ["Ada", "C"]
    assert list(refused(report)) == [3]


def test_ragged_rows(keys: Keys) -> None:
    report = bring(
        keys, "name,town,email\nAda,London\nBen,Rome,ben@example.org,more,and more\nCleo,Oslo,cleo@example.org\n"
    )
    assert refused(report) == {2: "The row ends before the column with the address: it has 2 of them."}
    assert emails() == ["ben@example.org", "cleo@example.org"]


def test_a_quotation_never_closed(keys: Keys) -> None:
    with pytest.raises(UsageError, match="from row 3 on"):
        bring(keys, 'email,name\nada@example.org,Ada\nben@example.org,"Ben\n' + "m@example.org,M\n" * 3000)
    assert not Member.objects.exists()


def test_a_quotation_that_swallows_a_row_names_it(keys: Keys) -> None:
    report = bring(
        keys, 'name,email\n"Ada,ada@example.org\nBen,ben@example.org\n"Cleo",cleo@example.org\nDan,dan@example.org\n'
    )
    assert "quotation mark is missing" in refused(report)[2]
    assert emails() == ["dan@example.org"]


def spreadsheet() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("xl/workbook.xml", "<workbook/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\n \r\n\t\n", "is empty"),
        (b"sep=;\r\n", "is empty"),
        (spreadsheet(), "a spreadsheet"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html>\n<html><form>Sign in: a@example.org</form></html>", "a web page"),
        (b"BEGIN:VCARD\nEMAIL:a@example.org\nEND:VCARD\n", "vCards"),
        (b'[{"email": "a@example.org"}]', "JSON"),
        (b"{\\rtf1 email a@example.org}", "formatting"),
        (b"name,town\nAda,London\n", "no column with addresses"),
        (b"\xef\xbb\xbfemail\n\xff\xfe@example.org\n", "not text in UTF-8"),
        ("email\na@example.org\n".encode("utf-16")[:-1], "not text in UTF-16"),
        (b"email,name\na@example.org," + b"x" * 200_000 + b"\n", "from row 2 on"),
    ],
)
def test_what_is_no_roll_is_refused_whole(keys: Keys, data: bytes, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        bring(keys, data)
    assert words in str(caught.value)
    assert "Nothing was changed" in str(caught.value)
    assert not Member.objects.exists()
    assert not Audit.objects.filter(verb="members.import").exists()


def test_a_heading_alone_brings_nobody(keys: Keys) -> None:
    assert bring(keys, "email,name\n").rows == 0


class Endless(io.RawIOBase):
    """A gigabyte without a new line, of which only what is read is made."""

    def __init__(self) -> None:
        self.given = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        self.given += size
        assert self.given < 10 * LONGEST_LINE, "read on and on"
        return (b"email\n" if self.given == size else b"") + b"x" * size


def test_a_line_of_a_gigabyte_is_given_up_after_a_megabyte_or_two(keys: Keys) -> None:
    with (
        pytest.raises(UsageError, match="more than a megabyte"),
        compare(Endless(), name="members.csv", keys=keys),  # type: ignore[arg-type]
    ):
        pass


def test_bytes_that_stop_being_text_after_a_megabyte_leave_nothing_behind(keys: Keys) -> None:
    good = "".join(f"m{n}@example.org\n" for n in range(100_000))
    data = ("email\n" + good).encode("utf-16") + b"\x00\xd8\x00\xd8\n\x00"
    with pytest.raises(UsageError, match="not text"):
        bring(keys, data)
    assert not Member.objects.exists()


@pytest.mark.parametrize(
    "text",
    ["a" * 60_000, " " * 60_000 + "x", "A <a@example.org>\n" + " " * 200_000 + "x", "x" * 900 + "@" + "a." * 40_000],
)
def test_long_lines_of_nothing_take_no_time(text: str) -> None:
    """What takes the square of a line's length would not end."""
    with contextlib.suppress(UsageError):
        rows = list(read_table(text.encode(), name="m.csv").rows)
        assert all(isinstance(normalise(row.address), Refused) for row in rows if not row.wrong and row.name != "A")


def test_old_macs_ends_of_lines(keys: Keys) -> None:
    bring(keys, b"email,name\rada@example.org,Ada\rben@example.org,Ben\r")
    assert emails() == ["ada@example.org", "ben@example.org"]


def test_every_row_is_counted_once(keys: Keys) -> None:
    report = bring(keys, "email\na@example.org\nA@example.org\nnone\n\nb@example.org\n")
    assert report.rows == sum(report.counts.values()) == 4
    assert Consent.objects.count() == report.new == 2


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_whatever_the_bytes_it_answers_in_words(data: bytes) -> None:
    for raw in (data, b"email,name\n" + data):
        with contextlib.suppress(DigestError):
            assert all(isinstance(row.address, str) for row in read_table(raw, name="m.csv").rows)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_whatever_the_text_it_answers_in_words(text: str) -> None:
    raw = text.encode("utf-8", "surrogatepass")
    for begin in (b"", b"* list\n", b"A <a@example.org>\n", b"email;name\n"):
        with contextlib.suppress(DigestError):
            for row in read_table(begin + raw, name="m.csv").rows:
                assert row.name == " ".join(row.name.split())


def test_files_are_not_closed_under_their_owner(keys: Keys, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(b"email\na@example.org\n")
    with path.open("rb") as file:
        with compare(file, name="m.csv", keys=keys) as comparison:
            assert comparison.report().new == 1
        assert not file.closed
    assert not Member.objects.exists()  # a look changes nothing
