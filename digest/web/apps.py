"""The pages, as an app of Django's."""

from __future__ import annotations

from django.apps import AppConfig


class Web(AppConfig):
    name = "digest.web"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from digest.web.staff import roles, trail

        trail.listen()
        post_migrate.connect(roles.renew_roles, sender=self, dispatch_uid="digest.roles")
