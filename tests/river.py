"""Entries for tests of the river, written straight into the database."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any

from digest.config import Config
from digest.gather.document import EntryDoc
from digest.gather.models import Entry, Source
from digest.pipeline.river import Scope, Stretch, stretch
from digest.pipeline.river_index import list_in_river

NOW = dt.datetime(2024, 2, 19, 12, 0, tzinfo=dt.UTC)
SOURCES = """
[[sources]]
id = "news"
title = "The News"
section = "news"
url = "https://news.example/feed"
[[sources]]
id = "blog"
title = "The Blog"
section = "blog"
url = "https://blog.example/feed"
[[sources]]
id = "dates"
title = "The Calendar"
section = "events"
url = "https://dates.example/feed"
"""


def source(key: str) -> Source:
    return Source.objects.get_or_create(key=key, defaults={"last_ok_at": NOW, "first_ok_at": NOW})[0]


def entry(
    title: str,
    *,
    of: str = "news",
    at: dt.datetime = NOW,
    seen: dt.datetime | None = None,
    quality: str = "exact",
    **doc: Any,
) -> Entry:
    """An entry of that title, published at `at` and first seen then, or at `seen`. Not listed yet."""
    event = doc.get("event")
    value = EntryDoc(title=title, **{"url": f"https://{of}.example/{abs(hash(title))}", **doc})
    return Entry.objects.create(
        source=source(of),
        identity=hashlib.sha256(f"{of} {title}".encode()).hexdigest(),
        identity_kind="guid",
        published_at=at,
        first_seen_at=seen or at,
        last_seen_at=seen or at,
        date_quality=quality,
        event_start=event.start if event else None,
        event_end=event.end if event else None,
        first_doc=value.model_dump(mode="json"),
        latest_doc=value.model_dump(mode="json"),
    )


def listed(config: Config, *, now: dt.datetime = NOW) -> None:
    list_in_river(config, now=now)


def titles(config: Config, scope: Scope | None = None, **where: Any) -> list[str]:
    return titles_of(stretch(config, scope or Scope(), **where))


def titles_of(found: Stretch) -> list[str]:
    names = dict(Entry.objects.values_list("pk", "latest_doc__title"))
    return [names[place.entry] for place in found.places]


def ids(found: Stretch) -> Sequence[int]:
    return [place.entry for place in found.places]
