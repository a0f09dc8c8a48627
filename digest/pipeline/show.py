"""Show: an issue in one of its forms, as a string or as JSON values."""

from __future__ import annotations

import datetime as dt
from typing import Any

from digest.archive.index import archive_of
from digest.archive.record import MAIL, TEXT
from digest.compose.choice import edition_document
from digest.compose.models import Issue, IssueKind, Number
from digest.config import Config
from digest.errors import StateError
from digest.members.preferences import Preferences
from digest.pipeline.coming import Coming, approved_composition, coming
from digest.pipeline.editions import choice_of, preferences_for, render_edition
from digest.pipeline.render import FULL, edition_of, render_coming

_NO_HTML = "<!-- This edition is plain text alone: there is no HTML part. -->\n"
_FILES = {"html": MAIL, "text": TEXT}


def shown(
    config: Config, number: int | None, *, now: dt.datetime, form: str, edition: str = FULL
) -> str | dict[str, Any]:
    """Issue `number`, or the coming one for None, as `form`: html, text, subject or json.

    `edition` is the key of an edition that members chose; of an issue that went out, one that was sent.

    An approved issue is shown as it was frozen, with its tags where each member's links stand; an imported one as
    it stands in the archive. StateError when there is no such issue.
    """
    if number is None:
        current = coming(config, now=now)
        if edition != FULL:
            return _edition_of_coming(config, current, preferences_for(edition), form)
        if form == "json":
            return current.composition.as_json()
        if form == "subject":
            return current.document.subject
        rendered = render_coming(config, current)
        return rendered.html if form == "html" else rendered.text
    issue = numbered(number)
    if form == "json":
        return approved_composition(config, issue).as_json()
    if issue.kind == IssueKind.IMPORTED:
        return _imported(config, number, form)
    found = edition_of(issue, edition)
    return {"html": found.html or _NO_HTML, "text": found.text, "subject": found.subject}[form]


def _edition_of_coming(config: Config, current: Coming, chosen: Preferences, form: str) -> str | dict[str, Any]:
    if form == "json":
        document = edition_document(config, current.document, choice_of(chosen))
        return document.as_json() if document is not None else {}
    rendered = render_edition(config, current, chosen)
    return {"html": rendered.html or _NO_HTML, "text": rendered.text, "subject": rendered.subject}[form]


def _imported(config: Config, number: int, form: str) -> str:
    found = archive_of(config.issues_dir).get(number)
    try:
        if found is not None:
            return found.subject if form == "subject" else (found.folder / _FILES[form]).read_text(encoding="utf-8")
    except OSError:
        pass
    raise StateError(
        f"Issue {number} was imported, but its record in {config.issues_dir} is not there or cannot be read.",
        hint="Restore it from a backup.",
    )


def numbered(number: int) -> Issue:
    """The approved or imported issue `number`. StateError when there is none."""
    row = Number.objects.filter(number=number).select_related("issue").first()
    if row is None or row.issue is None or row.issue.document is None:
        raise StateError(
            f"There is no approved issue {number} in this installation.",
            hint="`digest show next` shows the coming one.",
        )
    return row.issue
