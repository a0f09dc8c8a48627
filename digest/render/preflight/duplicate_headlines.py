"""No headline stands twice, unless it is one event on several days, or two papers."""

from __future__ import annotations

from collections.abc import Iterator

from digest.compose.document import Item
from digest.gather.clean.text import normalised_title
from digest.render.preflight.base import Check, Finding, Proof, Severity, finding


def _look(proof: Proof) -> Iterator[Finding]:
    seen: dict[str, list[tuple[str, Item]]] = {}
    for section in proof.document.sections:
        for item in section.items:
            key = normalised_title(item.title)
            if not key:
                continue
            for title, other in seen.get(key, []):
                if not _apart(item, other):
                    where = "the same section" if title == section.title else title
                    words = f"The headline stands in {where} as well, from {other.source_title}."
                    hint = "Drop one of them, merge them, or tell them apart in the headline."
                    yield finding(Severity.WARN, words, hint, item=item)
                    break
            seen.setdefault(key, []).append((section.title, item))


def _apart(one: Item, other: Item) -> bool:
    """Whether what stands beside the headlines tells them apart."""
    if one.event and other.event:
        return one.event.start != other.event.start or one.event.place != other.event.place
    if one.publication and other.publication:
        return one.url != other.url  # "Editorial", "Book review"
    return False


CHECK = Check(name="duplicate-headlines", title="Duplicate headlines", look=_look)
