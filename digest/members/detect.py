"""What a file is before anybody reads rows from it: its encoding, or why it is no table of people.

One pass over the bytes, with flat memory: the encoding of a file can turn on its last line.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from dataclasses import dataclass
from typing import BinaryIO

from digest.errors import UsageError

CHUNK = 1 << 20
LONGEST_LINE = 1 << 20  # bytes: no row of people is longer
_SAMPLE = 1 << 16  # bytes of lines with other than ASCII letters, to tell old encodings apart by

LABELS = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252 (Western)",
    "cp1250": "Windows-1250 (Central European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "cp932": "Shift_JIS (Japanese)",
    "gb18030": "GB 18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "euc_kr": "EUC-KR (Korean)",
    "mac_roman": "Mac Roman",
    "koi8_r": "KOI8-R (Cyrillic)",
}
_OLD = tuple(name for name in LABELS if not name.startswith("utf"))

_NOT_TABLES = (
    (b"PK\x03\x04", "a spreadsheet or another packed file (.xlsx, .ods, .zip)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file (.xls, .doc)"),
    (b"%PDF", "a PDF file"),
    (b"\x1f\x8b", "a packed file (.gz)"),
    (b"SQLite format 3", "a database"),
    (b"{\\rtf", "a text with formatting (.rtf)"),
)
_NOT_TEXTS = (
    (("<!doctype html", "<html", "<?xml", "<head", "<body"), "a web page"),
    (("begin:vcard",), "a file of vCards (.vcf)"),
    (("{", "["), "JSON"),
)
_HINTS = {
    "a web page": "The export was probably answered by a sign-in page: open the file to see. Nothing was changed.",
}
_SAVE_AS = 'Open it and save it as "CSV UTF-8", then try again. Nothing was changed.'


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A file of text: how its bytes are to be read, in Python's name and in words, and its SHA-256."""

    encoding: str
    label: str
    sha256: str


def scan(file: BinaryIO, *, name: str, encoding: str = "") -> Scan:
    """Look through `file` from its beginning, and go back there. Raises UsageError in words.

    `encoding` is a person's word for it, by Python's name; else UTF-8 where the bytes are that, else UTF-16 by its
    mark or its zeros, else the likeliest of the old encodings.
    """
    start = file.read(CHUNK)
    for magic, what in _NOT_TABLES:
        if start.startswith(magic):
            raise UsageError(f"{name} is {what}, not a CSV file.", hint=_SAVE_AS)
    digest, sample, utf8 = _pass(file, start, name)
    file.seek(0)
    chosen = _asked(encoding) if encoding else _encoding(start, sample, utf8, name)
    return Scan(encoding=chosen, label=LABELS.get(chosen, chosen), sha256=digest)


def refuse_other_texts(head: str, *, name: str) -> None:
    """Raise UsageError for an empty text, a web page and the like. `head` is how it begins."""
    begins = head.lstrip().lower()
    if not begins:
        raise empty(name)
    for starts, what in _NOT_TEXTS:
        if begins.startswith(starts):
            raise UsageError(f"{name} is {what}, not a table.", hint=_HINTS.get(what, _SAVE_AS))


def empty(name: str) -> UsageError:
    """What is said of a file in which nothing stands."""
    return UsageError(f"{name} is empty.", hint="Export the members again. Nothing was changed.")


def not_text(name: str, label: str) -> UsageError:
    """What is said of a file whose bytes do not fit its encoding."""
    return UsageError(
        f"{name} is not text in {label}.", hint='Save it as "CSV UTF-8" and try again. Nothing was changed.'
    )


def _pass(file: BinaryIO, chunk: bytes, name: str) -> tuple[str, bytes, bool]:
    """SHA-256, lines that hold other than ASCII letters, and whether all of it is UTF-8."""
    digest, decoder = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")()
    sample = bytearray()
    lines, length, utf8 = 1, 0, True
    while chunk:
        digest.update(chunk)
        length = _longest(chunk, length)
        if length > LONGEST_LINE:
            raise UsageError(
                f"{name} cannot be read: from line {lines + _ends(chunk)} at the latest it goes on for more than a "
                "megabyte without a new line.",
                hint="It is probably no table of people, or was damaged on its way. Nothing was changed.",
            )
        lines += _ends(chunk)
        if utf8:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                utf8 = False
        if len(sample) < _SAMPLE and not chunk.isascii():
            sample += b"\n".join(re.findall(rb"[^\r\n]*[\x80-\xff][^\r\n]*", chunk))[:_SAMPLE]
        chunk = file.read(CHUNK)
    if utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            utf8 = False
    return digest.hexdigest(), bytes(sample), utf8


def _ends(chunk: bytes) -> int:
    return chunk.count(b"\n") or chunk.count(b"\r")


def _longest(chunk: bytes, before: int) -> int:
    """The length of the line that `chunk` ends in, when `before` bytes of it came earlier; or that of one cut off."""
    first = min((at for at in (chunk.find(b"\n"), chunk.find(b"\r")) if at >= 0), default=-1)
    if first < 0 or before + first > LONGEST_LINE:
        return before + (len(chunk) if first < 0 else first)
    return len(chunk) - 1 - max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))


def _encoding(start: bytes, sample: bytes, utf8: bool, name: str) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start[1:2] == b"\0" and start[:1] != b"\0":
        return "utf-16-le"
    if start[:1] == b"\0" and start[1:2] != b"\0":
        return "utf-16-be"
    if utf8:
        return "utf-8-sig"
    if start.startswith(codecs.BOM_UTF8):
        raise not_text(name, "UTF-8, though it says so")
    return _old(sample, name)


def _old(sample: bytes, name: str) -> str:
    """The likeliest encoding from before UTF-8. Western where nothing speaks for another: names alone are little to
    go by, and the person who looks at the dry run has the last word."""
    from charset_normalizer import from_bytes

    found = list(from_bytes(sample, cp_isolation=list(_OLD)))
    if not found:
        raise not_text(name, "UTF-8, UTF-16 or an encoding that could be recognised")
    best = found[0]
    for match in found:
        alike = {match.encoding, *match.could_be_from_charset}
        if "cp1252" in alike and match.chaos <= best.chaos + 0.02:
            return "cp1252"
    try:
        western = sample.decode("cp1252")
    except UnicodeDecodeError:
        return best.encoding
    return "cp1252" if best.encoding in ("cp1250", "mac_roman") and _looks_western(western) else best.encoding


def _looks_western(text: str) -> bool:
    """Whether the letters outside ASCII are those of Western European names, and stand alone among others."""
    odd = [c for c in text if not c.isascii()]
    usual = sum(c in "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿŒœŠšŽžŸ‘’“”–—…€" for c in odd)
    return usual >= 0.9 * len(odd)


def _asked(encoding: str) -> str:
    try:
        found = codecs.lookup(encoding)
    except LookupError:
        found = None
    if found is None or not found._is_text_encoding:  # rot13 and base64 are codecs, too
        raise UsageError(
            f"There is no encoding {encoding!r}.",
            hint="Write it like utf-8, utf-16, cp1252, cp1250, cp1251 or shift_jis.",
        )
    return {"utf-8": "utf-8-sig"}.get(found.name, found.name)
