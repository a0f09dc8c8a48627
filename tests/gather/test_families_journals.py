"""How publishers of journals write their feeds, one hand-made feed for each way."""

from __future__ import annotations

import datetime as dt

import pytest

from digest.gather.document import EntryDoc
from digest.gather.values import DateQuality, ParsedEntry
from tests.gather.feeds import only, rss

_NAMESPACES = (
    'xmlns="http://purl.org/rss/1.0/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:enc="http://purl.oclc.org/net/rss_2.0/enc#" '
    'xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/"'
)


def article(fields: str) -> ParsedEntry:
    """The one entry of an RSS 1.0 feed as publishers serve them."""
    body = (
        f'<?xml version="1.0"?><rdf:RDF {_NAMESPACES}><channel><title>Annals</title>'
        "<link>https://j.example/</link></channel><item rdf:about='https://j.example/1'>"
        f"<title>On hedges</title><link>https://j.example/1</link>{fields}</item></rdf:RDF>"
    )
    return only(body.encode(), section_kind="publications")


def published(description: str) -> EntryDoc:
    """What an RSS 2.0 entry with this description comes to."""
    body = rss(
        f"<title>On hedges</title><link>https://j.example/1</link><description><![CDATA[{description}]]></description>"
    )
    return only(body, section_kind="publications").doc


@pytest.mark.parametrize(
    "identifiers",
    [
        "<dc:identifier>info:doi/10.5555/a.1</dc:identifier><dc:identifier>hwp:resource-id:a;1</dc:identifier>",
        "<dc:identifier>hwp:resource-id:a;1</dc:identifier><dc:identifier>doi:10.5555/a.1</dc:identifier>",
        "<dc:identifier><![CDATA[https://doi.org/10.5555/a.1]]></dc:identifier><dc:identifier>9</dc:identifier>",
        "<prism:doi>10.5555/a.1</prism:doi><dc:identifier>9</dc:identifier>",
    ],
)
def test_the_doi_is_found_among_several_identifiers(identifiers: str) -> None:
    citation = article(identifiers).doc.publication
    assert citation is not None
    assert citation.doi == "10.5555/a.1"


def test_pages_that_are_not_known_yet_are_none() -> None:
    early = article("<prism:startingPage>n/a</prism:startingPage><prism:endingPage>n/a</prism:endingPage>")
    assert early.doc.publication is not None
    assert early.doc.publication.pages == ""


def test_an_enclosure_of_rdf_is_a_picture() -> None:
    image = article("<enc:enclosure rdf:resource='https://j.example/p.jpg' type='image/jpeg'/>").doc.image
    assert image is not None
    assert image.url == "https://j.example/p.jpg"


def test_the_journals_own_date_stands_in_where_there_is_no_other() -> None:
    alone = article("<prism:publicationDate>2024-02-10</prism:publicationDate>")
    assert (alone.published_at, alone.date_quality) == (dt.datetime(2024, 2, 10, tzinfo=dt.UTC), DateQuality.GUESSED)
    both = article("<prism:publicationDate>2024-02-10</prism:publicationDate><dc:date>2024-02-01T08:00:00Z</dc:date>")
    assert both.published_at == dt.datetime(2024, 2, 1, 8, tzinfo=dt.UTC)


def test_family_names_and_initials_in_one_field_are_people() -> None:
    authors = article("<dc:creator>Byron, A., Lace, B. C., Moss-Fern, D.</dc:creator>").doc.authors
    assert authors == ("Byron, A.", "Lace, B. C.", "Moss-Fern, D.")
    assert article("<dc:creator>Byron, A. L.</dc:creator>").doc.authors == ("Byron, A. L.",)


def test_a_description_that_only_cites() -> None:
    doc = published(
        "<p>Publication date: July 2024</p><p><b>Source:</b> Letters on Hedges, Volume 12, Issue 3</p>"
        "<p>Author(s): Ada Byron, Bo Ek</p>"
    )
    assert doc.summary == ""
    assert doc.authors == ("Ada Byron", "Bo Ek")
    assert doc.publication is not None
    assert (doc.publication.journal, doc.publication.volume) == ("Letters on Hedges", "12")
    assert published("Volume 49, Issue 1, January 2024, Page 1-18<br/>. ").summary == ""


@pytest.mark.parametrize(
    "description",
    [
        "Annals of Hedges, Ahead of Print. <br/>Hedges shelter birds.",
        "Annals of Hedges, Volume 4, Issue 2, Page 10-19, March 2024. <br/>Hedges shelter birds.",
        "<h3>Abstract</h3><p>Hedges shelter birds.</p>",
        "<p>Abstract: Hedges shelter birds.</p>",
        "<p>ABSTRACT Hedges shelter birds.</p>",
        "arXiv:2402.00001v1 Announce Type: new \nAbstract: Hedges shelter birds.",
    ],
)
def test_a_teaser_begins_behind_the_citation(description: str) -> None:
    assert published(description).summary == "Hedges shelter birds."


def test_a_sentence_that_begins_like_one_stays() -> None:
    assert published("<p>Abstract art is shown. Come.</p>").summary == "Abstract art is shown. Come."
    assert published("<p>Source code is shared. Volume 2 follows.</p>").summary.startswith("Source code")
