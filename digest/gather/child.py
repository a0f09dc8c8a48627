"""The processes that read feeds: one that has everything loaded, and the readers it forks.

A feed can stall any parser, and a thread cannot be stopped; a process can. Nothing of Django or HTTP is loaded here,
and what is loaded is loaded once: a new reader costs a fork of a process with a single thread. Messages on the
parent's socket (standard input) are five bytes: `n` with a descriptor makes a reader that answers on it, replied to
by its process id; `e` and a process id ends that reader, replied to by its exit status. Questions to a reader and
its answers are pickles behind their length: in `(body, reading, seconds)`, out `(result, spent)`.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import resource
import signal
import socket
import struct
import sys
from pathlib import Path
from typing import NoReturn

CONTROL = struct.Struct(">cI")
REPLY = struct.Struct(">i")
HEADER = struct.Struct(">Q")
IDLE_SECONDS = 60.0
_PIECE = 1 << 20


def main() -> None:
    """Make and end readers until the parent is gone. The first argument: the memory that each may take, in bytes."""
    import digest.gather.parse  # noqa: F401 - here and not above: who only starts it need not load it

    memory = int(sys.argv[1])
    control = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # what a library prints is nobody's answer
        os.dup2(nothing, standard)
    gc.collect()
    gc.freeze()
    readers: set[int] = set()
    try:
        while True:
            message, descriptors, _flags, _address = socket.recv_fds(control, CONTROL.size, 1)
            if len(message) < CONTROL.size:
                return
            order, process = CONTROL.unpack(message)
            if order == b"n":
                process = os.fork()
                if process == 0:
                    _be_reader(control, socket.socket(fileno=descriptors[0]), memory)
                readers.add(process)
                os.close(descriptors[0])
                control.sendall(REPLY.pack(process))
            else:
                control.sendall(REPLY.pack(_end(process, readers)))
    finally:
        for process in list(readers):
            _end(process, readers)


def _end(process: int, readers: set[int]) -> int:
    if process not in readers:
        return 0
    readers.remove(process)
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _be_reader(control: socket.socket, parent: socket.socket, memory: int) -> NoReturn:
    """What a fork does instead of going on as the process it came from."""
    status = 1
    try:
        control.close()
        _read_feeds(parent, memory)
        status = 0
    finally:
        os._exit(status)


def _read_feeds(parent: socket.socket, memory: int) -> None:
    """Answer until there is nobody left to ask, or nobody asked for a while."""
    from digest.gather.parse import parse_feed

    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Much of the address space stands for libraries that are never touched: what they take is not counted.
    baseline, loaded = _size()
    room = max(memory - loaded, memory * 3 // 4)
    if baseline:
        resource.setrlimit(resource.RLIMIT_AS, (baseline + room, baseline + room))
    while (question := _next(parent)) is not None:
        # Counts the processor's time only, and anew for each task; its default action ends the process, even in
        # the middle of a library that never comes back to Python.
        body, reading, seconds = pickle.loads(question)  # noqa: S301 - from the parent
        signal.setitimer(signal.ITIMER_PROF, seconds)
        result = parse_feed(body, reading)
        # A process that has grown is not asked again: what it holds would count against the next feed.
        spent = baseline > 0 and _size()[0] > baseline + memory // 4
        answer = pickle.dumps((result, spent), protocol=pickle.HIGHEST_PROTOCOL)
        signal.setitimer(signal.ITIMER_PROF, 0)
        parent.sendall(HEADER.pack(len(answer)))
        parent.sendall(answer)
        del question, body, result, answer


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


def _size() -> tuple[int, int]:
    """The address space of this process and what of it is in memory, in bytes; 0 where the system does not say."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
        return int(pages[0]) * resource.getpagesize(), int(pages[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 0, 0


if __name__ == "__main__":
    main()
