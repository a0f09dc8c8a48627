"""What a provider reports later of a copy, and what that makes of its delivery. Pure.

Reports come late, twice and in any order, so each delivery state has a rank and no report takes one back:

    pending, claimed, unknown, withdrawn, cancelled, rejected
        < accepted < dropped < delivered < bounced < complained

The first six say what this side knows or means to do; a provider's report that it has the copy outweighs them. So an
`unknown` is settled by any report, and a copy that a person declared unsent, and that was sent after all, is not sent
again. `excluded` has no rank: nothing was ever handed over for it.

A copy can be taken back and handed over again in another request. That the provider once had it, or dropped it, says
nothing then: of an earlier request, and of a cancelled copy, only what proves that it left the provider counts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Meaning(StrEnum):
    """What a report says, whatever the provider calls it."""

    ACCEPTED = "accepted"  # the provider has it and tries
    DELIVERED = "delivered"  # the member's mail server took it
    DROPPED = "dropped"  # the provider accepted it and then did not send it
    BLOCKED = "blocked"  # refused for now: the address may be good
    BOUNCED = "bounced"  # refused for good: the address is not
    COMPLAINED = "complained"  # the member called it spam
    LEFT = "left"  # the member unsubscribed through the provider's own means
    OPENED = "opened"
    CLICKED = "clicked"
    NOTHING = "nothing"  # kept, and of no consequence


TRACKING = frozenset({Meaning.OPENED, Meaning.CLICKED})
# Only of a copy that left the provider.
PROVES_SENT = frozenset(
    {Meaning.DELIVERED, Meaning.BLOCKED, Meaning.BOUNCED, Meaning.COMPLAINED, Meaning.LEFT, *TRACKING}
)
SUPPRESSES = frozenset({Meaning.BOUNCED, Meaning.COMPLAINED})

RANK = {
    "pending": 0,
    "claimed": 0,
    "unknown": 0,
    "withdrawn": 0,
    "cancelled": 0,
    "rejected": 0,
    "accepted": 1,
    "dropped": 2,
    "delivered": 3,
    "bounced": 4,
    "complained": 5,
}
STATE = {
    Meaning.ACCEPTED: "accepted",
    Meaning.DELIVERED: "delivered",
    Meaning.DROPPED: "dropped",
    Meaning.BLOCKED: "bounced",
    Meaning.BOUNCED: "bounced",
    Meaning.COMPLAINED: "complained",
    # Nobody leaves, opens or clicks by a mail that did not arrive.
    Meaning.LEFT: "delivered",
    Meaning.OPENED: "delivered",
    Meaning.CLICKED: "delivered",
}


class Event(NamedTuple):
    """One report. A tuple, because hundreds come in one post.

    `address_keys` are the keyed hashes of the address it speaks of, under every suppression key still listed: the
    address itself goes no further than the reader. `message` names the copy, "" where the provider did not say.
    `reason` is for a person and holds no address.
    """

    name: str  # the provider's own word
    meaning: Meaning
    at: dt.datetime
    delivery: int | None
    batch: int | None
    address_keys: tuple[str, ...]
    message: str
    reason: str
    machine: bool  # opened by a machine on the way, not by the member
    dedupe_key: str
    url: str = ""  # of a click


class Standing(NamedTuple):
    """Where a delivery stands: a DeliveryState's value, the words for it, and since when."""

    state: str
    reason: str
    at: dt.datetime


def outcome(standing: Standing, events: Iterable[Event], *, batch: int | None) -> Standing:
    """Where the delivery stands after these reports, whatever their order and however often they come.

    The highest rank stands; of two reports of the same rank the earlier one does.  `batch` is the request that the
    copy is in now.
    """
    if standing.state not in RANK:
        return standing
    cancelled = standing.state == "cancelled"
    best = standing
    for event in events:
        state = STATE.get(event.meaning)
        former = cancelled or (event.batch is not None and event.batch != batch)
        if state is None or (former and event.meaning not in PROVES_SENT):
            continue
        best = min(best, Standing(state, event.reason, event.at), key=_order)
    return best


def _order(standing: Standing) -> tuple[int, dt.datetime, str]:
    return -RANK[standing.state], standing.at, standing.reason
