"""How one server is asked: by few at once, and not in the same breath, however many sources lead to it.

Every request takes its turn here, those that a redirect or a page's link leads to as well.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

AT_ONCE = 2  # connections to one server, as browsers of old kept it (RFC 2616, 8.1.4)
_LOOPBACK = re.compile(r"127(?:\.\d{1,3}){3}$")


class Courtesy:
    """The turns of one gathering. Any thread may take one."""

    def __init__(
        self,
        interval: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`interval`: seconds between the starts of two requests to one server."""
        self._interval, self._clock, self._sleep = interval, clock, sleep
        self._lock = threading.Lock()
        self._hosts: dict[str, _Host] = {}

    @contextmanager
    def turn(self, url: str) -> Iterator[None]:
        """Wait until the server of `url` may be asked; inside the block it is being asked."""
        name = host_to_spare(url)
        if not name:
            yield
            return
        with self._lock:
            host = self._hosts.setdefault(name, _Host())
        with host.places:
            with self._lock:
                now = self._clock()
                start = max(now, host.next_start)
                host.next_start = start + self._interval
            if start > now:
                self._sleep(start - now)
            yield


class _Host:
    def __init__(self) -> None:
        self.places = threading.Semaphore(AT_ONCE)
        self.next_start = float("-inf")


def host_to_spare(url: str) -> str:
    """The server of an address; "" where there is none to be polite to, as on this very machine."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")  # urlsplit has it in lower case
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or host in ("localhost", "::1") or _LOOPBACK.match(host):
        return ""
    return host
