"""EntryDoc: what a source said of one entry, cleaned, as a value that can be stored as JSON."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen value; unknown fields of a stored form are refused so that nothing is lost unseen."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Image(Value):
    """A picture an entry shows. `url` is absolute http(s); sizes are in CSS pixels where known."""

    url: str
    alt: str = ""
    width: int | None = None
    height: int | None = None


class EventTime(Value):
    """When and where an event takes place. Instants are aware; an all-day event starts at local midnight."""

    start: dt.datetime
    end: dt.datetime | None = None
    all_day: bool = False
    zone: str = ""  # the IANA name the time is stated in; empty: the association's
    place: str = ""
    online: bool = False
    guessed: bool = False  # read from the text, not from a field


class Publication(Value):
    """What a citation needs."""

    journal: str = ""
    doi: str = ""
    volume: str = ""
    issue: str = ""
    pages: str = ""
    open_access: bool | None = None


class EntryDoc(Value):
    """One entry as its source gave it. All text is plain text, but `html`, which is sanitised HTML."""

    title: str
    url: str = ""
    summary: str = ""  # the teaser: one paragraph of plain text
    text: str = ""  # the whole text, paragraphs parted by blank lines
    html: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    image: Image | None = None
    event: EventTime | None = None
    publication: Publication | None = None
    closing: dt.date | None = None  # last day to apply or answer: jobs and calls
    language: str = ""
