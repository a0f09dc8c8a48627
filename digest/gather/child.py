"""The processes that read feeds: one that has everything loaded, and the readers it forks.

A feed can stall any parser, and a thread cannot be stopped; a process can. Nothing of Django or HTTP is loaded here,
and what is loaded is loaded once: a new reader costs a fork of a process with a single thread. Messages on the
parent's socket (standard input) are five bytes: `n` with a descriptor makes a reader that answers on it, replied to
by its process id; `e` and a process id ends that reader, replied to by its exit status. Questions to a reader and
its answers are pickles behind their length: in `(body, reading, seconds)`, out `(result, spent)`.

All end when the parent does, however it ends, because its sockets close with it. Should this process be killed, its
readers finish the feed they have, within their limits, and end when nobody asks them any more.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pickle
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from digest.gather.values import ParsedFeed, Reading, Refused

CONTROL = struct.Struct(">cI")
REPLY = struct.Struct(">i")
HEADER = struct.Struct(">Q")
IDLE_SECONDS = 60.0  # that a reader waits for its next feed
OUT_OF_MEMORY = 3  # the exit status of a reader whose feed needed more than it may take
UNKNOWN = 1 << 16  # no exit status: of a reader that is none of this process's
_PIECE = 1 << 20
_MAPPED = 512 * 1024 * 1024  # bytes of address space for libraries, where the system does not say what they take

Parser = Callable[[bytes, Reading], ParsedFeed | Refused]
Size = tuple[int, int]  # bytes: the address space, and what of it is in memory


def main(arguments: list[str]) -> None:
    """Make and end readers until the parent is gone, or wanted nothing for a while.

    The arguments: the memory that each may take, in bytes; the parser, as `module:function`; how long to wait for
    an order, in seconds.
    """
    memory, (module, _, function), idle = int(arguments[0]), arguments[1].partition(":"), float(arguments[2])
    parser: Parser = getattr(importlib.import_module(module), function)
    control = socket.socket(fileno=os.dup(0))
    control.settimeout(idle)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # what a library prints is nobody's answer
        os.dup2(nothing, standard)
    gc.collect()
    gc.freeze()
    readers: set[int] = set()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        while True:
            message, descriptors, _flags, _address = socket.recv_fds(control, CONTROL.size, 1)
            if len(message) < CONTROL.size:
                return
            order, process = CONTROL.unpack(message)
            if order == b"n":
                process = os.fork()
                if process == 0:
                    _be_reader(control, socket.socket(fileno=descriptors[0]), parser, memory)
                readers.add(process)
                os.close(descriptors[0])
                control.sendall(REPLY.pack(process))
            else:
                control.sendall(REPLY.pack(_end(process, readers)))
    except OSError:
        return  # the time is over, the parent is gone, or the system has no more processes to give
    finally:
        for process in list(readers):
            _end(process, readers)


def _end(process: int, readers: set[int]) -> int:
    if process not in readers:
        return UNKNOWN
    readers.remove(process)
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _be_reader(control: socket.socket, parent: socket.socket, parser: Parser, memory: int) -> NoReturn:
    """What a fork does instead of going on as the process it came from."""
    status = 1
    try:
        control.close()
        _read_feeds(parent, parser, memory)
        status = 0
    except MemoryError:
        status = OUT_OF_MEMORY
    finally:
        os._exit(status)


def _read_feeds(parent: socket.socket, parser: Parser, memory: int) -> None:
    """Answer until there is nobody left to ask, or nobody asked for a while."""
    for ending in (signal.SIGPROF, signal.SIGTERM):
        signal.signal(ending, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit_memory(memory)
    began_with = _taken()
    while (question := _next(parent)) is not None:
        # Counts the processor's time only, and anew for each task; its default action ends the process, even in
        # the middle of a library that never comes back to Python.
        body, reading, seconds = pickle.loads(question)  # noqa: S301 - from the parent
        signal.setitimer(signal.ITIMER_PROF, seconds)
        answer = _answer(parser, body, reading, most=began_with + memory // 4)
        signal.setitimer(signal.ITIMER_PROF, 0)
        parent.sendall(HEADER.pack(len(answer)))
        parent.sendall(answer)
        del question, body, answer


def _answer(parser: Parser, body: bytes, reading: Reading, *, most: int) -> bytes:
    """`(result, spent)`: a process that has grown over `most` is not asked again; the next feed would pay for it."""
    try:
        result = parser(body, reading)
        return pickle.dumps((result, _taken() > most), protocol=pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        raise
    except Exception as error:
        told = f"{type(error).__name__}: {error}"[:200]
        return pickle.dumps((Refused(words=f"could not be read because of a fault of this program ({told})"), True))


def limit_memory(most: int, size: Callable[[], Size | None] | None = None) -> None:
    """Let this process take `most` bytes, what is loaded included; `size` is how it learns what that is.

    Much of the address space stands for libraries that are never touched: what they take is not counted. Where the
    system does not say how much that is, a fixed share is left for it.
    """
    known = (size or _size)()
    end = known[0] + max(most - known[1], most * 3 // 4) if known else most + _MAPPED
    # A system without this limit, or with a lower one already, still has the limits of time.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (end, end))


def _taken() -> int:
    """What this process has taken, in bytes, to be compared with what it took before."""
    if known := _size():
        return known[0]
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _size() -> Size | None:
    """None where the system does not say: only Linux has this file."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
        return int(pages[0]) * resource.getpagesize(), int(pages[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return None


def _next(parent: socket.socket) -> bytearray | None:
    parent.settimeout(IDLE_SECONDS)
    try:
        header = _read(parent, HEADER.size)
    except TimeoutError:
        return None
    parent.settimeout(None)
    return _read(parent, HEADER.unpack(header)[0]) if header else None


def _read(parent: socket.socket, length: int) -> bytearray | None:
    data = bytearray()
    while len(data) < length:
        part = parent.recv(min(_PIECE, length - len(data)))
        if not part:
            return None
        data += part
    return data


if __name__ == "__main__":
    main(sys.argv[1:])
