"""What checks take and give: a proof in, findings out. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from lxml import etree

from digest.compose.document import IssueDocument, Item
from digest.config import Config
from digest.gather.values import LinkState
from digest.render.models import RenderedIssue
from digest.render.theme import Theme


class Severity(StrEnum):
    """How much a finding weighs, the heaviest first."""

    BLOCK = "block"  # not approved without a person's reason
    WARN = "warn"  # worth a look before it goes
    INFO = "info"  # good to know

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFact:
    """What became of the last look at an address. `words` have no subject: "answers that there is ..."."""

    state: LinkState
    words: str
    final_url: str = ""  # where redirects led
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Previous:
    """What is compared with the issue before."""

    subject: str
    preheader: str
    counts: Mapping[str, int]  # items by section id


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that somebody should know. `words` says what is there, `hint` what to do: whole sentences.

    It is about `item` where that is set, else about `place` ("subject", "intro", "footer", ... or the whole issue).
    """

    severity: Severity
    words: str
    hint: str
    check: str = ""  # the check's name, set by the registry
    item: str = ""  # Item.id
    entry: int | None = None  # the item's row, where it has one
    headline: str = ""
    place: str = ""
    url: str = ""

    def as_json(self) -> dict[str, Any]:
        """JSON values for programs."""
        return {
            "check": self.check,
            "severity": self.severity.value,
            "words": self.words,
            "hint": self.hint,
            "item": self.item or None,
            "entry": self.entry,
            "headline": self.headline or None,
            "place": self.place or None,
            "url": self.url or None,
        }


@dataclass(frozen=True, kw_only=True)
class Proof:
    """The trial print of an issue, and all that a check may know besides.

    `mail` is what a member gets: the tags replaced by addresses as long as members' own. `unsubscribe` is the one
    among them that leads out. `merge_tag` is the mark that may stand in no text.
    """

    config: Config
    document: IssueDocument
    mail: RenderedIssue
    theme: Theme
    unsubscribe: str = ""
    merge_tag: str = ""
    facts: Mapping[str, LinkFact] = field(default_factory=dict)
    previous: Previous | None = None

    @cached_property
    def tree(self) -> Any:
        """The HTML part as a program reads it."""
        return etree.fromstring(self.mail.html, etree.HTMLParser())


Look = Callable[[Proof], Iterator[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check. `title` is what staff see above its findings; `name` stands in JSON and in the docs."""

    name: str
    title: str
    look: Look


def finding(
    severity: Severity, words: str, hint: str, *, item: Item | None = None, place: str = "", url: str = ""
) -> Finding:
    """A finding about `item`, or about `place`."""
    if item is None:
        return Finding(severity=severity, words=words, hint=hint, place=place, url=url)
    return Finding(
        severity=severity,
        words=words,
        hint=hint,
        item=item.id,
        entry=item.entry,
        headline=item.title,
        place=place,
        url=url or item.url,
    )
