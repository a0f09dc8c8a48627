"""What an editor may write over of one item, and the item with those words. Pure.

Dates are kept as wall time of the association's zone, as they were typed: `2024-02-20` is a whole day,
`2024-02-20T14:30` an instant. The last day of a whole-day event is named itself, not the day after.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from digest.errors import UsageError
from digest.gather.document import EntryDoc, EventTime, Image

LONGEST_TITLE = 300  # characters
LONGEST_SUMMARY = 3_000
REWRITABLE: Mapping[str, int] = {  # field -> characters
    "title": LONGEST_TITLE,
    "summary": LONGEST_SUMMARY,
    "url": 2000,
    "image": 2000,
    "alt": 300,
    "start": 40,
    "end": 40,
    "place": 300,
    "closing": 40,
}
# By which fields an editor changes what `changes.py` compares, where the names are not the same.
FIELDS_OF: Mapping[str, tuple[str, ...]] = {
    "title": ("title",),
    "summary": ("summary",),
    "url": ("url",),
    "image": ("image",),
    "event": ("start", "end"),
    "place": ("place",),
    "closing": ("closing",),
}
_ONLINE = re.compile(r"on[ -]?line\.?", re.IGNORECASE)
_WHOLE_DAY = 10  # characters of a date without a time
_DAY = dt.timedelta(days=1)


def check_words(value: Mapping[str, Any]) -> dict[str, Any]:
    """The texts of a rewriting, trimmed; None stands for the source's own. Raises UsageError in words."""
    unknown = set(value) - set(REWRITABLE)
    if unknown or not value:
        raise UsageError(f"Of an item, {', '.join(sorted(REWRITABLE))} can be rewritten, and nothing else.")
    texts: dict[str, Any] = {}
    for key, text in value.items():
        texts[key] = None if text is None else tidy(text, key, REWRITABLE[key], lines=key == "summary")
    if texts.get("title") == "":
        raise UsageError("A title cannot be empty.")
    for key in ("url", "image"):
        if texts.get(key) and not _is_address(texts[key]):
            raise UsageError(f"An address must begin with https:// or http://, not {texts[key]!r}.")
    for key in ("start", "end"):
        if texts.get(key):
            texts[key] = _moment_text(texts[key])
    if texts.get("closing"):
        texts["closing"] = _moment_text(texts["closing"])[:_WHOLE_DAY]
    if texts.get("start") and texts.get("end") and texts["end"] < texts["start"][: len(texts["end"])]:
        raise UsageError("The event ends before it begins.", hint="Correct one of the two dates.")
    return texts


def tidy(text: Any, what: str, limit: int, *, lines: bool) -> str:
    """A typed text without what only its typing left; one line unless `lines`. UsageError when it is too long."""
    if not isinstance(text, str):
        raise UsageError(f"The change must hold a text under {what!r}.")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()
    if len(text) > limit:
        raise UsageError(f"The {what} is {len(text):,} characters long; at most {limit:,} fit.")
    return text if lines else " ".join(text.split())


def with_words(doc: EntryDoc, words: Mapping[str, str], tz: dt.tzinfo) -> EntryDoc:
    """`doc` as an editor worded it. `words` are checked; what is not in them stays the source's."""
    if not words:
        return doc
    update: dict[str, Any] = {key: words[key] for key in ("title", "url", "summary") if key in words}
    if "image" in words or "alt" in words:
        update["image"] = _image(doc.image, words)
    if words.keys() & {"start", "end", "place"}:
        update["event"] = _event(doc.event, words, tz)
    if "closing" in words:
        update["closing"] = dt.date.fromisoformat(words["closing"]) if words["closing"] else None
    return doc.model_copy(update=update)


def event_words(event: EventTime | None, tz: dt.tzinfo) -> dict[str, str]:
    """`start`, `end` and `place` as an editor would type them."""
    if event is None:
        return {"start": "", "end": "", "place": ""}
    start, end = event.start.astimezone(tz), event.end.astimezone(tz) if event.end else None
    if event.all_day:
        last = end - dt.timedelta(microseconds=1) if end else start
        ends = last.date().isoformat() if last.date() > start.date() else ""
        return {"start": start.date().isoformat(), "end": ends, "place": _place(event)}
    return {"start": f"{start:%Y-%m-%dT%H:%M}", "end": f"{end:%Y-%m-%dT%H:%M}" if end else "", "place": _place(event)}


def event_of(words: Mapping[str, str], tz: dt.tzinfo) -> EventTime | None:
    """The event of an item made by hand; None without a start."""
    return _event(None, words, tz)


def _event(given: EventTime | None, words: Mapping[str, str], tz: dt.tzinfo) -> EventTime | None:
    start = words.get("start")
    if start == "" or (start is None and given is None):
        return None
    if start is not None:
        begins, all_day, zone, guessed = _instant(start, tz), len(start) == _WHOLE_DAY, "", False
    else:
        assert given is not None
        begins, all_day, zone, guessed = given.start, given.all_day, given.zone, given.guessed
    if "end" in words:
        text = words["end"]
        ends = _instant(text, tz, days=len(text) == _WHOLE_DAY) if text else None
    else:
        ends = given.end if given else None
    if ends is not None and ends <= begins:
        ends = None  # the start was moved past an end that nobody spoke of
    place, online = (given.place, given.online) if given else ("", False)
    if "place" in words:
        online = _ONLINE.fullmatch(words["place"]) is not None
        place = "" if online else words["place"]
    return EventTime(start=begins, end=ends, all_day=all_day, zone=zone, place=place, online=online, guessed=guessed)


def _image(given: Image | None, words: Mapping[str, str]) -> Image | None:
    url = words.get("image", given.url if given else "")
    if not url:
        return None
    same = given is not None and given.url == url
    alt = words.get("alt", given.alt if given is not None and same else "")
    return given.model_copy(update={"alt": alt}) if given is not None and same else Image(url=url, alt=alt)


def _place(event: EventTime) -> str:
    return event.place or ("Online" if event.online else "")


def _instant(text: str, tz: dt.tzinfo, *, days: int = 0) -> dt.datetime:
    return (dt.datetime.fromisoformat(text) + days * _DAY).replace(tzinfo=tz).astimezone(dt.UTC)


def _moment_text(text: str) -> str:
    try:
        moment = dt.datetime.fromisoformat(text.replace(" ", "T", 1))
        if moment.tzinfo is not None or not 1970 <= moment.year <= 2200:
            raise ValueError(text)
    except ValueError:
        raise UsageError(
            f"{text!r} cannot be read as a date.", hint="Write it like 2024-02-20, or 2024-02-20 14:30 with a time."
        ) from None
    return text[:_WHOLE_DAY] if len(text) == _WHOLE_DAY else f"{moment:%Y-%m-%dT%H:%M}"


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
