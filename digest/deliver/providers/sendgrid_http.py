"""One exchange with SendGrid: a whole answer, or what a broken one leaves us to say.

A pool of connections, one deadline for the whole exchange, no redirects, no proxy from the environment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

import httpx

from digest import __version__
from digest.deliver.providers.base import NotSent, Unknown
from digest.deliver.providers.transport import DeadlineTransport

LONGEST_ANSWER = 65_536  # bytes of an answer that are read; an error of SendGrid's has a few hundred


class Reply(NamedTuple):
    """A complete answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """Connections to one host under one key. Threads may share it.

    Requests go straight to the client's transport: what a client does besides (redirects, cookies, authentication)
    is not wanted here, takes as long as the sending, and keeps each body in memory in a circle of references.
    """

    def __init__(self, *, base_url: str, api_key: str, timeout: float, connections: int) -> None:
        self._base_url, self._timeout = base_url, timeout
        self._transport = DeadlineTransport(connections=connections)
        self._headers = httpx.Headers(
            {
                "Accept": "*/*",
                "Authorization": f"Bearer {api_key}",
                "Content-Type": "application/json",
                "User-Agent": f"weekly-digest/{__version__}",
            }
        )
        self._extensions = {"timeout": httpx.Timeout(timeout).as_dict()}

    def exchange(
        self, method: str, path: str, content: bytes = b"", *, longest: int = LONGEST_ANSWER
    ) -> Reply | NotSent | Unknown:
        """The answer to one request. `NotSent`: no byte of its body left; `Unknown`: it broke after that.

        No more than `longest` bytes of the answer are read.
        """
        url = _url(self._base_url, path)
        request = httpx.Request(method, url, headers=self._headers, content=content, extensions=self._extensions)
        request.stream = body = _Body(content)
        try:
            with self._transport.within(self._timeout):
                response = self._transport.handle_request(request)
                try:
                    return Reply(response.status_code, response.headers, _read(response, longest))
                finally:
                    response.close()
        except httpx.TransportError as error:
            return _broken(error, body.started)

    def close(self) -> None:
        self._transport.close()


class _Body(httpx.SyncByteStream):
    """A request's body, which knows whether it was begun to be sent."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.started = False

    def __iter__(self) -> Iterator[bytes]:
        self.started = True
        yield self._content


@lru_cache(maxsize=16)
def _url(base: str, path: str) -> httpx.URL:
    return httpx.URL(f"{base}{path}")


def _broken(error: httpx.TransportError, body_started: bool) -> NotSent | Unknown:
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if not body_started:
        return NotSent(words=f"SendGrid could not be reached ({what}).")
    return Unknown(words=f"The connection to SendGrid broke before its answer was complete ({what}).")


def _read(response: httpx.Response, longest: int) -> bytes:
    """The answer's body, as far as it is of use. A truncated one raises, as the standard library of HTTP has it."""
    chunks, size = [], 0
    for chunk in response.iter_raw():
        chunks.append(chunk)
        size += len(chunk)
        if size >= longest:
            break
    return b"".join(chunks)[:longest]
