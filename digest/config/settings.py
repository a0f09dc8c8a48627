"""What may stand in config.toml. Every value is frozen; unknown keys are refused."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from digest.config.basics import Colour, Line, Slug, Table
from digest.config.delivery import Delivery
from digest.config.joining import Join
from digest.config.logs import Log
from digest.config.membership import Members
from digest.config.notices import Notices
from digest.config.plan import Plan
from digest.config.river import River
from digest.config.sections import Section, Source
from digest.config.signing_in import OpenIdConnect, SignIn, TrustedProxies
from digest.words import N_, words_of

# Bytes of HTML, members' links filled in. Gmail cuts a message at about 102 KB of source (comments counted, images
# not) and hides the rest, footer and all, behind a link.
MAX_BYTES = 100_000
WARN_BYTES = 80_000


class Association(Table):
    """Who sends the digest."""

    name: Line = Field(min_length=1)
    strapline: Line = ""
    zone: str = "Europe/London"
    language: Line = "en-GB"
    postal_address: Line = ""
    contact_email: Line = ""
    website: Line = ""
    why: Line = N_("You receive this because you are a member of {association}.")

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError('expected an IANA time zone, like "Europe/London"') from None
        return value

    @property
    def tz(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.zone)


class Anchor(Table):
    """One issue whose number and date are known; the others are counted from it, week by week."""

    number: int = Field(ge=1)
    date: dt.date


class DigestSettings(Table):
    """How an issue is named and introduced."""

    title: Line = N_("Weekly News Digest - Issue {number}, {date}")
    subject: Line = "{title}"  # also {headline} and {counts}
    date_format: Line = N_("dd MMM yyyy")  # a CLDR pattern, as Babel reads it
    anchor: Anchor | None = None
    intro: str = ""
    teaser_length: int = Field(default=280, ge=60, le=2000)  # characters
    late_days: int = Field(default=28, ge=0, le=365)  # how much older than its week a late entry may be
    max_bytes: int = Field(default=MAX_BYTES, ge=40_000, le=MAX_BYTES)  # of HTML: what is too much goes to the web
    list_id: Line = ""
    own_titles: tuple[str, ...] = ()  # further patterns by which earlier digests are recognised in feeds

    @field_validator("title")
    @classmethod
    def _title(cls, value: str) -> str:
        try:
            value.format(number=1, date="x")
        except (KeyError, IndexError, ValueError):
            raise ValueError("expected a title with {number} and {date} and no other braces") from None
        if "{number}" not in value or "{date}" not in value:
            raise ValueError("expected a title that holds both {number} and {date}")
        return value

    @field_validator("subject")
    @classmethod
    def _subject(cls, value: str) -> str:
        try:
            value.format(title="x", headline="x", counts="x")
        except (KeyError, IndexError, ValueError):
            raise ValueError("expected a subject of words, {title}, {headline} and {counts}") from None
        return value

    @field_validator("own_titles")
    @classmethod
    def _patterns(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"expected regular expressions; {pattern!r} is none: {error}") from None
        return value


class GatherSettings(Table):
    """Limits while fetching feeds. Seconds and bytes."""

    allow_private_networks: bool = False
    connect_timeout: float = Field(default=5, gt=0, le=60)
    total_timeout: float = Field(default=20, gt=0, le=300)
    crawl_delay: float = Field(default=0.5, ge=0, le=60)  # between two requests to one server
    max_bytes: int = Field(default=5_000_000, ge=10_000, le=50_000_000)
    max_items: int = Field(default=1000, ge=1, le=20_000)
    workers: int = Field(default=8, ge=1, le=64)


class SocialLink(Table):
    """A link in the footer, as text: icons would load from a third party."""

    title: Line
    url: str


class Brand(Table):
    """How the mail looks. Colours are checked for contrast by the renderer."""

    theme: Slug = "plain"  # or "broadsheet", "signal": see docs/brand.md
    logo: str = ""  # an https address, or a path under the website
    logo_alt: Line = ""
    logo_width: int = Field(default=180, ge=24, le=560)
    primary: Colour = "#1d4e63"
    accent: Colour = "#a8421a"
    font: Line = ""
    footer: str = ""
    social: tuple[SocialLink, ...] = ()


class Storage(Table):
    """Where things are kept. Relative paths are relative to config.toml."""

    database: str = "digest.sqlite3"  # a file, or postgres://user:password@host/name
    keys: Path = Path("keys.toml")
    issues: Path = Path("issues")
    outbox: Path = Path("outbox")
    templates: Path = Path("templates")


class Web(Table):
    """The pages: where they are served, and under which address the public reaches them."""

    base_url: str = "http://127.0.0.1:8000"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: TrustedProxies = 0  # how many reverse proxies of yours stand in front, or their addresses
    threads: int = Field(default=8, ge=1, le=64)
    remote_images: bool = False  # whether published pages show pictures that lie on other people's servers
    sign_in: SignIn = SignIn()
    oidc: OpenIdConnect | None = None
    hub: str = ""  # a WebSub hub that is told of each new issue, like "https://pubsubhubbub.appspot.com/"

    @field_validator("hub")
    @classmethod
    def _hub(cls, value: str) -> str:
        if value and (urlsplit(value).scheme != "https" or not urlsplit(value).hostname):
            raise ValueError('expected the address of a WebSub hub that begins with https://, or ""')
        return value

    @field_validator("base_url")
    @classmethod
    def _base(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError('expected the public address of the site, like "https://digest.example.org"')
        # It stands in headers, HTML and JSON as it is (RFC 3986, 2).
        if not re.fullmatch(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+", value):
            raise ValueError(
                "expected an address in plain ASCII without spaces or quotes; an umlaut domain as xn--..."
            )
        return value.rstrip("/")


class Config(Table):
    """All of config.toml. `root` is the folder it stands in."""

    association: Association
    digest: DigestSettings = DigestSettings()
    plan: Plan = Plan()
    sections: tuple[Section, ...] = Field(min_length=1)
    sources: tuple[Source, ...] = ()
    gather: GatherSettings = GatherSettings()
    brand: Brand = Brand()
    delivery: Delivery = Delivery()
    members: Members = Members()
    storage: Storage = Storage()
    web: Web = Web()
    join: Join = Join()
    notices: Notices = Notices()
    log: Log = Log()
    river: River = River()
    root: Path = Path()

    @model_validator(mode="before")
    @classmethod
    def _worded(cls, raw: Any) -> Any:
        """What readers see and config.toml does not word is worded in the association's language."""
        association = raw.get("association") if isinstance(raw, dict) else None
        language = association.get("language") if isinstance(association, dict) else None
        if not isinstance(language, str):
            return raw
        say = words_of(language).gettext
        worded = dict(raw)
        for table, model, keys in (
            ("association", Association, ("why",)),
            ("digest", DigestSettings, ("title", "date_format")),
        ):
            given = raw.get(table, {})
            if isinstance(given, dict):
                worded[table] = {**{key: say(model.model_fields[key].default) for key in keys}, **given}
        return worded

    @model_validator(mode="before")
    @classmethod
    def _sources_have_a_home(cls, raw: Any) -> Any:
        """A source that names no section belongs to the default one."""
        if not isinstance(raw, dict) or not isinstance(raw.get("sources"), list | tuple):
            return raw
        sections = [s for s in raw.get("sections") or () if isinstance(s, dict) and "id" in s]
        home = next((s["id"] for s in sections if s.get("default")), sections[0]["id"] if sections else "")
        sources = [{"section": home, **s} if isinstance(s, dict) else s for s in raw["sources"]]
        return {**raw, "sources": sources}

    @model_validator(mode="after")
    def _joined(self) -> Self:
        for what, ids in (
            ("section", [s.id for s in self.sections]),
            ("source", [s.id for s in self.sources]),
        ):
            twice = sorted({i for i in ids if ids.count(i) > 1})
            if twice:
                raise ValueError(f"expected each {what} id once; {twice[0]!r} stands twice")
        known = [s.id for s in self.sections]
        for source in self.sources:
            if source.section not in known:
                raise ValueError(
                    f"sources ({source.id!r}) section: expected one of {', '.join(known)}, not {source.section!r}"
                )
            if source.id == "manual":
                raise ValueError("sources: the id 'manual' is kept for items added by hand")
        if len([s for s in self.sections if s.default]) > 1:
            raise ValueError("sections: expected at most one with default = true")
        ids = [s.id for s in self.sources]
        for section in self.sections:
            for rule in section.match:
                if rule.source and rule.source not in ids:
                    raise ValueError(
                        f"sections ({section.id!r}) match: expected the id of a source, not {rule.source!r}"
                    )
        return self

    @property
    def default_section(self) -> str:
        """Where an entry goes that no rule and no source places: the section marked so, else the first."""
        return next((s.id for s in self.sections if s.default), self.sections[0].id)

    def under_root(self, path: Path) -> Path:
        """`path` as written in config.toml, made absolute against the folder of that file."""
        return path if path.is_absolute() else (self.root / path).resolve()

    @property
    def issues_dir(self) -> Path:
        return self.under_root(self.storage.issues)

    @property
    def outbox_dir(self) -> Path:
        return self.under_root(self.storage.outbox)

    @property
    def templates_dir(self) -> Path:
        return self.under_root(self.storage.templates)

    @property
    def keys_file(self) -> Path:
        return self.under_root(self.storage.keys)

    @property
    def list_id(self) -> str:
        """RFC 2919: `digest.<host>` unless config names one."""
        if self.digest.list_id:
            return self.digest.list_id
        host = urlsplit(self.web.base_url).hostname or "localhost"
        return f"digest.{host}" if not host.replace(".", "").isdigit() else "digest.localhost"

    @property
    def announcements_list_id(self) -> str:
        """The announcements' own, so that a mail program tells the two lists apart."""
        return f"announcements.{self.list_id.removeprefix('digest.')}"

    @property
    def is_sample(self) -> bool:
        """True while any source is one of the built-in sample association's."""
        return any(s.url.startswith("sample:") for s in self.sources)

    def with_values(self, **changes: Any) -> Self:
        return self.model_copy(update=changes)
