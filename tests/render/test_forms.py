"""The three forms of an issue: against their goldens, and against the standards every form must meet."""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from pathlib import Path

import lxml.html
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.compose.document import IssueDocument
from digest.errors import ConfigError, StateError, TemplateError
from digest.render import Renderer
from digest.render.colour import contrast
from digest.render.models import RenderedIssue
from tests.render.conftest import MakeRenderer
from tests.render.documents import (
    HOSTILE,
    MEMBERS,
    PUBLIC,
    SECTIONS,
    TAGS,
    document,
    full,
    hostile,
    item,
    many,
    section,
)

GOLDEN = Path(__file__).resolve().parents[1] / "data" / "golden"
UPDATE = os.environ.get("DIGEST_UPDATE_GOLDENS") == "1"
STYLE_LIMIT, WARN_BYTES, LINE_LIMIT = 8_000, 80_000, 998  # standards.md, "The message"


@pytest.fixture(scope="module")
def week(renderer: Renderer) -> RenderedIssue:
    return renderer.render(full(), MEMBERS)


@pytest.mark.parametrize(("form", "file"), [("html", "issue.html"), ("text", "issue.txt"), ("web", "page.html")])
def test_golden(week: RenderedIssue, form: str, file: str) -> None:
    """`DIGEST_UPDATE_GOLDENS=1 make test ARGS=tests/render` writes them anew; read the difference."""
    path, rendered = GOLDEN / file, getattr(week, form)
    if UPDATE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rendered, encoding="utf-8")
    assert rendered == path.read_text(encoding="utf-8")


def check_mail(html: str) -> None:
    """What standards.md asks of every HTML part, whatever is in it."""
    assert html.isascii()
    assert html.lower().startswith("<!doctype html>")
    assert max(map(len, html.splitlines())) <= LINE_LIMIT
    assert not re.search(r"&#(12[89]|1[345]\d);", html), "C1 controls"
    tree = lxml.html.document_fromstring(html)
    assert [len(tree.xpath("//h1")), len(tree.xpath("//title"))] == [1, 1]
    assert tree.get("lang")
    assert tree.get("dir") in ("ltr", "rtl")
    assert not tree.xpath("//script|//form|//iframe|//object|//link|//base")
    assert not tree.xpath("//*[@*[starts-with(name(), 'on')]]")
    assert all(table.get("role") == "presentation" for table in tree.xpath("//table"))
    assert all(image.get("alt") is not None for image in tree.xpath("//img"))
    for link in tree.xpath("//a"):
        address = link.get("href")
        assert re.match(r"(https?://|mailto:|#)", address) or address in _TAGS, address
    styles = "".join(tree.xpath("//style/text()"))
    assert len(styles) <= STYLE_LIMIT
    assert "@media" in styles
    outside_media = re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", styles)
    # MJML's own rule for Thunderbird is the one exception; it styles nothing that the dark scheme changes.
    outside_media = re.sub(r"\.moz-text-html [^}]*\}", "", outside_media)
    assert "!important" not in outside_media
    assert not re.search(r"url\(|@import|expression", html, re.IGNORECASE)
    assert "fonts.googleapis" not in html
    for style in tree.xpath("//@style"):
        assert "!important" not in style
        for size in re.findall(r"font-size:\s*(\d+)px", style):
            assert int(size) >= 12 or int(size) <= 1, "body text is 14 px; labels no smaller than 12"


_TAGS = {TAGS.view_in_browser, TAGS.unsubscribe, TAGS.preferences}


def check_text(text: str) -> None:
    """What standards.md asks of the plain-text edition."""
    for line in text.splitlines():
        assert len(line) <= 72 or "://" in line or len(line.split()) <= 1, line
        assert line == "-- " or line == line.rstrip()
    assert text.count("\n-- \n") == 1
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    listed = {int(n) for n in re.findall(r"^ *\[(\d+)\] \S+$", text, re.MULTILINE)}
    assert listed == set(range(1, len(listed) + 1)), "references are numbered without a gap"


def test_the_week_meets_the_standards(week: RenderedIssue) -> None:
    check_mail(week.html)
    check_text(week.text)


def test_the_head_and_the_foot_of_a_mail(week: RenderedIssue) -> None:
    tree = lxml.html.document_fromstring(week.html)
    first = tree.xpath("string(//body//div[1])")
    assert 40 <= len(full().preheader) <= 100
    assert first.strip().startswith(full().preheader[:30])
    assert "display:none" in week.html.partition("<body")[2][:700]
    for needed in (*_TAGS, "Saltmarsh SM2 6QD", "color-scheme", "<!--[if mso"):
        assert needed in week.html, needed
    assert [h.text_content() for h in tree.xpath("//h2")] == [s.title for s in full().sections if s.items]
    assert len(tree.xpath("//h3")) == len(full().items)


def test_the_text_its_readers_know(week: RenderedIssue) -> None:
    lines = week.text.splitlines()
    assert lines[0] == "View in your browser [1]"
    assert f" [1] {TAGS.view_in_browser}" in lines
    assert TAGS.unsubscribe in lines, "on a line of its own"
    assert "4 Chandlers' Row" in week.text


def addresses(html: str) -> set[str]:
    return {a for a in lxml.html.document_fromstring(html).xpath("//a/@href") if not a.startswith(("#", "mailto:"))}


def in_text(text: str) -> set[str]:
    return set(re.findall(r"https?://\S+|\bdg7q\w+", text))


def test_html_and_text_hold_the_same_links(week: RenderedIssue) -> None:
    assert addresses(week.html) == in_text(week.text)


def test_the_page_holds_nothing_of_a_recipient(week: RenderedIssue) -> None:
    assert not [tag for tag in _TAGS if tag in week.web]
    assert "nsubscribe" not in week.web
    tree = lxml.html.document_fromstring(week.web)
    assert len(tree.xpath("//style")) == 1
    assert [s.get("type") for s in tree.xpath("//script")] == ["application/ld+json"]
    assert not tree.xpath("//link[@rel='stylesheet']")
    identifiers = tree.xpath("//@id")
    assert len(identifiers) == len(set(identifiers))
    assert {i.id for i in full().items} <= set(identifiers)
    for anchor in tree.xpath("//a[starts-with(@href, '#')]/@href"):
        assert anchor[1:] in identifiers


def test_a_public_rendering_leaves_members_lines_out(renderer: Renderer) -> None:
    rendered = renderer.render(full(), PUBLIC)
    for form in (rendered.html, rendered.text):
        assert "nsubscribe" not in form
        assert "View in your browser" not in form
        assert not [tag for tag in _TAGS if tag in form]


@pytest.mark.parametrize("count", [0, 1, 7, 60])
def test_sizes(renderer: Renderer, count: int) -> None:
    rendered = renderer.render(many(count), MEMBERS, web=False)
    check_mail(rendered.html)
    check_text(rendered.text)
    assert rendered.bytes < WARN_BYTES
    assert sum(rendered.bytes_per_section.values()) == rendered.bytes


def test_hostile_text_stays_text(renderer: Renderer) -> None:
    rendered = renderer.render(hostile(), MEMBERS)
    check_mail(rendered.html)
    assert rendered.text.count("\n-- \n") == 1
    for form in (rendered.html, rendered.web):
        tree = lxml.html.document_fromstring(form)
        assert not tree.xpath("//*[@onerror]|//script[not(@type)]|//b[text()='x']")
        # In the mail one more is the intro's own: an editor's Markdown may make a heading.
        assert len(tree.xpath("//h2")) in (len(SECTIONS), len(SECTIONS) + 1)
        assert "alert(1)" in tree.text_content()
        assert "{{ association.name }}" in tree.text_content()
    assert "Harbourlight" not in HOSTILE[2]


def test_a_text_that_holds_a_members_tag_is_refused(renderer: Renderer) -> None:
    bad = document(section("news", item("A title", summary=f"see {TAGS.unsubscribe}")))
    with pytest.raises(StateError, match="stands for each member's address"):
        renderer.render(bad, MEMBERS)


class _Nothing(HTMLParser):
    """Parses; the standard library's parser has no word for an error, so none is asked for."""


words = st.text(max_size=60)
items = st.builds(
    lambda title, summary, url, author: item(title or "x", summary=summary, url=url, authors=(author,)),
    words,
    st.text(max_size=300),
    st.sampled_from(["", "https://e.example/a?b=1&c=2", "javascript:alert(1)", "https://e.example/" + "x" * 1500]),
    words,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.sampled_from([s[0] for s in SECTIONS]), st.lists(items, max_size=4)), max_size=4), words)
def test_any_document_renders(renderer: Renderer, drawn, intro: str) -> None:  # type: ignore[no-untyped-def]
    by_id = dict(drawn)
    made: IssueDocument = document(*[section(id_, *found) for id_, found in by_id.items()], intro=intro)
    rendered = renderer.render(made, MEMBERS)
    check_mail(rendered.html)
    assert rendered.text.count("\n-- \n") == 1
    _Nothing().feed(rendered.web)
    assert addresses(rendered.html) - {MEMBERS.website} <= in_text(rendered.text) | addresses(rendered.html)
    assert "javascript:" not in {a.partition(":")[0] + ":" for a in addresses(rendered.html)}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("issue.mjml.j2", "<mjml>{% if %}</mjml>", "line 1"),
        ("sections/list.txt.j2", "\n\n{{ nosuch.name }}", r"sections/list\.txt\.j2, line 3"),
        ("issue.mjml.j2", "<mjml><mj-body><mj-text>a < b</mj-text></mj-body></mjml>", r"issue\.mjml\.j2"),
    ],
)
def test_a_broken_template_of_the_associations_is_named(
    make_renderer: MakeRenderer, name: str, text: str, words: str
) -> None:
    with pytest.raises(TemplateError, match=words) as caught:
        make_renderer({name: text}).render(full(), MEMBERS)
    assert caught.value.hint


def test_one_template_can_be_replaced_alone(make_renderer: MakeRenderer, renderer: Renderer) -> None:
    own = make_renderer({"sections/list.txt.j2": "{% for item in section.items %}- {{ item.title }}\n{% endfor %}"})
    text = own.render(full(), MEMBERS, web=False).text
    assert f"- {full().items[0].title}"[:40] in text
    assert own.fingerprint != renderer.fingerprint


def test_the_fingerprint_follows_the_brand(make_renderer: MakeRenderer, renderer: Renderer) -> None:
    assert make_renderer().fingerprint == renderer.fingerprint
    assert make_renderer(extra='[brand]\nprimary = "#5a2a6b"\n').fingerprint != renderer.fingerprint


def test_a_colour_nobody_could_read_is_refused(make_renderer: MakeRenderer) -> None:
    with pytest.raises(ConfigError, match=r"brand\.primary") as caught:
        make_renderer(extra='[brand]\nprimary = "#ffee00"\n')
    [nearest] = re.findall(r"#[0-9a-f]{6}", str(caught.value).replace("#ffee00", "").replace("#ffffff", ""))[:1]
    assert contrast(nearest, "#ffffff") >= 4.5


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_right_to_left(renderer: Renderer) -> None:
    arabic = document(section("news", item("عنوان الخبر", summary="نص قصير عن الخبر.")), language="ar")
    rendered = renderer.render(arabic, MEMBERS)
    check_mail(rendered.html)
    assert 'dir="rtl"' in rendered.html
    assert 'dir="rtl"' in rendered.web
