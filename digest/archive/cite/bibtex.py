"""BibTeX: entry types and fields of the standard styles (btxdoc, 1988), with `url` and `doi`. Pure.

What is written is UTF-8. Every character that means something to TeX is escaped; the entry can be read back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from digest.archive.cite.names import Name
from digest.archive.cite.reference import Kind, Reference

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "{": r"\{",
        "}": r"\}",
        **{sign: f"\\{sign}" for sign in "$&#_%"},
    }
)
# A word with a capital that is not its first letter, as OER or WordPress: a style must not make it small.
_CAPITALS = re.compile(r"\b(\w+[A-Z]\w*)\b")


def bibtex(references: Sequence[Reference]) -> str:
    """One entry for each, parted by blank lines."""
    return "\n".join(map(_entry, references))


def _entry(ref: Reference) -> str:
    fields: list[tuple[str, str]] = [
        ("author", " and ".join(map(_name, ref.authors))),
        ("title", _title(ref.title)),
    ]
    if ref.kind is Kind.ARTICLE:
        fields += [
            ("journal", escaped(ref.container)),
            ("volume", escaped(ref.volume)),
            ("number", escaped(ref.number)),
            ("pages", escaped(ref.pages).replace("-", "--")),
        ]
    else:
        fields += [("howpublished", escaped(ref.container or ref.publisher)), ("number", escaped(ref.number))]
    fields += [("year", str(ref.date.year) if ref.date else "")]
    lines = [f"  {name} = {{{value}}}," for name, value in fields if value]
    if ref.date:
        lines.append(f"  month = {_MONTHS[ref.date.month - 1]},")
    lines += [
        f"  {name} = {{{value}}},"
        for name, value in (("doi", _verbatim(ref.doi)), ("url", _verbatim(ref.url)))
        if value
    ]
    return f"@{'article' if ref.kind is Kind.ARTICLE else 'misc'}{{{ref.key},\n" + "\n".join(lines) + "\n}\n"


def escaped(text: str) -> str:
    """`text` for a field between braces."""
    return text.translate(_TEX)


def _title(text: str) -> str:
    parts = _CAPITALS.split(text)  # what stands between the words that are kept, and those words themselves
    return "".join(f"{{{escaped(part)}}}" if number % 2 else escaped(part) for number, part in enumerate(parts))


def _name(name: Name) -> str:
    if name.given:
        return f"{escaped(name.family)}, {escaped(name.given)}"
    return f"{{{escaped(name.family)}}}"  # in braces, so that no "and" or comma in it parts it


def _verbatim(url: str) -> str:
    """An address: it stands as it is, but for the signs that would end the field."""
    return quote(url, safe="-_.!~*'()@/:=?;#%&,+$[]<>")
