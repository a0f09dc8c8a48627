"""Publications and closing dates, from the modules that feeds state them in and from what publishers write."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from urllib.parse import unquote

from digest.gather.clean.text import one_line, plain_title
from digest.gather.document import Publication

_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s\"<>?#&]+)")
_CALLED_DOI = re.compile(
    r"(?:\bdoi\.org/|\bdoi:?\s{0,3}(?:<[^<>]{0,300}>)?\s{0,3})(10\.\d{4,9}/[^\s\"<>?#&]+)", re.IGNORECASE
)
# "Source: Computers & Education, Volume 210", "Volume 49, Issue 1, January 2024, Page 1-18": how Elsevier, Wiley and
# Taylor & Francis begin a description.
_SOURCE = re.compile(
    r"^\s*(?:<p>)?(?P<first>[^<>:]{3,200}?),\s*Volume\b"
    r"|\bSource:\s*(?:</?\w+>\s*){0,3}(?P<named>[^<>:]{3,200}?)(?:,\s*Volume\b|\s*<)"
)
_AUTHORS = re.compile(r"\bAuthor\(s\):\s*(?:</?\w+>\s*){0,3}([^<>:]{3,2000}?)\s*(?:<|$)")
_VOLUME = re.compile(
    r"\bVolume\s+(?P<volume>[\w-]{1,12})(?:,\s*(?:Issue|Number)\s+(?P<issue>[\w.–-]{1,20}))?"
    r"(?:,[^<.]{0,40}?\b[Pp](?:ages?|p\.)\s*(?P<pages>[A-Za-z]?\d+(?:\s?[-–]\s?[A-Za-z]?\d+)?))?"
)
_NO_PAGE = {"", "-", "n/a", "N/A", "na", "0"}
_OPEN = re.compile(r"creativecommons\.org/(?:licenses|publicdomain)|\bCC[ -]BY\b|\bopen access\b", re.IGNORECASE)
_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_CLOSING = re.compile(
    rf"""\b(?:closing\ date|closes|close|deadline|apply\ by|applications?\ (?:close|by|due)
        |submissions?\ (?:close|by|due)|respond\ by|submit\ by)\b
        [^.;\n\d]{{0,60}}?(?:\d{{1,2}}[:.]\d{{2}}\s*(?:am|pm)?[^.;\n\d]{{0,40}}?)?
        (\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({_MONTH})\s+(\d{{4}})\b""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPublication:
    """A citation's fields as text. `identifiers` may hold a DOI in any of its spellings."""

    journal: str = ""
    volume: str = ""
    issue: str = ""
    first_page: str = ""
    last_page: str = ""
    pages: str = ""
    identifiers: tuple[str, ...] = ()
    rights: str = ""

    @property
    def is_stated(self) -> bool:
        return bool(self.journal or self.volume or self.issue or self.pages or self.first_page)


def find_doi(*texts: str) -> str:
    """The first DOI in `texts`, bare: `10.25304/rlt.v32.3086`."""
    for text in texts:
        if found := _DOI.search(unquote(text)):
            return _trimmed(found[1])
    return ""


def publication_from_fields(raw: RawPublication, *, journal: str, url: str, text: str = "") -> Publication:
    """The citation; `journal` stands in where the entry names none.

    `text` is its content as the source gave it: publishers without fields of their own write the rest there.
    """
    ends = dict.fromkeys(page for page in (raw.first_page, raw.last_page) if page not in _NO_PAGE)
    pages = raw.pages if raw.pages not in _NO_PAGE else "–".join(ends)
    said = _said(text[:20_000])
    return Publication(
        journal=one_line(raw.journal or said.get("journal", "") or journal)[:300],
        doi=find_doi(*raw.identifiers, url) or _only_doi(text[:20_000]),
        volume=one_line(raw.volume or said.get("volume", ""))[:40],
        issue=one_line(raw.issue or said.get("issue", ""))[:40],
        pages=one_line(pages or said.get("pages", "")).replace("-", "–")[:40],
        open_access=True if _OPEN.search(raw.rights) else None,
    )


def authors_said(text: str) -> tuple[str, ...]:
    """The authors whom a publisher without a field for them names in the content."""
    found = _AUTHORS.search(text[:20_000])
    return tuple(found[1].split(", ")) if found else ()


def _trimmed(doi: str) -> str:
    """Without the punctuation of the sentence and without what a site's address adds behind it."""
    doi = re.sub(r"/(?:abstract|full|pdf|epdf|html|meta|fulltext|summary)/?$", "", doi.rstrip(".,;:]}'\""))
    while doi.endswith(")") and doi.count(")") > doi.count("("):
        doi = doi[:-1].rstrip(".,;:")
    return doi


def _only_doi(text: str) -> str:
    """The one DOI that a text calls one; an abstract may name those of other works."""
    found = {_trimmed(doi) for doi in _CALLED_DOI.findall(unquote(text))}
    return found.pop() if len(found) == 1 else ""


def _said(text: str) -> dict[str, str]:
    found = {}
    if source := _SOURCE.search(text):
        found["journal"] = plain_title(source["first"] or source["named"], is_html=True).strip(" ,")
    if volume := _VOLUME.search(text):
        found |= {name: value for name, value in volume.groupdict().items() if value}
    return found


def closing_date(text: str) -> dt.date | None:
    """The one closing date that `text` states with day, month and year; None when it states none or several."""
    found = set()
    for day, month, year in _CLOSING.findall(text[:20_000]):
        number = _MONTH.casefold().split("|").index(month.casefold()) + 1
        try:
            found.add(dt.date(int(year), number, int(day)))
        except ValueError:
            continue
    return found.pop() if len(found) == 1 else None
