"""The Jinja2 environment of the pages, and what every page may use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from jinja2 import Environment, StrictUndefined


def environment(**options: Any) -> Environment:
    """Autoescaping for every template whatever its ending; an unknown name is an error, not an empty string."""
    env = Environment(**{**options, "autoescape": True, "undefined": StrictUndefined})  # noqa: S701
    env.globals.update(static=static, url=reverse, config=settings.DIGEST)
    return env


def association(request: HttpRequest) -> dict[str, Any]:
    """For the Django templates of the sign-in pages."""
    return {"config": settings.DIGEST}
