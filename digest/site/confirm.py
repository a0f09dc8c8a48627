"""WSGI: whoever has a page already is told so at once, as a cache in front would do it.

For a second after a page was asked for, what it is known by (its ETag) is remembered here, and a request that names
it is answered 304 without waking Django. Readers may keep these pages for a minute and longer anyway. Only pages that
say of themselves that anybody may keep them are remembered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SECONDS = 1.0
MOST = 4000  # pages remembered; then all are forgotten, and asked for anew
_TOLD = ("etag", "cache-control", "vary", "last-modified", "content-location", "expires")  # RFC 9110, 15.4.5
_OTHERWISE = ("HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_RANGE", "HTTP_AUTHORIZATION")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    etag: str  # without W/
    headers: list[tuple[str, str]]
    until: float


class Confirming:
    """`application`, asked at most once a second for each page that its readers have."""

    def __init__(self, application: WSGIApplication, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._application = application
        self._clock = clock
        self._known: dict[tuple[Any, ...], _Known] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or any(name in environ for name in _OTHERWISE):
            return self._application(environ, start_response)
        key = (
            environ.get("wsgi.url_scheme"),
            environ.get("HTTP_X_FORWARDED_PROTO"),
            environ.get("HTTP_HOST"),
            environ.get("PATH_INFO"),
            environ.get("QUERY_STRING"),
        )
        named: str = environ.get("HTTP_IF_NONE_MATCH", "")
        known = self._known.get(key) if named else None
        if known is not None and self._clock() < known.until and known.etag in _tags(named):
            start_response("304 Not Modified", list(known.headers))
            return []

        def remember(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            self._remember(key, status, headers)
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        return self._application(environ, remember)

    def _remember(self, key: tuple[Any, ...], status: str, headers: list[tuple[str, str]]) -> None:
        if not status.startswith(("200", "304")):
            return
        said = {name.lower(): value for name, value in headers}
        etag, cache = said.get("etag", ""), said.get("cache-control", "")
        if not etag.startswith("W/") or "public" not in cache or "set-cookie" in said:
            return
        if len(self._known) >= MOST:
            self._known.clear()
        told = [(name, value) for name, value in headers if name.lower() in _TOLD]
        self._known[key] = _Known(etag=etag[2:], headers=told, until=self._clock() + SECONDS)


def _tags(named: str) -> list[str]:
    """The tags of an If-None-Match, compared weakly (RFC 9110, 13.1.2)."""
    return [tag.strip().removeprefix("W/") for tag in named.split(",")]
