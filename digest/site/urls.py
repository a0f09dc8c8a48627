"""Which page answers which address."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("newsroom/", include("digest.web.staff.urls")),
    path("hooks/", include("digest.web.hooks.urls")),
    path("", include("digest.web.public.urls")),
]
