"""Bring earlier issues into the archive, with their numbers: those of another tool, or of before this one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from digest.archive.earlier import EarlierIssue, Unread, read_earlier
from digest.archive.record import write_record
from digest.compose.document import IssueDocument, Window
from digest.compose.models import Issue, IssueKind, IssueState, Number, NumberKind
from digest.config import Config
from digest.installation.audit import record
from digest.pipeline.coming import new_merge_tag
from digest.pipeline.render import render_public, renderer_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedEarlier:
    """What was understood, and what of it is new. `unread` are files and rows that were refused, with why."""

    new: tuple[EarlierIssue, ...]
    present: tuple[EarlierIssue, ...]  # imported before, or the number belongs to one of our own issues
    unread: tuple[Unread, ...]


def import_earlier(config: Config, path: Path, *, apply: bool, actor: str, now: dt.datetime) -> ImportedEarlier:
    """Read `path` (a folder of files, or a CSV); with `apply`, record each new issue in database and archive.

    An issue is stored whole or not at all, and running it again adds nothing. Raises UsageError for a path that
    holds no issues, StorageError when the archive cannot be written.
    """
    found = read_earlier(config, path)
    taken = set(Number.objects.values_list("number", flat=True))
    new: list[EarlierIssue] = []
    present: list[EarlierIssue] = []
    unread = [entry for entry in found if isinstance(entry, Unread)]
    for issue in sorted((e for e in found if isinstance(e, EarlierIssue)), key=lambda e: (e.number, e.origin)):
        if issue.number in {other.number for other in new}:
            unread.append(Unread(origin=issue.origin, reason=f"another one is issue {issue.number} too"))
        elif issue.number in taken:
            present.append(issue)
        else:
            new.append(issue)
    if apply and new:
        renderer = renderer_of(config)
        for issue in new:
            document = _document(config, issue)
            rendered = render_public(config, renderer, document)
            with transaction.atomic():
                _store(issue, document, actor=actor, now=now)
                # Last in the transaction: a record that cannot be written takes the rows back with it.
                write_record(config, document, rendered, number=issue.number)
    return ImportedEarlier(new=tuple(new), present=tuple(present), unread=tuple(unread))


def _document(config: Config, issue: EarlierIssue) -> IssueDocument:
    at = dt.datetime.combine(issue.date, dt.time(), tzinfo=config.association.tz).astimezone(dt.UTC)
    return IssueDocument(
        number=issue.number,
        title=issue.title,
        date=issue.date,
        subject=issue.title,
        language=config.association.language,
        zone=config.association.zone,
        window=Window(start=at, end=at),
        intro=_plain_as_markdown(issue.text) if issue.text else f"This issue stands at <{issue.url}>.",
    )


def _plain_as_markdown(text: str) -> str:
    """Plain text such that Markdown shows it word for word: every sign that could mean something is escaped."""
    paragraphs = ("  \n".join(line.strip() for line in block.splitlines()) for block in text.strip().split("\n\n"))
    escaped = "\n\n".join(paragraphs)
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>()#+-.!|&~=" else c for c in escaped)


def _store(issue: EarlierIssue, document: IssueDocument, *, actor: str, now: dt.datetime) -> None:
    row = Issue.objects.create(
        kind=IssueKind.IMPORTED,
        title_date=issue.date,
        state=IssueState.SENT,
        merge_tag=new_merge_tag(),
        document=document.as_json(),
        document_sha=document.sha256,
        published_at=now,
        created_at=now,
    )
    Number.objects.create(
        number=issue.number, kind=NumberKind.IMPORTED, issue=row, why=issue.origin, actor=actor, at=now
    )
    record(actor=actor, verb="issue.import", subject=f"issue:{row.pk}", now=now, number=issue.number)
