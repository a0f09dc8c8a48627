"""Everything the week brought: what became of each entry and why, to be searched, and brought in with one press."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from digest.compose.document import Outcome, Placed
from digest.web.staff.access import staff_page
from digest.web.staff.editor import Workspace, frame_of, workspace
from digest.web.staff.editor_view import titles_of
from digest.web.staff.when import count, short_time

PER_PAGE = 30
OUTCOMES: Mapping[Outcome, tuple[str, str]] = {  # in the order of the list to choose from; words and tone
    Outcome.INCLUDED: ("In the issue", "good"),
    Outcome.DROPPED: ("Dropped", "warn"),
    Outcome.HELD: ("Held for the next issue", "warn"),
    Outcome.CARRIED: ("Carried over", ""),
    Outcome.OVER_LIMIT: ("Over a limit", ""),
    Outcome.MERGED: ("Merged", ""),
    Outcome.EVENT_OVER: ("Event is over", ""),
    Outcome.EXPIRED: ("Closed already", ""),
    Outcome.QUARANTINED: ("Waiting for a look", "warn"),
    Outcome.WAITING: ("For a later issue", ""),
    Outcome.EARLIER: ("In an earlier issue", ""),
    Outcome.TOO_OLD: ("Too old", ""),
    Outcome.OWN_DIGEST: ("This digest itself", ""),
}
_NEVER = (Outcome.OWN_DIGEST, Outcome.EARLIER)  # no editor can bring these in: digest/compose/assemble.py


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What a reader of the list asked for; "" for all."""

    words: str = ""
    section: str = ""
    source: str = ""
    outcome: str = ""
    page: int = 1

    @classmethod
    def read(cls, given: QueryDict) -> Sought:
        page = given.get("page", "")
        return cls(
            words=" ".join(given.get("q", "").split())[:200],
            section=given.get("section", ""),
            source=given.get("source", ""),
            outcome=given.get("outcome", ""),
            page=int(page) if page.isascii() and page.isdigit() and int(page[:6]) > 0 else 1,
        )

    def query(self, page: int | None = None) -> str:
        """Itself as the query of an address."""
        values = {"q": self.words, "section": self.section, "source": self.source, "outcome": self.outcome}
        if (page or self.page) > 1:
            values["page"] = str(page or self.page)
        return urlencode({key: value for key, value in values.items() if value})

    def finds(self, placed: Placed) -> bool:
        doc = placed.candidate.doc
        if self.section not in ("", placed.section) or self.source not in ("", placed.candidate.source):
            return False
        if self.outcome == "out" and placed.outcome is Outcome.INCLUDED:
            return False
        if self.outcome not in ("", "out", placed.outcome.value):
            return False
        text = f"{doc.title} {doc.summary} {doc.url} {placed.candidate.source_title} {placed.reason}".casefold()
        return all(word in text for word in self.words.casefold().split())


@staff_page("GET")
def week(request: HttpRequest) -> HttpResponse:
    """The list."""
    return show_week(request, workspace(), request.GET.urlencode())


def show_week(request: HttpRequest, work: Workspace, query: str, *, status: int = 200) -> HttpResponse:
    """The part of the list that `query` asks for."""
    sought = Sought.read(QueryDict(query))
    placements = work.coming.composition.placements
    found = [placed for placed in placements if sought.finds(placed)]
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(sought.page, pages)
    shown = found[(page - 1) * PER_PAGE : page * PER_PAGE]
    titles = titles_of(work.coming.composition)
    sections = {section.id: section.title for section in work.config.sections}
    outcomes = Counter(placed.outcome for placed in placements)
    context = {
        **frame_of(request, work),
        "sought": sought,
        "query": sought.query(page),
        "rows": [_row(work, placed, titles, sections) for placed in shown],
        "found_words": _found_words(len(found), len(placements)),
        "sections": sections,
        "sources": _sources(placements),
        "outcomes": [(o.value, words, outcomes[o]) for o, (words, _) in OUTCOMES.items() if outcomes[o]],
        "left_out": len(placements) - outcomes[Outcome.INCLUDED],
        "page": page,
        "pages": pages,
        "before": sought.query(page - 1) if page > 1 else None,
        "after": sought.query(page + 1) if page < pages else None,
    }
    return render(request, "staff/editor_week.html", context, status=status)


def _row(work: Workspace, placed: Placed, titles: Mapping[int, str], sections: Mapping[str, str]) -> dict[str, Any]:
    candidate = placed.candidate
    words, tone = OUTCOMES[placed.outcome]
    at = candidate.published_at or candidate.first_seen_at
    return {
        "entry": candidate.key,
        "title": titles[candidate.key],
        "url": candidate.doc.url,
        "summary": candidate.doc.summary,
        "source": candidate.source_title,
        "section": sections.get(placed.section, placed.section),
        "when": short_time(at, work.config.association.tz),
        "iso": at.isoformat(),
        "outcome": words,
        "tone": tone,
        "reason": placed.reason,
        "included": placed.outcome is Outcome.INCLUDED,
        "act": _act(placed) if work.editable else None,
    }


def _act(placed: Placed) -> tuple[str, str] | None:
    """The button of a row: its value for the editor's moves, and its word."""
    key = placed.candidate.key
    if placed.outcome is Outcome.INCLUDED:
        return f"drop:{key}", "Drop"
    if placed.outcome in (Outcome.DROPPED, Outcome.HELD):
        return f"restore:{key}", "Put back"
    if placed.outcome is Outcome.MERGED and placed.merged_into is not None:
        return f"apart:{key}:{placed.merged_into}", "Take apart"
    return None if placed.outcome in _NEVER else (f"include:{key}", "Include")


def _sources(placements: Sequence[Placed]) -> list[tuple[str, str]]:
    return sorted({p.candidate.source: p.candidate.source_title for p in placements}.items(), key=lambda s: s[1])


def _found_words(found: int, of: int) -> str:
    if not of:
        return ""
    all_of_it = count(of, "entry", "entries")
    return f"{all_of_it}." if found == of else f"{found:,} of {all_of_it}."
