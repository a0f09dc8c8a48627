"""Reading feeds in processes that can be ended: a pool of them, used again and again.

The processor's time and memory are limited inside the reader (see child.py), the clock's time here. A reader that
is ended is replaced when the next feed needs one; its own feed becomes a failure in words.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pickle
import select
import signal
import socket
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from digest.gather.child import HEADER, OUT_OF_MEMORY
from digest.gather.nursery import MEMORY_BYTES, Nursery, shared_nursery
from digest.gather.values import ParsedFeed, Reading, Refused

CPU_SECONDS = 10.0
# By the clock, before a reader is given up: seconds for each of the processor's time, and seconds besides.
_CLOCK, _GRACE = 3.0, 10.0
# Idle for so long that it ended just as it was asked, or ended by somebody else, or nobody knows: another is asked.
_NOT_ITS_FAULT = (None, 0, -signal.SIGKILL, -signal.SIGTERM)
# Many times what an honest feed takes on a slow machine: a small one that stalls is found out sooner.
_SECONDS, _SECONDS_A_MEGABYTE = 3.0, 2.0
_LARGE = 1_000_000  # bytes of a feed that is not read beside another one of its kind: both would need much memory
_PIECE = 1 << 20
_NO_MEMORY = "needed more memory to be read than a feed is given, so it was given up"


class _GivenUp(Exception):
    """The reader did not answer in time."""


class _Ended(Exception):
    """The reader ended without an answer."""


class _Reader:
    """One process. Used by one thread at a time."""

    def __init__(self, nursery: Nursery, process: int, connection: socket.socket) -> None:
        self._nursery, self.process, self._connection = nursery, process, connection

    @property
    def alive(self) -> bool:
        """Whether it still listens: it says nothing unasked, so that what can be read can only be its end."""
        poll = select.poll()
        poll.register(self._connection, select.POLLIN)
        return not poll.poll(0)

    def ask(self, question: bytes, seconds: float) -> bytes:
        """The answer. Raises _GivenUp after `seconds` by the clock, or _Ended."""
        end = time.monotonic() + seconds
        try:
            self._connection.settimeout(seconds)
            self._connection.sendall(HEADER.pack(len(question)))
            self._connection.sendall(question)
            (length,) = HEADER.unpack(self._receive(HEADER.size, end))
            return self._receive(length, end)
        except TimeoutError:
            raise _GivenUp from None
        except (BrokenPipeError, ConnectionResetError):
            raise _Ended from None

    def close(self) -> int | None:
        """End it; the exit status it had, None when nobody knows it."""
        self._connection.close()
        return self._nursery.end(self.process)

    def _receive(self, length: int, end: float) -> bytes:
        data = bytearray()
        while len(data) < length:
            self._connection.settimeout(max(0.001, end - time.monotonic()))
            part = self._connection.recv(min(_PIECE, length - len(data)))
            if not part:
                raise _Ended
            data += part
        return bytes(data)


class ReaderPool:
    """At most `size` readers at once; they start when they are needed and are used again and again."""

    def __init__(
        self, *, size: int, memory: int = MEMORY_BYTES, nursery: Nursery | None = None, grace: float = _GRACE
    ) -> None:
        """`memory`: bytes for each reader; `grace`: seconds by the clock that a feed may take besides its share."""
        self._nursery = nursery or Nursery(memory)
        self._grace = grace
        self._large = threading.Lock()
        self._places = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[_Reader] = []

    def parse(
        self, body: bytes, reading: Reading, *, seconds: float = CPU_SECONDS, patience: Patience | None = None
    ) -> ParsedFeed | Refused:
        """As `parse_feed`, within `seconds` of the processor's time, or what `patience` has left for it.

        Waits for a free reader. Any thread may ask.
        """
        large = self._large if len(body) > _LARGE else contextlib.nullcontext()
        with large, self._places:
            if patience is not None:  # asked as late as this, so that it knows of those that went before
                seconds = min(patience.seconds(), _SECONDS + _SECONDS_A_MEGABYTE * len(body) / 1e6)
            result = self._parse(body, reading, seconds)
            if patience is not None and isinstance(result, Refused) and result.given_up:
                patience.spend(seconds)
            return result

    def warm_up(self) -> None:
        """Start loading now, while there is something else to wait for."""
        self._nursery.start()

    def close(self) -> None:
        """End every process. The pool can be used again."""
        self._end_idle()
        self._nursery.close()

    def _parse(self, body: bytes, reading: Reading, seconds: float) -> ParsedFeed | Refused:
        question = pickle.dumps((body, reading, seconds), protocol=pickle.HIGHEST_PROTOCOL)
        status: int | None = None
        for _try in range(2):
            try:
                reader = self._take()
            except OSError as error:
                words = f"could not be read: no process to read it in could be started ({error.strerror or error})"
                return Refused(words=words)
            try:
                # On a busy machine the clock runs faster than the processor's time.
                answer = reader.ask(question, _CLOCK * seconds + self._grace)
            except _GivenUp:
                reader.close()
                return _too_slow(seconds)
            except _Ended:
                status = reader.close()
                if status is None:  # where they come from is gone: of the others like it nobody would know more
                    self._end_idle()
                if status in _NOT_ITS_FAULT:
                    continue
                return _ended(status, seconds)
            except BaseException:
                reader.close()
                raise
            return self._keep(reader, answer)
        return _ended(status, seconds)

    def _end_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for reader in idle:
            reader.close()

    def _take(self) -> _Reader:
        with self._lock:
            while self._idle:
                reader = self._idle.pop()
                if reader.alive:
                    return reader
                reader.close()
        return _Reader(self._nursery, *self._nursery.new())

    def _keep(self, reader: _Reader, answer: bytes) -> ParsedFeed | Refused:
        result, spent = cast("tuple[ParsedFeed | Refused, bool]", pickle.loads(answer))  # noqa: S301 - our own reader
        if spent:
            reader.close()
        else:
            with self._lock:
                self._idle.append(reader)
        return result


@dataclass(slots=True)
class Patience:
    """What a gathering spends on feeds that cannot be read: the first have the full time, many have less.

    Twenty hostile feeds must not hold up the other hundred and eighty.
    """

    full: float = CPU_SECONDS
    left: float = 2 * CPU_SECONDS
    least: float = CPU_SECONDS / 5

    def seconds(self) -> float:
        return max(self.least, min(self.full, self.left))

    def spend(self, seconds: float) -> None:
        self.left -= seconds


def _too_slow(seconds: float) -> Refused:
    return Refused(words=f"took more than {round(seconds, 1):g} seconds to read, so it was given up", given_up=True)


def _ended(status: int | None, seconds: float) -> Refused:
    """Why a reader ended without an answer, by its exit status: negative for a signal."""
    if status == -signal.SIGPROF:
        return _too_slow(seconds)
    if status == OUT_OF_MEMORY:
        return Refused(words=_NO_MEMORY)
    if status is None:
        words = "could not be read: the program that reads it ended twice, and nothing says why"
    elif status == -signal.SIGABRT:  # how libraries in C and Rust end when they are given no more
        return Refused(
            words="made the program that reads it break off, most likely because it needed too much memory"
        )
    if status == -signal.SIGKILL:
        words = "could not be read: the system ended the program that reads it, twice; it may be short of memory"
    elif status in _NOT_ITS_FAULT:
        words = "could not be read: the program that reads it was ended from outside, twice"
    elif status < 0:
        words = f"made the program that reads it crash ({_signal_name(-status)}), so it was given up"
    else:
        words = f"made the program that reads it end without an answer (exit status {status})"
    return Refused(words=words)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal has none
        return f"signal {number}"


@lru_cache(maxsize=1)
def shared_pool() -> ReaderPool:
    """The pool of this process: a reader for each processor, two at least and four at most."""
    pool = ReaderPool(size=max(2, min(4, os.cpu_count() or 1)), nursery=shared_nursery())
    atexit.register(pool.close)
    return pool
