"""The whole state of the database, to say that something changed nothing of it."""

from __future__ import annotations

from typing import Any

from django.apps import apps


def every_row() -> dict[str, list[Any]]:
    """Every row of every table there is a model for, ours and Django's."""
    return {
        model._meta.label: sorted(map(repr, model._default_manager.values_list()))
        for model in apps.get_models()
        if model._meta.managed
    }
