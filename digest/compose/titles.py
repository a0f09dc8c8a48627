"""Comparing headlines: which words carry the story, and which tell one of a series from the next."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

from rapidfuzz import fuzz

MIN_CONTENT = 3  # words that carry something; "Newsletter" or "Welcome back" say too little to merge by
SIMILAR = 94.0  # per cent, rapidfuzz's ratio of the sorted words
NEAR_WORD = 80.0  # per cent: "speaker" and "speakers", "organisation" and "organization"

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*", re.UNICODE)
_ROMAN = re.compile(r"^(?=[ivx])(x{0,2})(ix|iv|v?i{0,3})$")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EMPTY = _words(
    "a an and are as at be by for from how in into is it its now of on or our out the this to up we what with you "
    "your der die das und für le la les des du de et el los las y"
)
_SERIES = _words(
    "january february march april may june july august september october november december jan feb mar apr jun jul "
    "aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun "
    "first second third fourth fifth sixth seventh eighth ninth tenth last final next one two three four five six "
    "seven eight nine ten morning afternoon evening spring summer autumn winter north south east west upper lower "
    "beginner beginners intermediate advanced cancelled canceled postponed rescheduled moved sold reminder update "
    "updated correction call result results winner winners open closed opens closes closing deadline extended"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A title taken apart.

    `content` are the words that carry the story, in their order; `series` those that tell it from its like: numbers,
    dates, "first", "cancelled".  Two titles with different series are different stories, however alike they look.
    """

    content: tuple[str, ...]
    series: tuple[str, ...]

    @property
    def key(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Equal for titles that differ in order, case, punctuation and small words only."""
        return tuple(sorted(self.content)), self.series

    @property
    def says_enough(self) -> bool:
        return len(self.content) >= MIN_CONTENT and sum(map(len, self.content)) >= 14


def headline(title: str) -> Headline:
    """`title` taken apart. Works on any script; only the lists of small words know English and its neighbours."""
    words = [w.replace("’", "'").removesuffix("'s") for w in _WORD.findall(_plain(title))]
    content: list[str] = []
    series: list[str] = []
    for word in words:
        if any(c.isdigit() for c in word) or word in _SERIES or (len(word) > 1 and _ROMAN.match(word)) or word == "i":
            series.append(word)
        elif word not in _EMPTY:
            # A letter by itself ("Group B") tells one of a series from the next.
            (series if len(word) == 1 and word.isascii() else content).append(word)
    return Headline(content=tuple(content), series=tuple(sorted(series)))


def similar(one: Headline, other: Headline) -> bool:
    """Whether two headlines tell the same story in nearly the same words: no word differs by more than its ending."""
    if one.series != other.series or not (one.says_enough and other.says_enough):
        return False
    only_one = list((Counter(one.content) - Counter(other.content)).elements())
    only_other = list((Counter(other.content) - Counter(one.content)).elements())
    if len(only_one) != len(only_other):
        return False
    for word in only_one:
        match = max(only_other, key=lambda w: fuzz.ratio(word, w), default="")
        if word[:3] != match[:3] or fuzz.ratio(word, match) < NEAR_WORD:
            return False
        only_other.remove(match)
    return fuzz.ratio(" ".join(sorted(one.content)), " ".join(sorted(other.content))) >= SIMILAR


def _plain(title: str) -> str:
    return unicodedata.normalize("NFKC", title).casefold()
