"""Who may see a page of the newsroom, and what everyone else is told."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRedirect

from digest.errors import DigestError
from digest.web.staff.proof import ask_for_proof, is_proven

APPROVE = "compose.approve_issue"
RELEASE = "gather.release_entries"
AUDIT = "installation.view_audit"

View = Callable[..., HttpResponse]


def staff_page(*methods: str, permission: str = "", proven: bool = False) -> Callable[[View], View]:
    """A view for signed-in staff, answering `methods` only, never cached.

    The anonymous are sent to sign in and then back; a signed-in person who is not staff, or lacks
    `permission`, is told so with a 403. `proven` asks who is it before a POST does anything (proof.py).
    """
    allowed = [*methods, "HEAD"] if "GET" in methods else list(methods)

    def decorate(view: View) -> View:
        @never_cache
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return _sign_in(request)
            if not request.user.is_staff:
                return _refuse(request, "not-staff")
            if permission and not request.user.has_perm(permission):
                return _refuse(request, permission)
            if request.method not in allowed:
                return HttpResponseNotAllowed(allowed)
            if proven and request.method == "POST" and not is_proven(request):
                return ask_for_proof(request)
            try:
                return view(request, *args, **kwargs)
            except DigestError as error:
                return _trouble(request, error)

        return guarded

    return decorate


def actor(request: HttpRequest) -> str:
    """How the audit trail names the person: their address."""
    user = request.user
    return "" if isinstance(user, AnonymousUser) else user.email or user.get_username()


def _sign_in(request: HttpRequest) -> HttpResponse:
    # After a POST there is nothing to come back to but the desk: its address answers no GET.
    back = request.get_full_path() if request.method in ("GET", "HEAD") else reverse("desk")
    answer = redirect_to_login(back)
    if request.headers.get("HX-Request"):
        # A fragment's request would swallow the sign-in page; the whole page has to go there.
        return HttpResponseClientRedirect(redirect_to_login(reverse("desk")).url)
    return answer


def _refuse(request: HttpRequest, why: str) -> HttpResponse:
    return render(request, "staff/refused.html", {**_frame(request), "why": why}, status=403)


def _trouble(request: HttpRequest, error: DigestError) -> HttpResponse:
    return render(request, "staff/trouble.html", {**_frame(request), "error": error}, status=500)


def _frame(request: HttpRequest) -> dict[str, Any]:
    """What the frame of every page shows; without `person` there is no way further in."""
    frame: dict[str, Any] = {"config": settings.DIGEST, "here": ""}
    if request.user.is_staff:
        frame |= {"person": actor(request), "is_admin": request.user.has_perm(AUDIT)}
    return frame
