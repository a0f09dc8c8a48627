"""People's names: family and given name where the two can be told apart, else the name as it stands. Pure.

Feeds give a name as one text. "Lovelace, Ada" says itself what is what; of "Ada Lovelace" the last word is taken for
the family's name, with what stands before it in small letters ("van der Berg"). A single word, or one that no name
holds, is left whole: a group or an institution, or a name of another order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MOST_WORDS = 4
_GROUP = re.compile(
    r"[\d&/@:()]|\b(?:and|the|of|for|team|group|committee|consortium|association|university|college|institute|council|"
    r"network|project|editors?|editorial|board|staff|department|centre|center|society|trust|office|news|blog)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Name:
    """`given` is empty for what is kept whole; that may be an institution."""

    family: str
    given: str = ""


def name_of(text: str) -> Name:
    """`text` on one line."""
    family, comma, given = (part.strip() for part in text.partition(","))
    if comma and family and given and "," not in given and not _GROUP.search(text):
        return Name(family, given)
    words = text.split()
    if not 2 <= len(words) <= _MOST_WORDS + 2 or _GROUP.search(text) or comma:
        return Name(text)
    if not all(word[0].isupper() or word.islower() for word in words) or not words[0][0].isupper():
        return Name(text)
    if not words[-1][0].isupper():
        return Name(text)
    first = len(words) - 1
    while first > 1 and words[first - 1].islower():
        first -= 1
    return Name(" ".join(words[first:]), " ".join(words[:first]))
