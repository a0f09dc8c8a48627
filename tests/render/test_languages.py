"""The fixed words in every language there is a catalogue of, and issues in three of them."""

from __future__ import annotations

import datetime as dt
import os
import re
import tomllib
import unicodedata
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from digest.config import load_config
from digest.render import Renderer, dates
from digest.render.models import RenderedIssue
from digest.render.wrap import WIDTH, columns
from digest.words import catalogue, languages, words_of
from tests.render import documents
from tests.render.conftest import BUILT_IN
from tests.render.reading import hrefs, references, tree, words
from tests.render.tongues import ARABIC, GERMAN, JAPANESE, TONGUES, Tongue

ROOT = Path(__file__).resolve().parents[2]
FIELDS = re.compile(r"%\(\w+\)s|\{\w+\}")


@pytest.fixture(scope="module")
def extracted() -> Catalog:
    """What the code and the templates say, found as `make messages` finds it."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["babel"]["mappings"]
    methods, options = [], {}
    for mapping in mappings:
        patterns = mapping["pattern"] if isinstance(mapping["pattern"], list) else [mapping["pattern"]]
        for pattern in patterns:
            methods.append((pattern, mapping["method"]))
            options[pattern] = {k: v for k, v in mapping.items() if k not in ("pattern", "method")}
    found = Catalog()
    for file, _line, message, _comments, _context in extract_from_dir(
        ROOT, methods, options, keywords={**DEFAULT_KEYWORDS, "N_": None}, directory_filter=_ours
    ):
        found.add(message, locations=[(file, 1)])
    return found


def _ours(folder: str | os.PathLike[str]) -> bool:
    return not Path(folder).name.startswith((".", "demo", "build"))


def test_the_words_are_found(extracted: Catalog) -> None:
    ids = {message.id if isinstance(message.id, str) else message.id[0] for message in extracted}
    assert {"Unsubscribe", "Add to calendar", "dd MMM yyyy", "%(count)s more on the web", "%(place)s, online"} <= ids
    assert len(ids) > 25


@pytest.mark.parametrize("language", languages())
def test_a_catalogue_says_all_of_it(language: str, extracted: Catalog) -> None:
    with catalogue(language).open("rb") as file:
        kept = read_po(file)
    said = {message.id: message for message in kept if message.id}
    assert set(said) == {message.id for message in extracted if message.id}, "run `make messages`, then translate"
    for message in said.values():
        assert not message.fuzzy, message.id
        forms = [message.string] if isinstance(message.string, str) else list(message.string)
        assert all(forms), f"{message.id!r} is not translated"
        if isinstance(message.id, str):
            assert sorted(FIELDS.findall(forms[0])) == sorted(FIELDS.findall(message.id)), message.id
        else:
            assert len(forms) == kept.num_plurals
            assert set().union(*map(FIELDS.findall, forms)) == set(FIELDS.findall(message.id[0])), message.id


def test_no_catalogue_is_left_over() -> None:
    assert languages() == ("ar", "de")


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [
        ("en-GB", 1, "1 more on the web"),
        ("en-GB", 3, "3 more on the web"),
        ("de", 1, "1 weiterer Beitrag im Web"),
        ("de-AT", 3, "3 weitere Beiträge im Web"),
        ("ar", 1, "مادة أخرى واحدة على الويب"),
        ("ar", 2, "مادتان أخريان على الويب"),
        ("ar", 5, "5 مواد أخرى على الويب"),
        ("ar-EG", 11, "11 مادة أخرى على الويب"),
        ("ar", 100, "100 مادة أخرى على الويب"),
        ("ar", 103, "103 مواد أخرى على الويب"),
    ],
)
def test_numbers_have_their_form(language: str, count: int, said: str) -> None:
    one = "%(count)s more on the web"
    assert words_of(language).ngettext(one, one, count) % {"count": count} == said


@pytest.mark.parametrize("language", ["zz", "en-US", "", "../de", "de/../ar", "_"])
def test_a_language_without_a_catalogue_speaks_english(language: str) -> None:
    assert words_of(language).gettext("Unsubscribe") == "Unsubscribe"


@pytest.mark.parametrize(
    ("language", "month", "day", "opening"),
    [
        ("ja", "2月", "2024年2月12日月曜日", "2024年2月13日(火) – 2月15日(木)"),
        ("fr", "févr.", "lundi 12 février 2024", "mar. 13 févr. – jeu. 15 févr. 2024"),
        ("he", "פבר׳", "יום שני, 12 בפברואר 2024", "יום ג׳, 13 בפבר׳ – יום ה׳, 15 בפבר׳ 2024"),
        ("ar", "فبراير", "الاثنين، 12 فبراير 2024", "الثلاثاء، 13 فبراير – الخميس، 15 فبراير 2024"),
    ],
)
def test_dates_are_those_of_the_language_whatever_was_rendered_before(
    language: str, month: str, day: str, opening: str
) -> None:
    locale = dates.locale_of(language)
    assert dates.day_and_month(dt.date(2024, 2, 9), locale) == ("9", month)
    assert dates.full_date(dt.date(2024, 2, 12), locale) == day
    days = documents.EventTime(start=documents.at(13, 0), end=documents.at(16, 0), all_day=True)
    assert dates.event_when(days, "Europe/London", locale) == opening


def test_what_config_leaves_out_is_worded_in_the_associations_language(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(GERMAN.config, encoding="utf-8")
    config = load_config(path)
    assert config.digest.title == "Nachrichten der Woche - Ausgabe {number}, {date}"
    assert config.digest.date_format == "d. MMM yyyy"
    assert config.association.why == "Sie erhalten diese Nachricht als Mitglied von {association}."
    own = GERMAN.config.replace("[digest]\n", '[digest]\ntitle = "Rundbrief {number} ({date})"\n')
    path.write_text(own.replace("[association]\n", '[association]\nwhy = "Ihretwegen."\n'), encoding="utf-8")
    config = load_config(path)
    assert (config.digest.title, config.association.why) == ("Rundbrief {number} ({date})", "Ihretwegen.")


def _rendered(tongue: Tongue, folder: Path) -> RenderedIssue:
    path = folder / "config.toml"
    path.write_text(tongue.config, encoding="utf-8")
    return Renderer(load_config(path), built_in=BUILT_IN).render(tongue.issue, documents.MEMBERS)


@pytest.fixture(scope="module", params=TONGUES, ids=lambda tongue: tongue.language)
def tongue(request: pytest.FixtureRequest) -> Tongue:
    found: Tongue = request.param
    return found


@pytest.fixture(scope="module")
def issue(tongue: Tongue, tmp_path_factory: pytest.TempPathFactory) -> RenderedIssue:
    return _rendered(tongue, tmp_path_factory.mktemp(tongue.language))


def test_language_and_direction_are_stated(tongue: Tongue, issue: RenderedIssue) -> None:
    way = "rtl" if tongue is ARABIC else "ltr"
    for form in (issue.html, issue.web):
        root = tree(form)
        assert (root.get("lang"), root.get("dir")) == (tongue.language, way)


def test_the_three_forms_are_of_one_mind(issue: RenderedIssue) -> None:
    assert hrefs(issue.html) == references(issue.text)
    assert issue.html.isascii()
    citations = {href for href in hrefs(issue.web) if href.endswith((".bib", ".ris", ".csl.json"))}
    assert len(citations) == 3, "one publication, in three formats, on the web page alone"
    assert hrefs(issue.web) - citations <= hrefs(issue.html)


def test_lines_of_text_fit(issue: RenderedIssue) -> None:
    for line in issue.text.split("\n"):
        assert columns(line) <= WIDTH or "://" in line, line


def test_an_english_word_stands_only_where_the_feed_has_one(tmp_path: Path, extracted: Catalog) -> None:
    english = {m.id if isinstance(m.id, str) else m.id[0] for m in extracted} - {"", ", "}
    fixed = {FIELDS.sub("", text).strip(" :.,-") for text in english}
    for tongue, same in ((ARABIC, set()), (GERMAN, {"Online", "Links", "Feed", "online"})):
        rendered = _rendered(tongue, tmp_path)
        for form in (rendered.text, *(words(tree(html).find("body")) for html in (rendered.html, rendered.web))):
            for text in fixed - same:
                assert text not in form, (tongue.language, text)


@pytest.mark.parametrize(
    ("tongue", "said"),
    [
        (GERMAN, "  Rathaus Salzmarsch und online\n  In den Kalender übernehmen ["),
        (GERMAN, "  Di., 13. Feb. 2024, 12:00–13:00 MEZ\n"),
        (GERMAN, "\nAusgabe 736 [2] · Montag, 12. Februar 2024\n"),
        (GERMAN, "  Frist: Fr., 1. März 2024 · Stellenmarkt"),
        (ARABIC, "  الثلاثاء، 13 فبراير 2024، 2:00 م–3:00 م UTC+3\n"),
        (ARABIC, "\n3 مواد أخرى لم يتسع لها عدد هذا الأسبوع.\n"),
        (JAPANESE, "  2024年2月13日(火) 12:00–13:00 JST\n"),
    ],
)
def test_said_as_it_is_said_there(tongue: Tongue, said: str, tmp_path: Path) -> None:
    assert said in _rendered(tongue, tmp_path).text


def test_every_line_of_arabic_runs_from_the_right(tmp_path: Path) -> None:
    """By the first strong character, as a program without markup decides (UAX #9, P2 and P3)."""
    marked = 0
    for line in _rendered(ARABIC, tmp_path).text.split("\n"):
        kinds = [kind for kind in map(unicodedata.bidirectional, line) if kind in ("L", "R", "AL")]
        if "AL" in kinds:
            assert kinds[0] in ("R", "AL"), line
        marked += line.startswith("\u200f")
    assert marked, "one line at least begins with a Latin word"


@pytest.mark.parametrize("theme", ["plain", "broadsheet", "signal"])
def test_joined_letters_are_not_drawn_apart(theme: str, tmp_path: Path) -> None:
    arabic = ARABIC.config + f'[brand]\ntheme = "{theme}"\n'
    (tmp_path / "config.toml").write_text(arabic, encoding="utf-8")
    rendered = Renderer(load_config(tmp_path / "config.toml"), built_in=BUILT_IN).render(
        ARABIC.issue, documents.MEMBERS
    )
    assert "letter-spacing:0 !important" in rendered.html
    assert '[dir="rtl"] .issue' in rendered.web
    german = _rendered(GERMAN, tmp_path)
    assert "letter-spacing:0 !important" not in german.html


def test_a_mark_is_set_in_no_other_issue(tmp_path: Path) -> None:
    assert "\u200f" not in _rendered(GERMAN, tmp_path).text
