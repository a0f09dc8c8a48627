"""What every format has in common: raw fields -> a clean, dated, identified ParsedEntry."""

from __future__ import annotations

import datetime as dt
import hashlib
import html
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from digest.gather.clean.boilerplate import without_node_header
from digest.gather.clean.html import CleanHtml, clean_html, first_image, from_plain, looks_like_html
from digest.gather.clean.links import absolute, canonical, unwrapped, url_key, without_tracking
from digest.gather.clean.teaser import has_opening, is_truncated, shorten, teaser
from digest.gather.clean.text import is_markup, normalised_title, one_line, plain_title
from digest.gather.dates import are_month_first, read_date, zone_of
from digest.gather.document import EntryDoc, EventTime, Image, Publication
from digest.gather.parse.events import RawEvent, event_from_fields, event_in_markup
from digest.gather.parse.fields import RawPublication, authors_said, closing_date, publication_from_fields
from digest.gather.parse.guess import guess_event
from digest.gather.parse.labels import labels, language_tag, names
from digest.gather.values import DateQuality, IdentityKind, ParsedEntry, Reading

MAX_TEXT = 200_000  # characters of one entry's text that are kept
TITLE_FROM_TEXT = 90  # characters
_AHEAD = dt.timedelta(hours=2)  # clocks that are wrong put a publication no further ahead
# How The Events Calendar for WordPress marks its entries; their pubDate is when the event starts.
_STARTS_AT_PUBDATE = re.compile(r"post_type=tribe_events")
_PICTURES = re.compile(r"</?(?:img|br)\b[^<>]*>", re.IGNORECASE)
_CDATA = re.compile(r"<?!\[CDATA\[|\]\]>")
_NEW_LINE = re.compile(r"\\n(?![a-z])")  # not the first letter of a formula's "\nabla"
_SAYS_NOTHING = re.compile(r"^(?:comments?|tweets by \S+|permalink|link|https?://\S+|\W*)$", re.IGNORECASE)


_NO_EVENT, _NO_PUBLICATION = RawEvent(), RawPublication()


@dataclass(frozen=True, slots=True, kw_only=True)
class Markup:
    """Text as a feed gives it, and whether the feed calls it HTML."""

    value: str = ""
    is_html: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFacts:
    """What a feed says of itself and its entries share."""

    title: str
    base: str
    language: str = ""
    journal: str = ""
    authors: tuple[str, ...] = ()  # of entries that name none


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEntry:
    """The fields of one entry as its format gives them, nothing cleaned."""

    guid: str = ""
    links: tuple[str, ...] = ()  # the best first
    title: str = ""
    title_is_html: bool = False
    summary: Markup = Markup()
    contents: tuple[Markup, ...] = ()
    base: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    published: str = ""
    updated: str = ""
    language: str = ""
    event: RawEvent = _NO_EVENT
    event_time: EventTime | None = None  # of a format that needs no reading
    publication: RawPublication = _NO_PUBLICATION


def build_entries(raws: Iterable[RawEntry], facts: FeedFacts, reading: Reading) -> tuple[ParsedEntry, ...]:
    """The entries, each identity once; what has neither a title nor a text nor a link is no entry."""
    raws = list(raws)
    habits = _habits(raws, reading)
    built = [(raw, entry) for raw in raws if (entry := _build(raw, facts, reading, habits)) is not None]
    # A guid (or, without guids, a link) that several different entries claim identifies none of them.
    shared = Counter(entry.identity for entry in {(e.identity, e.url_key, e.title_key): e for _, e in built}.values())
    unique: dict[str, ParsedEntry] = {}
    for raw, entry in built:
        if shared[entry.identity] > 1:
            entry = _identified_otherwise(entry, raw)
        unique.setdefault(entry.identity, entry)
    return tuple(unique.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Habits:
    """What all the dates of a feed say together."""

    month_first: bool
    dates_are_starts: bool


def _habits(raws: list[RawEntry], reading: Reading) -> _Habits:
    month_first = are_month_first(date for raw in raws for date in (raw.published, raw.event.start))
    starts = False
    if (
        reading.section_kind == "events"
        and not reading.looking_back
        and not any(raw.event.start or raw.event_time for raw in raws)
    ):
        # Nothing is published tomorrow: where most dates lie ahead, they are those of the events.
        zone = zone_of(reading.zone)
        dates = [read_date(r.published, zone=zone, now=reading.now, month_first=month_first)[0] for r in raws]
        known = [date for date in dates if date is not None]
        ahead = sum(date > reading.now + _AHEAD for date in known)
        starts = len(known) > 1 and ahead * 2 > len(known)
    return _Habits(month_first=month_first, dates_are_starts=starts)


def _build(raw: RawEntry, facts: FeedFacts, reading: Reading, habits: _Habits) -> ParsedEntry | None:
    base = raw.base or facts.base
    url = next((found for link in raw.links if (found := absolute(link, base))), "")
    url = without_tracking(unwrapped(url))
    summary = _clean(raw.summary, base)
    full = max((_clean(c, base) for c in raw.contents), key=lambda c: len(c.text), default=summary)
    if len(summary.text) > len(full.text):
        full = summary
    title = plain_title(raw.title, is_html=raw.title_is_html)
    if not title:
        title = shorten(one_line(summary.text or full.text), TITLE_FROM_TEXT) or _title_of(url)
    if not title:
        return None
    zone = zone_of(reading.zone)
    published, updated, quality = _dates(raw, zone, reading.now, month_first=habits.month_first)
    language = language_tag(raw.language) or language_tag(facts.language) or language_tag(reading.language)
    event = _event(raw, zone, reading, month_first=habits.month_first)
    if published and (_STARTS_AT_PUBDATE.search(raw.guid) or (habits.dates_are_starts and event is None)):
        event = event or EventTime(start=published, guessed=habits.dates_are_starts)
        published, quality = None, DateQuality.EVENT
    if event is None and reading.section_kind == "events":
        event = guess_event(title, full.text, since=published or reading.now, zone=zone, language=language)
    authors = names(raw.authors) or names(_authors_said(raw, reading)) or names(facts.authors)
    doc = EntryDoc(
        title=title,
        url=url,
        summary=_teaser(summary, full, title, authors, reading.teaser_length),
        text=full.text[:MAX_TEXT],
        html=full.html if len(full.html) <= 2 * MAX_TEXT else "",
        authors=authors,
        categories=labels(raw.categories),
        image=_image(raw, base),
        event=event,
        publication=_publication(raw, facts, reading, url),
        closing=closing_date(f"{title}\n{full.text}") if reading.section_kind in ("jobs", "calls") else None,
        language=language,
    )
    identity, kind = _identity(raw.guid, url, title)
    return ParsedEntry(
        doc=doc,
        identity=identity,
        identity_kind=kind,
        url_key=url_key(url),
        title_key=_sha256(normalised_title(title) or title),
        published_raw=one_line(raw.published or raw.updated)[:200],
        published_at=published,
        updated_at=updated,
        date_quality=quality,
        event_start=event.start if event else None,
        event_end=event.end if event else None,
    )


def _clean(markup: Markup, base: str) -> CleanHtml:
    value = markup.value
    if not value.strip():
        return CleanHtml(html="", text="")
    if "\\n" in value and "\n" not in value.strip():
        value = _NEW_LINE.sub("\n", value)  # a program wrote the sign for a new line instead of one
    # RSS says nothing of what a description holds: text without a tag or an entity is text.
    if markup.is_html and looks_like_html(value):
        if "\n" in value and "<" not in value:
            value = value.replace("\n", "<br>")
        return clean_html(without_node_header(_unescaped(value)), base=base)
    return from_plain(value)


def _unescaped(value: str) -> str:
    """Markup that was escaped once more than its format asks for, be it all of it or all but the pictures."""
    if "CDATA[" in value:
        value = _CDATA.sub("", value)
    if "&lt;" in value and "<" not in _PICTURES.sub("", value) and is_markup(whole := html.unescape(value)):
        return whole
    return value


def _teaser(summary: CleanHtml, full: CleanHtml, title: str, authors: tuple[str, ...], length: int) -> str:
    """The source's own summary; where it is only the beginning of the text, the text, which has its paragraphs."""
    chosen = summary if summary.text else full
    if (
        chosen is not full
        and (is_truncated(chosen.text) or has_opening(full.text, title=title, authors=authors))
        and _begins_alike(chosen.text, full.text)
    ):
        chosen = full
    text = teaser(chosen.text, length, title=title, authors=authors, preformatted=chosen.preformatted)
    # A title given again as the summary says nothing; nor does a bare link to the comments.
    return "" if normalised_title(text) == normalised_title(title) or _SAYS_NOTHING.match(text) else text


def _begins_alike(summary: str, full: str) -> bool:
    begins = normalised_title(summary[:60])[:40]
    return bool(begins) and normalised_title(full[:200]).startswith(begins)


def _dates(
    raw: RawEntry, zone: dt.tzinfo, now: dt.datetime, *, month_first: bool
) -> tuple[dt.datetime | None, dt.datetime | None, DateQuality]:
    """Published, updated and how sure. The published date decides: journals touch their articles for years."""
    published, quality = (
        read_date(raw.published, zone=zone, now=now, month_first=month_first)
        if raw.published
        else (None, DateQuality.MISSING)
    )
    updated, updated_quality = (
        read_date(raw.updated, zone=zone, now=now, month_first=month_first) if raw.updated else (None, quality)
    )
    if published is None and updated is not None:
        return updated, updated, updated_quality
    return published, updated, quality


def _event(raw: RawEntry, zone: dt.tzinfo, reading: Reading, *, month_first: bool) -> EventTime | None:
    if raw.event_time or raw.event.start:
        return raw.event_time or event_from_fields(raw.event, zone=zone, now=reading.now, month_first=month_first)
    if reading.section_kind != "events":
        return None
    for markup in (*raw.contents, raw.summary):
        if found := event_in_markup(markup.value):
            found = replace(found, place=raw.event.place or found.place)
            return event_from_fields(found, zone=zone, now=reading.now)
    return None


def _authors_said(raw: RawEntry, reading: Reading) -> tuple[str, ...]:
    if reading.section_kind != "publications":
        return ()
    return next((found for markup in (raw.summary, *raw.contents) if (found := authors_said(markup.value))), ())


def _publication(raw: RawEntry, facts: FeedFacts, reading: Reading, url: str) -> Publication | None:
    if reading.section_kind != "publications" and not raw.publication.is_stated:
        return None
    text = "\n".join(markup.value for markup in (raw.summary, *raw.contents))
    return publication_from_fields(raw.publication, journal=facts.journal or facts.title, url=url, text=text)


def _image(raw: RawEntry, base: str) -> Image | None:
    """The picture in a field of its own, with the alternative text that the content gives it; else the content's."""
    texts = [m.value for m in (*raw.contents, raw.summary) if "<img" in m.value or "<IMG" in m.value]
    in_text = next((image for value in texts if (image := first_image(value, base=base))), None)
    if not raw.images:
        return in_text
    stated = raw.images[0]
    if in_text is not None and in_text.url == stated.url and not stated.alt:
        return stated.model_copy(update={"alt": in_text.alt})
    return stated


def _title_of(url: str) -> str:
    return shorten(canonical(url), TITLE_FROM_TEXT) if url else ""


def _identity(guid: str, url: str, title: str) -> tuple[str, IdentityKind]:
    if guid:
        return _sha256(f"guid\n{guid}"), IdentityKind.GUID
    if url:
        return _sha256(f"link\n{canonical(url)}"), IdentityKind.LINK
    return _sha256(f"title\n{normalised_title(title)}"), IdentityKind.TITLE


def _identified_otherwise(entry: ParsedEntry, raw: RawEntry) -> ParsedEntry:
    """The same entry, known by its link and title instead of an identity that others share."""
    if entry.identity_kind is IdentityKind.GUID and entry.doc.url and not raw.guid.startswith(entry.doc.url):
        whole, kind = f"link\n{canonical(entry.doc.url)}\n{entry.title_key}", IdentityKind.LINK
    else:
        whole = f"title\n{normalised_title(entry.doc.title)}\n{entry.url_key}\n{entry.published_raw}"
        kind = IdentityKind.TITLE
    return replace(entry, identity=_sha256(whole), identity_kind=kind)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
