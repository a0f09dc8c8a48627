"""Reading feeds in processes that can be ended: a pool of them, used again and again.

The processor's time and memory are limited inside the reader (see child.py), the clock's time here. A reader that
is ended is replaced when the next feed needs one; its own feed becomes a failure in words.
"""

from __future__ import annotations

import atexit
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

from digest.gather.child import CONTROL, HEADER, REPLY
from digest.gather.values import ParsedFeed, Reading, Refused

CPU_SECONDS = 10.0
MEMORY_BYTES = 256 * 1024 * 1024
_CLOCK = 3.0  # seconds by the clock for each of the processor's time, before a reader is given up
# Idle for so long that it ended just as it was asked, or ended by somebody else: another one may be asked.
_NOT_ITS_FAULT = (0, -signal.SIGKILL)
_START_SECONDS, _END_SECONDS = 30.0, 5.0
_PIECE = 1 << 20
_ROOT = Path(__file__).resolve().parents[2]  # where this very package is found again
# What a reader may know of this process: the environment may hold keys.
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
_NO_MEMORY = "needed more memory to be read than a feed is given, so it was given up"


class _GivenUp(Exception):
    """The reader did not answer in time."""


class _Ended(Exception):
    """The reader ended without an answer."""


class _Nursery:
    """The process that has everything loaded and makes the readers. Any thread may ask it."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def start(self) -> None:
        """Start loading, if that has not begun yet; does not wait for it."""
        with self._lock:
            self._start()

    def new(self) -> _Reader:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                return _Reader(self, self._ask(b"n", 0, theirs), ours)
            except OSError:  # it is gone, for whatever reason: another one is made
                self.close()
                return _Reader(self, self._ask(b"n", 0, theirs), ours)

    def end(self, process: int) -> int:
        """End a reader; its exit status, negative for a signal."""
        try:
            return self._ask(b"e", process)
        except OSError:
            return 0

    def close(self) -> None:
        """End it, and with it all its readers. It can be started again."""
        with self._lock:
            process, self._process = self._process, None
            control, self._control = self._control, None
        if control is not None:
            control.close()  # which it takes for its end
        if process is not None:
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self) -> socket.socket:
        if self._control is None:
            self._control, theirs = socket.socketpair()
            self._control.settimeout(_START_SECONDS)
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 - our own module
                    [sys.executable, "-P", "-m", "digest.gather.child", str(self._memory)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,  # Ctrl-C is for this process, which ends that one
                    env={
                        **{name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
                        "PYTHONPATH": os.pathsep.join([str(_ROOT), *(part for part in sys.path if part)]),
                    },
                )
        return self._control

    def _ask(self, order: bytes, process: int, descriptor: socket.socket | None = None) -> int:
        message = CONTROL.pack(order, process)
        with self._lock:
            control = self._start()
            socket.send_fds(control, [message], [descriptor.fileno()] if descriptor else [])
            reply = control.recv(REPLY.size, socket.MSG_WAITALL)
        if len(reply) < REPLY.size:
            raise ConnectionResetError
        return int(REPLY.unpack(reply)[0])


class _Reader:
    """One process. Used by one thread at a time."""

    def __init__(self, nursery: _Nursery, process: int, connection: socket.socket) -> None:
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

    def close(self) -> int:
        """End it; the exit status it had."""
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

    def __init__(self, *, size: int, memory: int = MEMORY_BYTES) -> None:
        self._size = size
        self._nursery = _Nursery(memory)
        self._places = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[_Reader] = []

    def parse(
        self, body: bytes, reading: Reading, *, seconds: float = CPU_SECONDS, patience: Patience | None = None
    ) -> ParsedFeed | Refused:
        """As `parse_feed`, within `seconds` of the processor's time, or what `patience` has left for it.

        Waits for a free reader. Any thread may ask.
        """
        with self._places:
            if patience is not None:  # asked as late as this, so that it knows of those that went before
                seconds = patience.seconds()
            result = self._parse(body, reading, seconds)
            if patience is not None and isinstance(result, Refused) and result.given_up:
                patience.spend(seconds)
            return result

    def warm_up(self) -> None:
        """Start loading now, while there is something else to wait for."""
        self._nursery.start()

    def close(self) -> None:
        """End every process. The pool can be used again."""
        with self._lock:
            idle, self._idle = self._idle, []
        for reader in idle:
            reader.close()
        self._nursery.close()

    def _parse(self, body: bytes, reading: Reading, seconds: float) -> ParsedFeed | Refused:
        question = pickle.dumps((body, reading, seconds), protocol=pickle.HIGHEST_PROTOCOL)
        for _try in range(2):
            reader = self._take()
            try:
                # On a busy machine the clock runs faster than the processor's time.
                answer = reader.ask(question, _CLOCK * seconds + 10)
            except _GivenUp:
                reader.close()
                return _too_slow(seconds)
            except _Ended:
                status = reader.close()
                if status in _NOT_ITS_FAULT:
                    continue
                return _too_slow(seconds) if status == -signal.SIGPROF else Refused(words=_NO_MEMORY)
            except BaseException:
                reader.close()
                raise
            return self._keep(reader, answer)
        return Refused(words="could not be read: the process that reads feeds was ended twice")

    def _take(self) -> _Reader:
        with self._lock:
            while self._idle:
                reader = self._idle.pop()
                if reader.alive:
                    return reader
                reader.close()
        return self._nursery.new()

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
    return Refused(words=f"took more than {seconds:g} seconds to read, so it was given up", given_up=True)


@lru_cache(maxsize=1)
def shared_pool() -> ReaderPool:
    """The pool of this process: a child for each processor, four at most."""
    pool = ReaderPool(size=max(2, min(4, os.cpu_count() or 1)))
    atexit.register(pool.close)
    return pool
