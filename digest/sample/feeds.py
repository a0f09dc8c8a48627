"""The sample association's five feeds, as bytes, each in the dialect of the software that would publish it.

They are made relative to the week's plan: asked at any instant, a feed lists what would have been published
by then, so that the week before the latest cut-off is full and the running week fills as time goes on.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import html
import re
import textwrap
import zoneinfo
from dataclasses import dataclass
from functools import lru_cache

import jinja2
from babel import Locale
from babel.dates import format_date
from markdown_it import MarkdownIt

from digest.config import Config, describe_unknown
from digest.config.weeks import WEEK, Slot
from digest.errors import ConfigError
from digest.sample.pictures import ALTERNATIVES, HEIGHT, WIDTH, picture_url
from digest.sample.weeks import Piece, earlier_slots, pieces

NAMES = ("news", "events", "blog", "journal", "announce")
OWN_DIGESTS = 4  # how many earlier digests the announcement list shows
_TAG = re.compile(r"<[^>]+>")


def feed_bytes(name: str, *, config: Config, now: dt.datetime) -> bytes:
    """The feed `name` (one of NAMES) as it stands at `now`, an aware instant. UTF-8 XML.

    The same plan, title, anchor, base URL and set of published items give the same bytes. Raises ConfigError
    for an unknown name.
    """
    if name not in NAMES:
        raise ConfigError(
            f"There is no sample feed {name!r}: {describe_unknown(name, NAMES)}.",
            hint='A sample source is written like url = "sample:news".',
        )
    entries = [_Entry.of(name, piece, config) for piece in pieces(name, config, now)]
    if name == "announce":
        entries += (_own_digest(config, slot) for slot in earlier_slots(config, now, OWN_DIGESTS))
        entries = sorted((e for e in entries if e.title), key=lambda e: (e.updated, e.guid), reverse=True)
    template = _environment().get_template(f"{name}.xml.j2")
    return template.render(entries=entries, base=config.web.base_url, config=config).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """What a template needs of one entry: everything is text, but the instants."""

    guid: str  # unique in its feed; the template makes an address or a tag of it
    slug: str
    ordinal: int
    title: str
    published: dt.datetime
    updated: dt.datetime
    html: str = ""
    summary: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    picture: str = ""
    starts: dt.datetime | None = None
    ends: dt.datetime | None = None
    place: str = ""
    pages: str = ""

    @classmethod
    def of(cls, name: str, piece: Piece, config: Config) -> _Entry:
        story, tz = piece.story, config.association.tz
        picture = picture_url(config.web.base_url, story.picture) if story.picture else ""
        alt = ALTERNATIVES.get(story.picture, "")
        body = _mailed(piece.text) if name == "announce" else _figure(picture, alt) + _markdown().render(piece.text)
        return cls(
            guid=piece.key,
            slug=story.slug,
            ordinal=piece.ordinal,
            title=piece.title,
            published=piece.published.astimezone(tz),
            updated=piece.appears.astimezone(tz),
            html=body,
            summary=_opening(body),
            authors=story.authors,
            categories=story.categories,
            picture=picture,
            starts=piece.starts,
            ends=piece.ends,
            place=story.place,
            pages=story.pages,
        )


def _own_digest(config: Config, slot: Slot) -> _Entry:
    """The digest of an earlier week, as the list's archive brings it back."""
    sent = slot.send_at.astimezone(config.association.tz) + dt.timedelta(seconds=11)
    guid = f"{slot.date:%Y%m%d}-digest"
    anchor = config.digest.anchor
    number = anchor.number + (slot.date - anchor.date) // WEEK if anchor else 0
    if number < 1:  # the association did not yet send one, or nobody counted: no title, and so not listed
        return _Entry(guid=guid, slug="digest", ordinal=0, title="", published=sent, updated=sent)
    locale = Locale.parse(config.association.language, sep="-")
    date = format_date(slot.date, format=config.digest.date_format, locale=locale)
    opening = (
        f"View in your browser [1]\n\n[{config.association.name}: {config.association.strapline}] [2]\n\n"
        "Here is what happened in our community this week: news, events, the blog, new publications and "
        "announcements. Write to us if something should be in the next one. [...]"
    )
    return _Entry(
        guid=guid,
        slug="digest",
        ordinal=slot.date.toordinal(),
        title=config.digest.title.format(number=number, date=date),
        published=sent,
        updated=sent,
        html=_mailed(opening),
    )


def _figure(url: str, alt: str) -> str:
    if not url:
        return ""
    return f'<p><img src="{html.escape(url)}" alt="{html.escape(alt)}" width="{WIDTH}" height="{HEIGHT}" /></p>\n'


def _mailed(text: str) -> str:
    """The HTML in which a list's archive shows a plain mail: preformatted, wrapped as it was sent."""
    wrapped = "\n".join(textwrap.fill(line, 75, break_on_hyphens=False) for line in text.splitlines())
    return f"<pre>{html.escape(wrapped, quote=False)}</pre>"


def _opening(body: str, words: int = 55) -> str:
    """The first words of an HTML text with an ellipsis in brackets: WordPress's own habit."""
    every = _TAG.sub("", body).split()
    return " ".join(every[:words]) + (" […]" if len(every) > words else "")


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False})


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("digest.sample", "templates"),
        autoescape=True,  # select_autoescape does not know .xml.j2
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["as_html"] = lambda text: html.escape(text, quote=False)  # before the XML escapes it again
    environment.filters["rfc822"] = email.utils.format_datetime
    environment.filters["iso"] = _iso
    environment.globals.update(width=WIDTH, height=HEIGHT)
    return environment


def _iso(instant: dt.datetime, zone: str = "") -> str:
    """ISO 8601 to the second, with its offset."""
    return instant.astimezone(zoneinfo.ZoneInfo(zone) if zone else instant.tzinfo).isoformat(timespec="seconds")
