"""The processes of a Monday as the one that drives them sees them: spoken to in lines, over pipes."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

from tests.fakes.sendgrid import KEY

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "SENDGRID_API_KEY": KEY, "DIGEST_CONFIG": "", "TEST_DATABASE_URL": ""}


class Process:
    """A helper of ours that is spoken to in lines."""

    def __init__(self, module: str, *arguments: Path, log: Path) -> None:
        self._log = log.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            stderr=self._log,
            cwd=ROOT,
            env=ENVIRONMENT,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in: IO[bytes] = self._process.stdin
        self._out: IO[bytes] = self._process.stdout
        self._heard = b""

    def tell(self, order: dict[str, Any]) -> None:
        self._in.write(json.dumps(order).encode() + b"\n")
        self._in.flush()

    def hear(self, patience: float | None = None) -> bytes:
        """The next line; an empty one when none came within so many seconds."""
        while b"\n" not in self._heard:
            if not select.select([self._out], [], [], patience)[0]:
                return b""
            read = os.read(self._out.fileno(), 65536)
            if not read:
                raise AssertionError(f"{self._process.args} ended; see {self._log.name}")
            self._heard += read
        line, _, self._heard = self._heard.partition(b"\n")
        return line

    def end(self) -> None:
        self._in.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._out.close()
        self._log.close()


class Senders(Process):
    """Starts senders and ends them."""

    def __init__(self, folder: Path) -> None:
        super().__init__("tests.faults.sender", folder / "config.toml", folder / "clock", log=folder / "log")
        assert json.loads(self.hear()) == {"ready": True}
        self._answers: dict[int, Any] = {}
        self._ended: dict[int, int] = {}

    def start(self, do: str, **more: Any) -> int:
        self.tell({"do": do, **more})
        while (heard := self._listen()).get("began") is None:
            pass
        return int(heard["began"])

    def signal(self, number: int, which: int = signal.SIGKILL) -> None:
        self.tell({"kill": number, "signal": which})

    def limit(self, number: int, largest: int | None) -> None:
        """Let no file grow beyond so many bytes for this one, as if the disk were full; None: as before."""
        self.tell({"limit": number, "largest": largest})

    def runs(self, number: int) -> bool:
        while number not in self._ended and self._listen(patience=0):
            pass
        return number not in self._ended

    def wait(self, number: int) -> tuple[int, Any]:
        """Its exit status (negative: the signal that ended it), and its answer."""
        while number not in self._ended:
            self._listen()
        return self._ended.pop(number), self._answers.pop(number, None)

    def run(self, do: str, **more: Any) -> Any:
        status, answer = self.wait(self.start(do, **more))
        assert status == 0, f"{do} failed; see {self._log.name}"
        return answer

    def _listen(self, patience: float | None = None) -> dict[str, Any]:
        heard: dict[str, Any] = json.loads(self.hear(patience) or b"{}")
        if "answer" in heard:
            self._answers[heard["n"]] = heard["answer"]
        elif "ended" in heard:
            self._ended[heard["ended"]] = heard["status"]
        return heard
