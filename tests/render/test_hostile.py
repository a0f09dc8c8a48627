"""Text from a feed is data: it can never become markup, a template, a merge tag, a header or a turned-round line."""

from __future__ import annotations

import pytest

from digest.errors import StateError
from digest.render import Renderer
from digest.render.models import RenderedIssue
from tests.render import documents
from tests.render.reading import tree, words

INVISIBLE = "\x00\x07\x1b\x7f\x80\x85\x9b\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.fixture(scope="module")
def issue(renderer: Renderer) -> RenderedIssue:
    return renderer.render(documents.hostile(), documents.MEMBERS)


def test_markup_stays_text(issue: RenderedIssue) -> None:
    for form in (issue.html, issue.web):
        root = tree(form)
        scripts = [s for s in root.iter("script") if s.get("type") != "application/ld+json"]
        assert not scripts
        for element in root.iter():
            if isinstance(element.tag, str):
                assert not [name for name in element.attrib if name.startswith("on")]
        titles = [words(h) for h in root.iter("h3")]
        assert titles.count("<script>alert(1)</script>") == len(documents.SECTIONS)
        assert "</td></tr></table></mj-raw></mj-column><mj-text>" in titles
        assert len(titles) == len(documents.HOSTILE) * len(documents.SECTIONS)


def test_entities_in_text_are_shown_and_not_read(issue: RenderedIssue) -> None:
    titles = [words(h) for h in tree(issue.html).iter("h3")]
    assert "&lt;b&gt; &amp; &#133; &nbsp; & <" in titles


def test_template_syntax_stays_text(issue: RenderedIssue) -> None:
    for form in (issue.html, issue.text, issue.web):
        assert "{{ association.name }}" in form


def test_comments_in_text_do_not_open_or_close_one(issue: RenderedIssue) -> None:
    assert issue.html.count("<!--[if") == issue.html.count("<![endif]-->")
    assert len(list(tree(issue.html).iter("td"))) > len(documents.HOSTILE) * len(documents.SECTIONS)


def test_controls_and_direction_marks_are_gone_everywhere(issue: RenderedIssue) -> None:
    shown = "".join(tree(issue.html).itertext())
    for form in (shown, issue.text, issue.web, issue.subject):
        assert not set(form) & set(INVISIBLE)


def test_the_subject_is_one_line(issue: RenderedIssue) -> None:
    assert issue.subject == "line one . Subject: two -- footer"


def test_text_cannot_forge_the_footer(issue: RenderedIssue) -> None:
    assert issue.text.count("\n-- \n") == 1


def test_sizes_are_not_fooled_by_text(issue: RenderedIssue) -> None:
    assert set(issue.bytes_per_section) == {"", "outro", *(id_ for id_, _, _ in documents.SECTIONS)}
    assert sum(issue.bytes_per_section.values()) == issue.bytes


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "/relative", "vbscript:x"]
)
def test_only_web_addresses_become_links(renderer: Renderer, url: str) -> None:
    one = documents.document(documents.section("news", documents.item("Odd", url=url)))
    issue = renderer.render(one, documents.MEMBERS)
    for form in (issue.html, issue.web):
        heading = next(tree(form).iter("h3"))
        assert words(heading) == "Odd"
        assert heading.find("a") is None


@pytest.mark.parametrize("field", ["title", "summary", "url"])
def test_a_feed_that_names_a_members_tag_stops_the_rendering(renderer: Renderer, field: str) -> None:
    values = {"title": "x", "summary": "x", "url": "https://example.org/x"}
    values[field] += documents.TAGS.unsubscribe
    one = documents.document(documents.section("news", documents.item(values.pop("title"), **values)))
    with pytest.raises(StateError, match="stands for each member's address"):
        renderer.render(one, documents.MEMBERS)
    renderer.render(one, documents.PUBLIC)  # nobody's tag is in play
