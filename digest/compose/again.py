"""What stood in an earlier issue does not come again, also when its source gives it another identity."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from digest.compose.document import Candidate
from digest.compose.likeness import names_no_page, same_text
from digest.compose.titles import headline, other_of_series

# How far apart the dates of one story may lie when a source publishes it anew under another identity. Beyond that it
# is another story at the same address (a page that is written over) or another one of a series ("Minutes").
SAME_DAYS = dt.timedelta(days=2)
# For how long the same headline over the same text is the same story at whatever address.
SAME_STORY = dt.timedelta(days=60)
# Of the words of two headlines at one address: a corrected one keeps more, the next one on a list keeps fewer.
_KEPT = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierItem:
    """One entry that is spent: it stood in `issue` (a name like "issue 735"), or was merged into one that did."""

    entry: int
    issue: str
    source: str
    url_key: str
    title_key: str
    summary: str
    published_at: dt.datetime | None
    title: str = ""  # "" where it is not known any more
    event_start: dt.datetime | None = None


class EarlierItems:
    """The spent entries, by all that one of them may be known again by."""

    def __init__(self, items: Iterable[EarlierItem] = ()) -> None:
        self.by_entry: dict[int, EarlierItem] = {}
        self.by_address: dict[str, list[EarlierItem]] = defaultdict(list)
        self.by_title: dict[tuple[str, str], list[EarlierItem]] = defaultdict(list)
        for item in items:
            self.by_entry[item.entry] = item
            if item.url_key:
                self.by_address[item.url_key].append(item)
            if item.title_key:
                self.by_title[item.source, item.title_key].append(item)


def stood_before(candidate: Candidate, earlier: EarlierItems) -> str | None:
    """In words in which issue `candidate` stood already; None when in none."""
    if item := earlier.by_entry.get(candidate.key):
        return f"it stood in {item.issue}"
    if candidate.url_key:
        at_address = earlier.by_address.get(candidate.url_key, ())
        for item in at_address:
            if _same_at_address(candidate, item, at_address):
                return f"it stood in {item.issue} under another identity (the same address)"
    for item in earlier.by_title.get((candidate.source, candidate.title_key), ()):
        if _same_by_headline(candidate, item):
            return f"it stood in {item.issue} under another identity (the same headline)"
    return None


def _same_at_address(candidate: Candidate, item: EarlierItem, at_address: Iterable[EarlierItem]) -> bool:
    """Whether the address still tells the story it told in `item`; it may be a list, or a page written over."""
    if _other_event(candidate, item):
        return False
    if item.title_key == candidate.title_key:
        head = headline(candidate.doc.title)
        if head.says_enough or _close(candidate, item) or _same_text(candidate, item):
            return True
        # "Minutes" at /minutes are next month's, and so is any short headline over a text that reads differently.
        return head.weight > 0 and not (candidate.doc.summary and item.summary)
    if names_no_page(candidate.doc.url) or _is_list(item.source, at_address):
        return False
    if candidate.published_at is None or item.published_at is None:
        return _same_text(candidate, item)
    return _close(candidate, item) and (_same_text(candidate, item) or _corrected(candidate, item))


def _same_by_headline(candidate: Candidate, item: EarlierItem) -> bool:
    """Whether one source, under one headline, tells the story again at another address."""
    if _other_event(candidate, item):
        return False
    when, then = candidate.published_at, item.published_at
    at_once = when is not None and when == then
    says_enough = headline(candidate.doc.title).says_enough
    if candidate.doc.summary and item.summary:
        recent = when is None or then is None or abs(when - then) <= SAME_STORY
        return (recent and _same_text(candidate, item)) or (at_once and says_enough)
    return at_once or (_close(candidate, item) and says_enough)


def _other_event(candidate: Candidate, item: EarlierItem) -> bool:
    event = candidate.doc.event
    if event is None or item.event_start is None:
        return False
    if event.all_day or event.guessed:
        return event.start.date() != item.event_start.astimezone(event.start.tzinfo).date()
    return event.start != item.event_start


def _close(candidate: Candidate, item: EarlierItem) -> bool:
    """Whether both were published at about one time. Without a date nobody knows."""
    if candidate.published_at is None or item.published_at is None:
        return False
    return abs(candidate.published_at - item.published_at) <= SAME_DAYS


def _same_text(candidate: Candidate, item: EarlierItem) -> bool:
    return same_text(candidate.doc.summary, item.summary)


def _corrected(candidate: Candidate, item: EarlierItem) -> bool:
    """Whether the headline is `item`'s in other words; where that one is not known, it is taken to be."""
    if not item.title:
        return True
    mine, its = headline(candidate.doc.title), headline(item.title)
    if other_of_series(mine, its):
        return False
    words, before = set(mine.words), set(its.words)
    return len(words & before) >= _KEPT * min(len(words), len(before))


def _is_list(source: str, at_address: Iterable[EarlierItem]) -> bool:
    """Whether `source` gave the address to more than one of its stories before."""
    return len({item.title_key for item in at_address if item.source == source}) > 1
