"""Whether a sender may claim, asked in the very transaction that claims.

The lease's row is locked for that transaction. Whoever stops an issue locks it too, so a claim is either committed
before the stop, which then sees it, or finds the issue stopped.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from django.db import connection

from digest.installation.models import Installation, Lease
from digest.installation.turn import Turn


class Gate(StrEnum):
    """What a sender finds."""

    OPEN = "open"
    LOST = "lost"  # the turn is another's, or ran out
    PAUSED = "paused"


def turn_name(issue: int) -> str:
    """The lease of handing one issue over."""
    return f"deliver:{issue}"


def gate(turn: Turn, now: dt.datetime) -> Gate:
    """Call it inside a transaction. Two plain statements: it is asked once a batch."""
    share = " FOR SHARE" if connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 1 FROM {_LEASE} WHERE name = %s AND owner = %s AND fence = %s AND expires_at > %s{share}",  # noqa: S608
            [turn.name, turn.owner, turn.fence, connection.ops.adapt_datetimefield_value(now)],
        )
        if cursor.fetchone() is None:
            return Gate.LOST
        cursor.execute(f"SELECT 1 FROM {_INSTALLATION} WHERE paused_at IS NOT NULL")  # noqa: S608
        return Gate.PAUSED if cursor.fetchone() else Gate.OPEN


def lock(issue: int) -> None:
    """Keep every sender of `issue` from claiming until this transaction is over."""
    Lease.objects.get_or_create(name=turn_name(issue))
    Lease.objects.select_for_update().get(name=turn_name(issue))


_LEASE = connection.ops.quote_name(Lease._meta.db_table)
_INSTALLATION = connection.ops.quote_name(Installation._meta.db_table)
