"""RSS 0.9x, 1.0 and 2.0, RDF and Atom, read by feedparser.

feedparser's own sanitising and URL resolving are off: they double the time, and digest/gather/clean does both.
"""

from __future__ import annotations

import html.entities
import io
import re
from collections.abc import Iterator
from typing import Any

import feedparser

from digest.gather.clean.html import picture
from digest.gather.clean.links import absolute
from digest.gather.clean.text import is_escaped_twice, is_markup, one_line, plain_title
from digest.gather.document import Image
from digest.gather.parse.elements import event_of, first_of, text_of
from digest.gather.parse.entry import FeedFacts, Markup, RawEntry, build_entries
from digest.gather.parse.fields import RawPublication
from digest.gather.parse.repair import closed
from digest.gather.parse.sniff import without_junk
from digest.gather.values import ParsedFeed, Reading, Refused

_HEADERS = {"content-type": "application/xml; charset=utf-8"}  # what `_well_formed` makes of any feed
_HTML_TYPES = ("text/html", "application/xhtml+xml")

# XML 1.0, production [2]: what no document may hold, neither as a character nor as a reference to one.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(r"&#(?:x([0-9a-fA-F]+)|([0-9]+));?")
_NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]{1,31});")
# Publishers give several identifiers, of which the parser would keep the last: the DOI gets a name of its own.
_DOI_FIELD = re.compile(
    r"<(dc|dcterms):identifier\b[^<>]*>((?:<!\[CDATA\[)?[^<]{0,60}?\b10\.\d{4,9}/[^<]{1,300})</\1:identifier>"
)
_END = re.compile(r"</(?:rss|rdf:RDF|(?:\w+:)?feed)\s*>\s*$")
_ANY_ENTRY = re.compile(r"<(?:\w+:)?(?:item|entry)[\s>]")
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]{0,1000}(?:\[.*?\]\s*)?>", re.DOTALL)


def parse(text: str, reading: Reading) -> ParsedFeed | Refused:
    """The entries of an XML feed. A valid feed without any is a quiet week."""
    text = _well_formed(text)
    parsed = _parsed(text)
    broken = bool(parsed.get("bozo"))
    if broken and _worth(mended := _parsed(closed(text))) > _worth(parsed):
        parsed = mended
    if not parsed.entries and (not parsed.version or (broken and not _is_whole(text))):
        where = _line(parsed.get("bozo_exception"))
        return Refused(words=f"sent a feed that is broken{where} and holds nothing that can be read")
    feed = parsed.feed
    title = plain_title(text_of(feed, "title"), is_html=_is_html(feed, "title"))
    facts = FeedFacts(
        title=title,
        base=_base(feed, reading),
        language=text_of(feed, "language"),
        journal=one_line(text_of(feed, "prism_publicationname")),
    )
    raws = (_raw_entry(entry, facts) for entry in parsed.entries[: reading.max_items])
    words = []
    if broken:
        words.append(
            f"the feed is not well-formed{_line(parsed.get('bozo_exception'))}; it was read as far as possible"
        )
    if len(parsed.entries) > reading.max_items:
        words.append(f"only the first {reading.max_items} of its {len(parsed.entries)} entries were read")
    return ParsedFeed(title=title, entries=build_entries(raws, facts, reading), format="rss", words="; ".join(words))


def _parsed(text: str) -> Any:
    return feedparser.parse(
        io.BytesIO(text.encode("utf-8")), response_headers=_HEADERS, resolve_relative_uris=False, sanitize_html=False
    )


def _is_whole(text: str) -> bool:
    """Whether a feed that breaks a rule and holds no entries came to its end: a quiet week, not half an answer."""
    return _END.search(text, max(0, len(text) - 500)) is not None and not _ANY_ENTRY.search(text)


def _worth(parsed: Any) -> int:
    """How much of a broken feed was understood: entries, and what they are known by."""
    return sum(1 + bool(text_of(e, "title")) + bool(text_of(e, "link")) for e in parsed.entries)


def _well_formed(text: str) -> str:
    """`text` without what makes an XML parser stop although a person can see what was meant."""
    text = without_junk(text)
    start = text.find("<!DOCTYPE", 0, 4096)
    if start >= 0:
        # External entities are never fetched, and internal ones can multiply without end: neither is wanted.
        text = _DOCTYPE.sub("", text, count=1)
    text = _ILLEGAL.sub("", text)
    if "&#" in text:
        text = _REFERENCE.sub(_legal_reference, text)
    text = _NAMED.sub(_numeric, text)
    return _DOI_FIELD.sub(r"<doi>\2</doi>", text) if ":identifier" in text else text


def _legal_reference(found: re.Match[str]) -> str:
    digits = found[1] or found[2]
    if len(digits) > 7:
        return ""
    code = int(digits, 16 if found[1] else 10)
    if code > 0x10FFFF or (code < 0x20 and code not in (9, 10, 13)) or _ILLEGAL.match(chr(code)):
        return ""
    return found[0] if found[0].endswith(";") else found[0] + ";"


def _numeric(found: re.Match[str]) -> str:
    """HTML's named characters as numbers: XML knows five names only."""
    code = html.entities.name2codepoint.get(found[1])
    if code is not None:
        return f"&#{code};"
    several = html.entities.html5.get(found[1] + ";")
    return "".join(f"&#{ord(c)};" for c in several) if several else f"&amp;{found[1]};"


def _line(error: object) -> str:
    number = getattr(error, "getLineNumber", lambda: None)()
    return f" at line {number}" if number else ""


def _base(feed: Any, reading: Reading) -> str:
    """What relative addresses are relative to: the site, as the feed names it, else where the feed came from."""
    for link in (text_of(feed, "link"), *(str(link.get("href", "")) for link in dict.get(feed, "links", []))):
        if found := absolute(link, reading.url):
            return found
    return reading.url


def _raw_entry(entry: Any, facts: FeedFacts) -> RawEntry:
    contents = [
        _markup(str(c.get("value", "")), is_html=str(c.get("type", "text/html")) in _HTML_TYPES)
        for c in dict.get(entry, "content", [])
        if str(c.get("type", "text/html")).startswith(("text/", "application/xhtml"))
    ]
    summary = _markup(text_of(entry, "summary"), is_html=_is_html(entry, "summary", default=True))
    base = _entry_base(entry, facts)
    guid = text_of(entry, "id").strip()
    return RawEntry(
        guid=guid,
        links=tuple(_links(entry, guid)),
        title=text_of(entry, "title"),
        title_is_html=_is_html(entry, "title") or _is_disguised(text_of(entry, "title")),
        summary=summary,
        contents=tuple(contents),
        base=base,
        authors=tuple(_authors(entry)),
        categories=tuple(_categories(entry)),
        images=tuple(_images(entry, base)),
        published=_published(entry),
        updated=text_of(entry, "updated"),
        language=_language(entry),
        event=event_of(entry),
        publication=RawPublication(
            journal=first_of(entry, "prism_publicationname"),
            volume=first_of(entry, "prism_volume"),
            issue=first_of(entry, "prism_number", "prism_issueidentifier"),
            first_page=first_of(entry, "prism_startingpage"),
            last_page=first_of(entry, "prism_endingpage"),
            pages=first_of(entry, "prism_pagerange"),
            identifiers=tuple(
                text_of(entry, key)
                for key in ("prism_doi", "doi", "arxiv_doi", "dc_identifier", "dcterms_identifier", "id")
            ),
            rights=" ".join(
                [text_of(entry, "rights"), text_of(entry, "license"), text_of(entry, "prism_copyright")]
                + [str(link.get("href", "")) for link in dict.get(entry, "links", []) if link.get("rel") == "license"]
            ),
        ),
    )


def _markup(value: str, *, is_html: bool) -> Markup:
    """Atom says which of the two a text is, and says "text" of many a text with tags in it."""
    return Markup(value=value, is_html=is_html or is_markup(value))


def _published(entry: Any) -> str:
    """When it was published; what journals say of that decides where nothing else does."""
    stated = text_of(entry, "published") or text_of(entry, "created")
    if stated or text_of(entry, "updated"):
        return stated
    return first_of(entry, "prism_publicationdate", "date_published", "publisheddate", "publishdate", "posted")


def _is_html(values: Any, key: str, *, default: bool = False) -> bool:
    detail = dict.get(values, f"{key}_detail")
    return default if detail is None else str(detail.get("type", "")) in _HTML_TYPES


def _is_disguised(title: str) -> bool:
    """HTML in a title that its feed calls plain text."""
    return is_markup(title) or is_escaped_twice(title)


def _entry_base(entry: Any, facts: FeedFacts) -> str:
    details = [*dict.get(entry, "content", []), dict.get(entry, "summary_detail") or {}]
    stated = next((str(d.get("base")) for d in details if d.get("base")), "")
    return absolute(stated, facts.base) or facts.base


def _links(entry: Any, guid: str) -> Iterator[str]:
    """Candidates for the entry's address, the best first."""
    yield text_of(entry, "feedburner_origlink")
    link = text_of(entry, "link").strip()
    # A guid that is no address may still have been taken for the link: RSS says it is one unless it denies it.
    if link and (link != guid or absolute(link)):
        yield link
    for other in dict.get(entry, "links", []):
        if other.get("rel") == "alternate":
            yield str(other.get("href", ""))
    yield guid if absolute(guid) else ""
    for other in dict.get(entry, "links", []):  # a podcast's episode may have nothing but its recording
        if other.get("rel") == "enclosure":
            yield str(other.get("href", ""))


def _authors(entry: Any) -> Iterator[str]:
    authors = dict.get(entry, "authors", [])
    if len(authors) > 1:
        for author in authors:
            yield text_of(author, "name")
        return
    # The text as it stands: feedparser's own split into name and address knows no long top-level domains.
    yield text_of(entry, "author") or text_of(entry, "dcterms_creator")


def _categories(entry: Any) -> Iterator[str]:
    for tag in dict.get(entry, "tags", []):
        label = tag.get("label") or tag.get("term") or ""
        if not str(label).startswith(("http://", "https://")):
            yield str(label)


def _images(entry: Any, base: str) -> Iterator[Image]:
    """Pictures that stand in fields of their own; those in the text come after them."""
    # The same picture often comes in several sizes.
    for medium in sorted(dict.get(entry, "media_content", [])[:50], key=_width, reverse=True):
        kind = f"{medium.get('medium', '')} {medium.get('type', '')}"
        url = str(medium.get("url", ""))
        if "image" in kind or (
            not kind.strip() and re.search(r"\.(?:jpe?g|png|webp|gif)(?:$|\?)", url, re.IGNORECASE)
        ):
            image = picture(url, base=base, width=medium.get("width"), height=medium.get("height"))
            if image:
                yield image
    for link in dict.get(entry, "links", []):
        if link.get("rel") == "enclosure" and str(link.get("type", "")).startswith("image/"):
            image = picture(str(link.get("href", "")), base=base)
            if image:
                yield image
    for thumbnail in dict.get(entry, "media_thumbnail", []):
        image = picture(
            str(thumbnail.get("url", "")), base=base, width=thumbnail.get("width"), height=thumbnail.get("height")
        )
        if image:
            yield image
    for url in (first_of(entry, "enc_enclosure"), text_of(entry, "thumbnail"), text_of(entry, "featured_image")):
        if url and (image := picture(url, base=base)):
            yield image
    image_field = dict.get(entry, "image")
    if isinstance(image_field, dict) and (image := picture(str(image_field.get("href", "")), base=base)):
        yield image


def _width(medium: Any) -> int:
    width = str(medium.get("width", ""))
    return int(width) if width.isascii() and width.isdigit() and len(width) < 6 else 0


def _language(entry: Any) -> str:
    details = [dict.get(entry, "title_detail") or {}, *dict.get(entry, "content", [])]
    return next((str(d.get("language")) for d in details if d.get("language")), "") or text_of(entry, "language")
