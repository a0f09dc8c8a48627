"""Built-in templates and those an association lays over them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from digest.compose.sections import KINDS
from digest.config import Config
from digest.errors import ConfigError, TemplateError
from digest.render import Renderer
from tests.render import documents
from tests.render.conftest import BUILT_IN, MakeRenderer

EMAIL = BUILT_IN / "email"
KNOWN_TAGS = {
    "mj-head", "mj-title", "mj-preview", "mj-attributes", "mj-raw", "mj-style", "mj-body", "mj-section", "mj-column",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["mjml", "txt"])
def test_each_kind_of_section_has_both_templates(kind: str, form: str) -> None:
    assert (EMAIL / "sections" / f"{kind}.{form}.j2").is_file()


@pytest.mark.parametrize("path", sorted(EMAIL.rglob("*.j2")), ids=lambda p: p.relative_to(EMAIL).as_posix())
def test_templates_keep_to_the_rules(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert "|safe" not in source.replace(" ", ""), "what is markup already says so itself"
    assert "autoescape" not in source
    if path.name.endswith(".mjml.j2"):
        # The compiler passes unknown tags without a word.
        assert set(re.findall(r"</?(mj-[a-z-]+)", source)) <= KNOWN_TAGS
        assert "!important" not in source
    if path.name == "inline.css.j2":
        assert "!important" not in re.sub(r"\{#.*?#\}", "", source, flags=re.S)


def test_a_file_of_the_associations_own_replaces_the_built_in_one(make_renderer: MakeRenderer) -> None:
    own = '<tr><td class="i">{% for item in section.items %}OURS {{ item.title }}{% endfor %}</td></tr>'
    renderer = make_renderer({"sections/list.mjml.j2": own})
    issue = renderer.render(documents.full(), documents.MEMBERS)
    assert "OURS Captioning pilot" in issue.html.replace("\n", " ")
    assert "OURS" not in issue.text
    assert "Lunchtime clinic" in issue.html, "the other sections are untouched"


def test_their_feed_text_is_escaped_too(make_renderer: MakeRenderer) -> None:
    own = "<tr><td>{{ section.items[0].title }}</td></tr>"
    issue = make_renderer({"sections/list.mjml.j2": own}).render(documents.hostile(), documents.MEMBERS)
    assert "<script>" not in issue.html


@pytest.mark.parametrize(
    ("name", "source", "line", "words"),
    [
        ("sections/list.mjml.j2", "<tr>\n<td>{{ section.nothing }}</td></tr>", 2, "has no attribute 'nothing'"),
        ("sections/list.txt.j2", "a\nb\n{% for x in %}", 3, "Expected an expression"),
        ("issue.txt.j2", "{{ unheard_of }}", 1, "'unheard_of' is undefined"),
        ("parts/footer.mjml.j2", "\n{{ 1 / 0 }}", 2, "division by zero"),
        ("parts/masthead.mjml.j2", '\n\n{% include "gone.j2" %}', 3, "needs the template gone.j2"),
        ("page.html.j2", '{% import "macros.mjml.j2" as m %}\n{{ m.absent() }}', 2, "absent"),
    ],
)
def test_an_error_in_a_template_names_the_file_and_the_line(
    make_renderer: MakeRenderer, name: str, source: str, line: int, words: str
) -> None:
    renderer = make_renderer({name: source})
    with pytest.raises(TemplateError) as caught:
        renderer.render(documents.full(), documents.MEMBERS)
    message = caught.value.message
    assert f"{name}, line {line}," in message
    assert words in message
    assert "go back to the built-in one" in caught.value.hint


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<tr><td><p>never closed</td></tr>", "never closed"),
        ("<tr><td>3 < 4</td></tr>", "3 < 4"),
        ("<tr><td><mj-buton>x</mj-buton></td></tr>", "<mj-buton> is unknown to MJML"),
    ],
)
def test_mjml_that_cannot_be_compiled_is_told_in_words(make_renderer: MakeRenderer, source: str, words: str) -> None:
    renderer = make_renderer({"sections/list.mjml.j2": source})
    with pytest.raises(TemplateError) as caught:
        renderer.render(documents.full(), documents.MEMBERS)
    assert words in caught.value.message
    assert "sections/list.mjml.j2" in caught.value.hint


def test_a_template_that_is_not_text_is_refused(make_renderer: MakeRenderer, tmp_path: Path) -> None:
    renderer = make_renderer()
    assert renderer
    folder = tmp_path / "templates" / "email"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "issue.txt.j2").write_bytes(b"caf\xe9")
    with pytest.raises(TemplateError, match="not UTF-8"):
        make_renderer()


def test_a_kind_without_templates_is_refused_by_name(make_renderer: MakeRenderer) -> None:
    with pytest.raises(TemplateError, match=r"no template sections/podcasts\.mjml\.j2"):
        make_renderer(extra='[[sections]]\nid = "pods"\ntitle = "Podcasts"\nkind = "podcasts"')


def test_what_was_read_is_what_renders(make_renderer: MakeRenderer, tmp_path: Path) -> None:
    renderer = make_renderer({"issue.txt.j2": "first"})
    before = renderer.fingerprint
    path = tmp_path / "templates" / "email" / "issue.txt.j2"
    path.write_text("second", encoding="utf-8")
    assert renderer.render(documents.full(), documents.MEMBERS, web=False).text == "first\n"
    later = make_renderer()
    assert later.render(documents.full(), documents.MEMBERS, web=False).text == "second\n"
    assert later.fingerprint != before


def test_the_fingerprint_follows_brand_and_association(make_renderer: MakeRenderer) -> None:
    plain = make_renderer().fingerprint
    assert make_renderer().fingerprint == plain
    assert make_renderer(extra='[brand]\nprimary = "#123456"').fingerprint != plain
    assert make_renderer(extra='[brand]\nfooter = "Hello"').fingerprint != plain
    assert make_renderer(extra="[delivery]\nbatch_size = 7").fingerprint == plain


@pytest.mark.parametrize(
    ("brand", "words", "hint"),
    [
        ('primary = "#88bbcc"', "brand.primary: #88bbcc cannot be read", "The nearest colour that passes is #"),
        ('accent = "#ffcc00"', "brand.accent: #ffcc00 cannot be read", "The nearest colour that passes is #"),
        ('theme = "plian"', "did you mean 'plain'", ""),
        ('font = "x; color: red"', "expected names of fonts", ""),
    ],
)
def test_a_brand_nobody_could_read_is_refused(make_renderer: MakeRenderer, brand: str, words: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_renderer(extra=f"[brand]\n{brand}")
    assert words in caught.value.message
    assert hint in caught.value.hint


def test_the_colour_that_is_offered_is_accepted(make_renderer: MakeRenderer) -> None:
    with pytest.raises(ConfigError) as caught:
        make_renderer(extra='[brand]\nprimary = "#7fb2c4"')
    offered = re.search(r"#[0-9a-f]{6}", caught.value.hint)
    assert offered
    assert make_renderer(extra=f'[brand]\nprimary = "{offered[0]}"')


def test_the_plain_config_of_other_tests_renders(config: Config) -> None:
    issue = Renderer(config, built_in=BUILT_IN).render(documents.full(), documents.MEMBERS)
    assert "Test Association" in issue.html
