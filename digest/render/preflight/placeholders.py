"""No placeholder, template debris or broken encoding stands where readers look."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.render.preflight.base import Check, Finding, Proof, Severity, finding
from digest.render.preflight.reading import Passage, passages, shortened

# Whole fields that a program wrote because it knew nothing better. As words of a sentence they are harmless.
_WHOLE = re.compile(
    r"(?:undefined|null|none|nan|n/a|\(?no title\)?|test|testing|test (?:post|event|item|page)|hello world!?|"
    r"sample page|(?:untitled|new)(?: (?:post|page|document|event|item|draft))?(?: \d+)?|title|headline|auto draft)",
    re.IGNORECASE,
)
# What is debris wherever it stands, and what to call it.
_ANYWHERE = (
    (re.compile(r"\blorem ipsum\b", re.IGNORECASE), "filler text"),
    (re.compile(r"\bTODO:|\bTODO\b(?=\s*(?:$|[-–—\]).]))|\[TODO\]|\bFIXME\b"), "a note to oneself"),
    (re.compile(r"\bx{3,}\b|\bX{4,}\b"), "a placeholder"),
    (re.compile(r"\{\{|\}\}|\{%|%\}|<%|%>|\$\{\w"), "template code"),
    (
        re.compile(r"\[object \w+\]|\bInvalid Date\b|\bNaN\b|\bundefined undefined\b|\b[Bb]y undefined\b"),
        "a broken program's output",
    ),
    (
        re.compile(
            r"\[(?:(?:INSERT|YOUR|ADD|ENTER)\b[^\]]{0,40}|TITLE|HEADLINE|SUBJECT|NAME|(?:FIRST|LAST) ?NAME|"
            r"FNAME|LNAME|DATE|TIME|LINK|URL|TEXT|IMAGE|CONTENT|BODY|PLACEHOLDER|COMPANY|ORGANI[SZ]ATION|EMAIL|ADDRESS|LOCATION|VENUE)\]"
        ),
        "a placeholder",
    ),
    (
        re.compile(r"&(?:amp|lt|gt|quot|nbsp|apos|[lr]squo|[lr]dquo|[mn]dash|hellip|#\d{2,6}|#x[0-9a-f]{2,5});"),
        "HTML code",
    ),
    (
        re.compile(r"</?(?:p|br|div|span|strong|em|b|i|a|img|ul|li|h[1-6])(?:\s[^<>]*)?/?>", re.IGNORECASE),
        "HTML code",
    ),
    (re.compile("â€[™œ\x9d“”˜¦\u2122]|Ã[©¨¤¶¼±³¡­]|Â[£©®°·«»]|\ufffd"), "a broken character"),
)


def debris(text: str) -> tuple[str, str] | None:
    """What of `text` nobody meant to print, and what it is; None for a clean one."""
    whole = " ".join(text.split())
    if _WHOLE.fullmatch(whole):
        return whole, "what a program writes when it knows nothing"
    for pattern, what in _ANYWHERE:
        if found := pattern.search(whole):
            return whole[max(0, found.start() - 10) : found.end() + 20].strip(), what
    return None


def _look(proof: Proof) -> Iterator[Finding]:
    told: list[str] = []
    # Items come first, because the subject and the preheader repeat their headlines.
    for passage in sorted(passages(proof.document), key=lambda p: p.item is None):
        found = debris(passage.text)
        if found is None or _told_already(passage, told):
            continue
        told.append(passage.text)
        bit, what = found
        place = "" if passage.item else passage.place
        words = f"{passage.where} holds {what}: “{shortened(bit)}”."
        severity = Severity.BLOCK if passage.own else Severity.WARN
        yield finding(
            severity,
            words,
            "Rewrite it, or drop the item." if passage.item else "Rewrite it.",
            item=passage.item,
            place=place,
        )


def _told_already(passage: Passage, told: list[str]) -> bool:
    return passage.place in ("subject", "preheader") and any(text in passage.text for text in told if text)


CHECK = Check(name="placeholders", title="Placeholders and debris", look=_look)
