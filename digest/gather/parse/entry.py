"""What every format has in common: raw fields -> a clean, dated, identified ParsedEntry."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from digest.gather.clean.html import CleanHtml, clean_html, first_image, from_plain, looks_like_html
from digest.gather.clean.links import absolute, canonical, url_key, without_tracking
from digest.gather.clean.teaser import is_truncated, shorten, teaser
from digest.gather.clean.text import has_entities, is_markup, normalised_title, one_line, plain_title
from digest.gather.dates import read_date, zone_of
from digest.gather.document import EntryDoc, EventTime, Image, Publication
from digest.gather.parse.fields import (
    RawEvent,
    RawPublication,
    closing_date,
    event_from_fields,
    event_from_microdata,
    publication_from_fields,
)
from digest.gather.values import DateQuality, IdentityKind, ParsedEntry, Reading

MAX_TEXT = 200_000  # characters of one entry's text that are kept
MAX_AUTHORS, MAX_CATEGORIES = 50, 20
TITLE_FROM_TEXT = 90  # characters
_LANGUAGE = re.compile(r"^[a-zA-Z]{2,3}(?:-[a-zA-Z0-9]{2,8}){0,3}$")
_EMAIL = re.compile(r"\S+@\S+")
_MASKED = re.compile(r"\[[^\]]*\]")  # "[log in to unmask] (Name)": what list archives make of an address
# How The Events Calendar for WordPress marks its entries; their pubDate is when the event starts.
_STARTS_AT_PUBDATE = re.compile(r"post_type=tribe_events")
_SAYS_NOTHING = re.compile(r"^(?:comments?|permalink|link|https?://\S+|\W*)$", re.IGNORECASE)
_NO_CATEGORY = {"uncategorized", "uncategorised", "allgemein", "non classé"}


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
    publication: RawPublication = _NO_PUBLICATION


def build_entries(raws: Iterable[RawEntry], facts: FeedFacts, reading: Reading) -> tuple[ParsedEntry, ...]:
    """The entries, each identity once; what has neither a title nor a text nor a link is no entry."""
    built = [(raw, entry) for raw in raws if (entry := _build(raw, facts, reading)) is not None]
    # A guid (or, without guids, a link) that several different entries claim identifies none of them.
    shared = Counter(entry.identity for entry in {(e.identity, e.url_key, e.title_key): e for _, e in built}.values())
    unique: dict[str, ParsedEntry] = {}
    for raw, entry in built:
        if shared[entry.identity] > 1:
            entry = _identified_otherwise(entry, raw)
        unique.setdefault(entry.identity, entry)
    return tuple(unique.values())


def _build(raw: RawEntry, facts: FeedFacts, reading: Reading) -> ParsedEntry | None:
    base = raw.base or facts.base
    url = next((found for link in raw.links if (found := absolute(link, base))), "")
    url = without_tracking(url)
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
    published, updated, quality = _dates(raw, zone, reading.now)
    event = _event(raw, zone, reading)
    if _STARTS_AT_PUBDATE.search(raw.guid):
        event = event or (EventTime(start=published) if published else None)
        published, quality = None, DateQuality.EVENT
    doc = EntryDoc(
        title=title,
        url=url,
        summary=_teaser(summary, full, title, reading.teaser_length),
        text=full.text[:MAX_TEXT],
        html=full.html if len(full.html) <= 2 * MAX_TEXT else "",
        authors=_names(raw.authors),
        categories=_labels(raw.categories),
        image=_image(raw, base),
        event=event,
        publication=_publication(raw, facts, reading, url),
        closing=closing_date(f"{title}\n{full.text}") if reading.section_kind in ("jobs", "calls") else None,
        language=_tag(raw.language) or _tag(facts.language) or _tag(reading.language),
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
    # RSS says nothing of what a description holds: text without a tag or an entity is text.
    if markup.is_html and looks_like_html(value):
        return clean_html(value, base=base)
    return from_plain(value)


def _teaser(summary: CleanHtml, full: CleanHtml, title: str, length: int) -> str:
    """The source's own summary; where it breaks off in the middle of the text, the beginning of the text."""
    chosen = summary if summary.text else full
    if chosen is not full and is_truncated(chosen.text):
        begins = normalised_title(chosen.text[:60])[:40]
        if begins and normalised_title(full.text[:200]).startswith(begins):
            chosen = full
    text = teaser(chosen.text, length, preformatted=chosen.preformatted)
    # A title given again as the summary says nothing; nor does a bare link to the comments.
    return "" if normalised_title(text) == normalised_title(title) or _SAYS_NOTHING.match(text) else text


def _dates(
    raw: RawEntry, zone: dt.tzinfo, now: dt.datetime
) -> tuple[dt.datetime | None, dt.datetime | None, DateQuality]:
    """Published, updated and how sure. The published date decides: journals touch their articles for years."""
    published, quality = (
        read_date(raw.published, zone=zone, now=now) if raw.published else (None, DateQuality.MISSING)
    )
    updated, updated_quality = read_date(raw.updated, zone=zone, now=now) if raw.updated else (None, quality)
    if published is None and updated is not None:
        return updated, updated, updated_quality
    return published, updated, quality


def _event(raw: RawEntry, zone: dt.tzinfo, reading: Reading) -> EventTime | None:
    if raw.event.start:
        return event_from_fields(raw.event, zone=zone, now=reading.now)
    if reading.section_kind != "events":
        return None
    for markup in (*raw.contents, raw.summary):
        if found := event_from_microdata(markup.value):
            return event_from_fields(replace(found, place=raw.event.place), zone=zone, now=reading.now)
    return None


def _publication(raw: RawEntry, facts: FeedFacts, reading: Reading, url: str) -> Publication | None:
    if reading.section_kind != "publications" and not raw.publication.is_stated:
        return None
    return publication_from_fields(raw.publication, journal=facts.journal or facts.title, url=url)


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


def _names(authors: Iterable[str]) -> tuple[str, ...]:
    """Names of people, without the addresses that feeds put beside them."""
    names: dict[str, None] = {}
    for author in authors:
        for part in author.split(";"):
            name = one_line(
                _EMAIL.sub("", _MASKED.sub("", plain_title(part, is_html=is_markup(part) or has_entities(part))))
            )
            name = (
                re.sub(r"[()<>]+", " ", name) if name.startswith(("(", "<")) or name.endswith(("()", "<>")) else name
            )
            name = re.sub(r"^by\s+", "", one_line(name), flags=re.IGNORECASE).strip(" ,;/")
            if name and len(name) <= 200 and not name.startswith(("http://", "https://", "/u/")):
                names.setdefault(name)
    return tuple(names)[:MAX_AUTHORS]


def _labels(categories: Iterable[str]) -> tuple[str, ...]:
    labels: dict[str, str] = {}
    for category in categories:
        label = plain_title(category, is_html=True).strip(" ,;")
        if label and len(label) <= 100 and label.casefold() not in _NO_CATEGORY:
            labels.setdefault(label.casefold(), label)
    return tuple(labels.values())[:MAX_CATEGORIES]


def _tag(language: str) -> str:
    """A language as BCP 47 writes it: `en-GB`."""
    language = language.strip().replace("_", "-")
    if not _LANGUAGE.match(language):
        return ""
    first, *rest = language.split("-")
    return "-".join([first.lower(), *(p.upper() if len(p) == 2 else p.title() if len(p) == 4 else p for p in rest)])


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
