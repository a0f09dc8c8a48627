"""What the templates see: the document, cleaned, dated and worded. All three forms are drawn from this.

Everything in a view is plain text for the template to escape, but `intro_html` and its like, which are clean HTML.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from gettext import NullTranslations

from babel import Locale
from babel.lists import format_list

from digest.compose.document import DocumentSection, IssueDocument, Item
from digest.gather.document import EventTime, Image, Publication
from digest.render import dates
from digest.render.models import Links
from digest.render.plain import LONGEST_URL, direction, one_line, safe_url
from digest.render.words import words_of

MOST_AUTHORS = 6
THUMBNAIL = 120  # CSS pixels; a picture smaller than half of it is an icon or a counter
WIDE = 480  # CSS pixels; from here on a picture can lead a section across the whole column
_PARTS = re.compile(r"^(.{3,}?)\s+[-–—|·:]\s+(.+)$")
_DOI = re.compile(r"10\.\d{4,9}/\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageView:
    """`wide`: known to be large enough, and not too tall, to stand across the whole column."""

    url: str
    alt: str
    width: int | None
    height: int | None
    wide: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """`day` and `month` are for the date block; `when` says it all, with the zone. `calendar` is its .ics file."""

    day: str
    month: str
    when: str
    place: str  # as it is shown; `venue` is its name alone
    venue: str
    online: bool
    guessed: bool
    calendar: str
    start: str  # ISO 8601, in the event's zone; a plain date for whole days
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationView:
    """`year` is that of the entry; `where` follows the journal's name: "32(1), 14-29"."""

    year: str
    journal: str
    where: str
    doi: str
    doi_url: str
    open_access: bool
    cite: str  # its citations' address: .bib, .ris and .csl.json follow it


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """`direction` is set only where the item's text runs against the issue's."""

    id: str
    title: str
    url: str
    summary: str
    source: str
    date: str
    published: str  # ISO 8601, or ""
    authors: str
    author_names: tuple[str, ...]
    categories: tuple[str, ...]
    image: ImageView | None
    event: EventView | None
    publication: PublicationView | None
    closing: str
    also_in: str
    last_chance: bool
    changed: bool
    direction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionView:
    id: str
    title: str
    kind: str
    items: tuple[ItemView, ...]
    more: int  # how many had no room
    more_url: str  # where they are, if anywhere
    calendar: str  # the .ics file with all of the issue's events; on its first section of events, when it has several


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueView:
    """`name` is the digest's name, the title without its number and date where it can be told apart."""

    subject: str
    title: str
    name: str
    number: int | None
    date: str
    iso_date: str
    preheader: str
    language: str
    direction: str
    permalink: str
    intro: str  # Markdown, as are outro and the brand's footer
    outro: str
    sections: tuple[SectionView, ...]
    announcement: bool = False

    @property
    def count(self) -> int:
        return sum(len(section.items) for section in self.sections)


def view_of(document: IssueDocument, links: Links) -> IssueView:
    """The view of `document`. Sections without items are left out."""
    locale = dates.locale_of(document.language)
    words = words_of(document.language)
    make = _Maker(document=document, locale=locale, words=words, permalink=links.permalink)
    sections = _with_calendar(
        tuple(make.section(section) for section in document.sections if section.items), links.permalink
    )
    title = one_line(document.title)
    parts = _PARTS.match(title) if not document.is_announcement else None
    return IssueView(
        subject=one_line(document.subject) or title,
        title=title,
        name=parts[1] if parts else title,
        number=document.number if parts else None,
        date=dates.full_date(document.date, locale),
        iso_date=document.date.isoformat(),
        preheader=one_line(document.preheader) or _contents(sections, words) or title,
        language=document.language,
        direction=locale.text_direction,
        permalink=links.permalink,
        intro=document.intro,
        outro=document.outro,
        sections=sections,
        announcement=document.is_announcement,
    )


def _with_calendar(sections: tuple[SectionView, ...], permalink: str) -> tuple[SectionView, ...]:
    """The first section of events leads to all of the issue's events as one file, where there are several."""
    if sum(item.event is not None for section in sections for item in section.items) < 2:
        return sections
    first = next((section for section in sections if section.kind == "events"), None)
    return tuple(replace(s, calendar=f"{permalink}events.ics") if s is first else s for s in sections)


def _contents(sections: tuple[SectionView, ...], words: NullTranslations) -> str:
    listed = words.gettext(", ").join(f"{section.title} ({len(section.items)})" for section in sections)
    return words.gettext("In this issue: %(sections)s") % {"sections": listed} if listed else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Maker:
    document: IssueDocument
    locale: Locale
    words: NullTranslations
    permalink: str

    def section(self, section: DocumentSection) -> SectionView:
        return SectionView(
            id=section.id,
            title=one_line(section.title),
            kind=section.kind,
            items=tuple(self.item(item) for item in section.items),
            more=section.more,
            more_url=safe_url(section.more_url),
            calendar="",
        )

    def item(self, item: Item) -> ItemView:
        title, url = one_line(item.title), safe_url(item.url)
        names = tuple(name for name in map(one_line, item.authors) if name)
        published = item.published.astimezone(dates.zone_of(self.document.zone)) if item.published else None
        runs = direction(title)
        return ItemView(
            id=item.id,
            title=title or one_line(item.source_title),
            # An address too long for a mail's lines is reached through the item's place on the issue's page.
            url=url if len(url) <= LONGEST_URL else f"{self.permalink}#{item.id}",
            summary=one_line(item.summary),
            source=one_line(item.source_title),
            date=dates.short_date(published.date(), self.locale, beside=self.document.date) if published else "",
            published=published.isoformat() if published else "",
            authors=self.names(names),
            author_names=names,
            categories=tuple(name for name in map(one_line, item.categories) if name),
            image=_image(item.image),
            event=self.event(item.event, item.id) if item.event else None,
            publication=_publication(item.publication, published, f"{self.permalink}{item.id}")
            if item.publication
            else None,
            closing=dates.weekday_date(item.closing, self.locale) if item.closing else "",
            also_in=self.names(tuple(one_line(name) for name in item.also_in)),
            last_chance="last-chance" in item.flags,
            changed="changed" in item.flags,
            direction="" if runs in ("", self.locale.text_direction) else runs,
        )

    def names(self, names: tuple[str, ...]) -> str:
        """`A, B and C`; the first few "et al." where there are many."""
        if len(names) > MOST_AUTHORS:
            some = self.words.gettext(", ").join(names[: MOST_AUTHORS - 1])
            return self.words.gettext("%(names)s et al.") % {"names": some}
        return format_list(names, locale=self.locale) if names else ""

    def event(self, event: EventTime, id_: str) -> EventView:
        zone = self.document.zone
        tz = dates.zone_of(event.zone, zone)
        first, last = dates.event_days(event, zone)
        day, month = dates.day_and_month(first, self.locale)
        end = event.end if event.end and event.end > event.start else None
        return EventView(
            day=day,
            month=month.rstrip("."),
            when=dates.event_when(event, zone, self.locale),
            place=place_of(event, self.words),
            venue=venue_of(event, self.words),
            online=event.online,
            guessed=event.guessed,
            calendar=f"{self.permalink}{id_}.ics",
            start=_iso(event.start, first, tz, event.all_day),
            end=_iso(end, last, tz, event.all_day) if end else "",
        )


def place_of(event: EventTime, words: NullTranslations) -> str:
    """`The Corn Store, Hexham`, `Online`, or both; "" where nothing is known."""
    place = one_line(event.place)
    if place.startswith(("http://", "https://")):
        place = ""  # a meeting's address is behind the item's own link, and often private
    if not event.online:
        return place
    online = words.gettext("Online")
    if place.casefold().startswith((online.casefold(), "online")):
        return place
    return words.gettext("%(place)s, online") % {"place": place} if place else online


def venue_of(event: EventTime, words: NullTranslations) -> str:
    """The place one can go to; "" for an event that is online only."""
    place = place_of(event.model_copy(update={"online": False}), words)
    only_online = event.online and place.casefold().startswith((words.gettext("Online").casefold(), "online"))
    return "" if only_online else place


def _iso(instant: dt.datetime, day: dt.date, tz: dt.tzinfo, all_day: bool) -> str:
    return day.isoformat() if all_day else instant.astimezone(tz).isoformat()


def _image(image: Image | None) -> ImageView | None:
    url = safe_url(image.url) if image else ""
    if image is None or not url.startswith(("http://", "https://")) or len(url) > LONGEST_URL:
        return None
    if any(side is not None and side < THUMBNAIL // 2 for side in (image.width, image.height)):
        return None
    wide = (image.width or 0) >= WIDE and (image.height or 0) <= (image.width or 0)
    return ImageView(url=url, alt=one_line(image.alt), width=image.width, height=image.height, wide=wide)


def _publication(publication: Publication, published: dt.datetime | None, cite: str) -> PublicationView:
    volume, number, pages = (one_line(part) for part in (publication.volume, publication.issue, publication.pages))
    where = ", ".join(part for part in (f"{volume}({number})" if number else volume, pages) if part)
    doi = _DOI.search(one_line(publication.doi))
    return PublicationView(
        year=str(published.year) if published else "",
        journal=one_line(publication.journal),
        where=where,
        doi=doi[0] if doi else "",
        doi_url=safe_url(f"https://doi.org/{doi[0]}") if doi else "",
        open_access=publication.open_access is True,
        cite=cite,
    )
