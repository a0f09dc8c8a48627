"""The process that reads feeds: asked over its standard input, answering on its standard output.

A feed can stall any parser, and a thread cannot be stopped; a process can. Nothing of Django or HTTP is imported
here, so that it starts quickly. Messages are pickles behind their length, eight bytes, big-endian:
in `(body, reading, seconds)`, out `(result, spent)`. It ends when its input does, or when nobody asked for a while.
"""

from __future__ import annotations

import gc
import os
import pickle
import resource
import select
import signal
import struct
import sys
from pathlib import Path
from typing import BinaryIO

from digest.gather.parse import parse_feed

HEADER = struct.Struct(">Q")
IDLE_SECONDS = 60.0


def main() -> None:
    """Answer until there is nobody left to ask. The first argument is the memory that may be taken, in bytes."""
    memory = int(sys.argv[1])
    questions = os.fdopen(os.dup(0), "rb", buffering=0)
    answers = os.dup(1)
    # What a library prints must not get between the answers.
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    gc.collect()
    gc.freeze()
    baseline = _size()
    if baseline:
        resource.setrlimit(resource.RLIMIT_AS, (baseline + memory, baseline + memory))
    while (question := _next(questions)) is not None:
        # Counts the processor's time only, and anew for each task; its default action ends the process, even in
        # the middle of a library that never comes back to Python.
        body, reading, seconds = pickle.loads(question)  # noqa: S301 - from the parent
        signal.setitimer(signal.ITIMER_PROF, seconds)
        result = parse_feed(body, reading)
        # A process that has grown is not asked again: what it holds would count against the next feed.
        spent = baseline > 0 and _size() > baseline + memory // 2
        answer = pickle.dumps((result, spent), protocol=pickle.HIGHEST_PROTOCOL)
        signal.setitimer(signal.ITIMER_PROF, 0)
        _write(answers, HEADER.pack(len(answer)) + answer)
        del question, body, result, answer


def _next(questions: BinaryIO) -> bytes | None:
    if not select.select([questions], [], [], IDLE_SECONDS)[0]:
        return None
    header = _read(questions, HEADER.size)
    return _read(questions, HEADER.unpack(header)[0]) if header else None


def _read(questions: BinaryIO, length: int) -> bytes | None:
    data = bytearray()
    while len(data) < length:
        part = questions.read(length - len(data))
        if not part:
            return None
        data += part
    return bytes(data)


def _write(answers: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(answers, view) :]


def _size() -> int:
    """The address space of this process in bytes; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main()
