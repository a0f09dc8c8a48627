"""How an issue is called, in sentences, in commands and in addresses."""

from __future__ import annotations

import re

from digest.compose.models import Issue, IssueKind, Number
from digest.compose.number import number_of
from digest.errors import StateError

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_OLDEST = 200  # characters of what somebody typed that are repeated


def name_of(issue: Issue) -> str:
    """`Issue 736`, `The announcement “Few tickets remain”`, `The issue of 2024-02-12`: to begin a sentence with."""
    number = number_of(issue)
    if number is not None:
        return f"Issue {number}"
    if issue.kind == IssueKind.ANNOUNCEMENT:
        title = str((issue.document or {}).get("title") or "")
        return f"The announcement “{title}”" if title else f"The announcement {key_of(issue)}"
    return f"The issue of {issue.title_date}"


def key_of(issue: Issue) -> str:
    """`736`, `2024-02-14-few-tickets-remain`, or `id-12` for what has neither number nor slug."""
    number = number_of(issue)
    return str(number) if number is not None else issue.slug or f"id-{issue.pk}"


def issue_called(key: str) -> Issue:
    """The issue of a `key_of`: a number, an announcement's slug, or its id. StateError when there is none."""
    key, issue = key.strip(), None
    if _NUMBER.fullmatch(key):
        row = Number.objects.filter(number=int(key)).select_related("issue").first()
        issue = row.issue if row else None
    elif _NUMBER.fullmatch(key.removeprefix("id-")):
        issue = Issue.objects.filter(pk=int(key.removeprefix("id-"))).first()
    elif key:
        issue = Issue.objects.filter(slug=key).first()
    if issue is None:
        what = f"issue {key}" if _NUMBER.fullmatch(key) else f"issue or announcement {key[:_OLDEST]!r}"
        raise StateError(f"There is no {what}.", hint="`digest number report` lists the numbers.")
    return issue
