"""What holds for everything behind the door, whoever wrote the page: Django's, allauth's and ours."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django_htmx.http import HttpResponseClientRedirect

from digest.config import Config
from digest.web.staff.accounts import signed_in_since
from digest.web.staff.roles import role_of

BEHIND = ("/newsroom/", "/admin/", "/accounts/")  # as digest/site/urls.py has them
ALWAYS_OPEN = ("/admin/login/", "/admin/logout/", "/admin/jsi18n/")
NEEDED = "Your account needs a second step at signing in. Set it up once; then the desk opens."
_FOR_EVER = float("inf")
Answer = Callable[[HttpRequest], HttpResponseBase]


def kept_out_of_caches(answer: Answer) -> Answer:
    """Middleware: a page that says nothing about caches is kept in none; another person may sit there next."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = answer(request)
        if request.path.startswith(BEHIND) and not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response

    return middleware


def second_factor_first(answer: Answer) -> Answer:
    """Middleware: who must have a second factor and has none sets it up before anything of the newsroom opens."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(("/newsroom/", "/admin/")) or request.path in ALWAYS_OPEN:
            return answer(request)
        if not lacks_second_factor(request):
            return answer(request)
        place = reverse("mfa_activate_totp")
        if request.headers.get("HX-Request"):
            return HttpResponseClientRedirect(place)
        messages.warning(request, NEEDED)
        return HttpResponseRedirect(place)

    return middleware


def lacks_second_factor(request: HttpRequest) -> bool:
    """Whether `web.sign_in.second_factor` asks this person for one that they have not shown."""
    user = request.user
    config: Config = settings.DIGEST
    wanted = config.web.sign_in.second_factor
    if not wanted or not user.is_authenticated or not user.is_staff or role_of(user) not in wanted:
        return False
    oidc = config.web.oidc
    if oidc is not None and oidc.second_factor == "theirs" and came_by_single_sign_on(request):
        return False
    return not is_mfa_enabled(user, [Authenticator.Type.TOTP])


def came_by_single_sign_on(request: HttpRequest) -> bool:
    return signed_in_since(request, seconds=_FOR_EVER, method="socialaccount")
