"""One helper for every folder's models."""

from __future__ import annotations

from enum import StrEnum


def choices(states: type[StrEnum]) -> list[tuple[str, str]]:
    """A StrEnum as Django's choices. Django's own TextChoices would pull Django into pure code."""
    return [(state.value, state.value) for state in states]
