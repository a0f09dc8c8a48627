"""The subject fits into an inbox's line and is not last week's."""

from __future__ import annotations

from collections.abc import Iterator

from digest.render.preflight.base import Check, Finding, Proof, Severity, finding

LONGEST = 70  # characters that a desktop inbox shows; a phone shows some 40
SHORTEST = 10


def _look(proof: Proof) -> Iterator[Finding]:
    subject = " ".join(proof.mail.subject.split())
    if not subject:
        yield finding(Severity.BLOCK, "The mail has no subject.", "Write one.", place="subject")
        return
    if len(subject) > LONGEST:
        words = (
            f"The subject is {len(subject)} characters long; most inboxes show {LONGEST} at most, phones about 40."
        )
        yield finding(Severity.WARN, words, "Shorten it, or put what matters first.", place="subject")
    elif len(subject) < SHORTEST:
        words = f"The subject is only {len(subject)} characters long."
        yield finding(Severity.WARN, words, "Say what the mail is and which issue.", place="subject")
    if proof.previous and subject.casefold() == " ".join(proof.previous.subject.split()).casefold():
        words = "The subject is the same as last issue's, so mail programs may fold the two into one conversation."
        yield finding(Severity.WARN, words, "Put the number or the date into it.", place="subject")


CHECK = Check(name="subject", title="Subject", look=_look)
