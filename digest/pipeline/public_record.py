"""The published record after its writing: making it findable, proving it, correcting it."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

from django.db import DatabaseError, transaction

from digest.archive import search
from digest.archive.errata import Erratum, write_erratum
from digest.archive.folder import sums_hash
from digest.archive.verify import Proof, verify
from digest.compose.models import Issue, Number
from digest.config import Config
from digest.installation.audit import record
from digest.installation.models import Audit

log = logging.getLogger(__name__)

AT_ONCE = 25  # issues made findable at one ring of the clock


def make_findable(config: Config, *, most: int = AT_ONCE) -> list[str]:
    """Bring what was published since into the search. Says nothing, as the clock's steps do that owe nobody a word.

    Never raises for the database: nothing waits for the search, and the clock tries again.
    """
    try:
        search.index_missing(config, most=most)
    except DatabaseError as error:
        log.warning("The search index could not be brought up to date: %s", error)
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordReport:
    """What `verify_record` found: the files' own proof, and what the database knows otherwise. Sentences."""

    proof: Proof
    problems: tuple[str, ...]


def verify_record(config: Config) -> RecordReport:
    """Prove the record by its own hashes, and by what the audit trail says was written."""
    proof = verify(config.issues_dir)
    problems = [*proof.problems]
    published = Issue.objects.filter(published_at__isnull=False).values_list("pk")
    expected = set(Number.objects.filter(issue__in=published).values_list("number", flat=True))
    problems += [
        f"issue {number}: it was published, and its record is missing"
        for number in sorted(expected - {*proof.issues})
    ]
    told = set(Issue.objects.filter(published_at__isnull=False).exclude(slug="").values_list("slug", flat=True))
    problems += [
        f"announcement {slug}: it was published, and its record is missing"
        for slug in sorted(told - {str(name) for name in proof.sums})
    ]
    for detail in Audit.objects.filter(verb__in=("issue.publish", "issue.import")).values_list("detail", flat=True):
        number, sums = detail.get("number") or detail.get("slug"), detail.get("sums")
        if sums and proof.sums.get(number, sums) != sums:
            problems.append(
                f"issue {number}: its record is not the one that was published, although its hashes agree"
            )
    for detail in Audit.objects.filter(verb="issue.erratum").values_list("detail", flat=True):
        number, erratum, sums = detail["number"], detail["erratum"], detail["sums"]
        folder = config.issues_dir / str(number) / "errata" / str(erratum)
        if number in proof.issues and sums_hash(folder) != sums:
            problems.append(f"issue {number}: erratum {erratum} is not the one that was published")
    return RecordReport(proof=proof, problems=tuple(problems))


def add_erratum(config: Config, number: int, *, text: str, item: str, actor: str, now: dt.datetime) -> Erratum:
    """Say beside issue `number` what was wrong in it. Raises as `write_erratum` does."""
    row = Number.objects.filter(number=number).first()
    subject = f"issue:{row.issue_id}" if row and row.issue_id else f"record:{number}"
    with transaction.atomic():
        erratum = write_erratum(config, number, text=text, item=item, now=now)
        folder = config.issues_dir / str(number) / "errata" / str(erratum.erratum)
        record(
            actor=actor,
            verb="issue.erratum",
            subject=subject,
            now=now,
            number=number,
            erratum=erratum.erratum,
            sums=sums_hash(folder),
        )
    return erratum
