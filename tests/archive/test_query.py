"""Words, queries and marks: the parts of search that need no database."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.archive.search import postgres, sqlite
from digest.archive.search.analysis import stems_of
from digest.archive.search.highlight import SNIPPET, marked, snippet
from digest.archive.search.query import LONGEST, MOST_TERMS, Query, Term, parse

HOSTILE = st.text() | st.text(alphabet="ab \"'*-()\\:&|!<>^{}%_$;\x00\n“”é", max_size=300)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en-GB", "Conferences", "conference"),
        ("en-GB", "café résumé", "CAFE resume"),
        ("de", "Universitäten", "universitat"),
        ("de", "Straße", "STRASSE"),
        ("pl", "Łódź", "lodz"),
        ("xx", "Smørrebrød", "smorrebrod"),
        ("ar", "كِتَاب", "كتاب"),
        ("ru", "ёлка", "ЕЛКА"),
        ("ru", "белый", "белые"),
        ("en", "ﬁles 1²", "files 12"),
    ],
)
def test_forms_of_a_word_are_one_word(language: str, one: str, other: str) -> None:
    assert stems_of(one, language) == stems_of(other, language) != []


def test_different_words_stay_apart() -> None:
    assert len({*stems_of("learn lean open opera 12 13", "en")}) == 6


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("open education", Query((Term(("open",)), Term(("educ",))))),
        ('"open education"', Query((Term(("open", "educ")),))),
        ("“open education”", Query((Term(("open", "educ")),))),
        ('"open education', Query((Term(("open", "educ")),))),
        ("open-education", Query((Term(("open", "educ")),))),
        ("open -education", Query((Term(("open",)),), (Term(("educ",)),))),
        ('open -"higher education"', Query((Term(("open",)),), (Term(("higher", "educ")),))),
        ("open –education", Query((Term(("open",)),), (Term(("educ",)),))),
        ("educati*", Query((Term(("educati",), True, ("educat", "educa", "educ")),))),
        ("happy*", Query((Term(("happy",), True, ("happi", "happ")),))),
        ("open-educati*", Query((Term(("open", "educati"), True),))),
        ("u*", Query((Term(("u",)),))),
        ("open open -open", Query((Term(("open",)),))),
        ("AND OR NOT", Query((Term(("and",)), Term(("or",)), Term(("not",))))),
        ('" * - () "" ^', Query(())),
        ("-only", Query((), (Term(("onli",)),))),
        ("title:x NEAR(a b)", Query((Term(("titl", "x")), Term(("near", "a")), Term(("b",))))),
    ],
)
def test_what_was_typed(text: str, query: Query) -> None:
    assert parse(text, "en-GB") == query
    assert bool(parse(text, "en-GB")) == bool(query.wanted)


@given(HOSTILE)
def test_whatever_is_typed_it_is_only_words(text: str) -> None:
    query = parse(text, "en-GB")
    assert len(query.wanted) + len(query.unwanted) <= MOST_TERMS
    if not query:
        return
    assert re.fullmatch(r'(?:"[^"\x00]+"\*?|[()]| |AND|OR|NOT)+', sqlite.expression(query))
    assert re.fullmatch(r"(?:'[^'\\ \x00]+'(?::\*)?|[()&|! ]|<->)+", postgres.expression(query))


def test_a_query_is_read_to_a_point() -> None:
    assert parse("a" * LONGEST + " bcd", "en").wanted == parse("a" * LONGEST, "en").wanted
    assert len(parse(" ".join(f"w{n}" for n in range(50)), "en").wanted) == MOST_TERMS


def shown(pieces: tuple[tuple[str, bool], ...]) -> str:
    return "".join(f"[{text}]" if mark else text for text, mark in pieces)


@pytest.mark.parametrize(
    ("text", "typed", "marks"),
    [
        ("Conferences on Café culture", "conference cafe", "[Conferences] on [Café] culture"),
        ("Open education, and open access", '"open access"', "Open education, and [open access]"),
        ("Universal university", "univers*", "[Universal] [university]"),
        ("Education for educators", "educati*", "[Education] for [educators]"),
        ("An open door", "open -door", "An [open] door"),
        ("Open open-access", 'open "open access"', "[Open] [open-access]"),
        ("<b>open</b>", "open", "<b>[open]</b>"),
        ("Nothing here", "else", "Nothing here"),
    ],
)
def test_found_words_are_marked(text: str, typed: str, marks: str) -> None:
    assert shown(marked(text, parse(typed, "en"), "en")) == marks


def test_a_snippet_shows_the_found_words_in_their_sentence() -> None:
    text = "Nothing of it here. " * 40 + "At last the clinic opens. " + "And more follows it. " * 40
    said = shown(snippet(text, parse("clinic", "en"), "en"))
    assert "At last the [clinic] opens." in said
    assert said.startswith("… ")
    assert said.endswith(" …")
    assert len(said) < SNIPPET + 20


@given(st.text(max_size=2000), st.text(max_size=20))
def test_a_snippet_is_a_part_of_the_text(text: str, typed: str) -> None:
    pieces = snippet(text, parse(typed, "en"), "en")
    said = "".join(piece for piece, _ in pieces).removeprefix("… ").removesuffix(" …")
    assert said in text
    assert len(said) <= max(SNIPPET + 2, 1)
