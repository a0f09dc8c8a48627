"""Forget: a member who asks for it, and whoever's time has run out. One transaction for each, across all folders.

What stays says nothing of the person: that there was a copy of an issue, what became of it, and a keyed hash that
keeps suppressing. The `.eml` files of the outbox provider, backups and the provider's own records are elsewhere.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import OuterRef, Q, Subquery

from digest.config import Config
from digest.deliver.models import Delivery, DeliveryState, Notice, ProviderEvent
from digest.errors import UsageError
from digest.installation.audit import record
from digest.members.erase import erase_member
from digest.members.models import Consent, Member, MemberStatus

MOST_AT_ONCE = 500  # in one run of the clock; the rest follows at the next
GONE = "(erased)"


def erase(member: Member, *, why: str, actor: str, now: dt.datetime) -> bool:
    """Forget `member` and never write to the address again; False when that was done before.

    `why` is kept and must not name the person. Raises UsageError when it is missing or holds the address.
    """
    if not why.strip():
        raise UsageError("A member is erased only with a reason.", hint='Say it with --why "...".')
    if member.email and member.email.lower() in why.lower():
        raise UsageError("The reason is kept: it must not hold the address.", hint="Nothing was changed.")
    return _forget(member, why=f"Erased: {why.strip()}", source="erased", actor=actor, now=now)


def apply_retention(config: Config, *, now: dt.datetime, actor: str = "clock", apply: bool = True) -> list[str]:
    """Forget who never confirmed and who left, after the days that `[members]` sets; a sentence for each kind.

    At most MOST_AT_ONCE of each. `apply=False` only says how many it would be.
    """
    return [
        *_kind("never confirmed", "unconfirmed", config.members.unconfirmed_days, now, actor, apply),
        *_kind("left", "left", config.members.left_days, now, actor, apply),
    ]


def _kind(words: str, status: str, days: int, now: dt.datetime, actor: str, apply: bool) -> list[str]:
    if not days:
        return []
    due = _due(status, now - dt.timedelta(days=days))
    if not apply:
        count = due.count()
    else:
        count = 0
        for member in list(due.order_by("pk")[:MOST_AT_ONCE]):
            count += _time_is_up(member, days=days, since=now - dt.timedelta(days=days), actor=actor, now=now)
    if not count:
        return []
    who = "1 member" if count == 1 else f"{count} members"
    done = ("was" if count == 1 else "were") + " erased" if apply else "would be erased"
    return [f"{who} who {words} more than {days} days ago {done}."]


def _due(status: str, before: dt.datetime) -> Any:
    """Members of a status since before an instant. Who never confirmed counts from the last time they asked."""
    rows = Member.objects.filter(status=status)
    if status == MemberStatus.LEFT:
        return rows.filter(left_at__lt=before)
    last = Consent.objects.filter(member=OuterRef("pk")).order_by("-at", "-pk").values("at")[:1]
    return rows.annotate(asked=Subquery(last)).filter(
        Q(asked__lt=before) | Q(asked__isnull=True), joined_at__lt=before
    )


def _time_is_up(member: Member, *, days: int, since: dt.datetime, actor: str, now: dt.datetime) -> bool:
    with transaction.atomic():
        if not _due(member.status, since).filter(pk=member.pk).exists():
            return False  # confirmed or came back in this very moment
        if member.status == MemberStatus.UNCONFIRMED:
            return _forget(member, why=f"Never confirmed, after {days} days.", source="", actor=actor, now=now)
        goings = Consent.objects.filter(member=member, action__in=("leave", "removed"))
        last = goings.order_by("-at", "-pk").values_list("action", flat=True).first()
        # Who left by their own will stays away; whom a sync took off may stand on next year's list.
        source = "" if last == "removed" else "unsubscribed"
        return _forget(member, why=f"Left, {days} days ago.", source=source, actor=actor, now=now)


def _forget(member: Member, *, why: str, source: str, actor: str, now: dt.datetime) -> bool:
    with transaction.atomic():
        instead = erase_member(member, why=why, source=source, actor=actor, now=now)
        if instead is None:
            return False
        if member.email:
            _scrub_deliveries(member, member.email)
            _scrub_notices(member.email, now)
        _scrub_hash(member, instead)
        _delete_others(member.address_key)
        Delivery.objects.filter(member=member).update(address_key=instead)
        if not source and not Delivery.objects.filter(member=member).exists():
            record(actor=actor, verb="member.remove", subject=f"member:{member.public_id}", now=now)
            Member.objects.filter(pk=member.pk, status=MemberStatus.ERASED).delete()  # nothing ever went to it
        return True


def _scrub_deliveries(member: Member, address: str) -> None:
    """Providers like to repeat the address in what they say."""
    for delivery in Delivery.objects.filter(member=member, reason__icontains=address):
        Delivery.objects.filter(pk=delivery.pk).update(reason=_without(delivery.reason, address))
    for event in ProviderEvent.objects.filter(delivery__member=member):
        detail = _without(event.detail, address)
        if detail != event.detail:
            ProviderEvent.objects.filter(pk=event.pk).update(detail=detail)


def _scrub_hash(member: Member, instead: str) -> None:
    """Events keep the hash of the address they spoke of, where they could not be matched with a copy."""
    own = ProviderEvent.objects.filter(delivery__member=member, detail__address=member.address_key)
    for event in own | ProviderEvent.objects.filter(delivery__isnull=True, detail__address=member.address_key):
        ProviderEvent.objects.filter(pk=event.pk).update(detail={**event.detail, "address": instead})


def _delete_others(address_key: str) -> None:
    """Whatever else members/ keeps under an address, such as wishes to join. A suppression holds none, and stays."""
    for model in apps.get_app_config("members").get_models():
        if model is not Member and {"email", "address_key"} <= {field.name for field in model._meta.get_fields()}:
            model._default_manager.filter(address_key=address_key).delete()


def _scrub_notices(address: str, now: dt.datetime) -> None:
    mails = Notice.objects.filter(to__iexact=address)
    mails.filter(state=DeliveryState.PENDING).update(state=DeliveryState.CANCELLED, state_at=now)
    mails.update(to="", subject="", text="", html="", answer="")


def _without(value: Any, address: str) -> Any:
    """`value`, a JSON value, without the address, whatever its case."""
    if isinstance(value, dict):
        return {key: _without(item, address) for key, item in value.items()}
    if isinstance(value, list):
        return [_without(item, address) for item in value]
    if not isinstance(value, str):
        return value
    at = value.lower().find(address.lower())
    while at >= 0:
        value = value[:at] + GONE + value[at + len(address) :]
        at = value.lower().find(address.lower(), at + len(GONE))
    return value
