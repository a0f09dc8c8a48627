"""The one paragraph under a headline: boilerplate removed, cut at a sentence or a word."""

from __future__ import annotations

import re
import unicodedata

from digest.gather.clean.text import one_line

ELLIPSIS = "…"
SHORTEST = 0.55  # of the wanted length: a sentence that ends earlier is not worth cutting at

# What publishing software adds to an excerpt. Only at its end, so that an article about it stays whole.
_ENDINGS = re.compile(
    r"""(?:
        \bThe\ post\s.{1,300}?\s(?:first\ )?appeared\ (?:first\ )?on\s.{1,200}
      | (?:\(?\s*\b(?:Continue\ reading|Read\ more|Read\ the\ rest\ of\ this\ (?:entry|article|post)|Keep\ reading
          |Weiterlesen|Lire\ la\ suite|Leer\ más|Lees\ verder|Czytaj\ dalej|Leggi\ tutto|Læs\ mere|Läs\ mer)\b
          (?:\s*(?:about|of)?\s*["“„«].{1,200}["”“»]|\s+[^.!?]{1,200}?(?:→|»|›|&raquo;)|)\s*[\[\(]?(?:…|\.\.\.)?[\]\)]?\s*(?:→|»|›|>{1,2})?\s*\)?\.?)
      | (?:\[\s*(?:…|\.\.\.|&hellip;|&\#8230;)\s*\]|\(\s*(?:…|\.\.\.)\s*\)|(?:…|\.\.\.)\s*(?:→|»|›)?)
      | \s(?:→|»|›|\[link\]|\[comments\]|\[»\])
    )\s*$""",
    re.VERBOSE | re.IGNORECASE,
)
_TRUNCATION = re.compile(r"(?:\[\s*(?:…|\.\.\.)\s*\]|…|\.\.\.)\s*(?:→|»)?\s*$")
# List archives give the plain-text form of a mail: its references, and the lines every newsletter opens with.
_REFERENCE = re.compile(r"\s?\[\d{1,3}\](?!\()")
_MAIL_OPENING = re.compile(
    r"^(?:(?:view|read|open|see)\s.{0,40}\bbrowser\b.{0,40}|unsubscribe.{0,20}|\[[^\]]{1,300}\]|[-=_*#~\s]+)$",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"""[.!?؟۔।…]["'”’»)\]]*(?=\s)|[。！？][”」』]?""")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Dr|Prof|Mr|Mrs|Ms|St|No|Vol|pp?|cf|vs|etc|e\.g|i\.e|approx|dept|ed|eds|Fig|Inc|Ltd|al|bzw|ca|Nr|z\.B|d\.h|M)|\b[A-Z]|\d)\.$"
)


def teaser(text: str, length: int, *, preformatted: bool = False) -> str:
    """`text` as one paragraph of at most `length` characters."""
    if preformatted:
        text = _without_mail_opening(text)
    line = one_line(text.replace("\n- ", "\n• ") if "\n- " in text else text)
    line, was_cut = _without_endings(line)
    return shorten(line, length, unfinished=was_cut)


def is_truncated(text: str) -> bool:
    """Whether an excerpt says of itself that it stops in the middle."""
    return _TRUNCATION.search(text) is not None or _without_endings(one_line(text))[1]


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


def _to_word(line: str, length: int) -> str:
    room = line[:length]
    at = room.rfind(" ")
    # Chinese, Japanese and Thai have no spaces to cut at: there the cut falls between two characters.
    cut = room[:at] if at >= length * SHORTEST else room[: length - 1]
    while cut and at < length * SHORTEST and _belongs_to_previous(line[len(cut) : len(cut) + 1]):
        cut = cut[:-1]
    return cut.rstrip(" ,;:.-–—(\"“'‘…\u200d") + ELLIPSIS


def _belongs_to_previous(character: str) -> bool:
    return bool(character) and (
        unicodedata.combining(character) != 0
        or unicodedata.category(character) in ("Mn", "Mc", "Me")
        or character in "\u200d\ufe0f"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )


def _without_endings(line: str) -> tuple[str, bool]:
    """`line` without what software added at its end, and whether that said "and so on"."""
    was_cut = False
    for _ in range(4):
        found = _ENDINGS.search(line, max(0, len(line) - 700))
        if found is None:
            break
        was_cut = was_cut or "appeared" not in found[0]
        line = line[: found.start()].rstrip()
    return line, was_cut


def _without_mail_opening(text: str) -> str:
    text = _REFERENCE.sub("", text)
    paragraphs = [" ".join(p.split()) for p in re.split(r"\n\s*\n", text)]
    while len(paragraphs) > 1 and (not paragraphs[0] or _MAIL_OPENING.match(paragraphs[0])):
        del paragraphs[0]
    return "\n\n".join(paragraphs)
