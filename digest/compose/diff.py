"""What changed between two states of an issue: since somebody looked at all of it, or since it was approved. Pure."""

from __future__ import annotations

import hashlib
import json
import zoneinfo
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from digest.compose.changes import changes_in_words, excerpts, said_in_words
from digest.compose.document import IssueDocument, Item

_TEXTS = {"subject": "subject", "preheader": "preheader", "intro": "intro", "outro": "outro"}


class Kind(StrEnum):
    """What happened to an item, or to the words around them."""

    ADDED = "added"
    DROPPED = "dropped"
    MOVED = "moved"  # into another section
    EDITED = "edited"
    ORDER = "order"
    TEXT = "text"  # the subject, the preheader, the intro or the outro


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as it was. `title` is the item's, as it is called now, "" where it is about none.

    `details` say what was there and what is there now: "the title was “A”, and is now “B”".
    """

    kind: Kind
    words: str  # "new in News", "moved from News to Blog", "the intro changed"
    title: str = ""
    entry: int | None = None
    details: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """All of it on one line, for a terminal."""
        line = f"{self.words}: {self.title}" if self.title else self.words
        return f"{line} ({'; '.join(self.details)})" if self.details else line


def snapshot(document: IssueDocument) -> dict[str, Any]:
    """What `differences` needs to remember of a document: JSON values, small enough to store with each review."""
    tz = zoneinfo.ZoneInfo(document.zone)
    items = {
        str(item.entry): {
            "title": item.title,
            "section": section.id,
            "section_title": section.title,
            "sha": _sha(item),
            "said": said_in_words(item, tz),
        }
        for section in document.sections
        for item in section.items
        if item.entry is not None
    }
    order = [str(item.entry) for item in document.items if item.entry is not None]
    return {"items": items, "order": order, **{key: getattr(document, key) for key in _TEXTS}}


def differences(before: Mapping[str, Any], document: IssueDocument) -> tuple[Difference, ...]:
    """What came, went, moved or was changed since the `snapshot` before; empty when all is as it was."""
    return tuple(_differences(before, snapshot(document)))


def difference(before: Mapping[str, Any], document: IssueDocument) -> list[str]:
    """The same as sentences."""
    return [found.sentence for found in differences(before, document)]


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    old, new = before["items"], now["items"]
    for key in now["order"]:
        if key not in old:
            yield _item(Kind.ADDED, f"new in {_section(new[key])}", key, new[key])
    for key, row in old.items():
        if key not in new:
            yield _item(Kind.DROPPED, f"gone from {_section(row)}", key, row)
    for key in now["order"]:
        if key in old:
            yield from _of_item(key, old[key], new[key])
    stayed = {key for key in new if key in old and old[key]["section"] == new[key]["section"]}
    if [key for key in before["order"] if key in stayed] != [key for key in now["order"] if key in stayed]:
        yield Difference(kind=Kind.ORDER, words="the order of the items changed")
    for key, words in _TEXTS.items():
        if before.get(key) != now[key]:
            yield _text(words, before.get(key) or "", now[key])


def _of_item(key: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    if old["section"] != new["section"]:
        yield _item(Kind.MOVED, f"moved from {_section(old)} to {_section(new)}", key, new)
    if old["sha"] != new["sha"]:
        # What was stored by an earlier version knows the titles alone.
        said = old.get("said") or {**new["said"], "title": old["title"]}
        details = tuple(change.words for change in changes_in_words(said, new["said"]))
        yield _item(Kind.EDITED, "changed", key, new, details)


def _text(what: str, before: str, now: str) -> Difference:
    if not before:
        return Difference(kind=Kind.TEXT, words=f"the {what} is new", details=(excerpts("", now)[1],))
    if not now:
        return Difference(kind=Kind.TEXT, words=f"the {what} is gone", details=(f"it was {excerpts(before, '')[0]}",))
    was, is_now = excerpts(before, now)
    return Difference(kind=Kind.TEXT, words=f"the {what} changed", details=(f"it was {was}, and is now {is_now}",))


def _item(kind: Kind, words: str, key: str, row: Mapping[str, Any], details: tuple[str, ...] = ()) -> Difference:
    return Difference(kind=kind, words=words, title=row["title"], entry=int(key), details=details)


def _section(row: Mapping[str, Any]) -> str:
    title: str = row.get("section_title") or row["section"]
    return title


def _sha(item: Item) -> str:
    """Of what a reader sees of the item; flags like "last chance" come and go by themselves."""
    values = item.model_dump(mode="json", exclude={"entry", "flags"})
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
