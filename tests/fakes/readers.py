"""A parser that does what the bytes say, for readers that end in every way there is."""

from __future__ import annotations

import os
import signal
import time

from digest.gather.values import ParsedFeed, Reading, Refused


class Unspeakable(Refused):
    """What no pickle can carry."""

    def __reduce__(self) -> str:
        raise TypeError("cannot be told")


_hoard: list[bytes] = []


def obey(body: bytes, _reading: Reading) -> ParsedFeed | Refused:
    """`SIGSEGV` and other signals, `exit`, `raise`, `grow`, `hoard`, `spin`, `sleep`, `unspeakable`; else a feed."""
    order = body.decode()
    if order.startswith("SIG"):
        os.kill(os.getpid(), signal.Signals[order])
    if order == "exit":
        os._exit(7)
    if order == "raise":
        raise LookupError("the shelf is empty")
    if order == "grow":
        bytearray(1 << 40)
    if order == "hoard":
        _hoard.append(b"x" * 60_000_000)
    if order == "sleep":
        time.sleep(600)
    while order == "spin":
        pass
    if order == "unspeakable":
        return Unspeakable(words="x")
    return ParsedFeed(title=order, entries=(), format="rss")
