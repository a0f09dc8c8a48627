"""What stood in an earlier issue does not come again, also when its source gives it another identity."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from digest.compose.document import Candidate

# How far apart the dates of one story may lie when a source publishes it anew under another identity. Beyond that it
# is another story at the same address (a page that is written over) or another one of a series ("Minutes").
SAME_DAYS = dt.timedelta(days=2)


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
            self.by_title[item.source, item.title_key].append(item)


def stood_before(candidate: Candidate, earlier: EarlierItems) -> str | None:
    """In words in which issue `candidate` stood already; None when in none."""
    if item := earlier.by_entry.get(candidate.key):
        return f"it stood in {item.issue}"
    for item in earlier.by_address.get(candidate.url_key, ()) if candidate.url_key else ():
        if item.title_key == candidate.title_key or _same_time(candidate, item):
            return f"it stood in {item.issue} under another identity (the same address)"
    for item in earlier.by_title.get((candidate.source, candidate.title_key), ()):
        if _same_time(candidate, item):
            return f"it stood in {item.issue} under another identity (the same headline)"
    return None


def _same_time(candidate: Candidate, item: EarlierItem) -> bool:
    """Whether both were published at about one time; where a date is missing, whether they say the same."""
    if candidate.published_at is None or item.published_at is None:
        return candidate.doc.summary == item.summary
    return abs(candidate.published_at - item.published_at) <= SAME_DAYS
