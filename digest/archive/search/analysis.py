"""Text as words: folded, without accents, reduced to their stem. Pure.

"Universitäten", "UNIVERSITÄT" and "universitat" come to the same word in a German installation; in a language for
which Snowball has no rules, words are folded only. A word is a run of letters and digits, and of the marks on them.
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

# Letters and digits, with the marks that stand on them.
_MARKS = "".join(re.escape(chr(c)) for c in range(0x300, 0x1E950) if unicodedata.category(chr(c)).startswith("M"))
_WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKS}])*")
_FIRST_ACCENT = 10  # of the canonical combining classes (Unicode Standard Annex 44)
_SHORT_I = "\N{CYRILLIC SMALL LETTER I}\N{COMBINING BREVE}"
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
    # Folded first, so that a word typed without its accents comes to the same as one with them.
    stem = fold(word)
    return (_stemmer(algorithm).stemWord(stem) or stem)[:LONGEST_WORD] if algorithm and stem else stem[:LONGEST_WORD]


def fold(word: str) -> str:
    """`word` in small letters and without accents."""
    parts = unicodedata.normalize("NFKD", word.casefold().translate(_LETTERS))
    parts = parts.replace(_SHORT_I, "\N{CYRILLIC SMALL LETTER SHORT I}")  # a letter of its own, no accented one
    # Vowel signs of Indic scripts have the class 0: they are no accents.
    kept = (c for c in parts if unicodedata.combining(c) < _FIRST_ACCENT)
    return "".join(c for c in "".join(kept).casefold().translate(_LETTERS) if c.isalnum() or _is_mark(c))


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


def _stemmer(algorithm: str) -> Any:
    """A stemmer of this thread's own: it keeps the word it works on."""
    kept: dict[str, Any] = _threads.__dict__.setdefault("stemmers", {})
    if algorithm not in kept:
        kept[algorithm] = snowballstemmer.stemmer(algorithm)
    return kept[algorithm]
