"""Numbers: given once, in the transaction that approves the issue, and never given back."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import Max

from digest.compose.headline import counted_from_anchor
from digest.compose.models import Issue, IssueKind, IssueState, Number, NumberKind
from digest.config import Config
from digest.errors import StateError

OWN = (NumberKind.ISSUED, NumberKind.VOID)
GIVEN = (*OWN, NumberKind.IMPORTED)  # numbers that an issue bears; the others were only set aside


def next_number(config: Config, date: dt.date) -> int:
    """The number that the next approval will give to the issue of `date`.

    One more than the highest that an issue of ours or an imported one bears; for the first issue of ours, counted
    from the anchor (less the weeks skipped since) where that is more. Numbers reserved or skipped are passed over,
    and a far one does not move the count.
    """
    kinds: dict[str, int] = dict(Number.objects.values_list("kind").annotate(highest=Max("number")))
    number = max((kinds[k] + 1 for k in GIVEN if k in kinds), default=1)
    if not any(k in kinds for k in OWN):
        skipped = Issue.objects.filter(kind=IssueKind.WEEKLY, state=IssueState.SKIPPED, slot__lt=date).count()
        number = max((counted_from_anchor(config, date) or 1) - skipped, number)
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

    Raises StateError when it was taken meanwhile; an issue that has a number already keeps it, and gets no other.
    """
    kept = number_of(issue)
    if kept == number:
        return
    if kept is not None:
        raise StateError(f"The issue has the number {kept} already, and cannot become {number}.")
    try:
        with transaction.atomic():
            Number.objects.create(number=number, kind=NumberKind.ISSUED, issue=issue, actor=actor, at=now)
    except IntegrityError:
        raise StateError(f"Number {number} was taken a moment ago.", hint="Try again.") from None
