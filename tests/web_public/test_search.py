"""The search page: what is found leads to its place in an issue; what a reader typed is only ever text."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from digest.archive.record import write_record
from digest.archive.search import rebuild
from digest.config import Config
from tests.archive.values import document, rendered

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def found(config: Config) -> Config:
    """Issues 728 (in 2023) and 736, the latter with a hostile title and 45 more items."""
    many = (f"{HOSTILE} café", *(f"Story {n}" for n in range(45)))
    for number, titles in ((728, ("First", "Second")), (736, many)):
        doc = document(number, titles=titles, text='Summary & "more"')
        write_record(config, doc, rendered(doc), number=number)
    list(rebuild(config))
    return config


def get(client: Client, **asked: object) -> str:
    response = client.get("/issues/search/", asked)
    assert response.status_code == 200
    assert not response.cookies
    assert response["Cache-Control"].startswith("public")
    return response.content.decode()


def test_before_anything_is_asked(client: Client, found: Config) -> None:
    page = get(client)
    assert 'name="q" value=""' in page
    assert "noindex" not in page
    assert re.findall(r'<option value="(\d+)"', page) == ["2024", "2023"]
    assert '<option value="news">News</option>' in page
    assert "result" not in re.sub(r"<head>.*</head>", "", page, flags=re.S)


def test_a_result_leads_to_its_place_in_the_issue(client: Client, found: Config) -> None:
    page = get(client, q="CAFE summary")
    assert "1 result<" in page
    assert '<a href="/issues/736/#news-1">' in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; <mark>café</mark>" in page
    assert "<mark>Summary</mark> &amp; &#34;more&#34;" in page
    assert "<script" not in page
    assert 'content="noindex, follow"' in page


def test_narrowed_and_paged(client: Client, found: Config) -> None:
    page = get(client, q="story", section="news", source="news", year="2024", page="2")
    assert "45 results<" in page
    assert '<option value="2024" selected>2024</option>' in page
    assert 'Page <span class="num">2</span> of <span class="num">3</span>' in page
    assert 'href="?q=story&amp;section=news&amp;source=news&amp;year=2024&amp;page=3"' in page
    assert page.count('class="result"') == 20
    assert "Nothing was found" in get(client, q="story", year="2023")
    assert 'href="?q=story">Look in all issues' in get(client, q="story", year="2023")


@pytest.mark.parametrize(
    "asked",
    [
        {"q": HOSTILE},
        {"q": "\x00' OR 1=1 --"},
        {"q": "x" * 5000},
        {"q": "story", "section": HOSTILE, "year": "0x7e8", "page": "-1", "order": "x"},
        {"q": "story", "page": "9" * 30},
        {"q": "-story"},
        {"q": '"'},
    ],
)
def test_nonsense_is_answered_calmly(client: Client, found: Config, asked: dict[str, str]) -> None:
    assert "<script" not in get(client, **asked)


def test_it_only_reads(client: Client, found: Config) -> None:
    assert client.post("/issues/search/", {"q": "x"}).status_code == 405


def test_a_reader_who_has_the_page_is_told_so(client: Client, found: Config) -> None:
    first = client.get("/issues/search/", {"q": "story"})
    again = client.get("/issues/search/", {"q": "story"}, headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304
    other = client.get("/issues/search/", {"q": "first"}, headers={"if-none-match": first["ETag"]})
    assert other.status_code == 200
