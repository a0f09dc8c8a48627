"""Staff, one by one: who there is, what each may, and whose account is open. Each change leaves its audit line."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from digest.errors import StateError, UsageError
from digest.installation.audit import record
from digest.web.staff.lockout import locked_until, places_tried_from
from digest.web.staff.roles import PERMISSIONS, give_role, role_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A staff account as `digest staff list` shows it. Instants are aware UTC."""

    email: str
    name: str
    role: str
    is_open: bool
    has_second_factor: bool
    signs_in_at_provider: bool
    last_seen: dt.datetime | None
    locked_until: dt.datetime | None


def everybody(*, now: dt.datetime | None = None) -> tuple[Person, ...]:
    """Every staff account, open ones first, by address."""
    at = now or timezone.now()
    factors = set(Authenticator.objects.filter(type="totp").values_list("user_id", flat=True))
    provided = set(SocialAccount.objects.values_list("user_id", flat=True))
    return tuple(
        Person(
            email=user.get_username(),
            name=user.get_full_name(),
            role=role_of(user),
            is_open=user.is_active,
            has_second_factor=user.pk in factors,
            signs_in_at_provider=user.pk in provided,
            last_seen=user.last_login,
            locked_until=_locked_until(user.get_username(), at),
        )
        for user in User.objects.filter(is_staff=True).order_by("-is_active", "username")
    )


def change_role(email: str, role: str, *, actor: str, now: dt.datetime) -> bool:
    """Give the account another role; False when it has it. UsageError, StateError in words."""
    if role not in PERMISSIONS:
        raise UsageError(f"There is no role {role!r}.", hint=f"The roles are {', '.join(PERMISSIONS)}.")
    with transaction.atomic():
        user = _account(email)
        before = role_of(user)
        if before == role:
            return False
        if before == "administrator":
            _not_the_last_administrator(user)
        give_role(user, role)
        record(actor=actor, verb="staff.role", subject=f"staff:{user.pk}", now=now, role=role, before=before)
    return True


def close_account(email: str, *, actor: str, now: dt.datetime) -> bool:
    """Let the person in no more, at once and everywhere; False when it was so before."""
    with transaction.atomic():
        user = _account(email)
        if role_of(user) == "administrator" and user.is_active:
            _not_the_last_administrator(user)
        if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
            return False
        record(actor=actor, verb="staff.disable", subject=f"staff:{user.pk}", now=now)
    return True


def open_account(email: str, *, actor: str, now: dt.datetime) -> bool:
    """Let the person in again, with the password they had; False when it was so before."""
    with transaction.atomic():
        user = _account(email)
        if not User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
            return False
        record(actor=actor, verb="staff.enable", subject=f"staff:{user.pk}", now=now)
    return True


def rename(email: str, name: str, *, actor: str, now: dt.datetime) -> bool:
    """Correct the person's name; False when it was so before."""
    with transaction.atomic():
        user = _account(email)
        name = " ".join(name.split())[:150]
        if (
            not User.objects.filter(pk=user.pk)
            .exclude(first_name=name, last_name="")
            .update(first_name=name, last_name="")
        ):
            return False
        record(actor=actor, verb="staff.rename", subject=f"staff:{user.pk}", now=now)
    return True


def reset_second_factor(email: str, *, actor: str, now: dt.datetime) -> bool:
    """Remove app and recovery codes, for who has lost both; False when there were none."""
    with transaction.atomic():
        user = _account(email)
        removed, _ = Authenticator.objects.filter(user=user).delete()
        if not removed:
            return False
        record(actor=actor, verb="staff.factor-reset", subject=f"staff:{user.pk}", now=now)
    return True


def _account(email: str) -> User:
    account = email.strip().lower()
    user = User.objects.select_for_update().filter(username=account, is_staff=True).first()
    if user is None:
        raise UsageError(f"There is no staff account {account!r}.", hint="`digest staff list` names them.")
    return user


def _not_the_last_administrator(user: User) -> None:
    others = User.objects.filter(is_superuser=True, is_active=True, is_staff=True).exclude(pk=user.pk)
    if not others.exists():
        raise StateError(
            f"{user.get_username()} is the only administrator.",
            hint="Make somebody else one first: digest staff add ADDRESS --role administrator.",
        )


def _locked_until(account: str, now: dt.datetime) -> dt.datetime | None:
    found = [locked_until(account, place, now=now) for place in places_tried_from(account)]
    return max((until for until in found if until is not None), default=None)
