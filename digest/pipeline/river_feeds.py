"""The river in the forms that programs read: feeds, a calendar, a list of sources."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from digest.archive.syndication import FeedHead, FeedItem
from digest.config import Config
from digest.gather import opml
from digest.gather.address import may_be_published
from digest.gather.models import Source
from digest.pipeline.river import RiverEntry
from digest.render.calendar import Listed, calendar_of, uid_of
from digest.render.plain import one_line, safe_url

REFRESH = dt.timedelta(hours=1)


def river_head(config: Config, *, title: str, path: str, home: str) -> FeedHead:
    """`path` names the part of the river, "" for all of it; `home` is the address of its page.

    The ids are tag URIs (RFC 4151) under the List-Id, which a list keeps when its site moves.
    """
    return FeedHead(
        id=f"tag:{config.list_id},2024:river/{path}",
        title=title,
        description=f"What the sources of {config.association.name} publish, as it comes",
        home=home,
        author=config.association.name,
        author_url=safe_url(config.association.website),
        language=config.association.language,
    )


def river_items(config: Config, entries: Sequence[RiverEntry]) -> list[FeedItem]:
    """What goes into a feed. An entry without an author of its own is its source's."""
    return [
        FeedItem(
            id=f"tag:{config.list_id},{one.first_seen_at:%Y-%m-%d}:{one.source}/{one.identity[:32]}",
            url=safe_url(one.doc.url),
            title=one_line(one.doc.title) or one.source_title,
            summary=one.doc.summary,
            published=one.at,
            updated=max(one.first_seen_at, one.changed_at or one.first_seen_at),
            authors=one.doc.authors or (one.source_title,),
            categories=one.doc.categories,
        )
        for one in entries
    ]


def river_calendar(config: Config, entries: Sequence[RiverEntry]) -> bytes:
    """The coming events, to subscribe to. An event has the UID that it has in an issue's calendar."""
    home = f"{config.web.base_url}/river/"
    taken: set[str] = set()
    events = []
    for one in entries:
        if one.doc.event is None:
            continue
        short = f"i{one.identity[:10]}"  # digest/compose/assemble.py names its items so
        uid = uid_of(short if short not in taken else f"i{one.identity}", home)
        taken.add(short)
        events.append(
            Listed(
                uid=uid,
                stamp=one.changed_at or one.first_seen_at,
                title=one_line(one.doc.title) or one.source_title,
                summary=one.doc.summary,
                url=safe_url(one.doc.url) or home,
                time=one.doc.event,
            )
        )
    association = config.association
    return calendar_of(
        events,
        title=f"{association.name}: events",
        zone=association.zone,
        language=association.language,
        every=REFRESH,
    )


def river_opml(config: Config) -> str:
    """The sources that anybody may read, for a feed reader."""
    retired = set(Source.objects.filter(retired_at__isnull=False).values_list("key", flat=True))
    open_ones = {s.id for s in config.sources if s.id not in retired and may_be_published(s.url)}
    return opml.export(config, only=open_ones, pages=f"{config.web.base_url}/river/source/")
