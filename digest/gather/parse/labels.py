"""Names of people, categories and languages, as feeds write them -> as they are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable

from digest.gather.clean.text import has_entities, is_markup, one_line, plain_title

MAX_AUTHORS, MAX_CATEGORIES = 50, 20

_LANGUAGE = re.compile(r"^[a-zA-Z]{2,3}(?:-[a-zA-Z0-9]{2,8}){0,3}$")
_EMAIL = re.compile(r"\S+@\S+")
_MASKED = re.compile(r"\[[^\]]*\]")  # "[log in to unmask] (Name)": what list archives make of an address
_INITIALS = re.compile(r"^(?:\w\.[\s-]?){1,4}$")  # "Byron, A., Lace, B. C.": how journals name their authors
_NO_CATEGORY = {"uncategorized", "uncategorised", "allgemein", "non classé", "sin categoría", "без рубрики", "未分类"}


def names(authors: Iterable[str]) -> tuple[str, ...]:
    """Names of people, without the addresses that feeds put beside them, each once."""
    found: dict[str, None] = {}
    for author in authors:
        for part in _parts(plain_title(author, is_html=is_markup(author) or has_entities(author))):
            name = one_line(_EMAIL.sub("", _MASKED.sub("", part)))
            if name.startswith(("(", "<")) or name.endswith(("()", "<>")):
                name = re.sub(r"[()<>]+", " ", name)
            name = re.sub(r"^(?:by|authors?:)\s+", "", one_line(name), flags=re.IGNORECASE).strip(" ,;/")
            if name and len(name) <= 200 and not name.startswith(("http://", "https://", "/u/")):
                found.setdefault(name)
    return tuple(found)[:MAX_AUTHORS]


def _parts(author: str) -> list[str]:
    """A row of names in one field is parted; "Byron, Ada" and "Ada Byron, PhD" are one name each."""
    if ";" in author:
        return author.split(";")
    parts = [part.strip() for part in re.split(r",\s+(?:and\s+)?|\s+and\s+", author)]
    if len(parts) >= 4 and len(parts) % 2 == 0 and all(_INITIALS.match(part) for part in parts[1::2]):
        return [f"{family}, {given}" for family, given in zip(parts[::2], parts[1::2], strict=True)]
    if len(parts) >= 3 and all(" " in part and not _EMAIL.search(part) for part in parts):
        return parts
    return [author]


def labels(categories: Iterable[str]) -> tuple[str, ...]:
    """Categories as plain text, each once whatever its capitals, without those that mean none."""
    found: dict[str, str] = {}
    for category in categories:
        label = plain_title(category, is_html=True).strip(" ,;")
        if label and len(label) <= 100 and label.casefold() not in _NO_CATEGORY:
            found.setdefault(label.casefold(), label)
    return tuple(found.values())[:MAX_CATEGORIES]


def language_tag(language: str) -> str:
    """A language as BCP 47 writes it, like `en-GB`; "" for what is none."""
    language = language.strip().replace("_", "-")
    if not _LANGUAGE.match(language):
        return ""
    first, *rest = language.split("-")
    return "-".join([first.lower(), *(p.upper() if len(p) == 2 else p.title() if len(p) == 4 else p for p in rest)])
