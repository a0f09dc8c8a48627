"""Which page answers which address."""

from __future__ import annotations

from allauth.account import views as account
from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from django.views.generic import TemplateView

admin.autodiscover()
admin.site.site_header = admin.site.site_title = "Administration"
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

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
]

urlpatterns = [
    path("accounts/", include(accounts)),
    path("admin/", admin.site.urls),
    path("newsroom/", include("digest.web.staff.urls")),
    path("hooks/", include("digest.web.hooks.urls")),
    path("", include("digest.web.public.urls")),
]
