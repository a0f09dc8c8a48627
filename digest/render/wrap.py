"""Lines of plain text: filled to a width, with no address ever broken."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

WIDTH = 72  # columns
TIE = "\u00a0"  # keeps two words on one line; it is written as a space

_SPACES = re.compile(r"[^\S\u00a0\u202f\u2007]+")
_TIES = str.maketrans({TIE: " ", "\u202f": " ", "\u2007": " "})
# No line begins with the first kind nor ends with the second: the plain part of Japanese and Chinese usage. With the
# first go marks that belong to the character before them.
_CLOSING = (
    "、。，．・：；？！ー〜～）］｝〕〉》」』】〙〗ゝゞ々〻ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ％…‥’”"
    "\u3099\u309a\ufe0e\ufe0f\u200d"
)
_OPENING = "（［｛〔〈《「『【〘〖‘“￥＄"
# The scripts whose words no spaces part: Chinese characters, kana, bopomofo, Yi. Korean has spaces.
_UNSPACED = "\u2e80-\u312f\u31a0-\u4dbf\u4e00-\ua4cf\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_TIED = f"{TIE}\u202f\u2007"
_UNIT = f"[{_OPENING}]*(?:[{_UNSPACED}]|[^{_UNSPACED}{_OPENING}{_CLOSING}{_TIED}]+)?[{_CLOSING}]*"
_PARTS = re.compile(f"{_UNIT}(?:[{_TIED}]+{_UNIT})*")


@lru_cache(maxsize=4096)
def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def columns(text: str) -> int:
    """How many columns `text` takes in a terminal: wide characters two, combining and invisible ones none."""
    return len(text) if text.isascii() else sum(map(_width, text))


def wrap(text: str, *, first: str = "", rest: str | None = None, width: int = WIDTH) -> str:
    """`text` as one paragraph, its first line after `first`, the others after `rest`.

    Lines part at spaces, and between the characters of scripts without spaces. What is wider than a line all the
    same is broken where it must be, an address never.
    """
    rest = first if rest is None else rest
    lines: list[str] = []
    line, used = first, columns(first)
    empty = True
    for piece, wide, spaced in _pieces(text, width - max(columns(first), columns(rest))):
        if not empty and used + spaced + wide > width:
            lines.append(line)
            line, used, empty = rest, columns(rest), True
        if spaced and not empty:
            line, used = f"{line} ", used + 1
        line, used, empty = line + piece, used + wide, False
    return "\n".join([*lines, line.rstrip()]).translate(_TIES)


def _pieces(text: str, room: int) -> Iterator[tuple[str, int, bool]]:
    """What may not be parted, how wide it is, and whether a space stands before it.

    None is wider than `room` but addresses.
    """
    for word in _SPACES.split(text.strip()):
        spaced = True
        for part in [word] if word.isascii() or "://" in word else _PARTS.findall(word):
            wide = columns(part)
            if wide <= room or "://" in part or "@" in part:
                if part:
                    yield part, wide, spaced
            else:
                for number, piece in enumerate(_cut(part, room)):
                    yield piece, columns(piece), spaced and number == 0
            spaced = False


def _cut(word: str, room: int) -> list[str]:
    parts, used = [""], 0
    for character in word:
        wide = _width(character)
        if parts[-1] and used + wide > room:
            parts.append("")
            used = 0
        parts[-1] += character
        used += wide
    return parts
