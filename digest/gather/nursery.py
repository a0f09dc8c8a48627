"""Starting the processes that read feeds: what a command that is going to gather may do before anything else.

Nothing that takes time is loaded here, so that they load while this process does (see child.py, isolate.py).
"""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import threading
from functools import lru_cache
from pathlib import Path

from digest.gather.child import CONTROL, REPLY, UNKNOWN

MEMORY_BYTES = 256 * 1024 * 1024  # of a reader, with what is loaded
PARSER = "digest.gather.parse:parse_feed"
_START_SECONDS = 30.0
_END_SECONDS = 5.0
_IDLE_SECONDS = 300.0  # without an order; longer than a reader may be at work
_ROOT = Path(__file__).resolve().parents[2]  # where this very package is found again
# What a reader may know of this process: the environment may hold keys.
_ENVIRONMENT = (
    *("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH"),
    *("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"),
)


class Nursery:
    """The process that has everything loaded and makes the readers. Any thread may ask it."""

    def __init__(self, memory: int, *, parser: str = PARSER, idle: float = _IDLE_SECONDS) -> None:
        """`memory`: bytes for each reader; `parser`: a function of bytes and a Reading; `idle`: in seconds."""
        self._arguments = [str(memory), parser, str(idle)]
        self._closed = False
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def start(self) -> None:
        """Start loading, if that has not begun yet; does not wait for it."""
        with self._lock:
            self._started()

    def new(self) -> tuple[int, socket.socket]:
        """A new reader: its process, and the connection on which it is asked. Raises OSError."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                try:
                    process = self._ask(b"n", 0, theirs)
                except OSError:  # it was gone, for whatever reason: another one is made
                    process = self._ask(b"n", 0, theirs)
            except OSError:
                ours.close()
                raise
        return process, ours

    def end(self, process: int) -> int | None:
        """End a reader; its exit status, negative for a signal. None when there is nobody left who knows it."""
        try:
            status = self._ask(b"e", process)
        except OSError:
            return None
        return None if status == UNKNOWN else status

    def close(self, *, for_good: bool = False) -> None:
        """End it. It can be started again unless that was `for_good`: then nobody is left to end the next one."""
        with self._lock:
            self._closed = self._closed or for_good
            self._drop()

    def _drop(self) -> None:
        process, self._process = self._process, None
        control, self._control = self._control, None
        if control is not None:
            control.close()
        if process is not None:
            process.terminate()  # it ends its readers first
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _started(self) -> socket.socket:
        if self._control is None:
            self._control, theirs = socket.socketpair()
            self._control.settimeout(_START_SECONDS)
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 - our own module
                    [sys.executable, "-P", "-m", "digest.gather.child", *self._arguments],
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
            if self._closed or (self._control is None and order == b"e"):
                raise ConnectionResetError
            control = self._started()
            try:
                socket.send_fds(control, [message], [descriptor.fileno()] if descriptor else [])
                reply = control.recv(REPLY.size)
                if len(reply) < REPLY.size:
                    raise ConnectionResetError
            except OSError:
                self._drop()  # an answer that comes late would be taken for that to the next question
                raise
        return int(REPLY.unpack(reply)[0])


@lru_cache(maxsize=1)
def shared_nursery() -> Nursery:
    """That of this process, ended with it."""
    nursery = Nursery(MEMORY_BYTES)
    atexit.register(nursery.close, for_good=True)
    return nursery
