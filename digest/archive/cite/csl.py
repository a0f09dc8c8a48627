"""CSL-JSON, the citation data of the Citation Style Language 1.0.2. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from digest.archive.cite.names import Name
from digest.archive.cite.reference import Kind, Reference

_TYPES = {Kind.ARTICLE: "article-journal", Kind.WEB: "webpage", Kind.ISSUE: "periodical"}


def csl_json(references: Sequence[Reference]) -> str:
    """A list with one object for each."""
    return json.dumps([_item(ref) for ref in references], ensure_ascii=False, indent=2) + "\n"


def _item(ref: Reference) -> dict[str, Any]:
    issued = [[ref.date.year, ref.date.month, ref.date.day]] if ref.date else []
    item = {
        "id": ref.key,
        "type": _TYPES[ref.kind],
        "title": ref.title,
        "author": [_name(author) for author in ref.authors],
        "container-title": ref.container,
        "volume": ref.volume,
        "issue": ref.number,
        "page": ref.pages,
        "issued": {"date-parts": issued} if issued else None,
        "DOI": ref.doi,
        "URL": ref.url,
        "publisher": ref.publisher,
        "language": ref.language,
    }
    return {key: value for key, value in item.items() if value}


def _name(name: Name) -> dict[str, str]:
    return {"family": name.family, "given": name.given} if name.given else {"literal": name.family}
