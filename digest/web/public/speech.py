"""The language of the pages behind a mail's links: the member's, where there are words in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from babel import Locale
from babel.dates import format_date

from digest.config import Config
from digest.render.dates import full_date, locale_of
from digest.words import languages, spoken, words_of

ENGLISH = "en"


def speech(config: Config, wanted: str = "") -> dict[str, Any]:
    """What a page's template needs to speak `wanted`, else the association's language, else English."""
    language = spoken(wanted or config.association.language, config.association.language)
    locale, words = locale_of(language), words_of(language)
    return {
        "lang": language,
        "text_direction": locale.text_direction,
        "_": words.gettext,
        "ngettext": words.ngettext,
        "long_day": lambda day: _long_day(config, locale, day),
        "full_day": lambda day: full_date(day, locale),
    }


def choices(config: Config) -> Sequence[tuple[str, str]]:
    """The languages to choose from, each in its own words: ("", the association's) first."""
    own = spoken(config.association.language)
    others = [tag for tag in (ENGLISH, *languages()) if not _same(tag, own)]
    return [("", _named(own)), *((tag.replace("_", "-"), _named(tag)) for tag in others)]


def _same(tag: str, own: str) -> bool:
    return own.replace("-", "_").startswith(f"{tag}_") or own == tag


def _named(tag: str) -> str:
    locale = locale_of(tag)
    name = Locale(locale.language).get_language_name(locale.language) or tag
    return name[:1].upper() + name[1:]


def _long_day(config: Config, locale: Locale, value: dt.date) -> str:
    """`12 February 2024`; an instant's date in the association's zone."""
    day = value.astimezone(config.association.tz).date() if isinstance(value, dt.datetime) else value
    return format_date(day, "d MMMM yyyy" if locale.language == ENGLISH else "long", locale=locale)
