"""Lines of plain text: filled to a width, with no address ever broken."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

WIDTH = 72  # columns
TIE = "\u00a0"  # keeps two words on one line; it is written as a space

_SPACES = re.compile(r"[^\S\u00a0\u202f\u2007]+")
_TIES = str.maketrans({TIE: " ", "\u202f": " ", "\u2007": " "})
# No line begins with the first kind nor ends with the second: the plain part of Japanese and Chinese usage.
_CLOSING = frozenset("、。，．・：；？！ー〜～）］｝〕〉》」』】〙〗ゝゞ々〻ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ％…‥’”")  # noqa: RUF001
_OPENING = frozenset("（［｛〔〈《「『【〘〖‘“￥＄")  # noqa: RUF001


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
    for piece, spaced in _pieces(text, width - max(columns(first), columns(rest))):
        wide = columns(piece)
        if not empty and used + spaced + wide > width:
            lines.append(line)
            line, used, empty = rest, columns(rest), True
        if spaced and not empty:
            line, used = f"{line} ", used + 1
        line, used, empty = line + piece, used + wide, False
    return "\n".join([*lines, line.rstrip()]).translate(_TIES)


def _pieces(text: str, room: int) -> list[tuple[str, bool]]:
    """What may not be parted, each with whether a space stands before it. None is wider than `room` but addresses."""
    pieces: list[tuple[str, bool]] = []
    for word in _SPACES.split(text.strip()):
        spaced = True
        for part in [word] if word.isascii() else _parts(word):
            if columns(part) <= room or "://" in part or "@" in part:
                pieces.append((part, spaced))
            else:
                cut = _cut(part, room)
                pieces += [(piece, spaced and number == 0) for number, piece in enumerate(cut)]
            spaced = False
    return pieces


def _parts(word: str) -> list[str]:
    """`word` parted wherever a line may end beside a wide character."""
    if "://" in word:
        return [word]
    parts = [""]
    for character in word:
        before = parts[-1][-1:]
        if before and _parted(before, character):
            parts.append("")
        parts[-1] += character
    return parts


def _parted(before: str, after: str) -> bool:
    if max(_width(before), _width(after)) < 2 or min(_width(before), _width(after)) < 1:
        return False
    return before not in _OPENING and after not in _CLOSING and TIE not in (before, after)


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
