"""The archive as feeds: the issues, and what stood in one section of them.

An issue's id is its permalink; an item's is its place in the issue. Both are for ever. An entry is published when its
issue was, and updated when the issue was last corrected.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from digest.archive.index import Published
from digest.archive.syndication import FeedHead, FeedItem
from digest.compose.document import Item
from digest.config import Config
from digest.render.plain import one_line, safe_url

log = logging.getLogger(__name__)

MOST_ISSUES = 20
MOST_ITEMS = 40


def issues_head(config: Config) -> FeedHead:
    """Of the feed of all issues."""
    home = f"{config.web.base_url}/issues/"
    return _head(config, id_=home, title=_name(config), description=config.association.strapline or "Every issue.")


def issue_items(config: Config, issues: Sequence[Published]) -> list[FeedItem]:
    """The latest of `issues`, which stand newest first, each with its contents in a line."""
    items = []
    for issue in issues[:MOST_ISSUES]:
        link = f"{config.web.base_url}/issues/{issue.number}/"
        contents = ", ".join(f"{title} ({count})" for title, count in issue.counts)
        corrected = [f"Erratum: {erratum.text}" for erratum in issue.errata]
        items.append(
            FeedItem(
                id=link,
                url=link,
                title=issue.title,
                summary=" ".join([issue.preheader or contents, *corrected]),
                published=issue.published,
                updated=issue.updated,
            )
        )
    return items


def section_head(config: Config, section: str, title: str) -> FeedHead:
    """Of the feed of one section."""
    home = f"{config.web.base_url}/issues/"
    said = f"{title}, as each issue has it."
    return _head(config, id_=f"{home}{section}/feed.atom", title=f"{_name(config)}: {title}", description=said)


def section_items(config: Config, section: str, issues: Sequence[Published]) -> list[FeedItem]:
    """The latest items of a section, in the order of the issues, newest first, and within each in its own."""
    found: list[FeedItem] = []
    for issue in issues:
        if any(id_ == section for id_, _ in issue.sections):
            found += _items(config, section, issue)
        if len(found) >= MOST_ITEMS:
            break
    return found[:MOST_ITEMS]


def _items(config: Config, section: str, issue: Published) -> Iterator[FeedItem]:
    try:
        document = issue.document()
    except (OSError, ValidationError) as error:
        log.warning("Issue %s is left out of a feed: %s", issue.number, error)
        return
    for part in document.sections:
        for item in part.items if part.id == section else ():
            yield _item(config, issue, item)


def _item(config: Config, issue: Published, item: Item) -> FeedItem:
    place = f"{config.web.base_url}/issues/{issue.number}/#{item.id}"
    corrected = [one.at for one in issue.errata if one.item == item.id]
    return FeedItem(
        id=place,
        url=safe_url(item.url) or place,
        title=one_line(item.title) or one_line(item.source_title),
        summary=one_line(item.summary),
        published=issue.published,
        updated=max([issue.published, *corrected]),
        authors=tuple(name for author in item.authors if (name := one_line(author))),
        categories=tuple(name for category in item.categories if (name := one_line(category))),
    )


def _head(config: Config, *, id_: str, title: str, description: str) -> FeedHead:
    return FeedHead(
        id=id_,
        title=title,
        description=description,
        home=f"{config.web.base_url}/issues/",
        author=config.association.name,
        author_url=config.association.website,
        language=config.association.language,
        hub=config.web.hub,
    )


def _name(config: Config) -> str:
    return f"{config.association.name}: {config.digest.title.partition(' - ')[0]}"
