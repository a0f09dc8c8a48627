"""One clock for the provider, the senders and whoever drives them: a number of seconds in a file that all map.

It runs with the machine's, and jumps ahead where the driver turns it: for a process that was asleep meanwhile the time
went on all the same.
"""

from __future__ import annotations

import datetime as dt
import mmap
import struct
import time
from pathlib import Path

SEND_AT = dt.datetime(2024, 2, 12, 9, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
_monotonic = time.monotonic


class SharedClock:
    """`file` is made where it is missing. The clock then stands at `start`."""

    def __init__(self, file: Path, *, start: dt.datetime = SEND_AT) -> None:
        if not file.exists():
            file.write_bytes(struct.pack("d", (start - SEND_AT).total_seconds() - _monotonic()))
        with file.open("r+b") as opened:
            self._map = mmap.mmap(opened.fileno(), 8)

    def monotonic(self) -> float:
        """Seconds since the time of sending; negative before."""
        ahead: float = struct.unpack("d", self._map[:8])[0]
        return _monotonic() + ahead

    @property
    def now(self) -> dt.datetime:
        return SEND_AT + dt.timedelta(seconds=self.monotonic())

    def turn_to(self, at: dt.datetime) -> None:
        """Let it be `at` now; it never goes back."""
        seconds = (at - SEND_AT).total_seconds()
        if seconds > self.monotonic():
            self._map[:8] = struct.pack("d", seconds - _monotonic())

    def patch(self) -> None:
        """Let this whole process go by it."""
        time.monotonic = self.monotonic  # type: ignore[assignment]
