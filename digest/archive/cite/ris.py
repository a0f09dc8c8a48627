"""RIS, as reference managers exchange it (the tags of the 2011 specification). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from digest.archive.cite.names import Name
from digest.archive.cite.reference import Kind, Reference

_TYPES = {Kind.ARTICLE: "JOUR", Kind.WEB: "ELEC", Kind.ISSUE: "JFULL"}


def ris(references: Sequence[Reference]) -> str:
    """One record for each. Lines end in CR LF; values are on one line."""
    return "".join(
        f"{tag}  - {value}\r\n" for ref in references for tag, value in _lines(ref) if value or tag == "ER"
    )


def _lines(ref: Reference) -> Iterator[tuple[str, str]]:
    first, dash, last = ref.pages.partition("-")
    yield "TY", _TYPES[ref.kind]
    yield "ID", ref.key
    yield "TI", ref.title
    for author in ref.authors:
        yield "AU", _name(author)
    yield "T2", ref.container
    yield "VL", ref.volume
    yield "IS", ref.number
    yield "SP", first
    yield "EP", last if dash else ""
    yield "PY", str(ref.date.year) if ref.date else ""
    yield "DA", ref.date.strftime("%Y/%m/%d") if ref.date else ""
    yield "PB", ref.publisher
    yield "DO", ref.doi
    yield "UR", ref.url
    yield "LA", ref.language
    yield "ER", ""


def _name(name: Name) -> str:
    return f"{name.family}, {name.given}" if name.given else name.family
