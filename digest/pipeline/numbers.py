"""Numbers used elsewhere, and the proof that none is missing without a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from digest.compose.models import Number, NumberKind
from digest.errors import StateError, UsageError
from digest.installation.audit import record

HIGHEST = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLine:
    """One number's account. `words` is empty when there is none: a gap that nobody has explained."""

    number: int
    kind: str
    words: str

    @property
    def explained(self) -> bool:
        return bool(self.kind)


def set_aside(number: int, *, kind: NumberKind, why: str, actor: str, now: dt.datetime) -> None:
    """Reserve or skip a number, with the reason. A reserved one may be skipped later; no other is ever changed.

    Raises UsageError for a number or reason that is none, StateError when the number is taken.
    """
    why = " ".join(why.split())
    if not 1 <= number <= HIGHEST:
        raise UsageError(f"{number} cannot be an issue's number.", hint=f"Numbers run from 1 to {HIGHEST:,}.")
    if not why:
        raise UsageError("The reason is missing.", hint='Say it with --why "...": it stands in the report for ever.')
    with transaction.atomic():
        reserved = Number.objects.filter(number=number, kind=NumberKind.RESERVED)
        if not (kind is NumberKind.SKIPPED and reserved.update(kind=kind, why=why, actor=actor, at=now)):
            try:
                with transaction.atomic():
                    Number.objects.create(number=number, kind=kind, why=why, actor=actor, at=now)
            except IntegrityError:
                raise StateError(
                    f"Number {number} is taken: {_words(Number.objects.get(number=number))}.",
                    hint="`digest number report` lists every number.",
                ) from None
        record(actor=actor, verb=f"number.{kind}", subject=f"number:{number}", now=now, why=why)


def report() -> Sequence[NumberLine]:
    """An account of every number from the lowest to the highest that was ever given or set aside."""
    rows = {row.number: row for row in Number.objects.select_related("issue")}
    if not rows:
        return ()
    return [
        NumberLine(number=n, kind=rows[n].kind, words=_words(rows[n]))
        if n in rows
        else NumberLine(number=n, kind="", words="nobody has said why this number was not used")
        for n in range(min(rows), max(rows) + 1)
    ]


def _words(row: Number) -> str:
    if row.issue is None:
        return f"{row.kind}: {row.why}"
    if row.kind == NumberKind.IMPORTED:
        return f"imported, {row.issue.title_date}"
    return f"the issue of {row.issue.title_date} ({row.issue.state.replace('_', ' ')})"
