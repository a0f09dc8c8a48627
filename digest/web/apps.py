"""The pages, as an app of Django's."""

from __future__ import annotations

from django.apps import AppConfig


class Web(AppConfig):
    name = "digest.web"

    def ready(self) -> None:
        from digest.web.staff import trail

        trail.listen()
