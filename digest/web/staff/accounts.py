"""Accounts of the newsroom: made by `digest staff add`, never by their owners."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedAccounts(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-up stays closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
