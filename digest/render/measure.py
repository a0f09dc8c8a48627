"""How many bytes of a rendering go where: by section, by item, and into the styles. Pure."""

from __future__ import annotations

import re
from itertools import pairwise

from digest.compose.budget import SectionSize, Sizes
from digest.compose.document import DocumentSection, IssueDocument

_MARK = re.compile(r'<[a-z0-9]+\b[^<>]* id="(s-[a-z0-9-]+|footer)"')  # within a tag: feed text holds no "<"
_STYLE = re.compile(r"<style\b.*?</style>", re.DOTALL | re.IGNORECASE)
_ITEM = re.compile(r"<h3\b")  # an item's heading, and nothing else's


def measure(html: str) -> dict[str, int]:
    """Bytes of the HTML by section id, between one section's heading and the next; "" is what surrounds them."""
    sizes = {name: end - start for name, (start, end) in _extents(html).items()}
    return {"": len(html) - sum(sizes.values()), **sizes}


def sizes_of(document: IssueDocument, *, html: str, text: str = "") -> Sizes:
    """The bytes of `document` rendered as `html`, pure ASCII, and as `text`.

    An item's bytes are exact to some ninety: what stands between two items is counted to the first.
    """
    extents = _extents(html)
    sections = tuple(
        SectionSize(
            id=section.id,
            bytes=extents[section.id][1] - extents[section.id][0],
            items=_items(html, *extents[section.id], section),
        )
        for section in document.sections
        if section.id in extents
    )
    style = sum(len(block) for block in _STYLE.findall(html))
    return Sizes(
        html=len(html),
        text=len(text.encode()),
        style=style,
        frame=len(html) - style - sum(section.bytes for section in sections),
        sections=sections,
    )


def _extents(html: str) -> dict[str, tuple[int, int]]:
    """Where each section begins and ends."""
    marks = [*_MARK.finditer(html.replace("\n", " "))]
    return {
        mark[1].removeprefix("s-"): (mark.start(), following.start())
        for mark, following in pairwise(marks)
        if mark[1] != "footer"
    }


def _items(html: str, start: int, end: int, section: DocumentSection) -> tuple[int, ...]:
    """The bytes of each item: from its table row to the next one's."""
    heads = [found.start() for found in _ITEM.finditer(html, start, end)]
    if not heads or len(heads) != len(section.items):
        return _shared(end - start, section)  # an association's own templates
    begins = [
        row if (row := html.rfind("<tr", before, head)) >= 0 else head for before, head in pairwise([start, *heads])
    ]
    close = html.find("</table", heads[-1], end)
    if section.more and (row := html.rfind("<tr", heads[-1], close)) >= 0:
        close = row  # of the line "12 more on the web"
    return tuple(after - begin for begin, after in pairwise([*begins, close if close >= 0 else end]))


def _shared(whole: int, section: DocumentSection) -> tuple[int, ...]:
    """An estimate where the items cannot be told apart: by the length of what they say."""
    lengths = [len(item.model_dump_json()) for item in section.items]
    return tuple(whole * length // sum(lengths) for length in lengths)
