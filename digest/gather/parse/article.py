"""One web page as an entry: what its head says of it for those who share its address (Open Graph, schema.org, HTML).

For an item that an editor adds by hand. Everything is cleaned as a feed's entry is, and shown to the editor before
it is used.
"""

from __future__ import annotations

from html.parser import HTMLParser

from digest.gather.clean.html import picture
from digest.gather.clean.links import absolute
from digest.gather.clean.text import one_line
from digest.gather.document import Image
from digest.gather.parse.entry import FeedFacts, Markup, RawEntry, build_entries
from digest.gather.parse.events import RawEvent, event_in_markup
from digest.gather.parse.page import barrier
from digest.gather.values import ParsedFeed, Reading, Refused

LOOKED_AT = 2_000_000  # characters of a page
SHORTEST = 80  # characters of a paragraph that can stand for a summary
_TITLES = ("og:title", "twitter:title", "dc.title", "citation_title")
_SUMMARIES = ("og:description", "description", "twitter:description", "dc.description")
_IMAGES = ("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src")
_DATES = ("article:published_time", "datepublished", "date", "dc.date", "citation_publication_date")
_QUIET = {"script", "style", "noscript", "template", "nav", "header", "footer", "aside", "form", "svg"}


def parse(text: str, reading: Reading) -> ParsedFeed | Refused:
    """A feed of one entry, or in words why the page says nothing of itself. "" as a title never comes."""
    page = _Page()
    page.feed(text[:LOOKED_AT])
    title = page.first(*_TITLES) or one_line(page.title) or one_line(page.heading)
    if blocked := barrier(title, reading.url, text):
        return Refused(words=blocked)
    if not title:
        return Refused(words="is a page without a title, so nothing could be read from it")
    site = one_line(page.first("og:site_name"))
    base = absolute(page.base, reading.url) or reading.url
    address = next((url for link in (page.canonical, page.first("og:url")) if (url := absolute(link, base))), "")
    raw = RawEntry(
        links=(address if _same_host(address, reading.url) else reading.url,),
        title=_without_site(one_line(title), site),
        summary=Markup(value=page.first(*_SUMMARIES) or page.paragraph, is_html=False),
        base=base,
        authors=tuple(author for author in (page.first("author", "article:author"),) if "//" not in author),
        images=tuple(image for image in (_image(page, base),) if image is not None),
        published=page.first(*_DATES),
        language=page.language,
        event=event_in_markup(text[:LOOKED_AT]) or RawEvent(),
    )
    entries = build_entries([raw], FeedFacts(title=site, base=base, language=page.language), reading)
    if not entries:
        return Refused(words="is a page that says nothing of itself")
    return ParsedFeed(title=site, entries=entries, format="page")


class _Page(HTMLParser):
    """The head's facts, and the first words of the body."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.facts: dict[str, str] = {}
        self.title = self.heading = self.paragraph = self.canonical = self.base = self.language = ""
        self._inside = ""  # the element whose text is being read
        self._text: list[str] = []
        self._quiet = 0

    def first(self, *names: str) -> str:
        """The first of those facts that the page states."""
        return next((self.facts[name] for name in names if self.facts.get(name)), "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "meta":
            name = given.get("property") or given.get("name") or given.get("itemprop", "")
            self.facts.setdefault(name.strip().lower(), given.get("content", "").strip())
        elif tag == "link" and "canonical" in given.get("rel", "").lower().split():
            self.canonical = self.canonical or given.get("href", "")
        elif tag == "base":
            self.base = self.base or given.get("href", "")
        elif tag == "html":
            self.language = given.get("lang", "")
        elif tag in _QUIET:
            self._quiet += 1
        elif tag in ("title", "h1", "p") and not self._quiet:
            self._inside, self._text = tag, []

    def handle_endtag(self, tag: str) -> None:
        if tag in _QUIET:
            self._quiet = max(0, self._quiet - 1)
        elif tag == self._inside:
            text, self._inside = one_line("".join(self._text)), ""
            if tag == "title":
                self.title = self.title or text
            elif tag == "h1":
                self.heading = self.heading or text
            elif len(text) >= SHORTEST:
                self.paragraph = self.paragraph or text

    def handle_data(self, data: str) -> None:
        if self._inside and not self._quiet:
            self._text.append(data)


def _image(page: _Page, base: str) -> Image | None:
    return picture(
        page.first(*_IMAGES),
        base=base,
        alt=page.first("og:image:alt", "twitter:image:alt"),
        width=page.first("og:image:width"),
        height=page.first("og:image:height"),
    )


def _without_site(title: str, site: str) -> str:
    """`Doors open - The Gazette` without the site's own name at its end."""
    for mark in (" | ", " - ", " – ", " — ", " · ", " :: "):
        head, found, tail = title.rpartition(mark)
        if found and site and tail.casefold() == site.casefold() and head:
            return head
    return title


def _same_host(one: str, other: str) -> bool:
    """A page may name its own address in another way, never another site's: that one was not looked at."""
    return bool(one) and _host(one) == _host(other)


def _host(url: str) -> str:
    return url.partition("//")[2].partition("/")[0].lower().removeprefix("www.")
