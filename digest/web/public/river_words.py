"""An entry in the words that the river's page uses. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from babel.dates import format_date

from digest.compose.river import ago, category_key
from digest.config import Config
from digest.gather.document import EntryDoc
from digest.pipeline.river import RiverEntry
from digest.render import dates
from digest.render.plain import one_line, safe_url
from digest.render.view import place_of
from digest.render.words import words_of

MOST_CATEGORIES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry on the page. `url` is "" where its source gave none that leads to a page."""

    entry: int
    title: str
    url: str
    source: str
    source_title: str
    section: str
    instant: str  # ISO 8601, for programs
    date: str  # "19/02/24"
    age: str  # "3 hours ago", "" for what is older than a day
    teaser: str
    about: str  # when and where an event is, where a paper stands, until when one may apply
    categories: tuple[tuple[str, str], ...]  # key and name


def row_of(config: Config, one: RiverEntry, now: dt.datetime) -> Row:
    association = config.association
    local = one.at.astimezone(association.tz)
    locale = dates.locale_of(association.language)
    named = {category_key(name): one_line(name) for name in reversed(one.doc.categories) if category_key(name)}
    return Row(
        entry=one.entry,
        title=one_line(one.doc.title) or one.source_title,
        url=safe_url(one.doc.url) if one.doc.url.lower().startswith(("http://", "https://")) else "",
        source=one.source,
        source_title=one.source_title,
        section=one.section,
        instant=local.isoformat(timespec="minutes"),
        date=format_date(local.date(), config.river.date_format, locale=locale),
        age=ago(one.at, now),
        teaser=one_line(one.doc.summary),
        about=_about(config, one.doc),
        categories=tuple(reversed(named.items()))[:MOST_CATEGORIES],
    )


def _about(config: Config, doc: EntryDoc) -> str:
    association = config.association
    locale = dates.locale_of(association.language)
    if doc.event is not None:
        place = place_of(doc.event, words_of(association.language))
        return " · ".join(filter(None, (dates.event_when(doc.event, association.zone, locale), place)))
    if doc.publication is not None and doc.publication.journal:
        authors = ", ".join(doc.authors[:3]) + (" and others" if len(doc.authors) > 3 else "")
        return " · ".join(filter(None, (one_line(authors), one_line(doc.publication.journal))))
    if doc.closing is not None:
        return f"Closes {dates.weekday_date(doc.closing, locale)}"
    return ""
