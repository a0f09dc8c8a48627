"""The plain-text edition, made from the document and never from the HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from digest.render import markdown
from digest.render.environment import Templates
from digest.render.wrap import WIDTH, columns, wrap

_GAPS = re.compile(r"\n{3,}")
_TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)
_SIGNATURE = "\n--\n"  # the template's; a reader's program knows it with its space


class Writer:
    """What the text templates write with: paragraphs, headings and numbered references."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def ref(self, url: str) -> str:
        """` [3]` for an address; the same address has the same number. "" for none."""
        return f" [{self._numbers.setdefault(url, len(self._numbers) + 1)}]" if url else ""

    def para(self, text: object, indent: int = 0, hang: int | None = None) -> str:
        """`text` wrapped; `indent` columns in, its further lines `hang` columns in."""
        rest = indent if hang is None else hang
        return wrap(str(text), first=" " * indent, rest=" " * rest)

    def heading(self, text: str, line: str = "=") -> str:
        """`text` in capitals between two empty lines, underlined."""
        words = wrap(text.upper())
        return f"\n\n{words}\n{line * min(WIDTH, max(columns(w) for w in words.splitlines()))}\n\n"

    def markdown(self, text: str) -> str:
        return markdown.to_text(text, refer=self.ref)

    def references(self) -> str:
        """The list of all addresses, by number: an address stands on one line, however long it is."""
        width = len(str(len(self._numbers))) + 2
        return "\n".join(f"{f'[{number}]'.rjust(width)} {url}" for url, number in self._numbers.items())


def render_text(templates: Templates, values: Mapping[str, Any]) -> str:
    """The text edition: no line ends in spaces but the signature's mark, at most one empty line in a row."""
    raw = templates.render("issue.txt.j2", {**values, "t": Writer()})
    text = _GAPS.sub("\n\n", _TRAILING.sub("", raw)).strip("\n") + "\n"
    head, mark, foot = text.rpartition(_SIGNATURE)
    return f"{head}\n-- \n{foot}" if mark else text
