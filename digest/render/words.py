"""The fixed words of an issue in its language: gettext, with English as what is written in the templates."""

from __future__ import annotations

import gettext
from functools import lru_cache
from pathlib import Path

DOMAIN = "digest"
FOLDER = Path(__file__).resolve().parent.parent / "locale"


@lru_cache(maxsize=16)
def words_of(language: str) -> gettext.NullTranslations:
    """The catalogue for an IETF language tag; English where there is none."""
    name = language.replace("-", "_")
    return gettext.translation(DOMAIN, FOLDER, languages=[name, name.partition("_")[0]], fallback=True)
