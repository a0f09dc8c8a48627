"""Rehearse: the whole coming Monday in the provider's sandbox, nothing recorded and nothing sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace

from digest.compose.choice import edition_document
from digest.config import Config, Keys
from digest.deliver.message import Mailing, mailing_of
from digest.deliver.rehearse import Part, Rehearsal
from digest.deliver.rehearse import rehearse as try_all
from digest.deliver.roll import Roll, has_monthly
from digest.errors import StateError
from digest.members.preferences import Format, Preferences
from digest.pipeline.coming import Coming, coming
from digest.pipeline.editions import MOST, choice_of, groups
from digest.pipeline.render import render_for_members, render_for_test, renderer_of
from digest.render.models import MergeTags, RenderedIssue


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What was rehearsed, and what came of it."""

    title: str
    mail_bytes: int  # of one copy's HTML part, before its links are put in
    result: Rehearsal


def rehearse(config: Config, keys: Keys, *, now: dt.datetime) -> Rehearsed:
    """Compose and render the coming issue, and try it out with everybody who would receive it on its day.

    Raises StateError when there is nothing in it, and as digest.deliver.rehearse does.
    """
    issue = coming(config, now=now)
    if not issue.document.items:
        raise StateError("The coming issue is empty, so there is nothing to rehearse.", hint="Gather first.")
    whole = render_for_test(config, issue)
    roll = Roll(kind=issue.issue.kind, day=issue.slot.date, monthly=has_monthly(issue.issue))
    result = try_all(config, keys, _parts(config, issue, whole, roll), now=now)
    return Rehearsed(title=issue.document.title, mail_bytes=whole.bytes, result=result)


def _parts(config: Config, issue: Coming, whole: RenderedIssue, roll: Roll) -> Iterator[Part]:
    """The full edition, then each of the others with the members who chose it; each rendered when its turn comes."""
    others = []
    for group in groups(roll)[:MOST]:
        document = edition_document(config, issue.document, choice_of(group.preferences or Preferences()))
        text_only = group.preferences is not None and group.preferences.format is Format.TEXT
        if document is None or text_only or document.sha256 != issue.document.sha256:
            others.append((group.key, document, text_only))
    apart = [key for key, _, _ in others]
    yield Part(_mailing(config, issue, whole), roll.receiving().exclude(edition_key__in=apart))
    for key, document, text_only in others:
        if document is not None:  # who chose nothing of what is in it gets no copy
            rendered = render_for_members(config, renderer_of(config), document, issue.issue)
            rendered = replace(rendered, html="") if text_only else rendered
            yield Part(_mailing(config, issue, rendered), roll.receiving().filter(edition_key=key))


def _mailing(config: Config, issue: Coming, rendered: RenderedIssue) -> Mailing:
    number = issue.document.number
    return mailing_of(
        config,
        name=str(number) if number is not None else issue.document.date.isoformat(),
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        tags=MergeTags.of(issue.issue.merge_tag),
        number=number,
        tracking=config.delivery.tracking,
    )
