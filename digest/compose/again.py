"""Replaced by worker C1."""

from __future__ import annotations

from typing import Any


def stood_before(candidate: Any, earlier: Any) -> str | None:
    return earlier.get(candidate.key)
