"""An HTTP transport with one deadline for the whole exchange.

httpx's time-outs are per socket operation: a server that sends a byte now and then is never late. Here every wait
of a request draws on the same purse, from the connect to the last byte of the answer.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx


class DeadlineTransport(httpx.HTTPTransport):
    """A pooled transport whose requests end in time when they are made inside `within(seconds)`.

    The deadline belongs to the thread: httpx's synchronous client does all of a request's work in its caller's.
    """

    def __init__(self, *, connections: int) -> None:
        context = httpx.create_ssl_context()
        super().__init__(verify=context)
        self._deadline = _Deadline()
        # httpx has no parameter for the network beneath its pool, so the pool it made gives way to one that has.
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=connections,
            max_keepalive_connections=connections,
            # Servers drop idle connections without a word, and what was written to such a one is lost unseen.
            keepalive_expiry=5.0,
            network_backend=_Backend(self._deadline),
        )

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Requests made by this thread inside the block must be over after `seconds`."""
        self._deadline.at = time.monotonic() + seconds
        try:
            yield
        finally:
            self._deadline.at = None


class _Deadline(threading.local):
    at: float | None = None

    def left(self, timeout: float | None, late: type[Exception]) -> float | None:
        """The seconds the next operation may take; raises `late` when there are none left."""
        if self.at is None:
            return timeout
        left = self.at - time.monotonic()
        if left <= 0:
            raise late("the time for the whole request is up")
        return left if timeout is None else min(left, timeout)


class _Backend(httpcore.SyncBackend):
    def __init__(self, deadline: _Deadline) -> None:
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        timeout = self._deadline.left(timeout, httpcore.ConnectTimeout)
        stream = super().connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(stream, self._deadline)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # Not the library's own loop: that waits anew for every few bytes that a slow reader takes.
        sock: socket.socket = self._stream.get_extra_info("socket")
        rest = memoryview(buffer)
        try:
            while rest:
                sock.settimeout(self._deadline.left(timeout, httpcore.WriteTimeout))
                rest = rest[sock.send(rest) :]
        except TimeoutError as error:
            raise httpcore.WriteTimeout(error) from error
        except OSError as error:
            raise httpcore.WriteError(error) from error

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        timeout = self._deadline.left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
