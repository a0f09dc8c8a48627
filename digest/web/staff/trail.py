"""Signing in, in the audit trail: who came in and how, who did not, who was locked out, and whose keys changed.

Django, allauth and axes say so by signals. A signal without a request behind it (a command, a test) leaves no line:
the command that caused it leaves its own. What was typed in vain is kept only where it names an account; it may be a
password that slipped into the wrong field.
"""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.signals import password_changed
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed, authenticator_reset
from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest
from django.utils import timezone

from digest.installation.audit import record
from digest.web.staff.lockout import account_of, address_of

log = logging.getLogger(__name__)
FACTORS = {"totp": "app", "recovery_codes": "codes"}


def listen() -> None:
    """Connect every listener; done once, when Django starts."""
    for signal, listener in (
        (user_logged_in, _signed_in),
        (user_logged_out, _signed_out),
        (user_login_failed, _failed),
        (user_locked_out, _locked_out),
        (authentication_failed, _wrong_code),
        (authenticator_added, _factor_added),
        (authenticator_removed, _factor_removed),
        (authenticator_reset, _factor_renewed),
        (password_changed, _password_changed),
    ):
        signal.connect(listener, dispatch_uid=f"digest.trail.{listener.__name__}")


def _signed_in(sender: object, request: HttpRequest | None, user: User, **_: Any) -> None:
    if request is None or not _is_a_visit(request):
        return
    methods = {proof["method"] for proof in get_authentication_records(request, user)}
    how = "sso" if "socialaccount" in methods else "password"
    _keep("staff.sign-in", request, user, how=f"{how}+code" if "mfa" in methods else how)


def _signed_out(sender: object, request: HttpRequest | None, user: User | None, **_: Any) -> None:
    if request is not None and user is not None and _is_a_visit(request):
        _keep("staff.sign-out", request, user)


def _failed(sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    if request is not None and not getattr(request, "axes_locked_out", False):
        _keep("staff.sign-in-failed", request, _account(request, credentials))


def _locked_out(sender: object, request: HttpRequest, username: str, **_: Any) -> None:
    # The signal comes with every further try; the line is for the one that locked.
    if getattr(request, "axes_failures_since_start", None) == settings.AXES_FAILURE_LIMIT:
        minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
        user = User.objects.filter(username=username).first()
        _keep("staff.locked-out", request, user, tries=settings.AXES_FAILURE_LIMIT, minutes=minutes)


def _wrong_code(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    _keep("staff.code-failed", request, user)


def _factor_added(sender: object, request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    _keep("staff.factor-add", request, user, factor=FACTORS.get(authenticator.type, authenticator.type))


def _factor_removed(sender: object, request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    _keep("staff.factor-remove", request, user, factor=FACTORS.get(authenticator.type, authenticator.type))


def _factor_renewed(sender: object, request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    _keep("staff.factor-renew", request, user, factor=FACTORS.get(authenticator.type, authenticator.type))


def _password_changed(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    _keep("staff.password", request, user)


def _keep(verb: str, request: HttpRequest, user: User | None, **detail: Any) -> None:
    place = address_of(request) or "unknown"
    who = user.get_username() if user is not None else "somebody"
    if verb in ("staff.sign-in-failed", "staff.locked-out", "staff.code-failed"):
        log.warning("%s for %s from %s", verb, who, place)
    subject = f"staff:{user.pk}" if user is not None else "newsroom"
    record(actor=who, verb=verb, subject=subject, now=timezone.now(), place=place, **detail)


def _account(request: HttpRequest, credentials: dict[str, Any]) -> User | None:
    return User.objects.filter(username=account_of(request, credentials)).first()


def _is_a_visit(request: HttpRequest) -> bool:
    return "REMOTE_ADDR" in request.META
