"""The roll: bring members in from what another tool exported, see first what that would change, and list them.

An import only adds and completes; a sync treats the file as the whole membership, so that who is missing leaves.
Neither brings anybody back who left or whom nothing may be sent to: only the person concerned can undo that.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from digest.config import Keys
from digest.errors import StateError
from digest.members import difference, staging
from digest.members.apply import apply, state_of_members
from digest.members.difference import RowNote, Verdict
from digest.members.models import Member, MemberStatus
from digest.members.opening import opened_file
from digest.members.table import open_table

DEFAULT_WORDING = "Taken from the association's own list of members."
DROP_PERCENT = 10
MOST_NOTES = 1_000  # rows a report names one by one; `Comparison.notes` has them all


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What a roll changed, or would change. Every row is counted once: `rows` is the sum of `counts`."""

    understood: str
    counts: Mapping[Verdict, int]
    gone: int  # members that a sync's roll no longer names
    kept_out: tuple[RowNote, ...]  # left, bounced, complained: they stay away
    repeated: tuple[RowNote, ...]  # the address stands further up already
    refused: tuple[RowNote, ...]

    @property
    def rows(self) -> int:
        return sum(self.counts.values())

    @property
    def new(self) -> int:
        return self.counts[Verdict.NEW]

    @property
    def changed(self) -> int:
        return self.counts[Verdict.CHANGED]

    @property
    def unchanged(self) -> int:
        return self.counts[Verdict.UNCHANGED]


class Comparison:
    """A roll beside the members there are. It holds as long as the `compare` block that made it lasts."""

    def __init__(self, *, keys: Keys, name: str, understood: str, sha256: str, whole: bool) -> None:
        self.understood = understood
        self._keys, self._name, self._sha256, self._whole = keys, name, sha256, whole
        self._seen = state_of_members()
        difference.judge(keys, whole=whole)
        self._count()

    def _count(self) -> None:
        self.counts = difference.counts()
        self.gone = int(staging.value("SELECT COUNT(*) FROM roll_leaving"))
        self.active = Member.objects.filter(status=MemberStatus.ACTIVE).count()

    @property
    def leaving(self) -> int:
        """How many members would be off the list after it."""
        return self.gone + self.counts[Verdict.LEAVES]

    def drops_too_many(self, percent: int = DROP_PERCENT) -> bool:
        """Whether more of the members would leave than anybody expects of a roll."""
        return self.leaving * 100 > percent * self.active

    def notes(self, verdict: Verdict, *, most: int | None = None) -> Iterator[RowNote]:
        return difference.notes(verdict, most=most)

    @property
    def example(self) -> str:
        """A name with other than ASCII letters, by which a person sees that the encoding is right; or ""."""
        return difference.odd_name()

    def who_goes(self, most: int = 20) -> list[str]:
        """The addresses of the first few whom the roll no longer names."""
        return difference.leaving(most=most)

    def report(self) -> ImportReport:
        return ImportReport(
            understood=self.understood,
            counts=self.counts,
            gone=self.gone,
            kept_out=tuple(self.notes(Verdict.KEPT_OUT, most=MOST_NOTES)),
            repeated=tuple(self.notes(Verdict.REPEATED, most=MOST_NOTES)),
            refused=tuple(self.notes(Verdict.REFUSED, most=MOST_NOTES)),
        )

    def apply(
        self,
        *,
        now: dt.datetime,
        actor: str,
        wording: str = DEFAULT_WORDING,
        drop_percent: int = DROP_PERCENT,
        yes_drop: bool = False,
    ) -> None:
        """Carry it out, all or nothing. Raises StateError when too many would leave and nobody said `yes_drop`."""

        def check(anew: bool) -> None:
            if anew:
                self._count()
            if not yes_drop and self.drops_too_many(drop_percent):
                raise StateError(
                    f"{self.leaving} of {self.active} members would leave, which is more than {drop_percent} %.",
                    hint="Look at the list once more. If it is right, say so with --yes-drop. Nothing was changed.",
                )

        apply(
            self._keys,
            seen=self._seen,
            whole=self._whole,
            how=f"{'sync' if self._whole else 'import'} of {self._name}",
            wording=wording,
            now=now,
            actor=actor,
            check=check,
            detail=self._detail,
        )

    def _detail(self) -> dict[str, Any]:
        counted = {verdict.value: count for verdict, count in self.counts.items() if count}
        return {"file_sha256": self._sha256, "gone": self.gone, **counted}


@contextlib.contextmanager
def compare(file: BinaryIO, *, name: str, keys: Keys, whole: bool = False, **how: str) -> Iterator[Comparison]:
    """Read a roll and judge it, changing nothing. `name` is what messages call it; `how` is open_table's.

    `whole`: it is the whole membership, as for a sync. Raises UsageError in words when it is no such file.
    """
    table = open_table(file, name=name, **how)
    with staging.staging():
        difference.stage(table.rows, keys)
        if whole and not staging.value("SELECT COUNT(*) FROM roll_stage WHERE says = 'member'"):
            raise StateError(f"{name} names no members at all.", hint="A sync with it would empty the list.")
        yield Comparison(keys=keys, name=name, understood=table.understood, sha256=table.sha256, whole=whole)


def import_csv(
    path: Path, *, keys: Keys, now: dt.datetime, actor: str = "command line", wording: str = DEFAULT_WORDING
) -> ImportReport:
    """Bring the members of a file in, all of it or nothing. Raises UsageError when it is no such file."""
    with opened_file(path) as file:
        return _bring(file, name=path.name, keys=keys, now=now, actor=actor, wording=wording)


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
    return _bring(io.BytesIO(data), name=name, keys=keys, now=now, actor=actor, wording=wording)


def _bring(file: BinaryIO, *, name: str, keys: Keys, **how: Any) -> ImportReport:
    with compare(file, name=name, keys=keys) as comparison:
        comparison.apply(yes_drop=True, **how)
        return comparison.report()


def list_members(statuses: Sequence[MemberStatus] = ()) -> Iterator[Member]:
    """The members in the order they joined, read in chunks; all of them, or those of `statuses`."""
    rows = Member.objects.order_by("joined_at", "pk")
    if statuses:
        rows = rows.filter(status__in=statuses)
    return rows.iterator(chunk_size=2000)
