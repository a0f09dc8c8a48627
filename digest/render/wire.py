"""The last step of the HTML part: lines that every mail server takes, and no C1 controls.

The markup is ASCII already. RFC 5322 allows lines of 998 octets; ours are broken far below that, because the
members' addresses are longer than the tags they replace. A break stands inside a tag, or where white space was,
or - in text without any - inside a comment: none of them can be seen.
"""

from __future__ import annotations

import re

WIDTH = 500  # octets; a line is broken at the first chance after it
LONGEST = 900  # octets; an address is not broken, though a line of its own be longer than others
_TOKEN = re.compile(r"<!--.*?-->|<style\b.*?</style>|<[^>]*>|[^<]+", re.DOTALL | re.IGNORECASE)
_CONDITION = re.compile(r"<!--\[if [^\]]*\]>")
_C1 = re.compile(r"&#(?:12[89]|1[345]\d);|[\x80-\x9f]")
_SPACE = re.compile(r"[ \t\r\n]+")
_PIECE = re.compile(r"&[#\w]+;|.", re.DOTALL)
_INSIDE_TEXT = "<!--\n-->"


def to_lines(html: str) -> str:
    """`html` in lines of at most about 500 octets; runs of white space in text become one."""
    out = _Lines()
    for token in _TOKEN.findall(_C1.sub("", html)):
        if token.startswith("<!--"):
            out.comment(token)
        elif token[:6].lower() == "<style":
            out.style(token)
        elif token.startswith("<"):
            out.tag(token)
        else:
            out.text(_SPACE.sub(" ", token))
    return out.close()


class _Lines:
    def __init__(self) -> None:
        self._parts: list[str] = []
        self._width = 0

    def close(self) -> str:
        return "".join(self._parts).strip() + "\n"

    def _put(self, text: str) -> None:
        self._parts.append(text)
        _, newline, last = text.rpartition("\n")
        self._width = len(last) if newline else self._width + len(text)

    def _full(self, more: str) -> bool:
        return self._width + len(more) > WIDTH

    def tag(self, tag: str) -> None:
        name, space, rest = tag.partition(" ")
        if not self._full(tag):
            self._put(tag)
        elif not space:
            self._put(f"{tag[:-1]}\n>" if not tag.endswith("/>") else tag)
        elif len(rest) <= WIDTH:
            self._put(f"{name}\n{rest}")
        else:
            self.words(tag[:-1], " ", longest=LONGEST)
            self._put("\n>")

    def comment(self, comment: str) -> None:
        """Its condition, when it is one of Outlook's, stays whole: Word is a plain reader of `[if mso | IE]`."""
        condition = _CONDITION.match(comment)
        opening = condition[0] if condition else ""
        self._put(opening)
        self.words(comment.removeprefix(opening), " ")

    def style(self, style: str) -> None:
        for rule in re.split(r"(?<=\})", style):
            if self._full(rule):
                self._put("\n")
            self._put(rule)

    def words(self, text: str, gap: str, *, longest: int = WIDTH) -> None:
        """Text that may be broken where `gap` stands; a word of more than `longest` octets is broken as it comes."""
        for number, word in enumerate(text.split(gap)):
            lead = gap if number else ""
            if number and self._full(lead + word):
                lead = "\n"
            if len(word) > longest:
                word = "\n".join(_chunks(word))
            self._put(lead + word)

    def text(self, text: str) -> None:
        for number, word in enumerate(text.split(" ")):
            lead = " " if number else ""
            if number and self._full(lead + word):
                lead = "\n"
            if self._width + len(word) > WIDTH and lead != "\n" and len(word) > WIDTH // 2:
                lead += _INSIDE_TEXT
            if len(word) > WIDTH:
                word = _INSIDE_TEXT.join(_chunks(word))
            self._put(lead + word)


def _chunks(word: str) -> list[str]:
    """`word` in parts of at most WIDTH octets, no character reference torn apart."""
    parts, part = [], ""
    for piece in _PIECE.findall(word):
        if len(part) + len(piece) > WIDTH - 20:
            parts.append(part)
            part = ""
        part += piece
    return [*parts, part]
