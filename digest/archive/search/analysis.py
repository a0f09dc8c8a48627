"""Text as words: folded, without accents, reduced to their stem. Pure.

"Universitäten", "UNIVERSITÄT" and "universitat" come to the same word in a German installation; in a language for
which Snowball has no rules, words are folded only. A word is a run of letters and digits.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import snowballstemmer

LONGEST_WORD = 64  # characters of a word that count
MOST_WORDS = 10_000  # of one text; PostgreSQL counts positions up to 16,383

_WORD = re.compile(r"[^\W_]+")
# Letters that Unicode does not take for a letter with an accent.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_ALGORITHMS = {
    **{
        "ar": "arabic",
        "ca": "catalan",
        "cs": "czech",
        "da": "danish",
        "de": "german",
        "el": "greek",
        "en": "english",
    },
    **{"es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french"},
    **{"ga": "irish", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian"},
    **{"nb": "norwegian", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pl": "polish", "pt": "portuguese"},
    **{"ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish"},
}
_threads = threading.local()


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: where it stands, and what the index holds of it."""

    start: int
    end: int
    stem: str


def words_of(text: str, language: str) -> list[Word]:
    """The words of `text`, in order. `language` is a tag like "en-GB"."""
    algorithm = _ALGORITHMS.get(re.split("[-_]", language.lower())[0], "")
    found: list[Word] = []
    for match in _WORD.finditer(text):
        if stem := stem_of(match[0][:LONGEST_WORD], algorithm):
            found.append(Word(match.start(), match.end(), stem))
            if len(found) == MOST_WORDS:
                break
    return found


def stems_of(text: str, language: str) -> list[str]:
    """What the index holds of `text`."""
    return [word.stem for word in words_of(text, language)]


@lru_cache(maxsize=50_000)
def stem_of(word: str, algorithm: str) -> str:
    """One word folded and reduced; "" when nothing of it is a letter or a digit."""
    stem = fold(word)
    if algorithm:
        # The rules know their language's accents, so they see the word with them.
        stem = fold(_stemmer(algorithm).stemWord(unicodedata.normalize("NFC", word).casefold())) or stem
    return stem[:LONGEST_WORD]


def fold(word: str) -> str:
    """`word` in small letters, without accents, of letters and digits alone."""
    parts = unicodedata.normalize("NFKD", word.casefold().translate(_LETTERS))
    return "".join(c for c in parts.casefold().translate(_LETTERS) if c.isalnum())


def _stemmer(algorithm: str) -> Any:
    """A stemmer of this thread's own: it keeps the word it works on."""
    kept: dict[str, Any] = _threads.__dict__.setdefault("stemmers", {})
    if algorithm not in kept:
        kept[algorithm] = snowballstemmer.stemmer(algorithm)
    return kept[algorithm]
