"""The connections of a fetch: to checked addresses only, and never past a deadline.

httpcore brings its own time-outs, but they are per socket operation: a server that sends one byte every four seconds
would hold a fetch for ever. Here every operation of a fetch is bounded by the instant at which it must be over.
"""

from __future__ import annotations

import contextlib
import ipaddress
import queue
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from time import monotonic
from typing import Any, Self
from urllib.parse import quote, urlsplit

import httpcore

from digest.gather.address import is_public

Resolver = Callable[[str, int, float], list[str]]
MOST_ADDRESSES = 3  # of one name that are tried
IN_ADDRESS = "%/:=&?~#+!$,;'@()*[]|"  # left as it is, as browsers do


class AddressRefused(Exception):
    """The name leads to an address that must not be asked."""


class NameNotFound(Exception):
    """No server has this name."""


class DeadlinePassed(Exception):
    """The time for the whole fetch is over."""


class Deadline:
    """The instant by which a fetch must be over."""

    def __init__(self, seconds: float) -> None:
        self._end = monotonic() + seconds

    def left(self, at_most: float | None = None) -> float:
        """Seconds that one operation may take. Raises DeadlinePassed when there are none."""
        left = self._end - monotonic()
        if left <= 0:
            raise DeadlinePassed
        return left if at_most is None else min(left, at_most)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """What passes inside the block is not counted: it is not the server that takes it."""
        began = monotonic()
        try:
            yield
        finally:
            self._end += monotonic() - began


def resolve(host: str, port: int, seconds: float) -> list[str]:
    """The addresses of `host`, in the order the system prefers. Raises NameNotFound, or DeadlinePassed."""
    with contextlib.suppress(ValueError):
        return [str(ipaddress.ip_address(host))]  # nobody has to be asked
    answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError(str(error)))
        else:
            answers.put([str(address[4][0]) for address in found])

    # The system's resolver knows no time-out: it is asked in a thread that may be left behind.
    threading.Thread(target=ask, daemon=True, name=f"resolve {host}").start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise DeadlinePassed from None
    if isinstance(answer, OSError):
        raise NameNotFound(host) from answer
    return list(dict.fromkeys(answer))


class _GuardedStream(httpcore.NetworkStream):
    """A stream whose every operation ends by the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _GuardedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to an address that was checked, not to a name that may mean another one a moment later.

    TLS still names and verifies the host, because httpcore takes that name from the URL.
    """

    def __init__(
        self, deadline: Deadline, *, allowed: Callable[[str], bool] = is_public, resolver: Resolver = resolve
    ) -> None:
        self.deadline, self._allowed, self._resolver = deadline, allowed, resolver
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._resolver(host, port, self.deadline.left(timeout))
        if not addresses:
            raise NameNotFound(host)
        for address in addresses:
            if not self._allowed(address):
                raise AddressRefused(address)
        failure: Exception = NameNotFound(host)
        for address in addresses[:MOST_ADDRESSES]:
            try:
                stream = self._plain.connect_tcp(
                    address, port, self.deadline.left(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _GuardedStream(stream, self.deadline)
        raise failure

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        raise AddressRefused(path)


@lru_cache(maxsize=1)
def ssl_context() -> ssl.SSLContext:
    """The trusted certificates, read once: that takes longer than a fetch."""
    import certifi

    return ssl.create_default_context(cafile=certifi.where())


def read_url(url: str) -> httpcore.URL:
    """`url` as it is asked for: its host, path and query in ASCII. ValueError for a host that is none."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")  # the dot of the root: no certificate names it
    if not host.isascii():
        import idna  # few feeds need it

        host = idna.encode(host, uts46=True).decode("ascii")
    if re.search(r"[^\w.:~-]", host.partition("%")[0] if ":" in host else host):  # `%eth0`, after IPv6 alone
        raise ValueError(f"no server can be named {host!r}")
    target = quote(parts.path or "/", safe=IN_ADDRESS) + (
        f"?{quote(parts.query, safe=IN_ADDRESS)}" if parts.query else ""
    )
    return httpcore.URL(scheme=parts.scheme.lower(), host=host, port=parts.port, target=target)


class Connections:
    """The connections of one fetch, closed at its end."""

    def __init__(self, backend: GuardedBackend) -> None:
        self._backend = backend
        self.deadline = backend.deadline
        self._pools: dict[bytes, httpcore.ConnectionPool] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for pool in self._pools.values():
            pool.close()

    @contextlib.contextmanager
    def get(
        self,
        url: httpcore.URL,
        headers: Mapping[str, str],
        timeouts: Mapping[str, float],
        *,
        method: str = "GET",
        content: bytes | None = None,
    ) -> Iterator[httpcore.Response]:
        """The answer, its body still to come. Raises what httpcore raises, and this module."""
        lines = [(name.encode(), value.encode("latin-1", "ignore")) for name, value in headers.items()]
        if b":" in url.host:  # httpcore forgets the brackets of an IPv6 address (RFC 9110, 7.2)
            lines.append((b"Host", b"[%b]" % url.host if url.port is None else b"[%b]:%d" % (url.host, url.port)))
        with self._pool(url.scheme).stream(
            method, url, headers=lines, content=content, extensions={"timeout": timeouts}
        ) as response:
            yield response

    def _pool(self, scheme: bytes) -> httpcore.ConnectionPool:
        if scheme not in self._pools:
            # The certificates take longer to read than a feed: only who needs them waits for them.
            context = ssl_context() if scheme == b"https" else None
            self._pools[scheme] = httpcore.ConnectionPool(
                ssl_context=context, max_connections=2, network_backend=self._backend, http1=True, http2=False
            )
        return self._pools[scheme]


def header(response: httpcore.Response, name: str) -> str:
    """A header's values, several of them joined by commas (RFC 9110, 5.3); "" without one."""
    wanted = name.lower().encode()
    return ", ".join(value.decode("latin-1").strip() for key, value in response.headers if key.lower() == wanted)
