"""The words about the issue itself: its title, its subject, and the line an inbox shows beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from babel.dates import format_date

from digest.compose.document import DocumentSection
from digest.config import Config

PREHEADER_MIN, PREHEADER_MAX = 40, 100  # characters; standards.md, "The message"
SUBJECT_MAX = 150  # characters; what no inbox shows is cut at a word


def issue_title(config: Config, number: int | None, date: dt.date) -> str:
    """`Weekly News Digest - Issue 736, 12 Feb 2024`, as config words it."""
    locale = config.association.language.replace("-", "_")
    day = format_date(date, config.digest.date_format, locale=locale)
    return config.digest.title.format(number="?" if number is None else number, date=day)


def counted_from_anchor(config: Config, date: dt.date) -> int | None:
    """The number of the issue of `date` when one goes out every week; None without an anchor or before issue 1."""
    anchor = config.digest.anchor
    if anchor is None:
        return None
    number = anchor.number + round((date - anchor.date).days / 7)
    return number if number >= 1 else None


def subject(config: Config, title: str, sections: Iterable[DocumentSection]) -> str:
    """The subject as config words it: `{title}`, `{headline}` (the first item's) and `{counts}`."""
    filled = [s for s in sections if s.items]
    headline = filled[0].items[0].title if filled else ""
    line = config.digest.subject.format(title=title, headline=headline, counts=counts(filled))
    return cut(" ".join(line.split()), SUBJECT_MAX)


def preheader(sections: Iterable[DocumentSection]) -> str:
    """The first headlines, as many as fit into an inbox line; the counts fill up a line that would be short."""
    filled = [s for s in sections if s.items]
    titles = [item.title for rank in range(3) for section in filled for item in section.items[rank : rank + 1]]
    if not titles:
        return ""
    line = titles[0]
    for title in titles[1:]:
        longer = f"{line} · {title}"
        if len(longer) > PREHEADER_MAX:
            break
        line = longer
    if len(line) < PREHEADER_MIN:
        line = f"{line} · {counts(filled)}"
    return cut(line, PREHEADER_MAX)


def counts(sections: Iterable[DocumentSection]) -> str:
    """`News 3, Events 2`: what the issue holds."""
    return ", ".join(f"{section.title} {len(section.items)}" for section in sections)


def cut(line: str, limit: int) -> str:
    """`line`, or as many of its whole words as leave room for an ellipsis."""
    if len(line) <= limit:
        return line
    return line[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:.-–") + "…"
