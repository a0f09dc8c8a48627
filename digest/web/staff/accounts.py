"""Accounts of the newsroom: made by `digest staff add`, never by their owners."""

from __future__ import annotations

import base64
import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import render
from django.utils import timezone

from digest.config import Config
from digest.installation.audit import record


class ClosedAccounts(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-up stays closed; wrong passwords are counted by the lock-out alone (digest/web/staff/lockout.py)."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "This address and this password do not belong together.",
        "incorrect_password": "That is not your password.",
        "incorrect_code": "That is not the code of this half-minute. Wait for the next one and type that.",
        "too_many_login_attempts": "Too many wrong codes. Try again in five minutes.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """allauth would count wrong passwords as well, and tell nobody how long to wait."""

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Who has just signed in need not say so again to set up a second factor. An approval asks in any case."""
        return not (app == "allauth.mfa" and signed_in_since(context.request, seconds=_confirm_seconds()))


class SecondFactor(DefaultMFAAdapter):  # type: ignore[misc]
    """The secrets of second factors are kept encrypted: a copy of the database alone opens no account.

    The key is made from Django's secret, so after a new one `digest staff reset-second-factor` is due.
    """

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": ClosedAccounts.error_messages["incorrect_code"],
    }

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return _box().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return ""  # no code fits it; the person is told that it is wrong, and staff can reset it


class KnownStaff(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Single sign-on lets in whom staff have made an account for, by the address the provider has verified."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Tie the provider's identity to the account of that address, or refuse. ImmediateHttpResponse refuses."""
        addresses = [address.email.lower() for address in sociallogin.email_addresses if self._is_sure(address)]
        known = sociallogin.user if sociallogin.is_existing else self._account(addresses)
        if sociallogin.state.get("process") not in (None, "login"):
            known = None  # an account is tied to one identity, by its address, and to no other by hand
        if known is None or not known.is_active:
            self._refuse(request, "not-verified" if not (addresses or sociallogin.is_existing) else "not-known")
        if not sociallogin.is_existing:
            sociallogin.connect(request, known)

    def on_authentication_error(self, request: HttpRequest, provider: Any, **kwargs: Any) -> None:
        record(actor="somebody", verb="staff.sign-in-failed", subject="newsroom", now=timezone.now(), how="sso")

    def _is_sure(self, address: Any) -> bool:
        oidc = _config().web.oidc
        return bool(address.verified) or (oidc is not None and oidc.trust_addresses)

    def _account(self, addresses: list[str]) -> User | None:
        return User.objects.filter(username__in=addresses, is_staff=True).first()

    def _refuse(self, request: HttpRequest, why: str) -> None:
        record(actor="somebody", verb="staff.sign-in-refused", subject="newsroom", now=timezone.now(), why=why)
        raise ImmediateHttpResponse(
            render(request, "socialaccount/not_known.html", {"why": why}, status=403, using="django")
        )


def signed_in_since(request: HttpRequest, *, seconds: float, method: str = "") -> bool:
    """Whether the person proved who they are within so many seconds, in any way or by `method`."""
    proofs = get_authentication_records(request, request.user)
    return any(time.time() - proof["at"] < seconds for proof in proofs if method in ("", proof["method"]))


def _confirm_seconds() -> int:
    return _config().web.sign_in.confirm_minutes * 60


def _config() -> Config:
    config: Config = settings.DIGEST
    return config


def _box() -> MultiFernet:
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([_fernet(str(secret)) for secret in secrets])


def _fernet(secret: str) -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"second factor").derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(key))
