"""Prepare: the few editions that members of an issue chose, each rendered and checked once.

What is sent is derived from the approved document with the approved templates, checked as the approval was, and
stored with its hash before the first claim. Where that cannot be had, members get the whole issue, which was approved
as it is, and staff are told: a choice that is not heard for a week is a smaller harm than no copy.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from digest.compose.choice import edition_document
from digest.compose.document import IssueDocument
from digest.compose.models import Issue, IssueKind
from digest.config import Config
from digest.deliver.models import Edition
from digest.deliver.roll import Roll, has_monthly
from digest.errors import DigestError
from digest.installation.audit import record
from digest.members.preferences import Format
from digest.pipeline.check import check_mail, told
from digest.pipeline.editions import MOST, Group, choice_of, groups
from digest.pipeline.render import FULL, edition_of, render_for_members, renderer_of
from digest.render.models import MergeTags, RenderedIssue

if TYPE_CHECKING:
    from digest.render import Renderer

AT_APPROVAL = 20  # of them, how many are made at once: somebody waits for the page
FALLBACK = "issue.edition-fallback"  # the audit trail's verb
CHANGED = "templates, brand or program have changed since the approval"
TOO_MANY = f"there are more than {MOST} different editions, and few chose this one"
UNREADABLE = "the choice does not fit its key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """Members who get the whole issue although they chose less, and why."""

    key: str
    members: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The editions by key; None where nothing is of what was chosen. Whose key is not here gets the full one."""

    editions: Mapping[str, Edition | None]
    fallbacks: tuple[Fallback, ...] = ()


def prepare(config: Config, issue: Issue, *, now: dt.datetime, at_most: int = MOST) -> Prepared:
    """Have every edition stored that a member on today's list of the approved `issue` wants. Twice makes each once.

    At most `at_most` are made now; those that would be more are left to a later call, or, from MOST on, fall back.
    """
    if issue.document is None:  # what was never composed here, as an imported issue, has the one form that is kept
        return Prepared(editions={})
    day = now.astimezone(config.association.tz).date()
    work = _Making(config, issue, now)
    editions: dict[str, Edition | None] = {}
    fallbacks = []
    for group in groups(Roll(kind=issue.kind, day=day, monthly=has_monthly(issue))):
        try:
            found = work.edition(group, at_most)
        except _FallBackError as error:
            fallbacks.append(Fallback(key=group.key, members=group.members, why=str(error)))
            continue
        if found is not work.full:
            editions[group.key] = found
    return Prepared(editions=editions, fallbacks=tuple(fallbacks))


def record_fallbacks(issue: Issue, prepared: Prepared, *, actor: str, now: dt.datetime) -> tuple[str, ...]:
    """Keep who gets the whole issue instead, in the audit trail; a sentence for each reason."""
    members: dict[str, int] = {}
    for one in prepared.fallbacks:
        members[one.why] = members.get(one.why, 0) + one.members
    if prepared.fallbacks:
        record(
            actor=actor,
            verb=FALLBACK,
            subject=f"issue:{issue.pk}",
            now=now,
            members=sum(members.values()),
            editions=[{"key": one.key, "members": one.members, "why": one.why} for one in prepared.fallbacks[:MOST]],
        )
    return tuple(
        f"{'1 member gets' if n == 1 else f'{n:,} members get'} the whole issue instead of the edition chosen: {why}."
        for why, n in members.items()
    )


class _FallBackError(Exception):
    """Why a group gets the full edition, in words."""


class _Making:
    """One call of `prepare`: what is rendered, is rendered once."""

    def __init__(self, config: Config, issue: Issue, now: dt.datetime) -> None:
        self._config, self._issue, self._now = config, issue, now
        self._document = IssueDocument.model_validate(issue.document)
        self.full = edition_of(issue, FULL)
        approved = Edition.objects.filter(
            issue=issue, document_sha=self.full.document_sha, fingerprint=self.full.fingerprint
        )
        self._stored = {edition.key: edition for edition in approved.defer("html", "text", "web")}
        full = RenderedIssue(subject=self.full.subject, html=self.full.html, text=self.full.text, web="")
        self._rendered: dict[str, RenderedIssue | str] = {self._document.sha256: full}
        self._made: dict[tuple[str, bool], Edition] = {(self._document.sha256, False): self.full}
        self._count = 0

    @cached_property
    def _renderer(self) -> Renderer:
        return renderer_of(self._config)

    @cached_property
    def _blocks(self) -> frozenset[str]:
        """What the approval let pass: it is no reason against an edition."""
        full = self._rendered[self._document.sha256]
        assert isinstance(full, RenderedIssue)
        return self._found(self._document, full)

    def edition(self, group: Group, at_most: int) -> Edition | None:
        """The group's edition, made where it is not there yet. _FallBackError when it cannot be."""
        if group.preferences is None:
            raise _FallBackError(UNREADABLE)
        choice = choice_of(group.preferences)
        if self._issue.kind != IssueKind.WEEKLY:
            choice = replace(choice, sections=None)  # nobody chose among the sections of anything else
        document = edition_document(self._config, self._document, choice)
        if document is None:
            return None
        text_only = group.preferences.format is Format.TEXT
        same = (document.sha256, text_only)
        if same not in self._made:
            if self._count >= at_most:
                raise _FallBackError(TOO_MANY)
            stored = self._stored.get(group.key)
            self._made[same] = stored or self._make(group.key, document, text_only=text_only)
            self._count += 1
        return self._made[same]

    def _make(self, key: str, document: IssueDocument, *, text_only: bool) -> Edition:
        sha = document.sha256
        if sha not in self._rendered:
            self._rendered[sha] = self._render(document)
        rendered = self._rendered[sha]
        if isinstance(rendered, str):
            raise _FallBackError(rendered)
        if text_only:
            rendered = replace(rendered, html="", web=rendered.html)
        edition, _ = Edition.objects.get_or_create(
            issue=self._issue,
            document_sha=self.full.document_sha,
            fingerprint=self.full.fingerprint,
            key=key,
            defaults={
                "subject": rendered.subject,
                "html": rendered.html,
                "text": rendered.text,
                "web": rendered.web,
                "sha256": rendered.sha256,
                "bytes": rendered.bytes,
                "created_at": self._now,
            },
        )
        return edition

    def _render(self, document: IssueDocument) -> RenderedIssue | str:
        """The rendering, or why it may not be sent."""
        try:
            if self._renderer.fingerprint != self.full.fingerprint:
                return CHANGED
            rendered = render_for_members(self._config, self._renderer, document, self._issue)
            found = sorted(self._found(document, rendered) - self._blocks)
        except DigestError as error:
            return f"it cannot be rendered ({error})"
        tags = MergeTags.of(self._issue.merge_tag)
        if not all(tags.unsubscribe in form for form in (rendered.html, rendered.text)):
            return "it has no link to unsubscribe"
        return f"the checks found: {' '.join(found)}".rstrip(".") if found else rendered

    def _found(self, document: IssueDocument, mail: RenderedIssue) -> frozenset[str]:
        checked = check_mail(self._config, self._issue, document, mail, now=self._now)
        return frozenset(told(found) for found in checked.blocks)
