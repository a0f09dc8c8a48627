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
    """Call it inside a transaction. One plain statement: it is asked once a batch."""
    share = " FOR SHARE" if connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT (SELECT COUNT(*) FROM {_INSTALLATION} WHERE paused_at IS NOT NULL) FROM {_LEASE} "  # noqa: S608
            f"WHERE name = %s AND owner = %s AND fence = %s AND expires_at > %s{share}",
            [turn.name, turn.owner, turn.fence, connection.ops.adapt_datetimefield_value(now)],
        )
        row = cursor.fetchone()
    if row is None:
        return Gate.LOST
    return Gate.PAUSED if row[0] else Gate.OPEN


def lock(issue: int) -> None:
    """Keep every sender of `issue` from claiming until this transaction is over."""
    Lease.objects.get_or_create(name=turn_name(issue))
    Lease.objects.select_for_update().get(name=turn_name(issue))


_LEASE = connection.ops.quote_name(Lease._meta.db_table)
_INSTALLATION = connection.ops.quote_name(Installation._meta.db_table)
