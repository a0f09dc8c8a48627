"""Join: ask, confirm by mail, be on the list.

A request only leaves a row. Whether the address is known is first looked at by the clock, so neither the answer to
the visitor nor the time it takes can tell. Nobody stands on the roll before they have confirmed: what was typed by a
stranger, or wrongly, is deleted after some days and leaves nothing behind.
"""

from __future__ import annotations

import datetime as dt
import hmac
import ipaddress
import secrets
from collections.abc import Collection
from enum import StrEnum

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from digest.config import Config, Keys
from digest.config.joining import Join
from digest.installation.audit import record
from digest.members.address import address_key, address_keys
from digest.members.models import Consent, JoinRequest, JoinState, Member, MemberStatus, Suppression
from digest.members.preferences import Preferences
from digest.members.suppress import STOPS_THE_DIGEST

# Suppressions that stand for the person's own wish not to be written to. By confirming, the person has another wish.
# All the others say something about the mailbox or were put there by staff: they are lifted by staff alone.
OWN_WISH = frozenset({"left", "unsubscribed", "erased"})
HELD_FOR = dt.timedelta(days=30)
_DAY, _HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


class Asked(StrEnum):
    """What is said to somebody who asked. It does not depend on the address."""

    TAKEN = "taken"
    TOO_MANY = "too-many"  # from this network address, within the hour


class Answer(StrEnum):
    """What a request leads to."""

    CONFIRM = "confirm"
    KNOWN = "known"
    HOLD = "hold"


class Confirming(StrEnum):
    """What became of a confirmation."""

    CONFIRMED = "confirmed"
    ALREADY = "already"
    HELD = "held"
    LAPSED = "lapsed"  # no such request any more


def ask(
    config: Config, keys: Keys, address: str, *, client: str, wording: str, now: dt.datetime, language: str = ""
) -> Asked:
    """Note that somebody at the network address `client` typed the normalised `address`.

    The same statements are made whatever the address is. More than `join.per_address` in a day are noted and
    dropped; beyond `join.per_client` in an hour nothing is noted at all.
    """
    limits = config.join
    key, origin = address_key(keys, address), client_key(keys, client)
    with transaction.atomic():
        if JoinRequest.objects.filter(client_key=origin, at__gt=now - _HOUR).count() >= limits.per_client:
            return Asked.TOO_MANY
        before = JoinRequest.objects.filter(address_key=key, at__gt=now - _DAY).count()
        JoinRequest.objects.create(
            public_id=secrets.token_hex(16),
            email=address,
            address_key=key,
            client_key=origin,
            language=language,
            wording=wording,
            state=JoinState.ASKED if before < limits.per_address else JoinState.DROPPED,
            at=now,
            state_at=now,
        )
    return Asked.TAKEN


def client_key(keys: Keys, client: str) -> str:
    """The keyed hash of where a request came from. An IPv6 customer has a whole /64, so that is what counts."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        origin = "unknown"
    else:
        bits = 32 if address.version == 4 else 64
        origin = str(ipaddress.ip_network(f"{address}/{bits}", strict=False))
    return hmac.digest(keys.django_secret.encode(), f"join from {origin}".encode(), "sha256").hex()


def answer_to(status: MemberStatus | None, suppressed_by: Collection[str]) -> Answer:
    """What a request is answered with. Pure. `suppressed_by` are the sources of what is not lifted."""
    if not OWN_WISH.issuperset(suppressed_by):
        return Answer.HOLD
    return Answer.KNOWN if status is MemberStatus.ACTIVE and not suppressed_by else Answer.CONFIRM


def waiting(state: JoinState) -> list[JoinRequest]:
    """The requests in this state, oldest first, some hundred at a time."""
    return list(JoinRequest.objects.filter(state=state).order_by("pk")[:200])


def look_at(request: JoinRequest, *, keys: Keys) -> tuple[Answer, Member | None]:
    """The answer to a request, and the member it is about where there is one."""
    known_as = address_keys(keys, request.email)
    member = Member.objects.filter(address_key__in=known_as).first()
    sources = set(_standing(known_as).values_list("source", flat=True))
    return answer_to(MemberStatus(member.status) if member else None, sources), member


def move(request: JoinRequest, to: JoinState, *, now: dt.datetime, reason: str = "") -> bool:
    """One conditional UPDATE; False when somebody else was first."""
    moved = JoinRequest.objects.filter(pk=request.pk, state=request.state).update(
        state=to, state_at=now, reason=reason
    )
    return bool(moved)


def open_request(public_id: str) -> JoinRequest | None:
    """The request behind a confirmation link, as long as there is one to confirm or that was confirmed."""
    alive = (JoinState.MAILED, JoinState.CONFIRMED, JoinState.WELCOMED, JoinState.HELD)
    return JoinRequest.objects.filter(public_id=public_id, state__in=alive).first()


def confirm(public_id: str, *, keys: Keys, wording: str, now: dt.datetime) -> tuple[Confirming, Member | None]:
    """Put whoever holds the confirmation mail on the list, once. The member, where there is one now."""
    try:
        return _confirm(public_id, keys=keys, wording=wording, now=now)
    except IntegrityError:  # two requests of one person, confirmed in the same moment: the other one was first
        return _confirm(public_id, keys=keys, wording=wording, now=now)


def _confirm(public_id: str, *, keys: Keys, wording: str, now: dt.datetime) -> tuple[Confirming, Member | None]:
    with transaction.atomic():
        request = JoinRequest.objects.select_for_update().filter(public_id=public_id).first()
        if request is None:
            return Confirming.LAPSED, None
        answer, member = look_at(request, keys=keys)
        if request.state in (JoinState.CONFIRMED, JoinState.WELCOMED):
            return Confirming.ALREADY, member
        if request.state != JoinState.MAILED:
            return (Confirming.HELD if request.state == JoinState.HELD else Confirming.LAPSED), None
        if answer is Answer.HOLD:
            move(request, JoinState.HELD, now=now, reason=why_held(request, keys=keys))
            return Confirming.HELD, None
        welcomed = answer is Answer.KNOWN  # by another request, or an import, since this one was mailed
        move(request, JoinState.WELCOMED if welcomed else JoinState.CONFIRMED, now=now)
        _lift(address_keys(keys, request.email), now=now)
        if welcomed and member is not None:
            return Confirming.ALREADY, member
        member = _enrol(request, member, now=now)
        for action, how, words, at in (
            ("join", "form", request.wording, request.at),
            ("confirm", "link in the confirmation mail", wording, now),
        ):
            Consent.objects.create(member=member, action=action, how=how, wording=words, at=at)
        record(actor="member", verb="member.join", subject=f"member:{member.public_id}", now=now, how="form")
        return Confirming.CONFIRMED, member


def withdraw(public_id: str, *, now: dt.datetime) -> bool:
    """ "That was not me": the request is over. False when there is none that waits."""
    request = JoinRequest.objects.filter(public_id=public_id, state=JoinState.MAILED).first()
    return request is not None and move(request, JoinState.WITHDRAWN, now=now)


def why_held(request: JoinRequest, *, keys: Keys) -> str:
    """For staff: what stands in the way of a request."""
    rows = _standing(address_keys(keys, request.email)).exclude(source__in=OWN_WISH).order_by("at", "pk")
    return "; ".join(f"{row.source} since {row.at:%d %b %Y}: {row.reason}" for row in rows)


def forget(limits: Join, *, now: dt.datetime) -> int:
    """Delete requests that are over: after `confirm_days`, or a month where staff may want to see them."""
    lapsed = JoinRequest.objects.exclude(state__in=(JoinState.HELD, JoinState.CONFIRMED)).filter(
        at__lte=now - dt.timedelta(days=limits.confirm_days)
    )
    held = JoinRequest.objects.filter(state=JoinState.HELD, at__lte=now - HELD_FOR)
    return lapsed.delete()[0] + held.delete()[0]


def asked_at(address: str, *, keys: Keys) -> dt.datetime | None:
    """When this address last asked to join without having confirmed; None when it did not, or confirmed."""
    waiting = (JoinState.ASKED, JoinState.MAILED)
    rows = JoinRequest.objects.filter(address_key__in=address_keys(keys, address), state__in=waiting)
    return rows.order_by("-at").values_list("at", flat=True).first()


def _enrol(request: JoinRequest, member: Member | None, *, now: dt.datetime) -> Member:
    if member is not None and member.status == MemberStatus.ERASED:
        # What was erased stays erased: its row gives the address up, and the person begins anew.
        Member.objects.filter(pk=member.pk).update(address_key=f"erased:{secrets.token_hex(24)}")
        member = None
    if member is None:
        return Member.objects.create(
            public_id=secrets.token_hex(16),
            email=request.email,
            address_key=request.address_key,
            status=MemberStatus.ACTIVE,
            language=request.language,
            edition_key=Preferences(language=request.language).edition_key,
            joined_at=now,
        )
    Member.objects.filter(pk=member.pk).update(
        status=MemberStatus.ACTIVE, email=request.email, left_at=None, paused_until=None, joined_at=now
    )
    member.refresh_from_db()
    return member


def _standing(known_as: tuple[str, ...]) -> QuerySet[Suppression]:
    return Suppression.objects.filter(address_key__in=known_as, lifted_at__isnull=True, scope__in=STOPS_THE_DIGEST)


def _lift(known_as: tuple[str, ...], *, now: dt.datetime) -> None:
    for row in _standing(known_as).filter(source__in=OWN_WISH):
        Suppression.objects.filter(pk=row.pk, lifted_at__isnull=True).update(
            lifted_at=now, lifted_by="member", lifted_why="Asked to join again and confirmed it by mail."
        )
        record(actor="member", verb="suppression.lift", subject=f"suppression:{row.pk}", now=now, source=row.source)
