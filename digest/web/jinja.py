"""The Jinja2 environment of the pages, and what every page may use.

Functions: url(name, args=[...]), asset(file), brand_css(), config.  Filters: day, weekday, clock, month_day,
count, web_href, bare_host.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from jinja2 import Environment, StrictUndefined

from digest.config import Config
from digest.web.public.brand import brand_css_version


def environment(**options: Any) -> Environment:
    """Autoescaping for every template whatever its ending; an unknown name is an error, not an empty string."""
    options |= {"autoescape": True, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    env = Environment(**options)  # noqa: S701 - it is in the options
    env.globals.update(static=static, url=url, config=settings.DIGEST, asset=asset, brand_css=brand_css)
    env.globals["is_copy"] = False  # true while a page is drawn for a static copy of the archive
    env.globals.update(_=_as_it_stands, ngettext=_one_or_many)  # pages in the reader's language bring their own
    env.filters.update(
        day=day,
        weekday=weekday,
        month_day=month_day,
        clock=clock,
        count=count,
        web_href=web_href,
        bare_host=bare_host,
    )
    return env


def url(name: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> str:
    """The address of a page, worked out once: a list of entries names the same few again and again."""
    return _url(name, tuple(args), tuple((kwargs or {}).items()))


@lru_cache(maxsize=4096)
def _url(name: str, args: tuple[Any, ...], kwargs: tuple[tuple[str, Any], ...]) -> str:
    return reverse(name, args=args or None, kwargs=dict(kwargs) or None)


def _as_it_stands(message: str) -> str:
    return message


def _one_or_many(one: str, many: str, number: int) -> str:
    return one if number == 1 else many


def association(request: HttpRequest) -> dict[str, Any]:
    """For the Django templates of the sign-in pages."""
    return {"config": settings.DIGEST, "brand_css": brand_css()}


def asset(name: str) -> str:
    """The address of a static file, named by its content, so that an upgrade is seen at once."""
    return static(name)


def brand_css() -> str:
    """The address of the stylesheet that carries the association's colours."""
    return f"{reverse('brand-css')}?v={brand_css_version(_config().brand)}"


def _config() -> Config:
    config: Config = settings.DIGEST
    return config


@lru_cache(maxsize=16)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en", "GB")


def _local_date(value: dt.date) -> dt.date:
    """An instant's date in the association's zone; a date stays what it is."""
    return value.astimezone(_config().association.tz).date() if isinstance(value, dt.datetime) else value


def _format(value: dt.date, pattern: str) -> str:
    return format_date(_local_date(value), pattern, locale=_locale(_config().association.language))


def day(value: dt.date) -> str:
    """`12 Feb 2024`, in the form that config gives dates."""
    return _format(value, _config().digest.date_format)


def weekday(value: dt.date) -> str:
    """`Monday 12 February 2024`."""
    return _format(value, "EEEE d MMMM yyyy")


def month_day(value: dt.date) -> str:
    """`12 February`, where the year stands above."""
    return _format(value, "d MMMM")


def clock(value: dt.datetime) -> str:
    """`Mon 12 Feb, 09:00`, in the association's zone. `value` must be aware."""
    association = _config().association
    return format_datetime(value, "EEE d MMM, HH:mm", tzinfo=association.tz, locale=_locale(association.language))


def count(number: int, one: str, many: str) -> str:
    """`1 item`, `3 items`."""
    return f"{number:,} {one if number == 1 else many}"


def web_href(value: str) -> str:
    """`value` where it is an http(s) address, else "#": text from a feed or a file must not become a script."""
    try:
        parts = urlsplit(value.strip())
    except ValueError:
        return "#"
    return value.strip() if parts.scheme.lower() in ("http", "https") and parts.netloc else "#"


def bare_host(value: str) -> str:
    """`www.example.org` of an address, for a link's text."""
    try:
        return urlsplit(value).hostname or value
    except ValueError:
        return value
