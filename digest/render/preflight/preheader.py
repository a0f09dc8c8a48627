"""The line that inboxes show beside the subject is 40 to 100 characters of this week's news."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rapidfuzz import fuzz

from digest.render.preflight.base import Check, Finding, Proof, Severity, finding

SHORTEST, LONGEST = 40, 100  # characters
LIKE = 90  # of 100, by rapidfuzz: last week's line with a number changed
# "View in browser" and its like, in the languages associations write in.
_WASTED = re.compile(
    r"\b(?:(?:view|read|open|see)\b.{0,25}\b(?:browser|online)|web version|online version|im browser|"
    r"dans (?:votre|le) navigateur|version en ligne|en (?:el|su|tu) navegador|nel browser|in (?:uw|de|je) browser)\b"
    r"|having trouble (?:viewing|reading)",
    re.IGNORECASE,
)


def _look(proof: Proof) -> Iterator[Finding]:
    line = " ".join(proof.document.preheader.split())
    if not line and proof.document.is_empty:
        return  # an empty issue has no news to tell, and another check says so
    if not line:
        words = "There is no preheader, so inboxes show whatever stands first in the mail."
        yield finding(Severity.WARN, words, f"Write one of {SHORTEST} to {LONGEST} characters.", place="preheader")
        return
    if not SHORTEST <= len(line) <= LONGEST:
        what = "inboxes cut it off" if len(line) > LONGEST else "inboxes fill it up with the mail's first lines"
        words = f"The preheader is {len(line)} characters long: {what}."
        yield finding(Severity.WARN, words, f"Make it {SHORTEST} to {LONGEST} characters long.", place="preheader")
    if found := _WASTED.search(line):
        words = f"The preheader says “{found[0]}”, which is no news."
        yield finding(Severity.WARN, words, "Say what is in this issue.", place="preheader")
    if proof.previous and proof.previous.preheader:
        before = " ".join(proof.previous.preheader.split())
        if fuzz.ratio(line.casefold(), before.casefold()) >= LIKE:
            words = "The preheader is as good as last issue's."
            yield finding(Severity.WARN, words, "Say what is new this week.", place="preheader")


CHECK = Check(name="preheader", title="Preheader", look=_look)
