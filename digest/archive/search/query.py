"""What a reader typed, as terms. Pure.

    word        must occur, in whatever form ("conference" finds "conferences")
    "a phrase"  these words, one after the other; so is what hangs together, like open-access
    begin*      words that begin so
    -word       must not occur; also -"a phrase"

Everything else is no sign but a space between words, so nothing a reader types can be an error or reach the
database as anything but words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from digest.archive.search.analysis import stems_of

LONGEST = 200  # characters that are read
MOST_TERMS = 12
SHORTEST_BEGINNING = 2  # letters; one alone would be half of all words

_PIECE = re.compile(r'(?P<no>(?<!\S)[-−–])?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand one after the other; with `prefix` the last is only the beginning of one."""

    stems: tuple[str, ...]
    prefix: bool = False


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
    stems = tuple(stems_of(word if phrase is None else phrase, language))
    if not stems:
        return None
    beginning = phrase is None and word.endswith("*") and len(stems[-1]) >= SHORTEST_BEGINNING
    return Term(stems, prefix=beginning)
