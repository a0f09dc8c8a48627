"""Where the bytes of a mail are."""

from __future__ import annotations

import pytest

from digest.compose.document import IssueDocument
from digest.render import Renderer
from digest.render.measure import measure, sizes_of
from tests.render import documents
from tests.render.conftest import MakeRenderer


def test_the_parts_are_the_whole(renderer: Renderer) -> None:
    document = documents.many(60)
    html = renderer.render(document, documents.MEMBERS, web=False).html
    sizes = sizes_of(document, html=html, text="ä")
    assert sizes.html == len(html) == sizes.frame + sizes.style + sum(s.bytes for s in sizes.sections)
    assert sizes.text == 2
    assert {s.id: s.bytes for s in sizes.sections} == {k: v for k, v in measure(html).items() if k}
    assert [len(s.items) for s in sizes.sections] == [len(s.items) for s in document.sections]
    assert all(sum(s.items) < s.bytes for s in sizes.sections)
    assert 0 < sizes.style < 8_000


def without(document: IssueDocument, section: int, item: int) -> IssueDocument:
    sections = list(document.sections)
    items = sections[section].items
    sections[section] = sections[section].model_copy(update={"items": items[:item] + items[item + 1 :]})
    return document.model_copy(update={"sections": tuple(sections)})


@pytest.mark.parametrize("more", [0, 4])
def test_an_item_has_the_bytes_that_leaving_it_out_saves(renderer: Renderer, more: int) -> None:
    document = documents.many(35)
    sections = tuple(section.model_copy(update={"more": more}) for section in document.sections)
    document = document.model_copy(update={"sections": sections})
    html = renderer.render(document, documents.MEMBERS, web=False).html
    sizes = sizes_of(document, html=html)
    for number, section in enumerate(sizes.sections):
        for place in (0, 2, 4):
            less = renderer.render(without(document, number, place), documents.MEMBERS, web=False).html
            assert section.items[place] == pytest.approx(len(html) - len(less), abs=90), (section.id, place)


def test_items_that_cannot_be_told_apart_share_their_section(make_renderer: MakeRenderer) -> None:
    own = {"sections/list.mjml.j2": "{% for item in section.items %}<tr><td>{{ item.title }}</td></tr>{% endfor %}"}
    document = documents.full()
    html = make_renderer(own).render(document, documents.MEMBERS, web=False).html
    news = sizes_of(document, html=html).sections[0]
    assert len(news.items) == 3
    assert news.bytes - 3 <= sum(news.items) <= news.bytes


def test_a_section_that_the_templates_do_not_mark_is_part_of_the_frame() -> None:
    sizes = sizes_of(documents.full(), html="<p>nothing that is known</p>")
    assert sizes.sections == ()
    assert sizes.frame == sizes.html
