"""The editor's arithmetic: candidates, a window and the editors' changes in; an issue and its placements out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from babel.dates import format_date

from digest.compose.document import (
    Candidate,
    Composition,
    DocumentSection,
    IssueDocument,
    Item,
    Outcome,
    Placed,
    Window,
)
from digest.compose.edit import Overlay
from digest.compose.own import is_own_digest
from digest.compose.sections import KINDS, sort_items
from digest.compose.sections.base import Exit, moment
from digest.compose.window import LateRule, judge
from digest.config import Config, Section

PREHEADER_LENGTH = 100  # characters; standards.md: 40-100


def issue_title(config: Config, number: int | None, date: dt.date) -> str:
    """`Weekly News Digest - Issue 736, 12 Feb 2024`, as config words it."""
    locale = config.association.language.replace("-", "_")
    day = format_date(date, config.digest.date_format, locale=locale)
    return config.digest.title.format(number="?" if number is None else number, date=day)


def counted_from_anchor(config: Config, date: dt.date) -> int | None:
    """The number of the issue of `date` when one goes out every week; None without an anchor or before issue 1."""
    anchor = config.digest.anchor
    if anchor is None:
        return None
    number = anchor.number + round((date - anchor.date).days / 7)
    return number if number >= 1 else None


def compose(
    config: Config,
    candidates: Iterable[Candidate],
    *,
    window: Window,
    date: dt.date,
    send_at: dt.datetime,
    number: int | None,
    overlay: Overlay | None = None,
    late: LateRule | None = None,
    spent: Mapping[int, str] | None = None,
) -> Composition:
    """The issue of `window`, and one placement for each candidate the window saw.

    `date` is the one in the title, `send_at` the planned instant; `spent` maps the keys of entries that stood in
    an earlier issue to that issue's name.
    """
    overlay, spent, tz = overlay or Overlay(), spent or {}, config.association.tz
    order = {section.id: section for section in config.sections}
    default = config.sections[0].id
    exits: list[Placed] = []
    chosen: dict[str, list[Candidate]] = {section: [] for section in order}
    flags: dict[int, tuple[str, ...]] = {}

    for candidate in candidates:
        verdict = judge(candidate, window, late)
        if verdict is None:
            continue
        section = order.get(candidate.section) or order[default]
        if isinstance(verdict, Exit):
            exits.append(_exit(candidate, verdict, section.id))
            continue
        out = _leave_out(config, candidate, section, overlay=overlay, spent=spent, send_at=send_at)
        if out is not None:
            exits.append(_exit(candidate, out, section.id))
            continue
        marks = KINDS[section.kind].flags(candidate, send_at)
        flags[candidate.key] = (*marks, "late") if verdict.late else marks
        chosen[section.id].append(candidate)

    sections: list[DocumentSection] = []
    included: list[Placed] = []
    for settings in config.sections:
        ordered = sort_items(KINDS[settings.kind], settings.sort, chosen[settings.id])
        taken, over = ordered[: settings.max_items], ordered[settings.max_items :]
        for position, candidate in enumerate(taken):
            included.append(_included(candidate, settings.id, position, flags[candidate.key]))
        reason = f"over the section's limit of {settings.max_items}"
        exits += [_exit(c, Exit(outcome=Outcome.OVER_LIMIT, reason=reason), settings.id) for c in over]
        sections.append(_section(settings, taken, len(over), flags, tz))

    title = issue_title(config, number, date)
    document = IssueDocument(
        number=number,
        title=title,
        date=date,
        subject=overlay.subject or title,
        preheader=overlay.preheader or preheader(sections),
        language=config.association.language,
        zone=config.association.zone,
        window=window,
        intro=config.digest.intro.strip() if overlay.intro is None else overlay.intro,
        outro=overlay.outro or "",
        sections=tuple(sections),
    )
    exits.sort(key=lambda p: (p.section, p.outcome.value, moment(p.candidate), p.candidate.key))
    return Composition(document=document, placements=(*included, *exits))


def preheader(sections: Iterable[DocumentSection]) -> str:
    """The first headlines, as many as fit into an inbox line: different every week by construction."""
    titles = [item.title for rank in range(3) for section in sections for item in section.items[rank : rank + 1]]
    if not titles:
        return ""
    line = titles[0]
    for title in titles[1:]:
        longer = f"{line} · {title}"
        if len(longer) > PREHEADER_LENGTH:
            break
        line = longer
    if len(line) > PREHEADER_LENGTH:
        line = line[: PREHEADER_LENGTH - 1].rsplit(" ", 1)[0].rstrip(" ,;:.-–") + "…"
    return line


def _leave_out(
    config: Config,
    candidate: Candidate,
    section: Section,
    *,
    overlay: Overlay,
    spent: Mapping[int, str],
    send_at: dt.datetime,
) -> Exit | None:
    """Why a candidate of this window does not become an item; None when it does."""
    if is_own_digest(config, candidate.doc.title):
        return Exit(outcome=Outcome.OWN_DIGEST, reason="it is one of this digest's own earlier issues")
    if candidate.key in spent:
        return Exit(outcome=Outcome.EARLIER, reason=f"it stood in {spent[candidate.key]}")
    if candidate.quarantined:
        return Exit(
            outcome=Outcome.QUARANTINED,
            reason="its source brought far more than usual and waits for somebody to look",
        )
    if candidate.key in overlay.dropped:
        who = overlay.dropped[candidate.key] or "an editor"
        return Exit(outcome=Outcome.DROPPED, reason=f"dropped by {who}")
    return KINDS[section.kind].leave_out(candidate, send_at, config.association.tz)


def _exit(candidate: Candidate, out: Exit, section: str) -> Placed:
    return Placed(
        candidate=candidate, outcome=out.outcome, code=out.outcome.value, reason=out.reason, section=section
    )


def _included(candidate: Candidate, section: str, position: int, flags: tuple[str, ...]) -> Placed:
    late = "late" in flags
    return Placed(
        candidate=candidate,
        outcome=Outcome.INCLUDED,
        code="late" if late else "in-window",
        reason="published earlier, but first seen this week" if late else "published within this issue's week",
        section=section,
        position=position,
    )


def _section(
    settings: Section,
    candidates: list[Candidate],
    more: int,
    flags: Mapping[int, tuple[str, ...]],
    tz: dt.tzinfo,
) -> DocumentSection:
    items = tuple(_item(c, flags[c.key], tz) for c in candidates)
    return DocumentSection(id=settings.id, title=settings.title, kind=settings.kind, items=items, more=more)


def _item(candidate: Candidate, flags: tuple[str, ...], tz: dt.tzinfo) -> Item:
    doc = candidate.doc
    published = candidate.published_at
    return Item(
        id=f"i{candidate.identity[:10]}",
        entry=candidate.key,
        title=doc.title,
        url=doc.url,
        source=candidate.source,
        source_title=candidate.source_title,
        published=published.astimezone(tz) if published else None,
        summary=doc.summary,
        authors=doc.authors,
        categories=doc.categories,
        image=doc.image,
        event=doc.event,
        publication=doc.publication,
        closing=doc.closing,
        flags=flags,
    )
