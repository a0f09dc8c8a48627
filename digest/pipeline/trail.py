"""The audit trail, read: who did what when, in sentences, by person, issue, kind and date."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TextIO

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from digest.compose.models import Issue, IssueKind, Number
from digest.gather.models import Entry, Source
from digest.installation.models import Audit
from digest.members.spreadsheet import BOM, harmless
from digest.pipeline.trail_words import KINDS, words_of_line

_CHUNK = 500
BY_ITSELF = ("clock", "command line", "config.toml", "digest", "member", "provider", "somebody")
HEADING = ("when (UTC)", "who", "what", "verb", "about", "detail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines. "" and None let everything through; `since` and `until` are aware, half-open."""

    who: str = ""  # part of a name or an address
    issue: int | None = None  # its number
    kind: str = ""  # a key of KINDS
    since: dt.datetime | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailLine:
    """One line: at `at` (aware UTC) `who` did `what`. `verb`, `subject` and `detail` are as they were written."""

    at: dt.datetime
    who: str
    what: str
    verb: str
    subject: str
    detail: dict[str, Any]


def rows_of(wanted: Wanted) -> QuerySet[Audit]:
    """The rows that are wanted, the latest first."""
    rows = Audit.objects.order_by("-at", "-pk")
    if wanted.who:
        rows = rows.filter(actor__icontains=wanted.who)
    if wanted.issue is not None:
        rows = rows.filter(subject__in=_subjects_of(wanted.issue))
    if wanted.kind:
        any_of = Q()
        for start in KINDS[wanted.kind][1]:
            any_of |= Q(verb__startswith=start)
        rows = rows.filter(any_of)
    if wanted.since is not None:
        rows = rows.filter(at__gte=wanted.since)
    if wanted.until is not None:
        rows = rows.filter(at__lt=wanted.until)
    return rows


def lines(rows: Iterable[Audit]) -> Iterator[TrailLine]:
    """The rows in words. What they speak of is looked up some hundred at a time."""
    batch: list[Audit] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _CHUNK:
            yield from _told(batch)
            batch = []
    yield from _told(batch)


def people() -> list[str]:
    """Who can stand in the trail as somebody who did something: staff, open or closed, and what acts by itself."""
    return [*User.objects.filter(is_staff=True).order_by("username").values_list("username", flat=True), *BY_ITSELF]


def write_csv(wanted: Wanted, out: TextIO) -> int:
    """Write the lines that are wanted, the latest first; how many. No cell is taken for a formula."""
    out.write(BOM)
    writer = csv.writer(out)
    writer.writerow(HEADING)
    count = 0
    for line in lines(rows_of(wanted).iterator(chunk_size=_CHUNK)):
        detail = json.dumps(line.detail, ensure_ascii=False, sort_keys=True) if line.detail else ""
        cells = (f"{line.at:%Y-%m-%d %H:%M:%S}", line.who, line.what, line.verb, line.subject, detail)
        writer.writerow([harmless(cell) for cell in cells])
        count += 1
    return count


def as_json(line: TrailLine) -> dict[str, Any]:
    """The line for programs."""
    return {
        "at": line.at.isoformat(),
        "who": line.who,
        "what": line.what,
        "verb": line.verb,
        "about": line.subject,
        "detail": line.detail,
    }


def _subjects_of(number: int) -> list[str]:
    issues = Number.objects.filter(number=number, issue__isnull=False).values_list("issue_id", "issue__title_date")
    found = [f"number:{number}", f"record:{number}"]
    for pk, date in issues:
        found += [f"issue:{pk}", f"issue-of:{date}"]
    return found


def _told(batch: list[Audit]) -> Iterator[TrailLine]:
    named = _names(batch)
    titles = _titles(batch)
    for row in batch:
        about = named.get(row.subject) or _plain_name(row.subject)
        item = titles.get(row.detail.get("entry") or 0, "")
        yield TrailLine(
            at=row.at,
            who=row.actor,
            what=words_of_line(row.verb, row.detail, about=about, item=item),
            verb=row.verb,
            subject=row.subject,
            detail=row.detail,
        )


def _names(batch: list[Audit]) -> dict[str, str]:
    """What the subjects of these rows are called, where a table knows it."""
    keys: dict[str, set[str]] = {}
    for row in batch:
        kind, _, key = row.subject.partition(":")
        keys.setdefault(kind, set()).add(key)
    names: dict[str, str] = {}
    for issue in (
        Issue.objects.filter(pk__in=_whole(keys.get("issue"))).select_related("number_row").defer("document")
    ):
        names[f"issue:{issue.pk}"] = _issue_name(issue)
    for pk, account in User.objects.filter(pk__in=_whole(keys.get("staff"))).values_list("pk", "username"):
        names[f"staff:{pk}"] = account
    known = set(Source.objects.filter(key__in=keys.get("source", ())).values_list("key", flat=True))
    names |= {f"source:{key}": f"the source {key}" for key in known}
    return names


def _issue_name(issue: Issue) -> str:
    number: Number | None = getattr(issue, "number_row", None)
    if number is not None:
        return f"issue {number.number}"
    day = f"{issue.title_date.day} {issue.title_date:%b %Y}"
    return f"the announcement of {day}" if issue.kind == IssueKind.ANNOUNCEMENT else f"the issue of {day}"


def _plain_name(subject: str) -> str:
    kind, _, key = subject.partition(":")
    match kind:
        case "record":
            return f"issue {key}"
        case "issue-of":
            day = dt.date.fromisoformat(key)
            return f"the issue of {day.day} {day:%b %Y}"
        case "member":
            return f"member {key[:8]}"
        case "installation" | "members" | "newsroom":
            return f"the {kind}"
    return f"{kind} {key}".strip()


def _titles(batch: list[Audit]) -> dict[int, str]:
    wanted = {row.detail["entry"] for row in batch if isinstance(row.detail.get("entry"), int)}
    found = Entry.objects.filter(pk__in=wanted).values_list("pk", "latest_doc__title") if wanted else ()
    return {pk: str(title or "")[:120] for pk, title in found}


def _whole(keys: set[str] | None) -> list[int]:
    return [int(key) for key in keys or () if key.isascii() and key.isdigit() and len(key) < 18]
