"""What an event says about a person rather than about a copy: nothing more may be sent to an address, or they left.

A report that is older than a decision of a person's, who lifted the suppression or came back, does not undo it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Max

from digest.deliver.events import Event, Meaning
from digest.installation.models import Audit
from digest.members.leave import leave
from digest.members.models import Consent, Suppression, SuppressionScope

SOURCES = {Meaning.BOUNCED: "bounce", Meaning.COMPLAINED: "complaint"}
WORDING = "Unsubscribed by the means of the mail provider."
CHUNK = 500


class Consequence(NamedTuple):
    """An event that concerns the person, and whom."""

    event: Event
    address_key: str
    public_id: str


def take_off(consequences: Sequence[Consequence], *, now: dt.datetime) -> None:
    """Suppress and take off the list; what is so already stays as it is. Call it inside the events' transaction."""
    for meaning, source in SOURCES.items():
        _suppress(
            {v.address_key: v.event for v in consequences if v.event.meaning is meaning}, source=source, now=now
        )
    for found in consequences:
        if found.event.meaning is Meaning.LEFT and not _came_back(found):
            leave(found.public_id, how="provider", now=now, wording=WORDING)


def _suppress(found: dict[str, Event], *, source: str, now: dt.datetime) -> None:
    """`members.suppress.suppress` of many addresses at once: a bad day brings hundreds in one post."""
    keys = sorted(found)
    lifted: dict[str, dt.datetime] = {}
    standing: set[str] = set()
    for start in range(0, len(keys), CHUNK):
        rows = Suppression.objects.filter(
            address_key__in=keys[start : start + CHUNK], scope=SuppressionScope.ALL, source=source
        )
        standing.update(rows.filter(lifted_at__isnull=True).values_list("address_key", flat=True))
        for key, at in rows.values_list("address_key").annotate(last=Max("lifted_at")).order_by():
            if at is not None:
                lifted[key] = at
    made = [
        Suppression(address_key=key, scope=SuppressionScope.ALL, reason=event.reason, source=source, at=now)
        for key, event in sorted(found.items())
        if key not in standing and not (key in lifted and event.at <= lifted[key])
    ]
    Suppression.objects.bulk_create(made, batch_size=CHUNK)
    Audit.objects.bulk_create(
        [
            Audit(
                at=now,
                actor="provider",
                verb="suppression.add",
                subject=f"suppression:{row.pk}",
                detail={"source": source},
            )
            for row in made
        ],
        batch_size=CHUNK,
    )


def _came_back(found: Consequence) -> bool:
    """Whether the member took an earlier leaving back after this one was made."""
    returns = Consent.objects.filter(member__public_id=found.public_id, action="return")
    return returns.filter(at__gt=found.event.at).exists()
