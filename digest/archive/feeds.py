"""The archive as a feed: Atom (RFC 4287), through Django's generator."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils.feedgenerator import Atom1Feed

from digest.archive.index import Published
from digest.config import Config

MOST = 20  # issues in the feed, the latest first


def issues_atom(config: Config, issues: Sequence[Published]) -> bytes:
    """The latest of `issues`, which stand newest first, each with its contents in a line. UTF-8.

    An entry's id is its permalink, which never changes; its `updated` is that of its record.
    """
    archive = f"{config.web.base_url}/issues/"
    feed = Atom1Feed(
        title=f"{config.association.name}: {config.digest.title.partition(' - ')[0]}",
        link=archive,
        description=config.association.strapline,
        feed_url=f"{archive}feed.atom",
        feed_guid=archive,
        language=config.association.language,
        author_name=config.association.name,
        author_link=config.association.website or None,
    )
    for issue in issues[:MOST]:
        link = f"{archive}{issue.number}/"
        feed.add_item(
            title=issue.title,
            link=link,
            unique_id=link,
            description=issue.preheader or ", ".join(f"{title} ({count})" for title, count in issue.counts),
            pubdate=dt.datetime.combine(issue.date, dt.time(), config.association.tz),
            updateddate=issue.changed,
        )
    return feed.writeString("utf-8").encode("utf-8")
