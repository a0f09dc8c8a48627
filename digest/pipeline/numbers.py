"""Numbers used elsewhere, and the proof that none is missing without a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.fields.json import KeyTextTransform

from digest.compose.models import Number, NumberKind
from digest.compose.number import GIVEN
from digest.errors import StateError, UsageError
from digest.installation.audit import record

HIGHEST = 1_000_000
MOST_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What became of a number, in words."""

    number: int
    kind: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLine:
    """The account of a number, or of all from `number` to `last` that have none.

    Those without one are a gap that nobody has explained, unless they lie above every number given so far:
    then the coming issues will take them (`to_come`).
    """

    number: int
    last: int
    kind: str = ""
    words: str = ""
    to_come: bool = False

    @property
    def explained(self) -> bool:
        return bool(self.kind) or self.to_come

    @property
    def span(self) -> str:
        return str(self.number) if self.number == self.last else f"{self.number}-{self.last}"


def set_aside(
    first: int, last: int | None = None, *, kind: NumberKind, why: str, actor: str, now: dt.datetime
) -> None:
    """Reserve or skip a number, or all from `first` to `last`, with the reason; all of them or none.

    A reserved one may be skipped later; no other is ever changed. Raises UsageError for a number or reason that is
    none, StateError when a number is taken.
    """
    why = " ".join(why.split())
    last = first if last is None else last
    if not 1 <= first <= last <= HIGHEST:
        given = str(first) if first == last else f"{first}-{last}"
        raise UsageError(f"{given} cannot be an issue's number.", hint=f"Numbers run from 1 to {HIGHEST:,}.")
    if last - first >= MOST_AT_ONCE:
        raise UsageError(f"{first}-{last} are more than {MOST_AT_ONCE:,} numbers.", hint="Take fewer at a time.")
    if not why:
        raise UsageError("The reason is missing.", hint='Say it with --why "...": it stands in the report for ever.')
    with transaction.atomic():
        for number in range(first, last + 1):
            _set_aside(number, kind=kind, why=why, actor=actor, now=now)


def accounts() -> list[Account]:
    """Every number that was ever given or set aside, in order."""
    rows = (
        Number.objects.annotate(
            title=KeyTextTransform("title", F("issue__document"))
        )  # a document is large: only its title is read
        .order_by("number")
        .values_list("number", "kind", "why", "issue__title_date", "issue__state", "title")
    )
    return [Account(number=row[0], kind=row[1], words=_words(*row[1:])) for row in rows]


def report() -> Sequence[NumberLine]:
    """An account of every number from the lowest to the highest that was ever given or set aside."""
    return lines_of(accounts())


def lines_of(known: Iterable[Account]) -> list[NumberLine]:
    """`known`, which is in order, with a line for what is missing in between. Pure."""
    known = list(known)
    given = max((account.number for account in known if account.kind in GIVEN), default=0)
    lines = [NumberLine(number=a.number, last=a.number, kind=a.kind, words=a.words) for a in known]
    for one, next_one in pairwise(known):
        start, end = one.number + 1, next_one.number - 1
        if start <= min(end, given):
            lines.append(NumberLine(number=start, last=min(end, given)))
        if max(start, given + 1) <= end:
            lines.append(NumberLine(number=max(start, given + 1), last=end, to_come=True))
    return sorted(lines, key=lambda line: line.number)


def _set_aside(number: int, *, kind: NumberKind, why: str, actor: str, now: dt.datetime) -> None:
    reserved = Number.objects.filter(number=number, kind=NumberKind.RESERVED)
    if not (kind is NumberKind.SKIPPED and reserved.update(kind=kind, why=why, actor=actor, at=now)):
        try:
            with transaction.atomic():
                Number.objects.create(number=number, kind=kind, why=why, actor=actor, at=now)
        except IntegrityError:
            taken = next(account for account in accounts() if account.number == number)
            raise StateError(
                f"Number {number} is taken: {taken.words}.", hint="`digest number report` lists every number."
            ) from None
    record(actor=actor, verb=f"number.{kind}", subject=f"number:{number}", now=now, why=why)


def _words(kind: str, why: str, date: dt.date | None, state: str | None, title: str | None) -> str:
    if date is None:
        return f"{kind}: {why}"
    name = title or f"the issue of {date}"
    if kind == NumberKind.VOID:
        return f"void: {name} was {why}"
    if kind == NumberKind.IMPORTED:
        return f"imported: {name}, {date}"
    return f"issued: {name} ({(state or '').replace('_', ' ')})"
