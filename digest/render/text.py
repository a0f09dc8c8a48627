"""The plain-text edition, made from the document and never from the HTML."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from digest.render import markdown, plain
from digest.render.environment import Templates
from digest.render.wrap import TIE, WIDTH, wrap

_GAPS = re.compile(r"\n{3,}")
_TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)
_SIGNATURE = "\n--\n"  # the template's; a reader's program knows it with its space
_RIGHT_TO_LEFT_MARK = "\u200f"


class Writer:
    """What the text templates write with: paragraphs, headings and numbered references."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def ref(self, url: str) -> str:
        """` [3]` for an address, which stays with the word before it; the same address has the same number.

        "" for none.
        """
        return f"{TIE}[{self._numbers.setdefault(url, len(self._numbers) + 1)}]" if url else ""

    def para(self, text: object, indent: int = 0, hang: int | None = None) -> str:
        """`text` wrapped; `indent` columns in, its further lines `hang` columns in."""
        rest = indent if hang is None else hang
        return wrap(str(text), first=" " * indent, rest=" " * rest)

    def heading(self, text: str, line: str = "-") -> str:
        """`text` between two empty lines, underlined.

        As it is written: capitals mean nothing in most scripts and are spelled out by some screen readers. The line
        is as wide as the page, so that it stands under the words whichever way they run.
        """
        return f"\n\n{wrap(text)}\n{self.rule(line)}\n\n"

    def rule(self, line: str = "-") -> str:
        return line * WIDTH

    def markdown(self, text: str) -> str:
        return markdown.to_text(text, refer=self.ref)

    def references(self) -> str:
        """The list of all addresses, by number: an address stands on one line, however long it is."""
        width = len(str(len(self._numbers))) + 2
        return "\n".join(f"{f'[{number}]'.rjust(width)} {url}" for url, number in self._numbers.items())


def render_text(templates: Templates, values: Mapping[str, Any]) -> str:
    """The text edition: no line ends in spaces but the signature's mark, at most one empty line in a row."""
    return written(templates, "issue.txt.j2", values, direction=values["issue"].direction)


def written(templates: Templates, name: str, values: Mapping[str, Any], *, direction: str) -> str:
    """The text that the template `name` makes, evened out, in its own line `direction`."""
    raw = templates.render(name, {**values, "t": Writer()})
    text = _GAPS.sub("\n\n", _TRAILING.sub("", raw)).strip("\n") + "\n"
    if direction == "rtl":
        text = "\n".join(map(_kept_right_to_left, text.split("\n")))
    head, mark, foot = text.rpartition(_SIGNATURE)
    return f"{head}\n-- \n{foot}" if mark else text


def _kept_right_to_left(line: str) -> str:
    """`line` with an invisible mark before it where it would else be laid out from the left.

    A program without markup takes each line's direction from its first letter: one line of an Arabic paragraph that
    begins with a name in Latin letters would be turned round. A line without any Arabic or Hebrew is left alone.
    """
    if plain.direction(line) == "ltr" and any(unicodedata.bidirectional(c) in ("R", "AL") for c in line):
        return f"{_RIGHT_TO_LEFT_MARK}{line}"
    return line
