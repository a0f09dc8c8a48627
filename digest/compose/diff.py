"""What changed in a draft since somebody last looked at all of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from digest.compose.document import IssueDocument, Item

_WORDS = {"subject": "the subject", "preheader": "the preheader", "intro": "the intro", "outro": "the outro"}


def snapshot(document: IssueDocument) -> dict[str, Any]:
    """What `difference` needs to remember of a document: JSON values, small enough to store with each review."""
    items = {
        str(item.entry): {"title": item.title, "section": section.id, "sha": _sha(item)}
        for section in document.sections
        for item in section.items
        if item.entry is not None
    }
    order = [str(item.entry) for item in document.items if item.entry is not None]
    return {"items": items, "order": order, **{key: getattr(document, key) for key in _WORDS}}


def difference(before: Mapping[str, Any], document: IssueDocument) -> list[str]:
    """Sentences: what came, went, moved or was changed. Empty when all is as it was."""
    now = snapshot(document)
    old, new = before["items"], now["items"]
    said = [f"new in {new[key]['section']}: {new[key]['title']}" for key in now["order"] if key not in old]
    said += [f"gone from {row['section']}: {row['title']}" for key, row in old.items() if key not in new]
    for key in now["order"]:
        if key not in old:
            continue
        if old[key]["section"] != new[key]["section"]:
            said.append(f"moved from {old[key]['section']} to {new[key]['section']}: {new[key]['title']}")
        if old[key]["title"] != new[key]["title"]:
            said.append(f"retitled: {old[key]['title']} -> {new[key]['title']}")
        elif old[key]["sha"] != new[key]["sha"]:
            said.append(f"changed: {new[key]['title']}")
    stayed = {key for key in new if key in old and old[key]["section"] == new[key]["section"]}
    if [key for key in before["order"] if key in stayed] != [key for key in now["order"] if key in stayed]:
        said.append("the order of the items changed")
    said += [f"{words} changed" for key, words in _WORDS.items() if before.get(key) != now[key]]
    return said


def _sha(item: Item) -> str:
    """Of what a reader sees of the item; flags like "last chance" come and go by themselves."""
    values = item.model_dump(mode="json", exclude={"entry", "flags"})
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
