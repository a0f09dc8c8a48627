"""How the tests read a rendering: as its readers' programs do."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

BROADEST = 998  # octets in a line, RFC 5322
_CLASSES = re.compile(r"\.([a-z]\w*)")


def tree(html: str) -> Any:
    return etree.fromstring(html, etree.HTMLParser())


def words(element: Any) -> str:
    """The text of an element as it is read: one space where there is any."""
    return " ".join("".join(element.itertext()).split())


def hrefs(html: str) -> set[str]:
    """Every address a reader can go to, but for jumps within the message."""
    return {a.get("href") for a in tree(html).iter("a") if not a.get("href").startswith("#")}


def references(text: str) -> set[str]:
    """Every address of a plain-text edition: its list of references, and the lines of its footer."""
    body, _, footer = text.rpartition("\n-- \n")
    found = set()
    for line in [*re.findall(r"^ *\[\d+\] (\S+)$", body, re.M), *map(str.strip, footer.splitlines())]:
        if re.fullmatch(r"(?:https?://|mailto:)\S+|dg\w+", line):
            found.add(line)
        elif re.fullmatch(r"\S+@\S+\.\S+", line):
            found.add(f"mailto:{line}")
    return found


def style_blocks(html: str) -> str:
    return "".join(style.text or "" for style in tree(html).iter("style"))
