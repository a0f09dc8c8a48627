"""Lines of plain text: filled to a width, with no address ever broken."""

from __future__ import annotations

import unicodedata

WIDTH = 72  # columns


def columns(text: str) -> int:
    """How many columns `text` takes in a terminal: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def wrap(text: str, *, first: str = "", rest: str | None = None, width: int = WIDTH) -> str:
    """`text` as one paragraph, its first line after `first`, the others after `rest`.

    A word wider than the line is broken where it must be (scripts without spaces), an address never.
    """
    rest = first if rest is None else rest
    lines: list[str] = []
    line, used = first, columns(first)
    empty = True
    for word in _words(text, width - max(columns(first), columns(rest))):
        wide = columns(word)
        if not empty and used + 1 + wide > width:
            lines.append(line)
            line, used, empty = rest, columns(rest), True
        if not empty:
            line, used = f"{line} ", used + 1
        line, used, empty = line + word, used + wide, False
    return "\n".join([*lines, line.rstrip()])


def _words(text: str, room: int) -> list[str]:
    words: list[str] = []
    for word in text.split():
        if columns(word) <= room or "://" in word or "@" in word:
            words.append(word)
            continue
        part = ""
        for character in word:
            if part and columns(part + character) > room:
                words.append(part)
                part = ""
            part += character
        words.append(part)
    return words
