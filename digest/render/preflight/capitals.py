"""Headlines do not shout: written in capitals they are hard to read, and spam filters count them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.render.preflight.base import Check, Finding, Proof, Severity, finding
from digest.render.preflight.reading import passages, shortened

SHARE = 0.8  # of the letters that have a case
_WORDS: re.Pattern[str] = re.compile(r"[^\W\d_]+")
LONG_WORD = 5  # letters: acronyms are shorter, mostly
LONG_WORDS = 2


def shouts(text: str) -> bool:
    """Whether `text` is written in capitals, and is more than a row of acronyms."""
    cased = [c for c in text if c.isupper() or c.islower()]
    if not cased or sum(c.isupper() for c in cased) < SHARE * len(cased):
        return False
    long = [word for word in _WORDS.findall(text) if len(word) >= LONG_WORD and word.isupper()]
    return len(long) >= LONG_WORDS


def _look(proof: Proof) -> Iterator[Finding]:
    for passage in passages(proof.document):
        if passage.place in ("subject", "headline") and shouts(passage.text):
            words = f"{passage.where} is written in capitals: “{shortened(passage.text)}”."
            place = "" if passage.item else passage.place
            yield finding(Severity.WARN, words, "Write it as a sentence.", item=passage.item, place=place)


CHECK = Check(name="capitals", title="Capitals", look=_look)
