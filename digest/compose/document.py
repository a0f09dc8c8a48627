"""The values composing works on: candidates in, a document and its placements out. Pure.

`IssueDocument` is also the stored and published form: its JSON is `issues/736/issue.json`, and what
`digest compose --json` and `digest show --format json` print.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from digest.compose.changes import SourceNote
from digest.gather.document import EntryDoc, EventTime, Image, Publication, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One entry as composing sees it. Instants are aware UTC.

    `key` names the entry within this composition: the row's id, or any other unique number for entries that
    were never stored.
    """

    key: int
    source: str
    source_title: str
    section: str  # the section its source feeds
    identity: str
    url_key: str
    title_key: str
    published_at: dt.datetime | None
    first_seen_at: dt.datetime
    date_quality: str
    doc: EntryDoc
    first: EntryDoc | None = None  # the form in which it came; None where that is `doc`
    changed_at: dt.datetime | None = None
    gone_at: dt.datetime | None = None  # since when its feed no longer holds it, although it should
    quarantined: bool = False


class Outcome(StrEnum):
    """What became of an entry in an issue."""

    INCLUDED = "included"
    DROPPED = "dropped"  # by an editor
    HELD = "held"  # for next week, by an editor
    CARRIED = "carried"  # for next week, by the section's limits
    MERGED = "merged"
    OVER_LIMIT = "over-limit"
    OWN_DIGEST = "own-digest"
    EARLIER = "earlier"  # it stood in an earlier issue
    TOO_OLD = "too-old"
    WAITING = "waiting"  # dated after the window
    EVENT_OVER = "event-over"
    EXPIRED = "expired"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The one answer to "what became of this entry in this issue, and why"."""

    candidate: Candidate
    outcome: Outcome
    code: str  # machine-readable: "own-digest", "over-limit", ...
    reason: str  # for a person: "over the section's limit of 12"
    section: str = ""
    position: int | None = None
    merged_into: int | None = None  # the key of the other candidate
    note: SourceNote | None = None  # what its source changed since

    def as_json(self) -> dict[str, Any]:
        """`{source, url, title, outcome, reason}`, with section, code and the source's changes: the staff's view."""
        return {
            "source": self.candidate.source,
            "url": self.candidate.doc.url,
            "title": self.candidate.doc.title,
            "outcome": self.outcome.value,
            "reason": self.reason,
            "code": self.code,
            "section": self.section,
            "entry": self.candidate.key,
            "source_note": self.note.as_json() if self.note else None,
        }


class Window(Value):
    """Half-open: an instant t belongs to it when start <= t < end."""

    start: dt.datetime
    end: dt.datetime

    def __contains__(self, instant: dt.datetime) -> bool:
        return self.start <= instant < self.end


class Item(Value):
    """A candidate as it stands in an issue, with the editors' changes. All text is plain text."""

    id: str  # stable within the issue: the anchor on its web page
    entry: int | None = None  # the entry's row; left out of the published record
    title: str
    url: str = ""
    source: str
    source_title: str
    published: dt.datetime | None = None
    summary: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    image: Image | None = None
    event: EventTime | None = None
    publication: Publication | None = None
    closing: dt.date | None = None
    also_in: tuple[str, ...] = ()
    # "late", "last-chance"; "changed" is for a new notice of something that went out: what a source changed is told
    # to staff alone (`Placed.note`).
    flags: tuple[str, ...] = ()


class DocumentSection(Value):
    """A section with its items, in order. A section without items is left out of the mail."""

    id: str
    title: str
    kind: str
    items: tuple[Item, ...] = ()
    more: int = 0  # how many were left over
    more_url: str = ""


class IssueDocument(Value):
    """One issue, complete: everything the renderer needs but the brand."""

    number: int | None
    title: str
    date: dt.date
    subject: str
    preheader: str = ""
    language: str = "en-GB"
    zone: str = "UTC"
    window: Window
    intro: str = ""  # Markdown
    outro: str = ""  # Markdown
    sections: tuple[DocumentSection, ...] = ()
    slug: str = ""  # of an announcement, which has no number: "2024-02-14-fewer-than-10-of-tickets-remain"

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for section in self.sections for item in section.items)

    @property
    def is_announcement(self) -> bool:
        return bool(self.slug)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to send: no item; of an announcement, no word."""
        return not self.intro.strip() if self.is_announcement else not self.items

    @property
    def name(self) -> str:
        """By what its pages and files are called: the number, the slug, or the date of what has neither."""
        return self.slug or str(self.number if self.number is not None else self.date)

    def as_json(self) -> dict[str, Any]:
        """JSON values, keys in a fixed order. Only an announcement's has a slug."""
        values = self.model_dump(mode="json")
        return values if self.slug else {key: value for key, value in values.items() if key != "slug"}

    def public(self) -> IssueDocument:
        """The document as the record may show it: no row ids."""
        sections = tuple(
            section.model_copy(
                update={"items": tuple(item.model_copy(update={"entry": None}) for item in section.items)}
            )
            for section in self.sections
        )
        return self.model_copy(update={"sections": sections})

    @property
    def sha256(self) -> str:
        """The hash an approval covers: of the canonical JSON."""
        return _sha256(self.as_json())

    @property
    def content_sha256(self) -> str:
        """The hash of what a reader sees: the same however often the draft is composed anew."""
        return _sha256({k: v for k, v in self.as_json().items() if k != "window"})


def _sha256(value: dict[str, Any]) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """What composing gives: the document and one placement for each candidate the window saw."""

    document: IssueDocument
    placements: tuple[Placed, ...]

    @property
    def notes(self) -> dict[int, SourceNote]:
        """By entry: what the sources of the issue's items changed since they came, or since the approval."""
        return {
            placed.candidate.key: placed.note
            for placed in self.placements
            if placed.note is not None and placed.outcome is Outcome.INCLUDED
        }

    def as_json(self) -> dict[str, Any]:
        """The staff's JSON: the document and its placements."""
        return {**self.document.as_json(), "placements": [p.as_json() for p in self.placements]}
