"""The canary group: a few members who get an issue first, so that what is wrong shows on them.

Their batches have a lane of their own, are handed over at once, ahead of the time of sending too, and the others wait
for `delivery.canary_minutes`. They go on when the provider took the group's copies and reported nothing bad of them;
otherwise they wait for a person, who sends the issue on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from django.db.models import Count, Max
from django.db.models.functions import Lower

from digest.compose.models import Issue
from digest.config import Config
from digest.deliver.models import Batch, BatchState, Delivery, DeliveryState
from digest.deliver.roll import Roll
from digest.installation.audit import record
from digest.installation.models import Audit

LANE = 100  # of their batches; no id is ever drawn for it
SENT_ON = "issue.canary_passed"
OPEN = (DeliveryState.PENDING, DeliveryState.CLAIMED)
REFUSED = (DeliveryState.REJECTED, DeliveryState.DROPPED, DeliveryState.BOUNCED)
TAKEN = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED)


class Sign(StrEnum):
    """What the group's copies say about the others'."""

    GO = "go"
    WAIT = "wait"
    HOLD = "hold"  # until a person sends it on


class Verdict(NamedTuple):
    """`until` with WAIT, where that is known; `words` for staff."""

    sign: Sign
    words: str = ""
    until: dt.datetime | None = None


def chosen(config: Config, roll: Roll) -> list[int]:
    """The members of the group who receive an issue, by id."""
    wanted = config.delivery.canary
    if not wanted:
        return []
    receiving = roll.receiving().order_by("pk")
    if isinstance(wanted, int):
        return list(receiving.values_list("pk", flat=True)[:wanted])
    addresses = [address.lower() for address in wanted]
    found = receiving.annotate(low=Lower("email")).filter(low__in=addresses)
    return list(found.values_list("pk", flat=True))


def judge(counts: Mapping[str, int], last_claim: dt.datetime | None, wait: dt.timedelta, now: dt.datetime) -> Verdict:
    """What the states of the group's copies mean. Pure. `last_claim`: when the last of them was handed over."""
    unknown, complained = counts.get(DeliveryState.UNKNOWN, 0), counts.get(DeliveryState.COMPLAINED, 0)
    refused, taken = sum(counts.get(s, 0) for s in REFUSED), sum(counts.get(s, 0) for s in TAKEN)
    if unknown:
        return _hold(f"of {_copies(unknown)} nobody can say whether the provider took them")
    if complained:
        return _hold(f"{_copies(complained)} came back as a complaint")
    if refused and refused >= taken:
        return _hold(f"{_copies(refused)} of the {refused + taken} were refused or came back")
    if sum(counts.get(s, 0) for s in OPEN):
        return Verdict(Sign.WAIT, "The canary group does not have it yet; the others wait.")
    if not taken or last_claim is None:
        return Verdict(Sign.GO)  # they all left meanwhile
    until = last_claim + wait
    if now < until:
        return Verdict(Sign.WAIT, f"The canary group has it ({_copies(taken)}); the others wait.", until)
    return Verdict(Sign.GO)


def verdict(config: Config, issue: Issue, now: dt.datetime) -> Verdict:
    """Whether those outside the group may be handed the issue now."""
    batches = Batch.objects.filter(issue=issue, lane=LANE)
    if not batches.exists() or _sent_on(issue):
        return Verdict(Sign.GO)
    copies = Delivery.objects.filter(batch__in=batches).values_list("state").annotate(n=Count("pk")).order_by()
    handed = batches.exclude(state=BatchState.PENDING).aggregate(last=Max("claimed_at"))["last"]
    return judge(dict(copies), handed, dt.timedelta(minutes=config.delivery.canary_minutes), now)


def others_follow_at(config: Config, issue: Issue) -> dt.datetime | None:
    """When those outside the group are due, if all is well with it; None where the issue has no group.

    Before the whole group was handed it, that is reckoned from the release.
    """
    batches = Batch.objects.filter(issue=issue, lane=LANE)
    if not batches.exists():
        return None
    wait = dt.timedelta(minutes=config.delivery.canary_minutes)
    waiting = batches.filter(state=BatchState.PENDING).exists()
    handed = None if waiting else batches.aggregate(last=Max("claimed_at"))["last"]
    begun = handed or issue.released_at
    return None if begun is None else begun + wait


def is_missing(config: Config, issue: Issue) -> bool:
    """Whether a group is configured of which nobody is on the issue's list."""
    return bool(config.delivery.canary) and not Batch.objects.filter(issue=issue, lane=LANE).exists()


def send_on(issue: Issue, *, actor: str, now: dt.datetime) -> None:
    """A person's decision: the others get the issue too, whatever became of the group's copies."""
    if Batch.objects.filter(issue=issue, lane=LANE, claimed_at__isnull=False).exists() and not _sent_on(issue):
        record(actor=actor, verb=SENT_ON, subject=f"issue:{issue.pk}", now=now)


def _sent_on(issue: Issue) -> bool:
    return Audit.objects.filter(verb=SENT_ON, subject=f"issue:{issue.pk}").exists()


def _hold(what: str) -> Verdict:
    return Verdict(
        Sign.HOLD,
        f"The canary group: {what}. Nobody else is sent it until a person has looked: send the issue again to go "
        "on, or stop it.",
    )


def _copies(count: int) -> str:
    return "1 copy" if count == 1 else f"{count:,} copies"
