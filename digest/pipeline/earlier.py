"""Bring earlier issues into the archive, with their numbers: those of another tool, or of before this one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from django.db import IntegrityError, transaction

from digest.archive.earlier import EarlierIssue, Unread, read_earlier
from digest.archive.earlier.words import escaped
from digest.archive.folder import sums_hash
from digest.archive.record import write_record
from digest.compose.document import IssueDocument, Window
from digest.compose.models import Issue, IssueKind, IssueState, Number, NumberKind
from digest.config import Config
from digest.deliver.editions import new_merge_tag
from digest.errors import DigestError, StateError
from digest.installation.audit import record
from digest.pipeline.numbers import accounts
from digest.pipeline.public_record import make_findable
from digest.pipeline.render import render_public, renderer_of
from digest.render.models import RenderedIssue


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedEarlier:
    """What was understood, and what of it is new.

    `refused` are files and rows that cannot be used, or whose number belongs to something else; `failed` are those
    that could not be stored. Both say why.
    """

    new: tuple[EarlierIssue, ...]
    present: tuple[EarlierIssue, ...]  # imported before
    refused: tuple[Unread, ...]
    failed: tuple[Unread, ...] = ()


def import_earlier(config: Config, path: Path, *, apply: bool, actor: str, now: dt.datetime) -> ImportedEarlier:
    """Read `path` (a folder of files, or a CSV); with `apply`, record each new issue in database and archive.

    An issue is stored whole or not at all; one that fails keeps no other back. Running it again adds nothing.
    A number that was reserved becomes the issue's. Raises UsageError for a path that holds no issues.
    """
    understood = _sorted_out(read_earlier(config, path, now=now))
    if not apply or not understood.new:
        return understood
    renderer = renderer_of(config)
    stored: list[EarlierIssue] = []
    failed: list[Unread] = []
    for issue in understood.new:
        document = _document(config, issue)
        try:
            rendered = render_public(config, renderer, document)
            _store(config, issue, document, rendered, actor=actor, now=now)
            stored.append(issue)
        except DigestError as error:
            failed.append(Unread(origin=issue.origin, reason=error.message))
    make_findable(config, most=len(stored))
    return ImportedEarlier(
        new=tuple(stored), present=understood.present, refused=understood.refused, failed=tuple(failed)
    )


def _sorted_out(found: list[EarlierIssue | Unread]) -> ImportedEarlier:
    taken = {account.number: account for account in accounts()}
    new: dict[int, EarlierIssue] = {}
    present: list[EarlierIssue] = []
    refused = [entry for entry in found if isinstance(entry, Unread)]
    for issue in sorted((e for e in found if isinstance(e, EarlierIssue)), key=lambda e: (e.number, e.origin)):
        account = taken.get(issue.number)
        if issue.number in new:
            other = new[issue.number].origin
            refused.append(Unread(origin=issue.origin, reason=f"it is issue {issue.number}, as is {other}"))
        elif account is None or account.kind == NumberKind.RESERVED:
            new[issue.number] = issue
        elif account.kind == NumberKind.IMPORTED:
            present.append(issue)
        else:
            refused.append(Unread(origin=issue.origin, reason=f"number {issue.number} is taken: {account.words}"))
    return ImportedEarlier(new=tuple(new.values()), present=tuple(present), refused=tuple(refused))


def _document(config: Config, issue: EarlierIssue) -> IssueDocument:
    at = dt.datetime.combine(issue.date, dt.time(), tzinfo=config.association.tz).astimezone(dt.UTC)
    title = escaped(issue.title, at_start=False)
    return IssueDocument(
        number=issue.number,
        title=issue.title,
        date=issue.date,
        subject=issue.title,
        language=config.association.language,
        zone=config.association.zone,
        window=Window(start=at, end=at),
        intro=issue.markdown or f"This issue is kept elsewhere: [{title}](<{issue.url}>)",
    )


def _store(
    config: Config,
    issue: EarlierIssue,
    document: IssueDocument,
    rendered: RenderedIssue,
    *,
    actor: str,
    now: dt.datetime,
) -> None:
    """Rows and record together. StateError when the number was taken meanwhile, StorageError from the archive."""
    try:
        with transaction.atomic():
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
            given = {"kind": NumberKind.IMPORTED, "issue": row, "actor": actor, "at": now}
            reserved = Number.objects.filter(number=issue.number, kind=NumberKind.RESERVED)
            if not reserved.update(**given):
                Number.objects.create(number=issue.number, why=issue.origin, **given)
            # A record that cannot be written takes the rows back with it.
            folder = write_record(config, document, rendered, number=issue.number)
            record(
                actor=actor,
                verb="issue.import",
                subject=f"issue:{row.pk}",
                now=now,
                number=issue.number,
                origin=issue.origin,
                sums=sums_hash(folder),
            )
    except IntegrityError:
        raise StateError(f"Number {issue.number} was taken a moment ago.", hint="Try again.") from None
