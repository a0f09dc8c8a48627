"""One exchange with SendGrid: a whole answer, or what a broken one leaves us to say.

A pool of connections, one deadline for the whole exchange, no redirects, no proxy from the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx

from digest.deliver.providers.base import NotSent, Unknown
from digest.deliver.providers.transport import DeadlineTransport

LONGEST_ANSWER = 65_536  # bytes of an answer that are read; an error of SendGrid's has a few hundred


class Reply(NamedTuple):
    """A complete answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """Connections to one host under one key. Threads may share it."""

    def __init__(self, *, base_url: str, api_key: str, timeout: float, connections: int) -> None:
        self._timeout = timeout
        self._transport = DeadlineTransport(connections=connections)
        self._client = httpx.Client(
            base_url=base_url,
            transport=self._transport,
            headers={"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"},
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,  # a proxy from the environment would go around the deadline
        )

    def exchange(
        self, method: str, path: str, content: bytes = b"", *, longest: int = LONGEST_ANSWER
    ) -> Reply | NotSent | Unknown:
        """The answer to one request. `NotSent`: no byte of its body left; `Unknown`: it broke after that.

        No more than `longest` bytes of the answer are read.
        """
        progress = _Progress()
        try:
            with (
                self._transport.within(self._timeout),
                self._client.stream(method, path, content=content, extensions={"trace": progress.trace}) as response,
            ):
                return Reply(response.status_code, response.headers, _read(response, longest))
        except httpx.TransportError as error:
            return _broken(error, progress.body_started)

    def close(self) -> None:
        self._client.close()


class _Progress:
    """How far a request came, as the HTTP library tells it."""

    body_started = False

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith("send_request_body.started"):
            self.body_started = True


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
