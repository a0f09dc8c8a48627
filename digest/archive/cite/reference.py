"""What is cited, as one value from which each form is written. Pure."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from digest.archive.cite.names import Name, name_of
from digest.compose.document import IssueDocument, Item
from digest.render.dates import zone_of
from digest.render.plain import one_line, safe_url

_DOI = re.compile(r"10\.\d{4,9}/\S+")


class Kind(StrEnum):
    ARTICLE = "article"  # in a journal
    WEB = "web"  # any other publication that stands on the web
    ISSUE = "issue"  # of a periodical: the digest itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """`key` is of ASCII letters, digits and hyphens. Texts are on one line; what is not known is empty."""

    key: str
    kind: Kind
    title: str
    authors: tuple[Name, ...] = ()
    container: str = ""  # the journal, or the site
    volume: str = ""
    number: str = ""  # of the journal's issue, or the digest's number
    pages: str = ""  # "14-29"
    date: dt.date | None = None
    doi: str = ""
    url: str = ""
    publisher: str = ""
    language: str = ""


def of_issue(document: IssueDocument, *, permalink: str, publisher: str) -> Reference:
    """The issue itself, published by the association."""
    return Reference(
        key=_key(publisher, document.date, f"issue-{document.number}"),
        kind=Kind.ISSUE,
        title=one_line(document.title),
        authors=(Name(one_line(publisher)),),
        number=str(document.number) if document.number is not None else "",
        date=document.date,
        url=permalink,
        publisher=one_line(publisher),
        language=document.language,
    )


def publications(document: IssueDocument) -> Iterator[Item]:
    """The items that can be cited: with a publication's data, or in a section of publications."""
    for section in document.sections:
        for item in section.items:
            if item.publication is not None or section.kind == "publications":
                yield item


def of_item(document: IssueDocument, item: Item, *, permalink: str) -> Reference:
    """A publication in an issue; where it has no address, the one of its place in the issue."""
    paper = item.publication
    journal = one_line(paper.journal) if paper else ""
    doi = _DOI.search(one_line(paper.doi)) if paper else None
    published = item.published.astimezone(zone_of(document.zone)).date() if item.published else None
    authors = tuple(name_of(name) for author in item.authors if (name := one_line(author)))
    first = authors[0].family if authors else item.source_title
    return Reference(
        key=_key(first, published or document.date, item.id),
        kind=Kind.ARTICLE if journal or doi else Kind.WEB,
        title=one_line(item.title),
        authors=authors,
        container=journal or one_line(item.source_title),
        volume=one_line(paper.volume) if paper else "",
        number=one_line(paper.issue) if paper else "",
        pages=re.sub(r"\s*[-\u2010-\u2015]+\s*", "-", one_line(paper.pages)) if paper else "",
        date=published,
        doi=doi[0].rstrip(".,;") if doi else "",
        url=safe_url(item.url) or f"{permalink}#{item.id}",
    )


def _key(name: str, date: dt.date, rest: str) -> str:
    words = unicodedata.normalize("NFKD", f"{name} {date.year} {rest}").encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", words))
