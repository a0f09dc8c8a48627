"""Recognising the digest's own earlier issues when they come back through a feed: a digest never lists itself."""

from __future__ import annotations

import re
from functools import lru_cache

from digest.config import Config

_SPACES = re.compile(r"\s+")
_DASH = re.compile(r"\\?[-\u2010-\u2015]")


@lru_cache(maxsize=8)
def _patterns(title: str, further: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    literal = _SPACES.sub(" ", title).strip()
    # Lists put "[LIST-NAME]" or "Fwd:" before a subject; the date is whatever the date form gives.
    parts = re.split(r"(\{number\}|\{date\})", literal)
    body = "".join(
        r"(?P<number>\d{1,6})"
        if part == "{number}"
        else r"(?P<date>.{4,40}?)"
        if part == "{date}"
        else re.escape(part)
        for part in parts
    )
    own = rf"^(?:\[[^\]]{{1,60}}\]\s*|(?:re|fwd?|tr|wg):\s*)*{body}$"
    return (re.compile(own, re.IGNORECASE), *(re.compile(p, re.IGNORECASE) for p in further))


def is_own_digest(config: Config, title: str) -> bool:
    """Whether `title` is that of one of this digest's issues."""
    plain = _SPACES.sub(" ", title).strip()
    return any(p.search(plain) for p in _patterns(config.digest.title, config.digest.own_titles))


def earlier_issue(config: Config, line: str) -> tuple[int, str] | None:
    """The number and the date, as it is worded, of the issue that `line` names; None when it names none.

    What stands before and after the name is left aside: list names, a mail program's own words. The words of the
    date may therefore run on beyond it.
    """
    found = _name(config.digest.title).search(_SPACES.sub(" ", line))
    return (int(found["number"]), found["date"]) if found else None


@lru_cache(maxsize=8)
def _name(title: str) -> re.Pattern[str]:
    parts = re.split(r"(\{number\}|\{date\})", _SPACES.sub(" ", title).strip())
    groups = {"{number}": r"(?<!\d)(?P<number>\d{1,6})(?!\d)", "{date}": r"(?P<date>.{0,40})"}
    body = "".join(groups.get(part) or _DASH.sub("[-\u2010-\u2015]", re.escape(part)) for part in parts)
    return re.compile(body, re.IGNORECASE)
