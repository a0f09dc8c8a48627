"""The strict fake SendGrid as a process of its own: `python -m tests.faults.provider CLOCK`.

It survives every sender. Told what to do by lines of JSON on its standard input, it answers each with one:

    {"do": "weather", "seed": 7, "sends": 0.1, "control": 0.1, "refused": [...], ...}
    {"do": "shut"}  {"do": "reopen"}  {"do": "exchanges"}  {"do": "arrived"}  {"do": "forget"}
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.fakes.sendgrid import FakeSendGrid
from tests.fakes.sendgrid_behaviour import Behaviour
from tests.faults.clock import SharedClock
from tests.faults.weather import weather


class Provider(FakeSendGrid):
    """Goes by the shared clock, and takes its time over each request (`latency` in seconds)."""

    latency = 0.0
    exchanges = 0  # requests with mail, and to cancel

    def __init__(self, clock: SharedClock) -> None:
        super().__init__()
        self._clock = clock

    @property
    def now(self) -> dt.datetime:
        return self._clock.now

    def behaviour(self, kind: str) -> Behaviour | None:
        self.exchanges += kind in ("send", "cancel")
        time.sleep(self.latency)
        return super().behaviour(kind)

    def obey(self, order: dict[str, Any]) -> Any:
        """Do as told; what there is to answer."""
        match order["do"]:
            case "weather":
                self.weather = weather(self._clock, order["seed"], sends=order["sends"], control=order["control"])
            case "set":
                for name, value in order["values"].items():
                    setattr(self, name, set(value) if name == "refused" else value)
            case "shut":
                self.shut()
            case "reopen":
                self.reopen()
            case "forget":
                self.forget()
            case "exchanges":
                return self.exchanges
            case "arrived":
                arrived = self.arrived()
                return {
                    "copies": Counter(copy.to for copy in arrived),
                    "accepted": len(self.accepted),
                    "cancelled": len(self.accepted) - len(arrived),
                    "requests": len(self.requests),
                    "faults": len(self.played),
                    "violations": self.violations,
                }
        return {}


def main(clock: Path) -> None:
    with Provider(SharedClock(clock)) as provider:
        print(provider.url, flush=True)
        for line in sys.stdin:
            print(json.dumps(provider.obey(json.loads(line))), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
