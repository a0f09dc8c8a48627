"""Show: an issue in one of its forms, as a string or as JSON values."""

from __future__ import annotations

import datetime as dt
from typing import Any

from digest.compose.models import Issue, Number
from digest.config import Config
from digest.errors import StateError
from digest.pipeline.coming import approved_composition, coming
from digest.pipeline.render import FULL, edition_of, render_coming


def shown(config: Config, number: int | None, *, now: dt.datetime, form: str) -> str | dict[str, Any]:
    """Issue `number`, or the coming one for None, as `form`: html, text, subject or json.

    An approved issue is shown as it was frozen, with its tags where each member's links stand. StateError when
    there is no such issue.
    """
    if number is None:
        current = coming(config, now=now)
        if form == "json":
            return current.composition.as_json()
        if form == "subject":
            return current.document.subject
        rendered = render_coming(config, current)
        return rendered.html if form == "html" else rendered.text
    issue = _numbered(number)
    if form == "json":
        return approved_composition(config, issue).as_json()
    edition = edition_of(issue, FULL)
    return {"html": edition.html, "text": edition.text, "subject": edition.subject}[form]


def _numbered(number: int) -> Issue:
    row = Number.objects.filter(number=number).select_related("issue").first()
    if row is None or row.issue is None or row.issue.document is None:
        raise StateError(
            f"There is no approved issue {number} in this installation.",
            hint="`digest show next` shows the coming one.",
        )
    return row.issue
