"""Which page answers which address."""

from __future__ import annotations

from allauth.account import views as account
from allauth.account.decorators import secure_admin_login
from allauth.socialaccount import views as social
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path
from django.views.generic import TemplateView

from digest.web.staff import proof, single_sign_on


def change_password(request: HttpRequest, extra_context: object = None) -> HttpResponse:
    """There is one page for it, and that one is in the audit trail."""
    return redirect("account_change_password")


admin.autodiscover()
admin.site.site_header = admin.site.site_title = "Administration"
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.password_change = change_password  # type: ignore[method-assign,assignment]

# Only what staff need of allauth. Its pages for changing addresses stay shut: the audit trail names people by
# theirs; and there is no reset by mail: `digest staff add` sets a new password.
accounts = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("signup/", account.signup, name="account_signup"),  # closed: digest/web/staff/accounts.py
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path(
        "password/reset/",  # says how a forgotten password is changed; takes no form
        TemplateView.as_view(
            template_name="account/password_reset.html", template_engine="django", http_method_names=["get", "head"]
        ),
        name="account_reset_password",
    ),
    path("2fa/", include("allauth.mfa.urls")),
    path("inactive/", account.account_inactive, name="account_inactive"),
    # Single sign-on, answered only where [web.oidc] is set.
    path("again/", proof.again, name="sign-in-again"),
    path("sign-on/<slug:provider_id>/", single_sign_on.begin, name="openid_connect_login"),
    path("sign-on/<slug:provider_id>/callback/", single_sign_on.back, name="openid_connect_callback"),
    path("sign-on-cancelled/", social.login_cancelled, name="socialaccount_login_cancelled"),
]

urlpatterns = [
    path("accounts/", include(accounts)),
    path("admin/", admin.site.urls),
    path("newsroom/", include("digest.web.staff.urls")),
    path("hooks/", include("digest.web.hooks.urls")),
    path("", include("digest.web.public.urls")),
]
