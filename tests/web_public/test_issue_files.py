"""What an issue is beside its page, and the archive's feeds: each read back by a reader of its kind."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from html import unescape
from typing import Any

import feedparser
import pytest
from django.test import Client
from PIL import Image

from digest.archive.errata import write_erratum
from digest.archive.record import write_record
from digest.compose.document import DocumentSection, Item
from digest.config import Config
from digest.gather.document import Publication
from tests.archive.values import document, rendered
from tests.feed_rules import faults

RELEASED = dt.datetime(2024, 2, 12, 9, 0, tzinfo=dt.UTC)
CORRECTED = dt.datetime(2024, 2, 14, 16, 30, tzinfo=dt.UTC)
HOSTILE = '<b>& "Bold"</b> {x} 50% \\o/'


@pytest.fixture
def papers(config: Config) -> Config:
    """Issue 736 with news and two publications, one of them hostile; 735 with news alone."""
    doc = document(735)
    write_record(config, doc, rendered(doc), number=735, published=RELEASED - dt.timedelta(days=7))
    doc = document(736, titles=("First", HOSTILE))
    published = dt.datetime(2024, 2, 9, 23, 30, tzinfo=dt.UTC)
    items = (
        Item(
            id="p1",
            title="OER in Wales: a WordPress study",
            url="https://journal.example/1",
            source="journal",
            source_title="The Journal",
            published=published,
            authors=("Ada Lovelace", "Ludwig van der Berg"),
            categories=("OER",),
            publication=Publication(
                journal="Research in Learning", doi="10.25304/rlt.v32.3154", volume="32", issue="1", pages="14–29"
            ),
        ),
        Item(id="p2", title=HOSTILE, source="journal", source_title="A {Site}", authors=(HOSTILE, "The Team")),
    )
    section = DocumentSection(id="publications", title="Publications", kind="publications", items=items)
    doc = doc.model_copy(update={"sections": (*doc.sections, section)})
    write_record(config, doc, rendered(doc), number=736, published=RELEASED)
    return config


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
@pytest.mark.parametrize("path", ["", "news/", "publications/", "blog/"])
def test_feeds_keep_their_specifications(client: Client, papers: Config, path: str, form: str) -> None:
    address = f"/issues/{path}feed.{form}"
    response = client.get(address)
    assert response.status_code == 200
    assert faults(response.content, form, self_url=f"{papers.web.base_url}{address}") == []
    again = client.get(address, headers={"if-none-match": response["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("form", ["atom", "rss"])
def test_the_feed_of_a_section_is_what_stood_in_it(client: Client, papers: Config, form: str) -> None:
    write_erratum(papers, 736, text="It was another study.", item="p1", now=CORRECTED)
    feed = feedparser.parse(client.get(f"/issues/publications/feed.{form}").content)
    assert not feed.bozo
    first, second = feed.entries
    base = papers.web.base_url
    assert (first.id, second.id) == (f"{base}/issues/736/#p1", f"{base}/issues/736/#p2")
    assert (first.link, second.link) == ("https://journal.example/1", f"{base}/issues/736/#p2")
    assert first.title == "OER in Wales: a WordPress study"
    assert unescape(second.title) == HOSTILE
    assert dt.datetime(*first.published_parsed[:6], tzinfo=dt.UTC) == RELEASED
    assert [tag.term for tag in first.tags] == ["OER"]
    assert "Ada Lovelace" in first.author
    if form == "atom":
        assert dt.datetime(*first.updated_parsed[:6], tzinfo=dt.UTC) == CORRECTED
        assert dt.datetime(*second.updated_parsed[:6], tzinfo=dt.UTC) == RELEASED


def test_the_feed_of_all_issues_in_json(client: Client, papers: Config) -> None:
    write_erratum(papers, 735, text="No.", now=CORRECTED)
    feed = json.loads(client.get("/issues/feed.json").content)
    assert [(item["id"], item["date_published"], item["date_modified"]) for item in feed["items"]] == [
        (f"{papers.web.base_url}/issues/736/", "2024-02-12T09:00:00+00:00", "2024-02-12T09:00:00+00:00"),
        (f"{papers.web.base_url}/issues/735/", "2024-02-05T09:00:00+00:00", "2024-02-14T16:30:00+00:00"),
    ]
    assert feed["items"][1]["content_text"].endswith("Erratum: No.")


def test_no_feed_of_a_section_that_never_was(client: Client, papers: Config) -> None:
    assert client.get("/issues/nonsense/feed.atom").status_code == 404


def test_feeds_are_told_of(client: Client, papers: Config) -> None:
    page = client.get("/issues/").content.decode()
    for address in ("/issues/feed.atom", "/issues/feed.json", "/issues/publications/feed.atom"):
        assert re.search(rf'<link rel="alternate" type="application/[a-z+]+" title="[^"]+" href="{address}">', page)


def test_errata_stand_beside_the_first_form(client: Client, papers: Config) -> None:
    before = client.get("/issues/736/")
    write_erratum(papers, 736, text=f"Not {HOSTILE}.", item="p1", now=CORRECTED)
    write_erratum(papers, 736, text="And more.", now=CORRECTED)
    after = client.get("/issues/736/", headers={"if-none-match": before["ETag"]})
    page = after.content.decode()
    assert after.status_code == 200
    assert page.count('<time datetime="2024-02-14T16:30:00+00:00">14 Feb 2024</time>') == 4
    assert "Not &lt;b&gt;&amp; &#34;Bold&#34;" in page
    assert '<a href="#p1">What it is about</a>' in page
    assert "12 Feb 2024</time>: published" in page
    assert "<h1>Weekly News Digest - Issue 736, 12 Feb 2024</h1>" in page
    data = json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)[-1])
    assert [one["text"] for one in data["correction"]] == [f"Not {HOSTILE}.", "And more."]
    text = client.get("/issues/736.txt").content.decode()
    assert text.startswith("Erratum, 14 Feb 2024: Not <b>")
    assert text.endswith("text\n")


def test_the_data_are_those_of_the_record(client: Client, papers: Config) -> None:
    response = client.get("/issues/736.json")
    assert response.content == (papers.issues_dir / "736" / "issue.json").read_bytes()
    assert response["Content-Type"].startswith("application/json")


def test_there_is_no_pdf_until_one_is_made(client: Client, papers: Config) -> None:
    assert client.get("/issues/736.pdf").status_code == 404
    assert ".pdf" not in client.get("/issues/736/").content.decode()


def test_bibtex(client: Client, papers: Config) -> None:
    assert (
        client.get("/issues/736/p1.bib").content.decode()
        == """\
@article{lovelace-2024-p1,
  author = {Lovelace, Ada and van der Berg, Ludwig},
  title = {{OER} in Wales: a {WordPress} study},
  journal = {Research in Learning},
  volume = {32},
  number = {1},
  pages = {14--29},
  year = {2024},
  month = feb,
  doi = {10.25304/rlt.v32.3154},
  url = {https://journal.example/1},
}
"""
    )
    hostile = client.get("/issues/736/p2.bib").content.decode()
    assert r"title = {<b>\& " in hostile
    assert r"\{x\} 50\% \textbackslash{}o/}" in hostile
    bare = re.sub(r"\\[{}]", "", hostile)
    assert bare.count("{") == bare.count("}")
    both = client.get("/issues/736/publications.bib").content.decode()
    assert both.count("\n}\n") == 2
    issue = client.get("/issues/736.bib").content.decode()
    assert issue.startswith("@misc{test-association-2024-issue-736,\n  author = {{Test Association}},")
    assert "number = {736}" in issue


def test_ris(client: Client, papers: Config) -> None:
    response = client.get("/issues/736/p1.ris")
    assert response["Content-Disposition"] == 'attachment; filename="issue-736-p1.ris"'
    assert response.content.decode().split("\r\n") == [
        "TY  - JOUR",
        "ID  - lovelace-2024-p1",
        "TI  - OER in Wales: a WordPress study",
        "AU  - Lovelace, Ada",
        "AU  - van der Berg, Ludwig",
        "T2  - Research in Learning",
        "VL  - 32",
        "IS  - 1",
        "SP  - 14",
        "EP  - 29",
        "PY  - 2024",
        "DA  - 2024/02/09",
        "DO  - 10.25304/rlt.v32.3154",
        "UR  - https://journal.example/1",
        "ER  - ",
        "",
    ]
    for path in ("/issues/736.ris", "/issues/736/publications.ris"):
        lines = client.get(path).content.decode().split("\r\n")[:-1]
        assert all(re.fullmatch(r"[A-Z][A-Z0-9]  - [^\r\n]*", line) for line in lines)
        assert lines.count("ER  - ") == sum(line.startswith("TY  - ") for line in lines)


# Of https://resource.citationstyles.org/schema/v1.0/input/json/csl-data.json, what is used here.
CSL_TYPES = {"article-journal", "webpage", "periodical"}
CSL_TEXTS = {"id", "title", "container-title", "volume", "issue", "page", "DOI", "URL", "publisher", "language"}
CSL_NAME = {"family", "given", "literal"}


@pytest.mark.parametrize("path", ["/issues/736.csl.json", "/issues/736/publications.csl.json"])
def test_csl_json_has_the_fields_of_its_schema(client: Client, papers: Config, path: str) -> None:
    items: list[dict[str, Any]] = json.loads(client.get(path).content)
    for item in items:
        assert item["type"] in CSL_TYPES
        assert item.keys() <= CSL_TEXTS | {"type", "author", "issued"}
        assert all(isinstance(item[key], str) for key in item.keys() & CSL_TEXTS)
        assert all(name.keys() <= CSL_NAME for name in item["author"])
        for parts in item.get("issued", {}).get("date-parts", []):
            assert 1 <= len(parts) <= 3
            assert all(isinstance(part, int) for part in parts)


def test_names_are_told_apart_where_they_can_be(client: Client, papers: Config) -> None:
    first, second = json.loads(client.get("/issues/736/publications.csl.json").content)
    assert first["author"] == [{"family": "Lovelace", "given": "Ada"}, {"family": "van der Berg", "given": "Ludwig"}]
    assert second["author"] == [{"literal": HOSTILE}, {"literal": "The Team"}]
    assert (first["type"], second["type"]) == ("article-journal", "webpage")


@pytest.mark.parametrize("path", ["736/news-1.bib", "736/none.ris", "735/publications.bib", "737.bib", "736.csl"])
def test_what_cannot_be_cited(client: Client, papers: Config, path: str) -> None:
    assert client.get(f"/issues/{path}").status_code == 404


def test_the_picture_for_links(client: Client, papers: Config) -> None:
    response = client.get("/issues/card.png")
    picture = Image.open(io.BytesIO(response.content))
    picture.load()
    assert (picture.format, picture.size) == ("PNG", (1200, 630))
    assert len(response.content) < 20_000
    assert (
        f'<meta property="og:image" content="{papers.web.base_url}/issues/card.png">'
        in client.get("/").content.decode()
    )


def test_years(client: Client, papers: Config) -> None:
    for number in range(640, 735):
        doc = document(number)
        write_record(papers, doc, rendered(doc), number=number)
    page = client.get("/issues/").content.decode()
    assert re.findall(r'<h2 id="y(\d+)"', page) == ["2024", "2023"]
    assert 'href="/issues/year/2022/"' in page
    assert page.index("<main") < page.index('<h2 id="y2023"') < page.index('id="before"') < page.index('id="feeds"')
    older = client.get("/issues/year/2022/").content.decode()
    assert 'rel="next" href="/issues/year/2023/"' in older
    assert 'rel="prev"' not in older
    assert older.count('class="issue-row"') == int(re.findall(r">(\d+) issues<", older)[0])
    assert client.get("/issues/year/2019/").status_code == 404
