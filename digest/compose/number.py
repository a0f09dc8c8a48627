"""Numbers: given once, in the transaction that approves the issue, and never given back."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError
from django.db.models import Max

from digest.compose.headline import counted_from_anchor
from digest.compose.models import Issue, IssueKind, IssueState, Number, NumberKind
from digest.config import Config
from digest.errors import StateError


def next_number(config: Config, date: dt.date) -> int:
    """The number that the next approval will give to the issue of `date`.

    One more than the highest ever issued; before the first, counted from the anchor (less the weeks skipped since),
    else 1, and in any case above the imported ones. Numbers reserved or skipped are passed over.
    """
    kinds: dict[str, int] = dict(Number.objects.values_list("kind").annotate(highest=Max("number")))
    issued = max((kinds[k] for k in (NumberKind.ISSUED, NumberKind.VOID) if k in kinds), default=None)
    if issued is not None:
        number = issued + 1
    else:
        skipped = Issue.objects.filter(kind=IssueKind.WEEKLY, state=IssueState.SKIPPED, slot__lt=date).count()
        counted = (counted_from_anchor(config, date) or 1) - skipped
        number = max(counted, kinds.get(NumberKind.IMPORTED, 0) + 1, 1)
    taken = set(Number.objects.filter(number__gte=number).values_list("number", flat=True))
    while number in taken:
        number += 1
    return number


def number_of(issue: Issue) -> int | None:
    """The number that belongs to `issue`, also when its approval was voided since."""
    row = Number.objects.filter(issue=issue).first() if issue.pk else None
    return row.number if row else None


def give_number(issue: Issue, number: int, *, actor: str, now: dt.datetime) -> None:
    """Bind `number` to `issue` for ever. Call inside the approving transaction.

    Raises StateError when another issue took it first; an issue that already has this number keeps it.
    """
    if number_of(issue) == number:
        return
    try:
        Number.objects.create(number=number, kind=NumberKind.ISSUED, issue=issue, actor=actor, at=now)
    except IntegrityError:
        raise StateError(f"Number {number} was given to another issue a moment ago.", hint="Try again.") from None
