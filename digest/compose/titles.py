"""Comparing headlines: which words carry the story, and which tell one of a series from the next."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from rapidfuzz.distance import OSA

MIN_CONTENT, MIN_LETTERS = 3, 14  # of the words that carry something: "Newsletter" or "Welcome back" say too little
PLAIN_CONTENT = 5  # from here on a headline is hardly ever another story's too
MIN_IDEOGRAPHS = 8  # of a headline in a script that does not part its words

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*(?:\+\+|#(?!\w))?")  # "C++" is not "C#"
_ROMAN = re.compile(r"^(?=[ivx])(x{0,2})(ix|iv|v?i{0,3})$")
_PART = re.compile(r"[:!?|]\s+|\s+[-–—|·•]\s+")  # "News: a story | Site" has three parts
_FORWARDED = re.compile(r"^(?:(?:re|fwd?|fw):\s+)+")
_LIST = re.compile(r"^\[[a-z]+(?:[-_][a-z]+)+\]\s+")  # "[ALT-ANNOUNCE] "; "[Leeds]" is a place
_MARKS = re.compile(r"[\u0300-\u036f]+")
_UNPARTED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Left out before anything is compared. No preposition is here: "letters to" and "letters from" are two stories.
_EMPTY = _set("a an the and is are be now")
# These are compared like any other word, but carry no story by themselves: the language's small words, ...
_SMALL = _set(
    "as at by for from how in into it its of off on or our out over that their there this to up us was we were "
    "what when which who why will with you your not no so do does than has have had der die das und für le la les "
    "des du de et el los las y en un une ein eine"
)
# ... what every association calls everything, ...
_GENERIC = _set(
    "newsletter bulletin digest news update welcome back minutes meeting meetings agenda report reports annual "
    "general committee weekly monthly vacancy vacancies job jobs opportunity opportunities learning technologist "
    "technology lecturer manager officer round roundup blog post posts event events webinar webinars workshop "
    "workshops conference registration notice reminder invitation announcement announcing call papers paper "
    "proposals member members new year happy seasons greetings week month issue volume editorial introduction "
    "thank thanks congratulations special latest group"
)
# ... and what tells one of a series from the next.
_SERIES = _set(
    "january february march april may june july august september october november december jan feb mar apr jun "
    "jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu "
    "thur thurs fri sat sun first second third fourth fifth sixth seventh eighth ninth tenth last final next "
    "previous one two three four five six seven eight nine ten eleven twelve morning afternoon evening spring "
    "summer autumn winter north south east west northern southern eastern western upper lower beginner beginners "
    "intermediate advanced cancelled canceled postponed rescheduled moved sold reminder update updated correction "
    "call result results winner winners open opens opened closed closes deadline extended part i"
)
_SPELLINGS = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"(?<=[a-z]{3})is(ation\w*|e|es|ed|er|ers|ing)$", r"iz\1"),
        (r"(?<=[a-z]{2})lys(e|es|ed|ing)$", r"lyz\1"),
        (r"(?<=[a-z]{3})our(s|ed|ing|ite|ites|al|ful)?$", r"or\1"),
        (r"^(cent|theat|fib|lit|met)re(s?)$", r"\1er\2"),
        (r"programme(s?)$", r"program\1"),
        (r"(catalog|dialog|analog)ue(s?)$", r"\1\2"),
        (r"^(licen|defen|offen|practi)ce(s?)$", r"\1se\2"),
        (r"^(enrol|fulfil|instal)(ment|ments|s)?$", r"\1l\2"),
        (r"^(judg|acknowledg)ement(s?)$", r"\1ment\2"),
        (r"^grey$", "gray"),
        (r"(?<=[a-z]{3})ies$", "y"),
        (r"(?<=[a-z]{3})(?<!ew)(?<!ic)(?<![sui])s$", ""),
    )
)


class Likeness(IntEnum):
    """How much two headlines are one."""

    NONE = 0
    TYPING = 1  # one long word differs in one letter: means something only where the texts agree too
    NEAR = 2  # spelled differently: plurals, American spelling, hyphens, accents, parts in another order
    SAME = 3  # but for case, punctuation, articles, and what its source or a mailing list puts around a headline


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A title taken apart.

    `series` are the words that tell one of a series from the next, in their order: numbers, dates, "cancelled".
    `weight` counts the words that carry a story.
    """

    title: str
    words: tuple[str, ...]
    series: tuple[str, ...]
    parts: tuple[tuple[str, tuple[str, ...]], ...]  # spelled one way, sorted: (letters, series) of each
    spelled: str  # all letters, spelled one way
    weight: int
    letters: int

    @property
    def says_enough(self) -> bool:
        """Whether the headline alone may speak for the story."""
        return self.weight >= MIN_CONTENT and self.letters >= MIN_LETTERS

    @property
    def says_plenty(self) -> bool:
        return self.weight >= PLAIN_CONTENT

    @property
    def keys(self) -> tuple[str, ...]:
        """Two headlines are NEAR or SAME only when they have a key in common."""
        flat = f"{self.spelled}\t{' '.join(self.series)}"
        if len(self.parts) == 1:
            return (flat,)
        return (flat, "\n".join(f"{part}\t{' '.join(its)}" for part, its in self.parts))


def headline(title: str, source_title: str = "") -> Headline:
    """`title` taken apart. Works on any script; only the lists of small words know English and its neighbours.

    A part of it that only repeats `source_title`, and "Fwd:" or "[LIST-NAME]", are not part of the story.
    """
    plain = _fold(title).strip()
    for _ in range(2):  # "Fwd: [LIST] Re: ..."
        plain = _FORWARDED.sub("", _LIST.sub("", plain))
    its_name = _name(source_title)
    parts = [words for part in _PART.split(plain) if (words := _words(part))]
    parts = [words for words in parts if words != its_name] or parts
    words = tuple(word for part in parts for word in part)
    content = [w for w in words if w not in _SMALL and w not in _GENERIC and not _in_series(w)]
    unparted = sum(len(_UNPARTED.findall(w)) for w in words)
    return Headline(
        title=title,
        words=words,
        series=_series(words),
        parts=tuple(sorted((_spelled(part), _series(part)) for part in parts)),
        spelled=_spelled(words),
        weight=max(len(content), unparted * MIN_CONTENT // MIN_IDEOGRAPHS),
        letters=max(sum(map(len, content)), unparted * MIN_LETTERS // MIN_IDEOGRAPHS),
    )


def likeness(one: Headline, other: Headline) -> Likeness:
    """How alike two headlines are. Different series are different stories, however alike the rest looks."""
    if one.words == other.words:
        return Likeness.SAME
    if one.parts == other.parts or (one.spelled, one.series) == (other.spelled, other.series):
        return Likeness.NEAR
    if one.series != other.series or len(one.words) != len(other.words):
        return Likeness.NONE
    differing = [(a, b) for a, b in zip(one.words, other.words, strict=True) if a != b]
    if len(differing) != 1:
        return Likeness.NONE
    mine, its = differing[0]
    # In small letters: a name that differs in one letter ("Newton", "Newtown") is another name.
    long_and_small = len(mine) >= 5 <= len(its) and mine.isascii() and mine in one.title and its in other.title
    return Likeness.TYPING if long_and_small and OSA.distance(mine, its, score_cutoff=1) <= 1 else Likeness.NONE


def other_of_series(one: Headline, other: Headline) -> bool:
    """Whether the headlines call themselves different parts of a series: "webinar 1" and "webinar 2"."""
    return bool(one.series and other.series) and not set(one.series) & set(other.series)


@lru_cache(maxsize=1_000)
def _name(source_title: str) -> tuple[str, ...]:
    return _words(_fold(source_title))


def _words(text: str) -> tuple[str, ...]:
    found = (word.removesuffix("'s") for word in _WORD.findall(text))
    return tuple(word for word in found if word not in _EMPTY)


@lru_cache(maxsize=20_000)
def _in_series(word: str) -> bool:
    if word in _SERIES or any(c.isdigit() for c in word):
        return True
    # A letter by itself ("Group B") or a Roman number tells one of a series from the next.
    return word.isascii() and (len(word) == 1 or _ROMAN.match(word) is not None)


def _series(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if _in_series(word))


def _spelled(words: tuple[str, ...]) -> str:
    """The letters of `words` in one spelling; without spaces, for "meet-up", "meet up" and "meetup" are one word."""
    return "".join(word if _in_series(word) else _spelling(word) for word in words)


@lru_cache(maxsize=20_000)
def _spelling(word: str) -> str:
    if not word.isascii():
        return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", word)))
    for pattern, instead in _SPELLINGS:
        word = pattern.sub(instead, word)
    return word


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("’", "'").casefold()
