"""The lock-out (django-axes): which account and which place a try counts for, and what the locked out are told."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from digest.errors import UsageError
from digest.installation.audit import record

LONGEST = 254  # characters of an address (RFC 5321)


def address_of(request: HttpRequest) -> str | None:
    """The network address that tries are counted for. An IPv6 customer has a whole /64, so that is what counts."""
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return None
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network(f"{address}/64", strict=False).network_address)


def account_of(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """The account that somebody tries to enter: the address they typed, as `staff add` writes it."""
    given = credentials or {}
    typed = given.get("username") or given.get("email") or request.POST.get("login", "")
    return str(typed).replace("\0", "").strip().lower()[:LONGEST]


def locked_out(
    request: HttpRequest, answer: HttpResponse | None = None, credentials: Mapping[str, Any] | None = None
) -> HttpResponse:
    """The page instead of the form, with how long it lasts (429, RFC 6585)."""
    until = locked_until(account_of(request, credentials), address_of(request), now=timezone.now())
    left = (until - timezone.now()).total_seconds() if until else settings.AXES_COOLOFF_TIME.total_seconds()
    minutes = max(1, int(-(-left // 60)))
    page = render(request, "account/locked.html", {"minutes": minutes}, status=429, using="django")
    page.headers["Retry-After"] = str(minutes * 60)
    return page


def locked_until(account: str, address: str | None, *, now: dt.datetime) -> dt.datetime | None:
    """When the lock opens again; None when there is none."""
    wait: dt.timedelta = settings.AXES_COOLOFF_TIME
    rows = AccessAttempt.objects.filter(username=account, ip_address=address, attempt_time__gt=now - wait)
    tries = rows.values_list("attempt_time", "failures_since_start")
    return opens_at(tries, limit=settings.AXES_FAILURE_LIMIT, wait=wait)


def places_tried_from(account: str) -> list[str | None]:
    """The network addresses from which somebody typed a wrong password for this account."""
    return list(AccessAttempt.objects.filter(username=account).values_list("ip_address", flat=True).distinct())


def opens_at(tries: Iterable[tuple[dt.datetime, int]], *, limit: int, wait: dt.timedelta) -> dt.datetime | None:
    """When fewer than `limit` of `tries`, (when, how many), are younger than `wait`; None when they are now. Pure."""
    ordered = sorted(tries)
    left = sum(count for _, count in ordered)
    if left < limit:
        return None
    for at, count in ordered:
        left -= count
        if left < limit:
            return at + wait
    return None


def unlock(email: str, *, actor: str, now: dt.datetime) -> int:
    """Forget the wrong passwords typed for an account, from everywhere; how many places were counted.

    Raises UsageError when there is no such account.
    """
    account = email.strip().lower()
    with transaction.atomic():
        user = User.objects.filter(username=account).first()
        if user is None:
            raise UsageError(f"There is no staff account {account!r}.", hint="`digest staff list` names them.")
        count = int(AccessAttempt.objects.filter(username=account).delete()[0])
        if count:
            record(actor=actor, verb="staff.unlock", subject=f"staff:{user.pk}", now=now, account=account)
    return count
