"""The ready-made themes: each keeps the rules of the message, and none is another in new colours."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from digest.config import Brand, Config, load_config
from digest.errors import ConfigError
from digest.render import Renderer
from digest.render.colour import contrast
from digest.render.models import RenderedIssue
from digest.render.theme import THEMES, in_the_dark, theme_of
from tests.render import documents
from tests.render.conftest import BUILT_IN, MakeRenderer
from tests.render.documents import CONFIG, MEMBERS
from tests.render.reading import hrefs, references, style_blocks, tree, words
from tests.render.test_golden import check_golden

EMAIL = BUILT_IN / "email"
ADDRESS = "https://digest.harbourlight.example/unsubscribe/" + "k" * 90  # longer than any of ours


@pytest.fixture(scope="module", params=list(THEMES))
def dressed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Config:
    path = tmp_path_factory.mktemp("theme") / "config.toml"
    path.write_text(f'{CONFIG}\n[brand]\ntheme = "{request.param}"\n', encoding="utf-8")
    return load_config(path)


@pytest.fixture(scope="module")
def themed(dressed: Config) -> Renderer:
    return Renderer(dressed, built_in=BUILT_IN)


@pytest.fixture(scope="module")
def week(themed: Renderer) -> RenderedIssue:
    return themed.render(documents.full(), MEMBERS)


def test_each_theme_but_the_default_has_its_folder_and_each_folder_its_theme() -> None:
    assert {folder.name for folder in (EMAIL / "themes").iterdir()} == set(THEMES) - {"plain"}


@pytest.mark.parametrize("page", ["adding.md", "brand.md"])
def test_the_documentation_knows_each_theme(page: str) -> None:
    text = (BUILT_IN.parent / "docs" / page).read_text(encoding="utf-8")
    assert all(re.search(rf"\b{theme}\b", text) for theme in THEMES)


def test_golden(week: RenderedIssue, dressed: Config) -> None:
    if dressed.brand.theme != "plain":  # test_golden.py has that
        check_golden(f"issue-{dressed.brand.theme}.html", week.html)


def test_sixty_items_with_summaries_stay_under_eighty_thousand_bytes(themed: Renderer) -> None:
    html = themed.render(documents.many(60), MEMBERS, web=False).html
    copy = documents.TAGS.replace(html, view_in_browser=ADDRESS, unsubscribe=ADDRESS, preferences=ADDRESS)
    assert len(documents.many(60).items) == 60
    assert len(copy.encode()) < 80_000


def test_the_head_is_small_enough_for_gmail(week: RenderedIssue) -> None:
    assert 1000 < len(style_blocks(week.html)) < 8192


def test_type_is_never_small(week: RenderedIssue) -> None:
    sizes = [
        int(size)
        for element in tree(week.html).find("body").iter()
        if isinstance(element.tag, str) and words(element)
        for size in re.findall(r"font(?:-size)?:(?:(?:bold|italic) )?(\d+)px", element.get("style") or "")
        if "display:none" not in element.get("style")
    ]
    assert min(size for size in sizes if size) >= 14
    assert not re.findall(
        r"font(?:-size)?:[^;}]*\b(?:\d|1[0-3])px", style_blocks(week.html).replace("font-size:0px", "")
    )


def test_lines_are_never_tight(week: RenderedIssue) -> None:
    """Running text has a line height of 1.5 or more; headings and the date block may be tighter."""
    for element in tree(week.html).find("body").iter("table", "td", "p", "div"):
        for font, height in re.findall(r"font:(?:bold |italic )?(\d+)px/([\d.]+)", element.get("style") or ""):
            assert float(height) >= 1.5, (element.tag, font, height)


def test_one_h1_then_sections_then_items(week: RenderedIssue) -> None:
    for form in (week.html, week.web):
        headings = [(h.tag, words(h)) for h in tree(form).iter("h1", "h2", "h3") if words(h) != "In this issue"]
        expected = [("h1", "Weekly News Digest")]
        for section in documents.full().sections:
            expected += [("h2", section.title), *(("h3", item.title) for item in section.items)]
        assert headings == expected


def test_tables_and_pictures_are_as_they_must_be(week: RenderedIssue) -> None:
    root = tree(week.html)
    assert all(table.get("role") == "presentation" for table in root.iter("table"))
    assert all(picture.get("alt") and picture.get("width") for picture in root.iter("img"))
    assert words(next(root.iter("a"))) == "View in your browser"


def test_the_three_forms_lead_to_the_same_places(week: RenderedIssue, themed: Renderer) -> None:
    assert hrefs(week.html) == references(week.text)
    public = themed.render(documents.full(), documents.PUBLIC)
    assert hrefs(public.html) - hrefs(public.web) == {documents.PUBLIC.permalink}


def test_outlook_gets_fonts_that_it_has(week: RenderedIssue) -> None:
    block = re.search(r"<!--\[if mso\]><style>(.*?)</style><!\[endif\]-->", week.html.replace("\n", " "))
    assert block
    families = set(re.findall(r"font-family:([^;}]+)", block[1]))
    assert families <= {"Georgia,serif", "Arial,sans-serif"}


def test_own_files_lie_over_those_of_the_theme(make_renderer: MakeRenderer) -> None:
    own = {
        "parts/masthead.mjml.j2": "<mj-section><mj-column><mj-raw><tr><td>OURS</td></tr></mj-raw></mj-column></mj-section>"
    }
    for theme in THEMES:
        html = make_renderer(own, f'[brand]\ntheme = "{theme}"').render(documents.full(), MEMBERS, web=False).html
        assert "OURS" in html
        assert "<h1" not in html


def test_an_own_file_can_add_to_what_it_replaces(make_renderer: MakeRenderer) -> None:
    for theme, centred in (("plain", False), ("broadsheet", True)):
        own = {"inline.css.j2": '{% include "theme/inline.css.j2" %}\nh1 { text-transform: lowercase }'}
        h1 = _h1(make_renderer(own, f'[brand]\ntheme = "{theme}"'))
        assert "text-transform:lowercase" in h1
        assert ("46px" in h1) is centred
    own = {"inline.css.j2": '{% include "built-in/inline.css.j2" %}'}
    assert "38px" in _h1(make_renderer(own, '[brand]\ntheme = "broadsheet"')), "beneath the theme"


def _h1(renderer: Renderer) -> str:
    return str(next(tree(renderer.render(documents.full(), MEMBERS, web=False).html).iter("h1")).get("style"))


def test_an_error_in_an_own_file_is_still_found_by_its_name(make_renderer: MakeRenderer, tmp_path: Path) -> None:
    renderer = make_renderer({"parts/top.mjml.j2": "{{ nothing }}"}, '[brand]\ntheme = "signal"')
    with pytest.raises(Exception, match=re.escape(str(tmp_path / "templates" / "email" / "parts" / "top.mjml.j2"))):
        renderer.render(documents.full(), MEMBERS)


def test_the_themes_differ_in_more_than_colours(make_renderer: MakeRenderer) -> None:
    """Fonts, the masthead's structure, the shape of a section's heading."""
    seen = []
    for theme in THEMES:
        root = tree(
            make_renderer(extra=f'[brand]\ntheme = "{theme}"').render(documents.full(), MEMBERS, web=False).html
        )
        h1, h2 = next(root.iter("h1")), next(root.iter("h2"))
        masthead = h1.getparent()
        bare = [re.sub(r"#[0-9a-f]{3,6}", "", e.get("style") or "") for e in (h1, masthead, h2, h2.getparent())]
        seen.append((*bare, [e.tag for e in masthead]))
    for one, other in itertools.combinations(seen, 2):
        assert sum(a != b for a, b in zip(one, other, strict=True)) >= 3


COLOURS = st.integers(min_value=0, max_value=0xFFFFFF).map(lambda n: f"#{n:06x}")


@given(primary=COLOURS, accent=COLOURS, theme=st.sampled_from(list(THEMES)))
def test_whatever_the_brand_every_text_reads_in_both_schemes(
    dress: Config, primary: str, accent: str, theme: str
) -> None:
    """Either the brand is refused with a colour that is accepted, or every pair of text and ground passes."""
    for _ in range(3):
        brand = Brand(theme=theme, primary=primary, accent=accent)
        try:
            looks = theme_of(dress.with_values(brand=brand))
            break
        except ConfigError as error:
            offered = str(re.findall(r"#[0-9a-f]{6}", error.hint)[-1])
            if "brand.primary" in error.message:
                primary = offered
            else:
                accent = offered
    else:
        pytest.fail("the offered colours are not accepted")
    for palette in (looks.light, looks.dark):
        for text in (palette.ink, palette.soft, palette.muted, palette.brand, palette.accent):
            for surface in (palette.ground, palette.paper, palette.wash, palette.box):
                assert contrast(text, surface) >= 4.5, (text, surface)
        assert contrast(palette.on_fill, palette.fill) >= 4.5
    if theme == "signal":
        assert all(contrast(p.on_fill, p.block) >= 4.5 for p in (looks.light, looks.dark))
    else:
        assert all(contrast(t, p.block) >= 4.5 for p in (looks.light, looks.dark) for t in (p.brand, p.ink, p.accent))


def test_no_scheme_is_pure_black_on_white(dressed: Config) -> None:
    theme = theme_of(dressed)
    for palette in (theme.light, theme.dark):
        assert {palette.ink, palette.paper, palette.ground} & {"#000000"} == set()
    assert "#ffffff" not in (theme.dark.ink, theme.dark.soft)


def test_the_dark_rules_are_said_for_outlook_too() -> None:
    css = in_the_dark(Markup("h1, .a b { color: red !important } .p { background: blue }"))
    assert css.startswith("@media (prefers-color-scheme: dark) {h1, .a b {")
    assert "[data-ogsc] h1,[data-ogsc] .a b{ color: red !important }" in css
    assert "[data-ogsb] .p{ background: blue }" in css


def test_the_page_of_each_theme_stands_alone(week: RenderedIssue) -> None:
    root = tree(week.web)
    assert len(list(root.iter("style"))) == 1
    assert "url(" not in week.web
    assert "@media print" in week.web
    assert not [e for e in root.iter() if isinstance(e.tag, str) and e.get("style")]
