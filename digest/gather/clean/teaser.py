"""The one paragraph under a headline: openings and boilerplate removed, cut at a sentence or a word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from digest.gather.clean.boilerplate import is_citation, is_opening, without_citation, without_endings
from digest.gather.clean.text import normalised_title, one_line

ELLIPSIS = "…"
SHORTEST = 0.55  # of the wanted length: a sentence that ends earlier is not worth cutting at
HEADING = 80  # characters: a longer paragraph without a full stop is no heading
_LOOKED_AT = 20_000  # characters of a text: no teaser reaches further

_TRUNCATION = re.compile(r"(?:\[\s*(?:…|\.\.\.)\s*\]|…|\.\.\.)\s*(?:→|»)?\s*$")
# List archives give the plain-text form of a mail: its references, and the lines every newsletter opens with.
_REFERENCE = re.compile(r"\s?\[\d{1,3}\](?!\()")
_MAIL_OPENING = re.compile(
    r"^(?:(?:view|read|open|see)\s.{0,40}\bbrowser\b.{0,40}|unsubscribe.{0,20}|\[[^\]]{1,300}\]|[-=_*#~\s]+)$",
    re.IGNORECASE,
)
# What a list adds to every mail that passes through it, and the line that sets a signature off (RFC 3676, 4.3).
_MAIL_FOOTER = re.compile(
    r"^(?:[#_]{30,}|To unsubscribe from (?:this|the)\b.{0,80}\b(?:list|group)\b"
    r"|This message was issued to members of|You received this message because you are subscribed to)",
    re.MULTILINE,
)
_FOOTER_SIGNS = ("##########", "__________", "To unsubscribe", "This message was", "You received")
_SIGNATURE = re.compile(r"\n-- ?\n")
_CUT = re.compile(r"\s*[\[(](?:…|\.\.\.)[\])]$")  # where a cut falls on one that the source made
# Full stops of the world's scripts: Latin, Arabic and Urdu, Devanagari, Armenian, Ethiopic; then the CJK ones, which
# no space follows.
_SENTENCE_END = re.compile(r"""[.!?؟۔।॥։።…]["'”’»)\]]*(?=\s)|[。！？｡]["”」』）]?""")
_ENDED = re.compile(r"""[.!?؟۔।॥։።…。！？｡:;,،؛、，：；–—-]["'”’»)\]」』）]*$""")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Dr|Prof|Mr|Mrs|Ms|St|No|Vol|pp?|cf|vs|etc|e\.g|i\.e|approx|dept|ed|eds|Fig|Inc|Ltd|al|bzw|ca|Nr|z\.B|d\.h"
    r"|M|Mme|Sr|Sra)|\b[A-Z]|\d)\.$"
)
_VIRAMA = 9  # the combining class of the sign that joins two consonants into one in the scripts of India


def teaser(
    text: str, length: int, *, title: str = "", authors: Iterable[str] = (), preformatted: bool = False
) -> str:
    """`text`, whose paragraphs blank lines part, as one paragraph of at most `length` characters.

    By-lines, salutations and the title given again are left out where the text begins with them.
    """
    text = text[:_LOOKED_AT]
    if preformatted:
        text = _without_mail_opening(_SIGNATURE.split(text, maxsplit=1)[0])
    if any(sign in text for sign in _FOOTER_SIGNS) and (found := _MAIL_FOOTER.search(text, 1)):
        text = text[: found.start()]
    paragraphs = [p for p in text.split("\n\n") if p.strip()]
    kept = _without_opening(paragraphs, title, tuple(authors))
    if len(kept) == 1 and is_citation(one_line(kept[0])):
        return ""
    line, was_cut = without_endings(without_citation(one_line(_joined(kept))))
    return _CUT.sub(ELLIPSIS, shorten(line, length, unfinished=was_cut))


def has_opening(text: str, *, title: str = "", authors: Iterable[str] = ()) -> bool:
    """Whether `text` begins with paragraphs that a teaser leaves out."""
    paragraphs = [p for p in text[:_LOOKED_AT].split("\n\n") if p.strip()]
    return len(_without_opening(paragraphs, title, tuple(authors))) < len(paragraphs)


def is_truncated(text: str) -> bool:
    """Whether an excerpt says of itself that it stops in the middle."""
    return _TRUNCATION.search(text) is not None or without_endings(one_line(text[-2000:]))[1]


def shorten(line: str, length: int, *, unfinished: bool = False) -> str:
    """`line` cut to `length` characters: after a sentence where one ends in time, else after a word, with "…".

    `unfinished` says that the line stops in the middle although it is short enough.
    """
    if len(line) <= length:
        if unfinished and line and not _SENTENCE_END.search(line[-3:] + " "):
            return _to_word(line + " ", length)
        return line
    best = 0
    for end in _SENTENCE_END.finditer(line, 0, length + 1):
        if end.end() <= length and not _ABBREVIATION.search(line[: end.end()]):
            best = end.end()
    if best >= length * SHORTEST:
        return line[:best]
    return _to_word(line, length)


def _without_opening(paragraphs: list[str], title: str, authors: tuple[str, ...]) -> list[str]:
    heading, names = normalised_title(title), {normalised_title(name) for name in authors}
    kept = paragraphs
    while len(kept) > 1:
        first = one_line(kept[0])
        plain = normalised_title(first)
        if not plain or plain == heading or plain in names or is_opening(first):
            kept = kept[1:]
        else:
            break
    return kept


def _joined(paragraphs: list[str]) -> str:
    """Paragraphs in one line. What ends without a full stop, as headings do, is set off from what follows."""
    line = before = ""
    for paragraph in paragraphs:
        following = paragraph.strip().replace("\n- ", "\n• ")
        if following.startswith("- "):
            following = f"• {following[2:]}"
        if line:
            line += " – " if _is_heading(before, following) else " "
        line += following
        before = one_line(following)
    return line


def _is_heading(paragraph: str, following: str) -> bool:
    begins_anew = (
        bool(following) and not following[0].islower() and (following[0].isalnum() or following[0] in "“\"'«")
    )
    return len(paragraph) <= HEADING and begins_anew and not _ENDED.search(paragraph)


def _to_word(line: str, length: int) -> str:
    room = line[:length]
    at = room.rfind(" ")
    # Chinese, Japanese and Thai have no spaces to cut at: there the cut falls between two characters.
    cut = room[:at] if at >= length * SHORTEST else room[: length - 1]
    if at < length * SHORTEST:
        while cut and _joined_to(cut, line[len(cut) : len(cut) + 1]):
            cut = cut[:-1]
    return cut.rstrip(" ,;:.-–—(\"“'‘…،؛、，\u200d") + ELLIPSIS


def _joined_to(before: str, character: str) -> bool:
    """Whether `character` belongs to what a reader sees as the last letter or sign of `before`."""
    if not character:
        return False
    if unicodedata.category(character) in ("Mn", "Mc", "Me") or character in "\u200d\ufe0f\u0e33\u0eb3":
        return True
    if before[-1] == "\u200d" or "\U0001f3fb" <= character <= "\U0001f3ff":
        return True
    if unicodedata.combining(before[-1]) == _VIRAMA:
        return unicodedata.category(character) == "Lo"
    # Two regional indicators make a flag; which of a row belong together is told by counting from its beginning.
    if _is_regional(character) and _is_regional(before[-1]):
        return (len(before) - len(before.rstrip("".join(map(chr, range(0x1F1E6, 0x1F200)))))) % 2 == 1
    return False


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _without_mail_opening(text: str) -> str:
    text = _REFERENCE.sub("", text)
    paragraphs = [" ".join(p.split()) for p in re.split(r"\n\s*\n", text)]
    while len(paragraphs) > 1 and (not paragraphs[0] or _MAIL_OPENING.match(paragraphs[0])):
        del paragraphs[0]
    return "\n\n".join(paragraphs)
