"""Feeds that no XML parser reads: tags that were never closed are closed where a person would."""

from __future__ import annotations

import re

_ITEMS = {"item", "entry"}
_LEAVES = {
    *("title", "link", "description", "summary", "content", "content:encoded", "guid", "id", "pubDate", "published"),
    *("updated", "dc:date", "dc:creator", "author", "category", "comments"),
}
_NAMES = "|".join(re.escape(name) for name in (*_ITEMS, *sorted(_LEAVES, key=len, reverse=True)))
_TOKEN = re.compile(rf"<!\[CDATA\[|<(/?)({_NAMES})\b([^<>]*)>")


def closed(text: str) -> str:
    """`text` with the fields of an item closed before the next field, and an item before the next item.

    An Atom author holds a name, so authors are left as they are in entries.
    """
    parts: list[str] = []
    position, item, leaf = 0, "", ""
    at = 0
    while token := _TOKEN.search(text, at):
        at = token.end()
        closing, name, rest = token.groups()
        if name is None:
            end = text.find("]]>", at)
            at = end + 3 if end >= 0 else len(text)
            continue
        parts.append(text[position : token.start()])
        position = token.start()
        if closing:
            if name in _ITEMS:
                parts.append(f"</{leaf}>" if leaf else "")
                item = leaf = ""
            elif name == leaf:
                leaf = ""
        else:
            parts.append(f"</{leaf}>" if leaf else "")
            leaf = ""
            if name in _ITEMS:
                parts.append(f"</{item}>" if item else "")
                item = name
            elif item and not rest.endswith("/") and not (name == "author" and item == "entry"):
                leaf = name
    parts.append(text[position:])
    return "".join(parts)
