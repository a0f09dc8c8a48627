"""Rehearse: the whole coming Monday in the provider's sandbox, nothing recorded and nothing sent."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from digest.config import Config, Keys
from digest.deliver.message import mailing_of
from digest.deliver.rehearse import Rehearsal
from digest.deliver.rehearse import rehearse as try_all
from digest.deliver.roll import Roll
from digest.errors import StateError
from digest.pipeline.coming import coming
from digest.pipeline.render import render_for_test
from digest.render.models import MergeTags


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
    rendered = render_for_test(config, issue)
    number = issue.document.number
    mailing = mailing_of(
        config,
        name=str(number) if number is not None else issue.document.date.isoformat(),
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        tags=MergeTags.of(issue.issue.merge_tag),
        number=number,
    )
    roll = Roll(kind=issue.issue.kind, day=issue.slot.date)
    result = try_all(config, keys, mailing, roll, now=now)
    return Rehearsed(title=issue.document.title, mail_bytes=rendered.bytes, result=result)
