"""The forms of the editor: what they show, and what somebody typed into them. No field is ever lost to an error.

Each field comes back with what it showed (`was-title`), so that only what somebody really changed is stored, and
two people can work on two fields of one item.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict

from digest.compose.rewrite import REWRITABLE, event_words
from digest.errors import UsageError
from digest.gather.document import EntryDoc

LABELS = {
    "title": "Headline",
    "summary": "Summary",
    "url": "Link",
    "image": "Picture",
    "alt": "What the picture shows",
    "start": "Starts",
    "end": "Ends",
    "place": "Place",
    "closing": "Closes on",
}
HINTS = {
    "image": "The address of a picture; empty for none.",
    "alt": "For those who do not see it; empty when it only decorates.",
    "start": "Without a time it is a whole day. No day: no event.",
    "place": "“Online”, or where one can go.",
    "closing": "The last day to apply or to answer.",
}
_DATES = ("start", "end")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a form. `theirs`: what somebody else made of it meanwhile; `source`: what it says unedited."""

    name: str
    value: str
    was: str
    theirs: str | None = None
    source: str | None = None
    longest: int = 300

    @property
    def label(self) -> str:
        return LABELS[self.name]

    @property
    def hint(self) -> str:
        return HINTS.get(self.name, "")

    @property
    def day(self) -> str:
        return self.value[:10]

    @property
    def time(self) -> str:
        return self.value[11:16]


def words_of(doc: EntryDoc, tz: dt.tzinfo) -> dict[str, str]:
    """Every field of an entry, as an editor would type it."""
    return {
        "title": doc.title,
        "summary": doc.summary,
        "url": doc.url,
        "image": doc.image.url if doc.image else "",
        "alt": doc.image.alt if doc.image else "",
        **event_words(doc.event, tz),
        "closing": doc.closing.isoformat() if doc.closing else "",
    }


def fields_of(
    stands: Mapping[str, str],
    *,
    source: Mapping[str, str] | None = None,
    edited: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    was: Mapping[str, str] | None = None,
) -> dict[str, Field]:
    """The fields as the issue has them now (`stands`), or as somebody `typed` them into a form that showed `was`."""
    shown: dict[str, Field] = {}
    for name, longest in REWRITABLE.items():
        now = stands.get(name, "")
        value, before = (typed or {}).get(name, now), (was or {}).get(name, now)
        shown[name] = Field(
            name=name,
            value=value if value != before else now,  # what was not touched follows the others
            was=now,
            theirs=now if now != before and value not in (before, now) else None,
            source=(source or {}).get(name, "") if name in (edited or {}) else None,
            longest=longest,
        )
    return shown


def typed_words(posted: QueryDict) -> dict[str, str]:
    """What the form's fields hold, dates put together from day and time; only fields that the form had."""
    words = {}
    for name in REWRITABLE:
        if name in _DATES:
            if f"{name}-day" in posted:
                day, time = posted.get(f"{name}-day", "").strip(), posted.get(f"{name}-time", "").strip()
                words[name] = f"{day}T{time}" if time else day
        elif name in posted:
            words[name] = posted.get(name, "").replace("\r\n", "\n").strip()
    return words


def shown_words(posted: QueryDict) -> dict[str, str]:
    """What the form's fields showed before anybody typed."""
    return {
        name: posted.get(f"was-{name}", "").replace("\r\n", "\n").strip()
        for name in REWRITABLE
        if f"was-{name}" in posted
    }


def changed_words(posted: QueryDict) -> dict[str, str | None]:
    """The fields somebody changed; None for those that go back to the source's words. UsageError for a lone time."""
    typed, shown = typed_words(posted), shown_words(posted)
    check_days(typed)
    changed: dict[str, str | None] = {
        name: text for name, text in typed.items() if name in shown and text != shown[name]
    }
    return changed | {name: None for name in posted.getlist("back") if name in REWRITABLE}


def check_days(words: Mapping[str, str]) -> None:
    for name in _DATES:
        if words.get(name, "").startswith("T"):
            raise UsageError(f"“{LABELS[name]}” has a time but no day.")
    if words.get("end") and not words.get("start"):
        raise UsageError("The event ends, but does not begin: give its first day, too.")
