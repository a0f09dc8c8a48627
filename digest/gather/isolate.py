"""Reading feeds in processes that can be ended: a pool of them, used again and again.

The processor's time is limited inside the child (see child.py) and by the clock here, memory inside the child.
A child that is ended is replaced when the next feed needs one; its own feed becomes a failure in words.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pickle
import select
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from digest.gather.child import HEADER
from digest.gather.values import ParsedFeed, Reading, Refused

CPU_SECONDS = 10.0
MEMORY_BYTES = 256 * 1024 * 1024
_PIECE = 1 << 20
_NO_MEMORY = "needed more memory to be read than a feed is given, so it was given up"


class _GivenUp(Exception):
    """The child did not answer in time."""


class _Ended(Exception):
    """The child ended without an answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _Child:
    """One process. Used by one thread at a time."""

    def __init__(self, memory: int) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-P", "-m", "digest.gather.child", str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)},
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, question: bytes, seconds: float) -> bytes:
        """The answer. Raises _GivenUp after `seconds` by the clock, or _Ended."""
        end = time.monotonic() + seconds
        try:
            self._send(HEADER.pack(len(question)) + question, end)
            (length,) = HEADER.unpack(self._receive(HEADER.size, end))
            return self._receive(length, end)
        except BrokenPipeError:
            raise _Ended(self._process.wait()) from None

    def _send(self, data: bytes, end: float) -> None:
        view = memoryview(data)
        while view:
            _wait(self._in, select.POLLOUT, end)
            with contextlib.suppress(BlockingIOError):
                view = view[os.write(self._in, view[:_PIECE]) :]

    def _receive(self, length: int, end: float) -> bytes:
        data = bytearray()
        while len(data) < length:
            _wait(self._out, select.POLLIN, end)
            part = os.read(self._out, min(_PIECE, length - len(data)))
            if not part:
                raise _Ended(self._process.wait())
            data += part
        return bytes(data)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _wait(descriptor: int, event: int, end: float) -> None:
    poll = select.poll()
    poll.register(descriptor, event)
    left = end - time.monotonic()
    if left <= 0 or not poll.poll(left * 1000):
        raise _GivenUp


class ReaderPool:
    """At most `size` children at once; they start when they are needed."""

    def __init__(self, *, size: int, memory: int = MEMORY_BYTES) -> None:
        self._memory = memory
        self._size = size
        self._places = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[_Child] = []

    def parse(self, body: bytes, reading: Reading, *, seconds: float = CPU_SECONDS) -> ParsedFeed | Refused:
        """As `parse_feed`, within `seconds` of the processor's time. Waits for a free child. Any thread may ask."""
        question = pickle.dumps((body, reading, seconds), protocol=pickle.HIGHEST_PROTOCOL)
        with self._places:
            child = self._take()
            try:
                answer = self._ask(child, question, seconds)
            except _GivenUp:
                child.close()
                return _too_slow(seconds)
            except _Ended as ended:
                child.close()
                if ended.status == 0:  # it had been idle for so long that it ended as we asked
                    return self._last_try(question, seconds)
                return _too_slow(seconds) if ended.status == -signal.SIGPROF else Refused(words=_NO_MEMORY)
            except BaseException:
                child.close()
                raise
            return self._keep(child, answer)

    def warm_up(self) -> None:
        """Start the children now, while there is something else to wait for."""
        with self._lock:
            self._idle += [_Child(self._memory) for _ in range(self._size - len(self._idle))]

    def close(self) -> None:
        """End the children that are idle. The pool can be used again."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.close()

    def _take(self) -> _Child:
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.alive:
                    return child
                child.close()
        return _Child(self._memory)

    @staticmethod
    def _ask(child: _Child, question: bytes, seconds: float) -> bytes:
        # On a busy machine the clock runs faster than the processor's time; a start takes a moment too.
        return child.ask(question, 3 * seconds + 10)

    def _last_try(self, question: bytes, seconds: float) -> ParsedFeed | Refused:
        child = _Child(self._memory)
        try:
            answer = self._ask(child, question, seconds)
        except (_GivenUp, _Ended):
            child.close()
            return _too_slow(seconds)
        return self._keep(child, answer)

    def _keep(self, child: _Child, answer: bytes) -> ParsedFeed | Refused:
        result, spent = cast("tuple[ParsedFeed | Refused, bool]", pickle.loads(answer))  # noqa: S301 - our own child
        with self._lock:
            keep = not spent and len(self._idle) < self._size
            if keep:
                self._idle.append(child)
        if not keep:
            child.close()
        return result


@dataclass(slots=True)
class Patience:
    """What a gathering spends on feeds that cannot be read: the first have the full time, many have less.

    Twenty hostile feeds must not hold up the other hundred and eighty.
    """

    full: float = CPU_SECONDS
    left: float = 4 * CPU_SECONDS
    least: float = CPU_SECONDS / 5

    def seconds(self) -> float:
        return max(self.least, min(self.full, self.left))

    def spend(self, seconds: float) -> None:
        self.left -= seconds


def _too_slow(seconds: float) -> Refused:
    return Refused(words=f"took more than {seconds:g} seconds to read, so it was given up", given_up=True)


@lru_cache(maxsize=1)
def shared_pool() -> ReaderPool:
    """The pool of this process: a child for each processor, four at most."""
    pool = ReaderPool(size=max(2, min(4, os.cpu_count() or 1)))
    atexit.register(pool.close)
    return pool
