"""How checks read an issue: its passages of text, its addresses, its pictures. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from digest.compose.document import IssueDocument, Item
from digest.config import Config
from digest.render import markdown
from digest.render.plain import safe_url

BY_HAND = "manual"  # the source of items that editors wrote
# Names that lead nowhere on the public internet (RFC 2606, RFC 6761, RFC 6762, RFC 7686, and ICANN's "internal").
_NOWHERE = ("test", "invalid", "localhost", "local", "onion", "internal", "home.arpa")
_EXAMPLES = ("example.com", "example.org", "example.net")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One text that readers see. `place`: subject, preheader, intro, outro, headline or teaser."""

    text: str
    place: str
    item: Item | None = None
    written: str = ""  # the Markdown that it was, where it was any

    @property
    def own(self) -> bool:
        """Whether the association's own people wrote it, and not a feed."""
        return self.item is None or self.item.source == BY_HAND

    @property
    def where(self) -> str:
        """`The subject`, `The headline`."""
        return f"The {self.place}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Something the issue points to, as it was written."""

    url: str
    item: Item | None = None
    place: str = ""  # intro, outro, footer; "" for an item's own
    picture: bool = False

    @property
    def noun(self) -> str:
        """`The link`, `The picture in the intro`."""
        return f"The {'picture' if self.picture else 'link'}" + (f" in the {self.place}" if self.place else "")


def passages(document: IssueDocument) -> Iterator[Passage]:
    """Every text of the issue, Markdown as it reads."""
    for place, text in (("subject", document.subject), ("preheader", document.preheader)):
        yield Passage(text=text, place=place)
    for place, text in (("intro", document.intro), ("outro", document.outro)):
        if text.strip():
            yield Passage(text=plain(text), place=place, written=text)
    for item in document.items:
        yield Passage(text=item.title, place="headline", item=item)
        if item.summary:
            yield Passage(text=item.summary, place="teaser", item=item)


def plain(text: str) -> str:
    """Markdown as words on one line, without its addresses."""
    return " ".join(markdown.to_text(text, refer=lambda _url: "").split())


def addresses(document: IssueDocument, config: Config) -> Iterator[Address]:
    """Every address that somebody or some feed wrote, in the order of the issue; not those the program makes."""
    for place, text in (("intro", document.intro), ("outro", document.outro)):
        yield from _of_markdown(text, place)
    for item in document.items:
        if item.url:
            yield Address(url=item.url, item=item)
        if item.image:
            yield Address(url=item.image.url, item=item, picture=True)
    yield from _of_markdown(config.brand.footer, "footer")
    for link in config.brand.social:
        yield Address(url=link.url, place="footer")
    if config.association.website:
        yield Address(url=config.association.website, place="footer")


def asked(document: IssueDocument, config: Config) -> tuple[str, ...]:
    """The addresses worth asking: of the web, each once, and neither our own pages nor made-up names."""
    own = host_of(config.web.base_url)
    urls = (safe_url(address.url) for address in addresses(document, config))
    wanted = (url for url in urls if url.startswith(("http://", "https://")))
    hosts = {url: host_of(url) for url in wanted}
    return tuple(url for url, host in hosts.items() if host != own and not is_nowhere(host) and not is_made_up(host))


def host_of(url: str) -> str:
    """The server's name in lower case, without a port; "" for none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        return ""


def is_nowhere(host: str) -> bool:
    """Whether no reader can follow a link to the name, or it is the one that stands in every manual."""
    return host.removeprefix("www.") in _EXAMPLES or _ends(host, _NOWHERE)


def is_made_up(host: str) -> bool:
    """Whether the name is kept for examples (RFC 2606): an invented association's, and there is nobody to ask."""
    return _ends(host, ("example", *_EXAMPLES))


def _ends(host: str, names: Iterable[str]) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in names)


def shortened(text: str, limit: int = 60) -> str:
    """`text` quoted within a sentence."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def _of_markdown(text: str, place: str) -> Iterator[Address]:
    for mention in markdown.mentions(text):
        yield Address(url=mention.url, place=place, picture=mention.picture)
