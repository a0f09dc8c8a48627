"""The page in the published record."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest

from digest.compose.document import IssueDocument
from digest.gather.document import Image
from digest.render import Renderer
from tests.render import documents
from tests.render.conftest import MakeRenderer
from tests.render.reading import hrefs, tree, words


@pytest.fixture(scope="module")
def page(renderer: Renderer) -> str:
    return renderer.render(documents.full(), documents.MEMBERS).web


def test_it_holds_no_trace_of_a_recipient_even_when_asked_with_their_links(page: str, renderer: Renderer) -> None:
    for tag in (documents.TAGS.unsubscribe, documents.TAGS.preferences, documents.TAGS.view_in_browser):
        assert tag not in page
    public = documents.full().public()
    assert page == renderer.render(public, documents.PUBLIC).web


def test_it_stands_alone_and_needs_no_inline_style_or_script(page: str) -> None:
    root = tree(page)
    assert len(list(root.iter("style"))) == 1
    assert [script.get("type") for script in root.iter("script")] == ["application/ld+json"]
    for element in root.iter():
        if isinstance(element.tag, str):
            assert not [name for name in element.attrib if name == "style" or name.startswith("on")]
    assert {link.get("rel") for link in root.iter("link")} == {"canonical", "alternate"}
    assert "url(" not in page
    assert "@import" not in page


def test_sections_and_items_are_anchors_and_no_anchor_stands_twice(page: str) -> None:
    ids = [e.get("id") for e in tree(page).iter() if isinstance(e.tag, str) and e.get("id")]
    assert len(ids) == len(set(ids))
    for section in documents.full().sections:
        assert section.id in ids
        assert all(item.id in ids for item in section.items)


def test_headings_are_in_order(page: str) -> None:
    assert [words(h) for h in tree(page).iter("h1")] == ["Weekly News Digest"]
    levels = [int(h.tag[1]) for h in tree(page).iter("h1", "h2", "h3", "h4")]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_it_leads_where_the_mail_leads(page: str, renderer: Renderer) -> None:
    mail = hrefs(renderer.render(documents.full(), documents.PUBLIC).html)
    assert mail - hrefs(page) == {documents.PUBLIC.permalink}, "the page itself"


def test_machines_can_read_it(page: str) -> None:
    root = tree(page)
    assert root.find("head/link[@rel='canonical']").get("href") == documents.PUBLIC.permalink
    data = json.loads(root.find(".//script").text)
    assert data["issueNumber"] == "736"
    assert data["isPartOf"]["name"] == "Weekly News Digest"
    parts = data["hasPart"]
    assert len(parts) == len(documents.full().items)
    event = next(part for part in parts if part["@type"] == "Event")
    assert event["startDate"] == "2024-02-13T12:00:00+00:00"
    assert event["location"] == {"@type": "VirtualLocation", "url": event["url"]}
    assert event["eventAttendanceMode"] == "https://schema.org/OnlineEventAttendanceMode"
    whole_days = next(part for part in parts if part["name"].startswith("Annual conference"))
    assert (whole_days["startDate"], whole_days["endDate"]) == ("2024-06-25", "2024-06-27")
    assert [place["@type"] for place in whole_days["location"]] == ["Place", "VirtualLocation"]
    assert whole_days["location"][0]["name"] == "Saltmarsh Guildhall"
    article = next(part for part in parts if part["@type"] == "ScholarlyArticle")
    assert article["sameAs"] == "https://doi.org/10.55555/jlp.v32.3127"
    assert article["isPartOf"] == {"@type": "Periodical", "name": "Journal of Learning Practice"}
    properties = {meta.get("property"): meta.get("content") for meta in root.iter("meta") if meta.get("property")}
    assert properties["og:url"] == documents.PUBLIC.permalink
    assert properties["og:image"] == f"{documents.BASE}/static/captions.jpg"
    assert properties["og:image:alt"] == "A lecture on a laptop, captions below"


def elsewhere() -> IssueDocument:
    """Two pictures, of which the first lies on somebody else's server."""
    return documents.document(
        documents.section(
            "news",
            documents.item("One", image=Image(url="https://images.example/a.jpg", alt="Theirs", width=900)),
            documents.item("Two", image=Image(url=f"{documents.BASE}/sample/b.jpg", alt="Ours", width=900)),
        )
    )


def test_whoever_opens_it_calls_nobody_else(renderer: Renderer) -> None:
    issue = renderer.render(elsewhere(), documents.MEMBERS)
    assert [img.get("alt") for img in tree(issue.web).iter("img")] == ["Ours"]
    assert "images.example" not in issue.web
    assert [img.get("alt") for img in tree(issue.html).iter("img")] == ["Theirs", "Ours"], "the mail has both"


def test_an_editors_picture_from_elsewhere_is_there_in_words(renderer: Renderer) -> None:
    intro = f"![A > B](https://images.example/a.jpg) ![Ours]({documents.BASE}/static/b.jpg)"
    issue = renderer.render(documents.document(intro=intro), documents.PUBLIC)
    root = tree(issue.web)
    assert [img.get("alt") for img in root.iter("img")] == ["Ours"]
    assert words(root.find(".//div[@class='issue-words']")) == "A > B"
    assert len(list(tree(issue.html).iter("img"))) == 2


def test_pictures_from_elsewhere_are_shown_when_that_is_configured(make_renderer: MakeRenderer) -> None:
    renderer = make_renderer()
    assert renderer.render(elsewhere(), documents.PUBLIC).web.count("<img") == 1
    toml = documents.CONFIG.replace("[web]\n", "[web]\nremote_images = true\n")
    other = make_renderer(config=toml)
    assert other.render(elsewhere(), documents.PUBLIC).web.count("<img") == 2
    assert other.fingerprint != renderer.fingerprint


def test_it_reads_in_the_dark_and_on_paper(page: str) -> None:
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_hostile_text_cannot_leave_the_data_block(renderer: Renderer) -> None:
    page = renderer.render(documents.hostile(), documents.PUBLIC).web
    block = re.findall(r"<script type=\"application/ld\+json\">(.*?)</script>", page, re.S)
    assert len(block) == 1
    assert "<" not in block[0]
    assert json.loads(block[0])["hasPart"][0]["name"] == "<script>alert(1)</script>"


def test_it_is_made_only_when_asked_for(renderer: Renderer) -> None:
    assert renderer.render(documents.full(), documents.PUBLIC, web=False).web == ""
