"""Why: what became of an entry, in every issue that considered it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from digest.compose.document import Outcome
from digest.compose.models import Number, Placement
from digest.config import Config
from digest.gather.clean.links import url_key
from digest.gather.models import Entry
from digest.pipeline.coming import Coming, coming

MOST = 20  # entries: a search for a common word should not scroll away


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One entry's answer for one issue. `issue` is a name like "issue 736" or "the coming issue (737)"."""

    title: str
    source: str
    url: str
    issue: str
    outcome: str
    reason: str


def why(config: Config, wanted: str, *, number: int | None, now: dt.datetime) -> list[Answer]:
    """The answers for every entry whose address is `wanted`, or whose title holds it.

    `number` asks for that issue alone.  An entry that no issue has considered gets one answer that says so.
    """
    current = coming(config, now=now)
    titles = {s.id: s.title for s in config.sources}
    answers: list[Answer] = []
    for entry in _entries(wanted):
        found = [*_recorded(entry, number), *_in_draft(entry, current, number)]
        if not found and number is None:
            found = [("no issue", "not considered", _not_considered(entry, current))]
        doc = entry.latest_doc
        source = titles.get(entry.source.key, entry.source.key)
        answers += [
            Answer(title=doc["title"], source=source, url=doc.get("url", ""), issue=i, outcome=o, reason=r)
            for i, o, r in found
        ]
    return answers


def _entries(wanted: str) -> list[Entry]:
    rows = Entry.objects.select_related("source").order_by("-first_seen_at", "-pk")
    if "://" in wanted:
        return list(rows.filter(url_key=url_key(wanted))[:MOST])
    return list(rows.filter(Q(latest_doc__title__icontains=wanted) | Q(first_doc__title__icontains=wanted))[:MOST])


def _recorded(entry: Entry, number: int | None) -> list[tuple[str, str, str]]:
    rows = Placement.objects.filter(entry=entry).select_related("issue__number_row", "merged_into")
    if number is not None:
        rows = rows.filter(issue__number_row__number=number)
    return [
        (f"issue {row.issue.number_row.number}", row.outcome, _reason(row.outcome, row.reason, row.section))
        for row in rows.order_by("issue__title_date")
    ]


def _in_draft(entry: Entry, current: Coming, number: int | None) -> list[tuple[str, str, str]]:
    if current.issue.document is not None:
        return []  # approved: its placements are on record
    shown = current.document.number
    if number is not None and number != shown:
        return []
    name = f"the coming issue ({shown})"
    return [
        (name, p.outcome.value, _reason(p.outcome.value, p.reason, p.section))
        for p in current.composition.placements
        if p.candidate.key == entry.pk
    ]


def _reason(outcome: str, reason: str, section: str) -> str:
    return f"in {section}, {reason}" if outcome == Outcome.INCLUDED and section else reason


def _not_considered(entry: Entry, current: Coming) -> str:
    at = entry.published_at or entry.first_seen_at
    if at < current.document.window.start:
        return "it was published and seen before the first issue of this installation"
    last = Number.objects.order_by("-number").first()
    return "it came after the last issue closed" if last else "no issue was composed since it came"
