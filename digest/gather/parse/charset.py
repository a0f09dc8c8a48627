"""Bytes to text. RFC 7303: a byte order mark decides, then the HTTP header, then the XML declaration, then UTF-8."""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HTTP = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_XML = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']\s*([A-Za-z0-9._:-]+)", re.IGNORECASE)
# What is called Latin-1 or ASCII is Windows-1252 in practice (WHATWG Encoding, "labels").
_READ_AS = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
}
_SEVERAL_BYTES = ("gb", "big5", "euc", "cp9", "shift", "iso2022", "hz", "johab")


def decode(body: bytes, content_type: str = "") -> str:
    """`body` as text. Bytes that no declared encoding explains become U+FFFD; nothing raises."""
    return _read_once(_decoded(body, content_type))


def _decoded(body: bytes, content_type: str) -> str:
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    if body[:4] == b"\x00<\x00?":
        return body.decode("utf-16-be", "replace")
    if body[:4] == b"<\x00?\x00":
        return body.decode("utf-16-le", "replace")
    declared = [_known(found[1]) for found in (_HTTP.search(content_type),) if found]
    declared += [_known(found[1].decode("ascii")) for found in (_XML.search(body[:400]),) if found]
    names = [name for name in declared if name]
    # Bytes that are valid UTF-8 are hardly ever Latin or Cyrillic letters, whatever a header calls them; of the
    # encodings with several bytes to a character that cannot be said.
    first = [name for name in names if name.startswith(_SEVERAL_BYTES)]
    for name in dict.fromkeys((*first, "utf-8", *names)):
        try:
            return body.decode(name)
        except UnicodeDecodeError:
            continue
    if names and names[0] != "utf-8":
        return body.decode(names[0], "replace")
    # Called UTF-8, or nothing, and not UTF-8 throughout: each byte that does not fit is one of Windows-1252, be the
    # whole text mislabelled or a few words pasted into it.
    return body.decode("utf-8", _AS_WINDOWS)


# UTF-8 that a program between took for Windows-1252 and wrote as UTF-8 again: "Ã©" for "é", "â€™" for "’".
_AGAIN = bytes(range(0x80, 0xC0))
_FOLLOWS = "".join(
    bytes([code]).decode("cp1252") if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(code) for code in _AGAIN
)
_TWICE = re.compile(f"Ã[{_FOLLOWS}]|Â[\xa0-\xbf]|â(?:€[{_FOLLOWS}]|„¢|‚¬)|(?:[ÐÑ][{_FOLLOWS}]){{3,}}")
_BYTES = {ord(character): code for code, character in zip(_AGAIN, _FOLLOWS, strict=True)}
FEWEST_TWICE = 3  # in one feed: a single one may be what an article is about


def _read_once(text: str) -> str:
    """`text` without what was encoded twice; a feed may hold it in some of its entries only."""
    if not ("Ã" in text or "â€" in text or "Ð" in text):
        return text
    found = _TWICE.finditer(text)
    if (
        sum(not match[0].startswith("Â") for match, _ in zip(found, range(FEWEST_TWICE * 3), strict=False))
        < FEWEST_TWICE
    ):
        return text
    return _TWICE.sub(_once, text)


def _once(found: re.Match[str]) -> str:
    try:
        return bytes(_BYTES.get(ord(character), ord(character)) for character in found[0]).decode("utf-8")
    except ValueError:
        return found[0]


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


_AS_WINDOWS = "digest-as-windows-1252"
codecs.register_error(_AS_WINDOWS, _as_windows)


def _known(name: str) -> str:
    try:
        found = codecs.lookup(name).name
        b"a".decode(found)  # some codecs (base64, zlib) are not of text
    except (LookupError, UnicodeError, ValueError, TypeError, AssertionError):
        return ""
    return (
        _READ_AS.get(found, found) if not found.startswith(("utf-16", "utf-32", "utf-7", "idna", "punycode")) else ""
    )
