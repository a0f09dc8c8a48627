"""The editor's arithmetic: candidates, a window and the editors' changes in; an issue and its placements out.

In this order: does it belong to this window; was it in an issue before, or is it over; is it the same story as
another; did an editor take it out; in which section does it stand; does it fit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from digest.compose.changes import Rewritten, SourceNote, source_note
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
from digest.compose.headline import issue_title, preheader, subject
from digest.compose.limits import fit, more_url
from digest.compose.merge import find_duplicates
from digest.compose.own import is_own_digest
from digest.compose.rewrite import with_words
from digest.compose.routing import router
from digest.compose.sections import KINDS
from digest.compose.sections.base import Exit, moment
from digest.compose.window import InWindow, LateRule, judge
from digest.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What earlier issues left behind.

    `stood_before(candidate)` says in words in which issue it stood, None when in none; `carried` maps entries that an
    earlier issue held back for this one to that issue's name.
    """

    stood_before: Callable[[Candidate], str | None] = lambda _candidate: None
    carried: Mapping[int, str] = field(default_factory=dict)


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
    past: Past | None = None,
) -> Composition:
    """The issue of `window`, and one placement for each candidate the window saw.

    `date` is the one in the title, `send_at` the planned instant. Without a `late` rule only publication dates count.
    """
    work = _Composing(config, overlay or Overlay(), past or Past(), window=window, send_at=send_at, late=late)
    work.sift(candidates)
    work.merge()
    work.apply_fates()
    sections = work.fill()
    title = issue_title(config, number, date)
    overlay = work.overlay
    document = IssueDocument(
        number=number,
        title=title,
        date=date,
        subject=overlay.subject or subject(config, title, sections),
        preheader=overlay.preheader or preheader(sections),
        language=config.association.language,
        zone=config.association.zone,
        window=window,
        intro=config.digest.intro.strip() if overlay.intro is None else overlay.intro,
        outro=overlay.outro or "",
        sections=sections,
    )
    return Composition(document=document, placements=work.placements())


class _Composing:
    """One composition under way. Each step moves candidates from `standing` to `exits`."""

    def __init__(
        self,
        config: Config,
        overlay: Overlay,
        past: Past,
        *,
        window: Window,
        send_at: dt.datetime,
        late: LateRule | None,
    ) -> None:
        self.config, self.overlay, self.past = config, overlay, past
        self.window, self.send_at, self.late = window, send_at, late
        self.tz = config.association.tz
        self.route = router(config)
        self.rank = {source.id: place for place, source in enumerate(config.sources)}
        self.kinds = {section.id: KINDS[section.kind] for section in config.sections}
        self.standing: dict[int, Candidate] = {}
        self.why: dict[int, InWindow] = {}
        self.section: dict[int, str] = {}
        self.also_in: dict[int, list[str]] = {}
        self.exits: list[Placed] = []
        self.included: list[Placed] = []

    def sift(self, candidates: Iterable[Candidate]) -> None:
        """Take what belongs to this window and is fit to stand in it."""
        for candidate in candidates:
            verdict = self._verdict(candidate)
            if verdict is None:
                continue
            section = self._section_of(candidate)
            self.section[candidate.key] = section
            out = self._spent(candidate) or (
                verdict if isinstance(verdict, Exit) else self._unfit(self._worded(candidate), section)
            )
            if out is not None and candidate.key in self.overlay.included and out.outcome not in _FINAL:
                out, verdict = None, InWindow(why="included by an editor", code="by-hand")
            if out is not None or isinstance(verdict, Exit):
                assert out is not None
                self._exit(candidate, out)
            else:
                self.standing[candidate.key] = candidate
                self.why[candidate.key] = verdict

    def merge(self) -> None:
        """Let the same story stand once."""
        found = find_duplicates(
            list(self.standing.values()), rank=self.rank, apart=self.overlay.apart, joined=self.overlay.joined
        )
        for duplicate in found:
            candidate = self.standing.pop(duplicate.key)
            self.also_in.setdefault(duplicate.into, []).append(candidate.source_title)
            self._exit(candidate, Exit(outcome=Outcome.MERGED, reason=duplicate.reason), into=duplicate.into)

    def apply_fates(self) -> None:
        """Take out what an editor took out."""
        for fates, outcome, words in (
            (self.overlay.dropped, Outcome.DROPPED, "dropped by {}"),
            (self.overlay.held, Outcome.HELD, "held for the next issue by {}"),
        ):
            for key, actor in fates.items():
                if candidate := self.standing.pop(key, None):
                    self._exit(candidate, Exit(outcome=outcome, reason=words.format(actor or "an editor")))

    def fill(self) -> tuple[DocumentSection, ...]:
        """Put what still stands into its sections."""
        by_section: dict[str, list[Candidate]] = {section.id: [] for section in self.config.sections}
        for key, candidate in self.standing.items():
            by_section[self.section[key]].append(self._worded(candidate))
        sections: list[DocumentSection] = []
        for settings in self.config.sections:
            fitted = fit(settings, by_section[settings.id], self.overlay, self.rank)
            for candidate, out in fitted.left:
                self._exit(self.standing[candidate.key], out)
            for position, candidate in enumerate(fitted.taken):
                self._include(self.standing[candidate.key], settings.id, position)
            items = tuple(self._item(candidate) for candidate in fitted.taken)
            sections.append(
                DocumentSection(
                    id=settings.id,
                    title=settings.title,
                    kind=settings.kind,
                    items=items,
                    more=fitted.more,
                    more_url=more_url(self.config, settings.id) if fitted.more else "",
                )
            )
        return tuple(sections)

    def placements(self) -> tuple[Placed, ...]:
        """Included ones in their order, then the rest by section and outcome."""
        return (*self.included, *sorted(self.exits, key=aside))

    def _verdict(self, candidate: Candidate) -> InWindow | Exit | None:
        if candidate.key in self.overlay.added:
            return InWindow(why="added by an editor", code="by-hand")
        if candidate.key in self.past.carried:
            return InWindow(why=f"carried over from {self.past.carried[candidate.key]}", code="carried")
        return judge(candidate, self.window, self.late)

    def _worded(self, candidate: Candidate) -> Candidate:
        """As an editor worded it: what a reader sees, what sorts it, what says that it is over."""
        words = self.overlay.rewritten.get(candidate.key)
        return replace(candidate, doc=with_words(candidate.doc, words, self.tz)) if words else candidate

    def _section_of(self, candidate: Candidate) -> str:
        known = self.kinds
        for chosen in (self.overlay.moved.get(candidate.key), self.overlay.added.get(candidate.key)):
            if chosen in known:
                return chosen
        return self.route(candidate).section

    def _spent(self, candidate: Candidate) -> Exit | None:
        """Why a candidate can stand in no issue any more; None when it can."""
        if is_own_digest(self.config, candidate.doc.title):
            return Exit(outcome=Outcome.OWN_DIGEST, reason="it is one of this digest's own earlier issues")
        if (before := self.past.stood_before(candidate)) is not None:
            return Exit(outcome=Outcome.EARLIER, reason=before)
        return None

    def _unfit(self, candidate: Candidate, section: str) -> Exit | None:
        """Why a candidate of this window does not stand in this issue; None when it does."""
        if candidate.quarantined:
            reason = "its source brought far more than usual and waits for somebody to look"
            return Exit(outcome=Outcome.QUARANTINED, reason=reason)
        return self.kinds[section].leave_out(candidate, self.send_at, self.tz)

    def _exit(self, candidate: Candidate, out: Exit, *, into: int | None = None) -> None:
        self.exits.append(
            Placed(
                candidate=candidate,
                outcome=out.outcome,
                code=out.outcome.value,
                reason=out.reason,
                section=self.section[candidate.key],
                merged_into=into,
                note=self._note(candidate),
            )
        )

    def _include(self, candidate: Candidate, section: str, position: int) -> None:
        why = self.why[candidate.key]
        self.included.append(
            Placed(
                candidate=candidate,
                outcome=Outcome.INCLUDED,
                code=why.code,
                reason=why.why,
                section=section,
                position=position,
                note=self._note(candidate),
            )
        )

    def _note(self, candidate: Candidate) -> SourceNote | None:
        key = candidate.key
        return source_note(
            candidate.first,
            candidate.doc,
            changed_at=candidate.changed_at,
            gone_at=candidate.gone_at,
            edits=Rewritten(words=self.overlay.rewritten.get(key, {}), over=self.overlay.over.get(key, {})),
            tz=self.tz,
        )

    def _item(self, candidate: Candidate) -> Item:
        """Of a candidate as it is worded."""
        doc = candidate.doc
        published, why = candidate.published_at, self.why[candidate.key]
        flags = self.kinds[self.section[candidate.key]].flags(candidate, self.send_at)
        return Item(
            id=f"i{candidate.identity[:10]}",
            entry=candidate.key,
            title=doc.title,
            url=doc.url,
            source=candidate.source,
            source_title=candidate.source_title,
            published=published.astimezone(self.tz) if published else None,
            summary=doc.summary,
            authors=doc.authors,
            categories=doc.categories,
            image=doc.image,
            event=doc.event,
            publication=doc.publication,
            closing=doc.closing,
            also_in=_others(candidate, self.also_in.get(candidate.key, ())),
            flags=(*flags, why.flag) if why.flag else flags,
        )


# What not even an editor can bring in: an entry is an item of at most one issue, and a digest never lists itself.
_FINAL = (Outcome.OWN_DIGEST, Outcome.EARLIER)


def aside(placed: Placed) -> tuple[object, ...]:
    """The order of what is no item: by section and outcome."""
    return (placed.section, placed.outcome.value, moment(placed.candidate), placed.candidate.key)


def _others(candidate: Candidate, titles: Iterable[str]) -> tuple[str, ...]:
    """The other sources that told the story, once each."""
    return tuple(dict.fromkeys(title for title in titles if title != candidate.source_title))
