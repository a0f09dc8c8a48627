"""Senders: `python -m tests.faults.sender CONFIG CLOCK` starts Django once, and then forks a process for each order.

Orders are lines of JSON on its standard input:

    {"do": "ring"}      one ring of the clock: pipeline.run_due
    {"do": "send"}      as `digest send 736`
    {"do": "stop"}      as `digest stop 736`
    {"do": "leave", "members": [...]}, {"do": "prepare", ...}, {"do": "arm", ...}, {"do": "ledger"}
    {"kill": 17, "signal": 9}      to the process that "began" with this number
    {"limit": 17, "largest": 4096}  the bytes its files may grow to: its disk is full; null: as before

For each there come {"began": n}, {"n": n, "answer": ...} when it lives to say so, and {"ended": n, "status": s}. Only
the process that forks knows when a number is no longer its child's, so the signals are its to send.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults.clock import SharedClock


def main(config_path: Path, clock_path: Path) -> None:
    from digest.site.boot import boot

    config, keys = boot(config_path)
    from django.db import connections

    from digest import pipeline  # noqa: F401 - imported once, for all the children
    from tests.faults.work import Work

    connections.close_all()
    work = Work(config, keys, SharedClock(clock_path))
    say({"ready": True})
    serve(work.do)


def serve(do: Callable[[dict[str, Any]], Any]) -> None:
    children: dict[int, int] = {}  # process -> number
    orders, number, rest = sys.stdin.fileno(), 0, b""
    while True:
        ready, _, _ = select.select([orders], [], [], 0.005 if children else None)
        if ready:
            read = os.read(orders, 65536)
            if not read:
                break
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                order = json.loads(line)
                if "do" not in order:
                    for process in [p for p, n in children.items() if n == order.get("kill")]:
                        os.kill(process, order["signal"])
                    for process in [p for p, n in children.items() if n == order.get("limit")]:
                        resource.prlimit(process, resource.RLIMIT_FSIZE, (order["largest"] or -1, -1))
                    continue
                number += 1
                say({"began": number})
                process = os.fork()
                if process == 0:
                    child(number, order, do)
                children[process] = number
        for process in list(children):
            done, status = os.waitpid(process, os.WNOHANG)
            if done:
                say({"ended": children.pop(process), "status": os.waitstatus_to_exitcode(status)})
    for process in children:
        os.kill(process, signal.SIGKILL)


def child(number: int, order: dict[str, Any], do: Callable[[dict[str, Any]], Any]) -> None:
    """Do it and die, without any of the parent's endings."""
    status = 1
    try:
        say({"n": number, "answer": do(order)})
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def say(answer: dict[str, Any]) -> None:
    """Written at once, so that short lines of several processes do not mix; the long one is asked for alone."""
    line = json.dumps(answer).encode() + b"\n"
    while line:
        line = line[os.write(1, line) :]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
