"""A small vocabulary for composing: `story("A", "2024-02-07 10:00")`."""

from __future__ import annotations

import datetime as dt
import hashlib
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from digest.compose.document import Candidate
from digest.gather.document import EntryDoc, EventTime

LONDON = ZoneInfo("Europe/London")
_keys = count(1)


def at(text: str) -> dt.datetime:
    """Wall time in London, as aware UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(dt.UTC)


def story(title: str, published: str | dt.datetime | None, **more: Any) -> Candidate:
    """A candidate; `seen` (default: when it was published), `section` (default news), `event` as start text."""
    when = at(published) if isinstance(published, str) else published
    seen = more.pop("seen", None)
    first_seen = at(seen) if isinstance(seen, str) else seen or when
    assert first_seen is not None, "an undated story needs `seen`"
    event = more.pop("event", None)
    url = more.pop("url", f"https://example.org/{hashlib.sha256(title.encode()).hexdigest()[:8]}")
    doc = EntryDoc(
        title=title,
        url=url,
        event=EventTime(start=at(event)) if event else None,
        closing=more.pop("closing", None),
        summary=more.pop("summary", ""),
    )
    section = more.pop("section", "news")
    return Candidate(
        key=more.pop("key", next(_keys)),
        source=more.pop("source", section),
        source_title=section.title(),
        section=section,
        identity=hashlib.sha256(f"{section}{title}".encode()).hexdigest(),
        url_key=hashlib.sha256(url.encode()).hexdigest(),
        title_key=hashlib.sha256(title.lower().encode()).hexdigest(),
        published_at=when,
        first_seen_at=first_seen,
        date_quality="exact" if when else "missing",
        doc=doc,
        **more,
    )
