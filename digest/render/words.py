"""The fixed words of an issue, in its language."""

from __future__ import annotations

from digest.words import words_of

__all__ = ["words_of"]
