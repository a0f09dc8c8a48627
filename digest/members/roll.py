"""The roll: bring the members in from a table, and list them.

An import only adds and completes. It removes nobody, and it brings nobody back who left or whom nothing may be
sent to: only the person concerned can undo that.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from digest.config import Keys
from digest.errors import UsageError
from digest.installation.audit import record
from digest.members.address import Refused, address_key, address_keys, normalise
from digest.members.models import Consent, Member, MemberStatus
from digest.members.suppress import suppressed_keys
from digest.members.table import Row, read_table

CHUNK = 500
NAME_LENGTH = 200
DEFAULT_WORDING = "Taken from the association's own list of members."


@dataclass(frozen=True, slots=True, kw_only=True)
class RowNote:
    """Why one row was not taken as it stands. `row` counts as a spreadsheet does."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did. Every row is counted once: rows = new + changed + unchanged + the three lists."""

    understood: str
    rows: int
    new: int
    changed: int  # a name came, or another one
    unchanged: int
    kept_out: tuple[RowNote, ...]  # left, bounced, complained: they stay away
    repeated: tuple[RowNote, ...]  # the address stands further up already
    refused: tuple[RowNote, ...]


def new_public_id() -> str:
    """What a member's links carry: 128 random bits, lower-case hex."""
    return secrets.token_hex(16)


def import_csv(
    path: Path, *, keys: Keys, now: dt.datetime, actor: str = "command line", wording: str = DEFAULT_WORDING
) -> ImportReport:
    """Bring the members of a CSV file in, all of it or nothing. Raises UsageError when it is no such file."""
    try:
        data = path.read_bytes()
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder.", hint="Name the CSV file in it.") from None
    except FileNotFoundError:
        raise UsageError(f"There is no file {path}.", hint="Check the path.") from None
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}.", hint="Check the path and who may read it."
        ) from None
    return import_bytes(data, name=path.name, keys=keys, now=now, actor=actor, wording=wording)


def import_bytes(
    data: bytes,
    *,
    name: str,
    keys: Keys,
    now: dt.datetime,
    actor: str = "command line",
    wording: str = DEFAULT_WORDING,
) -> ImportReport:
    """`import_csv` of a file's content; `name` is what messages call it."""
    table = read_table(data, name=name)
    work = _Import(keys=keys, now=now, how=f"import of {name}"[:100], wording=wording)
    for row in table.rows:
        work.take(row)
    with transaction.atomic():
        for start in range(0, len(work.people), CHUNK):
            work.apply(work.people[start : start + CHUNK])
        report = ImportReport(
            understood=table.understood,
            rows=len(table.rows),
            new=work.new,
            changed=work.changed,
            unchanged=work.unchanged,
            kept_out=tuple(sorted(work.kept_out, key=lambda note: note.row)),
            repeated=tuple(work.repeated),
            refused=tuple(work.refused),
        )
        record(
            actor=actor,
            verb="members.import",
            subject="members",
            now=now,
            file_sha256=hashlib.sha256(data).hexdigest(),
            rows=report.rows,
            new=report.new,
            changed=report.changed,
            unchanged=report.unchanged,
            kept_out=len(report.kept_out),
            repeated=len(report.repeated),
            refused=len(report.refused),
        )
    return report


def list_members(statuses: Sequence[MemberStatus] = ()) -> Iterator[Member]:
    """The members in the order they joined, read in chunks; all of them, or those of `statuses`."""
    rows = Member.objects.order_by("joined_at", "pk")
    if statuses:
        rows = rows.filter(status__in=statuses)
    return rows.iterator(chunk_size=2000)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    row: int
    address: str
    name: str
    key: str
    known_as: tuple[str, ...]  # the address under every key still listed


@dataclass(slots=True, kw_only=True)
class _Import:
    """One import under way: rows are taken first, without the database; people are applied in its transaction."""

    keys: Keys
    now: dt.datetime
    how: str
    wording: str
    people: list[_Person] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    kept_out: list[RowNote] = field(default_factory=list)
    repeated: list[RowNote] = field(default_factory=list)
    refused: list[RowNote] = field(default_factory=list)

    def take(self, row: Row) -> None:
        if row.wrong:
            self.refused.append(RowNote(row=row.number, reason=row.wrong))
            return
        address = normalise(row.address)
        if isinstance(address, Refused):
            self.refused.append(RowNote(row=row.number, reason=address.reason))
            return
        key = address_key(self.keys, address)
        if key in self.seen:
            reason = f"The address stands in row {self.seen[key]} already."
            self.repeated.append(RowNote(row=row.number, reason=reason))
            return
        self.seen[key] = row.number
        self.people.append(
            _Person(
                row=row.number,
                address=address,
                name=row.name[:NAME_LENGTH],
                key=key,
                known_as=address_keys(self.keys, address),
            )
        )

    def apply(self, people: Sequence[_Person]) -> None:
        known = _by_key(key for person in people for key in person.known_as)
        stopped = suppressed_keys(key for person in people for key in person.known_as)
        joining: list[Member] = []
        renamed: list[Member] = []
        for person in people:
            member = next((known[key] for key in person.known_as if key in known), None)
            if any(key in stopped for key in person.known_as):
                self._keep_out(person, "Nothing may be sent to this address: it bounced, complained or was stopped.")
            elif member is None:
                joining.append(self._member(person))
            elif member.status == MemberStatus.LEFT:
                self._keep_out(person, "This member has left; only the member can undo that.")
            elif member.status != MemberStatus.ACTIVE:
                self._keep_out(person, f"This member is {member.status}; an import does not change that.")
            elif person.name and person.name != member.name:
                member.name = person.name
                renamed.append(member)
            else:
                self.unchanged += 1
        Member.objects.bulk_create(joining)
        Consent.objects.bulk_create(
            Consent(member=member, action="import", how=self.how, wording=self.wording, at=self.now)
            for member in joining
        )
        Member.objects.bulk_update(renamed, ["name"])
        self.new += len(joining)
        self.changed += len(renamed)

    def _member(self, person: _Person) -> Member:
        return Member(
            public_id=new_public_id(),
            email=person.address,
            address_key=person.key,
            name=person.name,
            status=MemberStatus.ACTIVE,
            joined_at=self.now,
        )

    def _keep_out(self, person: _Person, reason: str) -> None:
        self.kept_out.append(RowNote(row=person.row, reason=reason))


def _by_key(keys: Iterable[str]) -> dict[str, Member]:
    return {member.address_key: member for member in Member.objects.filter(address_key__in=list(keys))}
