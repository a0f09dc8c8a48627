"""An old mail's words as Markdown: headings, lists and public links stay, its dress and its recipient's own go.

The record then holds an earlier issue in the form in which it holds an editor's introduction: one that search
can read, that every template can show, and in which no script, form, counter or remote picture can stand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import groupby

import lxml.etree
import lxml.html

from digest.archive.earlier.recipient import (
    LEFT_OUT,
    is_mail_head,
    is_recipients_head,
    names_recipient,
    parts_of,
    public_link,
    without_addresses,
)
from digest.gather.clean.text import one_line, scrub

_UNSPOKEN = {
    *(
        "head",
        "script",
        "style",
        "noscript",
        "template",
        "iframe",
        "object",
        "embed",
        "applet",
        "svg",
        "math",
        "canvas",
    ),
    *("button", "select", "textarea", "audio", "video", "title", "input", "map"),
}
_BLOCKS = {
    *(
        "p",
        "div",
        "section",
        "article",
        "header",
        "footer",
        "aside",
        "main",
        "nav",
        "figure",
        "figcaption",
        "address",
    ),
    *("blockquote", "pre", "center", "form", "fieldset", "ul", "ol", "dl", "dt", "dd", "li", "hr", "body"),
    *("table", "caption", "tr", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6"),
}
_BOLD = {"b", "strong", "h1", "h2", "h3", "h4", "h5", "h6", "th"}
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
_DECLARATION = re.compile(r"\s*<\?xml[^>]*>", re.IGNORECASE)
_SPACES = re.compile(r"[^\S\n]+")
_ANYWHERE = re.compile(r"([\\`*_\[\]<>&!~])")
_AT_START = re.compile(r"^(?:([#+=|:-])|(\d{1,9})([.)]))")
_HEAD_LINES = 60  # within which a saved mail's head stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What an issue says. `lines` are plain, the first ones tell which issue it is; `left_out` counts what went."""

    title: str
    lines: tuple[str, ...]
    markdown: str
    left_out: int
    whole: bool = True  # False when the markup is nested so deeply that the rest could not be read


@dataclass(frozen=True, slots=True)
class _Run:
    text: str
    href: str = ""
    bold: bool = False


@dataclass(slots=True)
class _Writer:
    """Collects runs of words, and makes a block of Markdown of them whenever one ends."""

    runs: list[_Run] = field(default_factory=list)
    blocks: list[tuple[bool, str]] = field(default_factory=list)  # whether it is an item of a list
    lines: list[str] = field(default_factory=list)
    item: bool = False
    left_out: int = 0

    def end_block(self) -> None:
        """The words so far become a paragraph, or several where a blank line stands between them."""
        lines = _split(self.runs)
        self.runs = []
        for blank, group in groupby(lines, key=lambda line: not _plain_of(line)):
            if not blank:
                self._paragraph(list(group))

    def _paragraph(self, lines: list[list[_Run]]) -> None:
        plain = [_plain_of(line) for line in lines]
        item, self.item = self.item, False
        bold = all(run.bold for line in lines for run in line if run.text.strip())
        written = []
        for number, (line, words) in enumerate(zip(lines, plain, strict=True)):
            if is_recipients_head(
                f"{self.lines[-1]} {words}" if self.lines and self.lines[-1][-1:] == ":" else words
            ):
                self.left_out += 1
            else:
                written.append(self._line(line, personal=_is_personal(plain, number)))
            self.lines.append(words)
        if written:
            text = ("\\\n  " if item else "\\\n").join(written)
            text = f"**{text}**" if bold else text
            self.blocks.append((item, f"- {text}" if item else text))

    def _line(self, runs: list[_Run], *, personal: bool) -> str:
        out = ""
        for text, href in _joined(runs):
            lead, words, tail = _parted(text)
            if not href:
                out += lead + self._plain(words, personal=personal, at_start=not out.strip()) + tail
            elif words:
                url = "" if personal else public_link(href)
                self.left_out += not url and href.lower().startswith("http")
                bare = [url for _, url in parts_of(words) if url]
                # A link whose words are an address themselves may show the one and lead to the other.
                if url:
                    shown = escaped(url if bare else words, at_start=False)
                    out += f"{lead}[{shown}](<{url}>){tail}"
                else:
                    out += lead + self._plain(words, personal=personal, at_start=not out.strip()) + tail
        return out.strip()

    def _plain(self, words: str, *, personal: bool, at_start: bool) -> str:
        out = ""
        for text, address in parts_of(words):
            if not address:
                words, found = without_addresses(text) if personal else (text, 0)
                out += escaped(words, at_start=at_start and not out)
                self.left_out += found
                continue
            url = "" if personal else public_link(address)
            self.left_out += not url
            out += f"<{url}>" if url else escaped(LEFT_OUT, at_start=False)
        return out

    def words(self, title: str) -> Words:
        self.end_block()
        text = ""
        for number, (item, block) in enumerate(self.blocks):
            close = item and number and self.blocks[number - 1][0]
            text += ("\n" if close else "\n\n" if text else "") + block
        return Words(
            title=one_line(title),
            lines=tuple(self.lines),
            markdown=text,
            left_out=self.left_out,
        )


def from_text(raw: str) -> Words:
    """Plain text: its lines stay lines, its web addresses become links, the head of a saved mail is left out."""
    writer = _Writer()
    lines = [line.strip() for line in scrub(raw).splitlines()]
    head = _head_of(lines)
    for line in lines[head:]:
        if line:
            writer.runs += [_Run(line), _Run("\n")]
        else:
            writer.end_block()
    written = writer.words("")
    subject = [line.partition(":")[2].strip() for line in lines[:head] if line.lower().startswith("subject:")]
    dated = [line[:30] for line in lines[:head] if line.lower().startswith("date:")]
    # The time of day is of no use, and would make it look like a sentence.
    return Words(
        title=one_line(subject[0]) if subject else "",
        lines=(*dated, *written.lines),
        markdown=written.markdown,
        left_out=written.left_out,
    )


def from_html(raw: str) -> Words:
    """A page or a mail's HTML. Markup that cannot be read at all gives no words."""
    writer = _Writer()
    try:
        parser = lxml.html.HTMLParser(huge_tree=True)  # 2,048 levels, where old mails in old mails pass 256
        tree = lxml.html.document_fromstring(_DECLARATION.sub("", scrub(raw), count=1), parser=parser)
    except (lxml.etree.LxmlError, ValueError):
        return writer.words("")
    _walk(tree, writer)
    titles = ("".join(map(str, node.itertext())) for path in (".//title", ".//h1") for node in tree.iterfind(path))
    words = writer.words(next((title for title in titles if one_line(title)), ""))
    limits = [error for error in parser.error_log if error.type_name == "ERR_RESOURCE_LIMIT"]
    return replace(words, whole=not limits)


def escaped(text: str, *, at_start: bool) -> str:
    """`text` such that Markdown shows it word for word."""
    text = _ANYWHERE.sub(r"\\\1", text)
    if at_start:
        text = _AT_START.sub(lambda m: f"\\{m[1]}" if m[1] else f"{m[2]}\\{m[3]}", text)
    return text


def _walk(tree: lxml.html.HtmlElement, writer: _Writer) -> None:
    walk = lxml.etree.iterwalk(tree, events=("start", "end", "comment", "pi"))
    links: list[str] = []
    bold = typed = 0
    unspoken: set[object] = set()

    def say(text: str | None) -> None:
        if text:
            words = text if typed else _SPACES.sub(" ", text.replace("\n", " "))
            writer.runs.append(_Run(words, links[-1] if links else "", bold > 0))

    for event, node in walk:
        tag = node.tag if isinstance(node.tag, str) else ""
        if event == "start" and (tag in _UNSPOKEN or _HIDDEN.search(node.get("style") or "")):
            unspoken.add(node)
            walk.skip_subtree()
        elif event == "start":
            if tag in _BLOCKS:
                writer.end_block()
                writer.item = tag == "li" or (writer.item and tag not in ("ul", "ol"))
            links += [node.get("href") or ""] * (tag == "a")
            bold += tag in _BOLD
            typed += tag == "pre"
            if tag == "br":
                writer.runs.append(_Run("\n"))
            elif tag == "img" and links:
                say(node.get("alt"))
            say(node.text)
        elif event == "end" and node not in unspoken:
            if tag in _BLOCKS:
                writer.end_block()
                writer.item = writer.item and tag not in ("ul", "ol", "li")
            del links[len(links) - (tag == "a") :]
            bold -= tag in _BOLD
            typed -= tag == "pre"
        if event != "start":
            say(node.tail)


def _head_of(lines: list[str]) -> int:
    """How many lines are the head of a saved mail: at least two of its fields, up to the first blank line."""
    first = next((n for n, line in enumerate(lines) if line), 0)
    end = next((n for n, line in enumerate(lines) if n > first and not line), len(lines))
    fields = sum(map(is_mail_head, lines[first : min(end, _HEAD_LINES)]))
    return end if lines and fields >= 2 and is_mail_head(lines[first]) and end <= _HEAD_LINES else 0


def _split(runs: list[_Run]) -> list[list[_Run]]:
    """Runs by line, in plain order; a run with a line break in it belongs to two."""
    lines: list[list[_Run]] = [[]]
    for run in runs:
        for number, part in enumerate(run.text.split("\n")):
            if number:
                lines.append([])
            if part:
                lines[-1].append(_Run(part, run.href, run.bold))
    return lines


def _is_personal(lines: list[str], at: int) -> bool:
    """Whether line `at` speaks to the recipient, or the sentence of one before or after it that runs into it."""
    before, after = lines[max(at - 1, 0) : at + 1], lines[at : at + 2]
    return names_recipient(" ".join(before)) or (names_recipient(" ".join(after)) and not names_recipient(after[-1]))


def _plain_of(line: list[_Run]) -> str:
    return one_line("".join(run.text for run in line))


def _joined(runs: list[_Run]) -> list[tuple[str, str]]:
    """Neighbours under one link as one, every run of blanks as one."""
    joined: list[tuple[str, str]] = []
    for run in runs:
        text = _SPACES.sub(" ", run.text)
        if joined and joined[-1][1] == run.href:
            joined[-1] = (_SPACES.sub(" ", joined[-1][0] + text), run.href)
        else:
            joined.append((text, run.href))
    return joined


def _parted(text: str) -> tuple[str, str, str]:
    """Leading blank, words, trailing blank: a link's words begin and end with a word."""
    words = text.strip()
    return (" " if text[:1].isspace() else "", words, " " if words and text[-1:].isspace() else "")
