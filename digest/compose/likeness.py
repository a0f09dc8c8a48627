"""What two entries say of themselves besides their headlines: the same text, or facts that contradict each other."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from digest.compose.document import Candidate
from digest.gather.document import EventTime

WHOLE_TEXT = 60  # letters: from here on, a text that the other one goes on from is the same text, cut off
_SUBJECTS = 8  # long words of a text that says what it is about
_SHARED = 0.1  # of them: two texts about one thing share more

_LETTERS = re.compile(r"[^\W_]+")
_LONG_WORD = re.compile(r"[^\W\d_]{5,}")
_CONSIDERED = 1500  # characters of a text


@lru_cache(maxsize=4_000)
def letters(text: str) -> str:
    """The letters and digits of a text, case folded: what is left when it is laid out in another way."""
    return "".join(_LETTERS.findall(text.casefold()))


def same_text(one: str, other: str, *, least: int = 1) -> bool:
    """Whether two texts are one, or one is the beginning of the other. Texts under `least` letters say nothing."""
    shorter, longer = sorted((letters(one), letters(other)), key=len)
    if len(shorter) < max(least, 1):
        return False
    return shorter == longer or (len(shorter) >= WHOLE_TEXT and longer.startswith(shorter))


def of_other_things(one: Candidate, other: Candidate) -> bool:
    """Whether both entries say at some length what they are about, in words that have next to nothing in common."""
    mine, its = (_subjects(c.doc.summary, c.doc.text[:_CONSIDERED]) for c in (one, other))
    return bool(mine and its) and len(mine & its) < _SHARED * min(len(mine), len(its))


def contradict(one: Candidate, other: Candidate) -> bool:
    """Whether stated facts make them two: another start, another place, another DOI, another closing day."""
    mine, its = one.doc, other.doc
    if mine.event and its.event and (starts_differ(mine.event, its.event) or _places_differ(mine.event, its.event)):
        return True
    if mine.closing and its.closing and mine.closing != its.closing:
        return True
    dois = [doc.publication.doi.casefold() for doc in (mine, its) if doc.publication and doc.publication.doi]
    return len(dois) == 2 and dois[0] != dois[1]


def starts_differ(one: EventTime, other: EventTime) -> bool:
    """Whether two events start at different times; of an all-day or a guessed one only the day is known."""
    vague = next((event for event in (one, other) if event.all_day or event.guessed), None)
    if vague is None:
        return one.start != other.start
    zone = vague.start.tzinfo
    return one.start.astimezone(zone).date() != other.start.astimezone(zone).date()


def names_no_page(url: str) -> bool:
    """Whether `url` is a whole site's: what links to a home page is not told apart by it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    return parts.path.strip("/") == "" and not parts.query and not parts.fragment


@lru_cache(maxsize=4_000)
def _subjects(summary: str, text: str) -> frozenset[str]:
    """The long words of an entry, by their beginnings; none when there are too few to judge it by."""
    found = frozenset(word[:6] for word in _LONG_WORD.findall(f"{summary}\n{text}".casefold()))
    return found if len(found) >= _SUBJECTS else frozenset()


def _places_differ(one: EventTime, other: EventTime) -> bool:
    if one.online or other.online:
        return False
    mine, its = (set(_LETTERS.findall(event.place.casefold())) for event in (one, other))
    return bool(mine and its) and not mine & its
