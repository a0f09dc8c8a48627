"""Which section an entry belongs to: the first rule that matches, else its source's section."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from digest.compose.document import Candidate
from digest.config import Config, MatchRule

_LONGEST_SUBJECT = 2000  # characters of a title or address that an expression is tried on


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A section, and in words why."""

    section: str
    why: str


def router(config: Config) -> Callable[[Candidate], Route]:
    """The function that routes candidates under `config`. Sections are asked in their order."""
    rules = [(section.id, rule) for section in config.sections for rule in section.match]
    known = {section.id for section in config.sections}
    default = config.default_section

    def route(candidate: Candidate) -> Route:
        for section, rule in rules:
            if (why := _matches(rule, candidate)) is not None:
                return Route(section=section, why=why)
        if candidate.section in known:
            return Route(section=candidate.section, why=f"from {candidate.source_title}")
        return Route(section=default, why="the default section")

    return route


def _matches(rule: MatchRule, candidate: Candidate) -> str | None:
    """The conditions that held, in words; None when one did not."""
    doc, held = candidate.doc, []
    if rule.source:
        if rule.source != candidate.source:
            return None
        held.append(f"from {candidate.source_title}")
    if rule.category:
        if rule.category.casefold() not in (c.casefold() for c in doc.categories):
            return None
        held.append(f"category {rule.category}")
    if rule.keyword:
        if not _word(rule.keyword).search(f"{doc.title}\n{doc.summary}"):
            return None
        held.append(f"keyword {rule.keyword}")
    for expression, text, what in ((rule.title, doc.title, "title"), (rule.url, doc.url, "address")):
        if expression:
            if not re.search(expression, text[:_LONGEST_SUBJECT]):
                return None
            held.append(f"{what} like {expression}")
    return ", ".join(held)


@lru_cache(maxsize=256)
def _word(keyword: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(keyword)}(?!\w)", re.IGNORECASE)
