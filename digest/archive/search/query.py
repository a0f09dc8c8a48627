"""What a reader typed, as terms. Pure.

    word        must occur, in whatever form ("conference" finds "conferences")
    "a phrase"  these words, one after the other; so is what hangs together, like open-access
    begin*      words that begin so
    -word       must not occur; also -"a phrase"

Everything else is no sign but a space between words, so nothing that a reader types can be an error, or reach the
database as anything but words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from digest.archive.search.analysis import fold, words_of

LONGEST = 200  # characters that are read
MOST_TERMS = 12
SHORTEST_BEGINNING = 2  # letters; one alone would be half of all words
SHORTEST_STEM = 4  # letters that a beginning is shortened to
LONGEST_ENDING = 4  # letters that a beginning may have too many

_PIECE = re.compile(r'(?P<no>(?<!\S)[-−–])?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand one after the other; with `prefix` the last is only the beginning of one.

    What is stored are stems, which a longer beginning may have gone beyond: "educati*" is to find "educ", which is
    all that is left of "education". Such `stems_too` are for a beginning that stands alone.
    """

    stems: tuple[str, ...]
    prefix: bool = False
    stems_too: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """`wanted` must all occur (or, when `any_of`, one of them at least), `unwanted` must not."""

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...] = ()
    any_of: bool = False

    def __bool__(self) -> bool:
        return bool(self.wanted)


def parse(text: str, language: str) -> Query:
    """The terms of `text`. A query without anything wanted is false: there is nothing to look for."""
    wanted: dict[Term, None] = {}
    unwanted: dict[Term, None] = {}
    for piece in _PIECE.finditer(text[:LONGEST].translate(_QUOTES)):
        term = _term(piece["phrase"], piece["word"] or "", language)
        if term is not None and len(wanted) + len(unwanted) < MOST_TERMS:
            (unwanted if piece["no"] else wanted)[term] = None
    return Query(tuple(wanted), tuple(term for term in unwanted if term not in wanted))


def _term(phrase: str | None, word: str, language: str) -> Term | None:
    text = word if phrase is None else phrase
    words = words_of(text, language)
    if not words:
        return None
    stems = tuple(one.stem for one in words)
    beginning = fold(text[words[-1].start : words[-1].end])
    if phrase is not None or not word.endswith("*") or len(beginning) < SHORTEST_BEGINNING:
        return Term(stems)
    shorter = [beginning[:length] for length in range(len(beginning) - 1, SHORTEST_STEM - 1, -1)]
    too = dict.fromkeys([stems[-1], *shorter[:LONGEST_ENDING]])
    alone = len(words) == 1
    return Term(
        (*stems[:-1], beginning),
        prefix=True,
        stems_too=tuple(stem for stem in too if alone and not stem.startswith(beginning)),
    )
