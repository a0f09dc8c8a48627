"""Letters: in every language, in every theme, hostile words included."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from digest.config import Config
from digest.render.letters import Latest, Letter, RenderedNotice, on_the_list, please_confirm, welcome, what_we_hold
from digest.render.notice import render_notice
from digest.render.wrap import columns
from digest.words import languages, spoken
from tests.render.conftest import BUILT_IN
from tests.render.reading import hrefs, tree, words

CONFIRM = "https://digest.example.org/confirm/" + "a" * 32 + ".k1." + "b" * 22
NOT_ME = "https://digest.example.org/unsubscribe/" + "a" * 32 + ".k1." + "c" * 22
PREFERENCES = "https://digest.example.org/preferences/" + "a" * 32 + ".k1." + "d" * 22
ISSUE = "https://digest.example.org/issues/736/"


def letters(language: str, name: str = "The Association") -> dict[str, Letter]:
    latest = Latest(name="Issue 736", url=ISSUE, headlines=("A library opens", "<b>Bold</b> & {{ braces }}"))
    own = {"preferences": PREFERENCES, "unsubscribe": NOT_ME}
    day = dt.date(2024, 2, 19)
    return {
        "confirm": please_confirm(name, language=language, url=CONFIRM, not_me=NOT_ME, days=7),
        "welcome": welcome(name, language=language, latest=latest, next_issue=day, **own),
        "first": welcome(name, language=language, latest=None, next_issue=day, **own),
        "known": on_the_list(name, language=language, **own),
        "export": what_we_hold(name, language=language, held='{\n  "name": "<i>Ada</i>"\n}', **own),
    }


KINDS = tuple(letters("en-GB"))


def drawn(dress: Config, kind: str, language: str = "en-GB") -> RenderedNotice:
    return render_notice(dress, letters(language)[kind], built_in=BUILT_IN)


@pytest.mark.parametrize("language", ["en-GB", *languages()])
@pytest.mark.parametrize("kind", KINDS)
def test_every_letter_in_every_language(dress: Config, kind: str, language: str) -> None:
    letter, notice = letters(language)[kind], drawn(dress, kind, language)
    page = tree(notice.html)
    assert notice.html.isascii()
    assert page.get("lang") == language
    assert page.get("dir") == ("rtl" if language == "ar" else "ltr")
    assert letter.button[1] in hrefs(notice.html)
    assert letter.button[1] in notice.text.splitlines()
    assert letter.heading in words(page)
    for line in notice.text.splitlines():
        assert columns(line) <= 72 or "://" in line or line.startswith(("{", " ", '"'))
    if language != "en-GB":
        assert letter.heading != letters("en-GB")[kind].heading
        assert "weekly digest" not in notice.text


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_fetched_and_nothing_is_markup(dress: Config, kind: str) -> None:
    notice = drawn(dress, kind)
    assert "<script" not in notice.html
    assert not re.search(r"<(link|iframe|form)\b", notice.html)
    assert "<b>Bold" not in notice.html
    assert "<i>Ada" not in notice.html
    assert "{{" not in notice.html.replace("{{ braces }}", "")


def test_the_confirmation_says_what_it_is_about(dress: Config) -> None:
    notice = drawn(dress, "confirm")
    assert notice.subject == "Please confirm: the weekly digest of The Association"
    assert "works for 7 days" in notice.text
    assert NOT_ME in notice.text
    assert sorted(set(hrefs(notice.html)) & {CONFIRM, NOT_ME}) == sorted([CONFIRM, NOT_ME])


def test_the_welcome_has_the_latest_issue_and_the_next_ones_day(dress: Config) -> None:
    notice = drawn(dress, "welcome")
    assert "Monday 19 February 2024" in " ".join(notice.text.split())
    assert "* A library opens" in notice.text
    assert ISSUE in notice.text
    assert "Issue 736" not in drawn(dress, "first").text


@pytest.mark.parametrize("theme", ["plain", "broadsheet", "signal"])
def test_in_every_theme(dress: Config, theme: str) -> None:
    themed = dress.with_values(brand=dress.brand.model_copy(update={"theme": theme}))
    html = drawn(themed, "confirm").html
    assert re.search(r"prefers-color-scheme: ?dark", html)
    assert "Confirm my address" in words(tree(html))


@pytest.mark.parametrize(
    ("wanted", "fallback", "heard"),
    [
        ("de-AT", "en-GB", "de-AT"),
        ("he", "de", "de"),
        ("he", "fr", "en-GB"),
        ("en-US", "de", "en-US"),
        ("", "ar", "ar"),
    ],
)
def test_the_language_that_is_spoken_has_words(wanted: str, fallback: str, heard: str) -> None:
    assert spoken(wanted, fallback) == heard
