"""Before what cannot be taken back: "is it you?" (OWASP ASVS 3.3, re-authentication).

A person who left their desk unlocked has lent the newsroom to whoever sits down there. So an approval, and what else
sends mail, asks for the password or a code once more, unless that was answered in the last `confirm_minutes`.
Signing in is no answer to it. What stops mail is never held up by this.
"""

from __future__ import annotations

from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import (
    did_recently_reauthenticate,
    get_reauthentication_flows,
    suspend_request,
)
from allauth.account.utils import get_next_redirect_url
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect

from digest.config import Config
from digest.web.staff.accounts import signed_in_since


def is_proven(request: HttpRequest) -> bool:
    """Whether the person said within the last minutes who they are."""
    if get_reauthentication_flows(request.user):
        proven: bool = did_recently_reauthenticate(request)
        return proven
    # Who has neither password nor second factor here proves it at the provider, and nowhere else.
    return signed_in_since(request, seconds=_config().web.sign_in.confirm_minutes * 60, method="socialaccount")


def ask_for_proof(request: HttpRequest) -> HttpResponse:
    """Put the request aside and ask; once answered, it goes on as it was posted."""
    methods = get_adapter().get_reauthentication_methods(request.user)
    place = methods[0]["url"] if methods else reverse("sign-in-again")
    answer: HttpResponse = suspend_request(request, place)
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect(answer["Location"])
    return answer


@login_required
@require_safe
def again(request: HttpRequest) -> HttpResponse:
    """For who signs in at the provider alone: a button that leads there and back."""
    oidc = _config().web.oidc
    back = get_next_redirect_url(request) or reverse("desk")
    query = urlencode({"process": "login", "next": back, "auth_params": "prompt=login"})
    where = f"{reverse('openid_connect_login', args=['sso'])}?{query}" if oidc else ""
    context = {"where": where, "provider": oidc.name if oidc else ""}
    return render(request, "account/again.html", context, using="django")


def _config() -> Config:
    config: Config = settings.DIGEST
    return config
