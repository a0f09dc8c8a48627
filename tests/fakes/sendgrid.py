"""A small SendGrid of our own on 127.0.0.1: strict about the published limits of v3 Mail Send, and able to misbehave.

    with FakeSendGrid() as sendgrid:
        sendgrid.then(Answer(429, headers={"X-RateLimit-Reset": "1707728460"}), Reset(after_body=True))
        ...
        sendgrid.accepted        # every copy it took, in order, the tags replaced as the real one does
        sendgrid.turn_to(nine)   # its clock: mail that was scheduled until then goes out, or was cancelled
        sendgrid.arrived()       # what it took and nobody cancelled in time

What is queued with `then` happens to the next requests of that kind, one each (`on="send"` unless told: "batch",
"cancel", "status", "lift", "sandbox", "suppressions", "account"); after that it behaves, or as `weather` draws it for
each request.  While it is `shut` connections are refused.  A request that breaks a limit is answered with 400 in
SendGrid's form, and noted in `violations`.
"""

from __future__ import annotations

import datetime as dt
import secrets
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from types import TracebackType
from typing import Any

from tests.fakes.sendgrid_behaviour import Answer, Behaviour, Copy, Drip, Late, Reset, Stall, Take
from tests.fakes.sendgrid_limits import Problem, check
from tests.fakes.sendgrid_server import ACCOUNT, KEY, SUPPRESSIONS, Handler, Server

__all__ = ["KEY", "Answer", "Behaviour", "Copy", "Drip", "FakeSendGrid", "Late", "Reset", "Stall", "Take"]


LAST_CANCEL = dt.timedelta(minutes=10)  # a later one is answered with yes, and promises nothing
FURTHEST_AHEAD = dt.timedelta(hours=72)
MOST_CANCELLED = 10


class FakeSendGrid:
    """The server. `refused` addresses are answered with 400, named by their place unless `names_culprits` is off.

    Its clock stands at `now` until it is turned; without one it is the machine's.  `late_cancels_hold`: whether a
    cancellation later than ten minutes before the release takes effect.  `suppressions` are its lists, by name.
    """

    def __init__(self, now: dt.datetime | None = None) -> None:
        self.accepted: list[Copy] = []
        self.requests: list[dict[str, Any]] = []
        self.rehearsed: list[dict[str, Any]] = []  # what came for the sandbox
        self.violations: list[str] = []
        self.refused: set[str] = set()
        self.names_culprits = True
        self.has_sandbox = True
        self.late_cancels_hold = False
        self.may_schedule = True  # whether the key has the rights for it
        self.weather: Callable[[str], Behaviour | None] = lambda kind: None
        self.played: list[str] = []  # what `weather` drew, other than behaving
        self.batch_ids: list[str] = []
        self.statuses: dict[str, str] = {}  # batch id -> cancel or pause
        self.suppressions: dict[str, list[dict[str, Any]]] = {name: [] for name in SUPPRESSIONS.values()}
        self.account: dict[str, Any] = dict(ACCOUNT)  # what it says of the key and the senders, by path
        self.connections = 0
        self.closing = threading.Event()
        self._now = now
        self._cancelled_at: dict[str, dt.datetime] = {}
        self._settled: dict[int, bool] = {}  # scheduled copies whose time has come: whether they went out
        self._late: list[tuple[dt.datetime, Callable[[dt.datetime], object]]] = []
        self._lock = threading.RLock()
        self._next: dict[str, deque[Behaviour]] = defaultdict(deque)
        self._open(0)

    def _open(self, port: int) -> None:
        self._server = Server(("127.0.0.1", port), Handler)
        self._server.fake = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def shut(self) -> None:
        """Refuse new connections, until `reopen`."""
        self._server.shutdown()
        self._thread.join()
        self._server.socket.close()

    def reopen(self) -> None:
        """Listen at the same port again."""
        self._open(self._server.server_address[1])
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def now(self) -> dt.datetime:
        return self._now or dt.datetime.now(dt.UTC)

    def then(self, *behaviours: Behaviour, on: str = "send") -> None:
        """Let these happen to the next requests of that kind, one each."""
        with self._lock:
            self._next[on].extend(behaviours)

    def turn_to(self, now: dt.datetime) -> None:
        """Turn the clock. What was scheduled until then goes out, unless it is cancelled; then it never will."""
        with self._lock:
            self._now = now
            self._release()

    def forget(self) -> None:
        """As if nothing had been sent yet; ids and cancellations stay."""
        with self._lock:
            self._settled.clear()
            for kept in (self.accepted, self.requests, self.rehearsed):
                kept.clear()

    def arrived(self) -> list[Copy]:
        """The copies that went out, or will as things stand."""
        with self._lock:
            self._catch_up()
            self._release()
            return [copy for place, copy in enumerate(self.accepted) if self._settled.get(place, self._goes(copy))]

    def __enter__(self) -> FakeSendGrid:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def behaviour(self, kind: str) -> Behaviour | None:
        with self._lock:
            self._catch_up()
            return self._next[kind].popleft() if self._next[kind] else self._draw_weather(kind)

    def _draw_weather(self, kind: str) -> Behaviour | None:
        drawn = self.weather(kind)
        if drawn is not None:
            self.played.append(f"{kind} {drawn}")
        return drawn

    def later(self, seconds: float, what: Callable[[dt.datetime], object]) -> None:
        """Do that after so many seconds, before anything else is answered then. It is told its time."""
        with self._lock:
            self._late.append((self.now + dt.timedelta(seconds=seconds), what))

    def _catch_up(self) -> None:
        due = sorted((late for late in self._late if late[0] <= self.now), key=lambda late: late[0])
        self._late = [late for late in self._late if late not in due]
        for at, what in due:
            what(at)

    def breaks_off(self) -> bool:
        """Whether the next send is to be cut before its body is read. What it was, sandbox or not, nobody learns."""
        with self._lock:
            queue = self._next["send"]
            if not queue and (drawn := self._draw_weather("send")) is not None:
                queue.append(drawn)
            if queue and isinstance(queue[0], Reset) and not queue[0].after_body:
                queue.popleft()
                return True
        return False

    def receive(self, message: dict[str, Any], size: int, *, sandbox: bool) -> list[Problem]:
        """Check a request against the limits; what is wrong with it."""
        problems = list(check(message, size))
        with self._lock:
            (self.rehearsed if sandbox else self.requests).append(message)
            problems += self._check_schedule(message)
            self.violations += [f"{field}: {words}" for words, field in problems]
        for place, person in enumerate(message.get("personalizations", [])):
            if any(to["email"] in self.refused for to in person["to"]):
                culprit = f"personalizations.{place}.to.0.email" if self.names_culprits else None
                email = person["to"][0]["email"]
                problems.append((f"The address {email} does not contain a valid address.", culprit))
        return problems

    def take(self, message: dict[str, Any], at: dt.datetime | None = None) -> None:
        """Keep each copy, the tags replaced. It came `at`, or now."""
        bodies = {part["type"]: part["value"] for part in message["content"]}
        stamp = message.get("send_at")
        send_at = dt.datetime.fromtimestamp(stamp, dt.UTC) if stamp is not None else None
        with self._lock:
            if send_at is not None and send_at <= (at or self.now):
                send_at = None  # its time is past: it goes at once
            for person in message["personalizations"]:
                text, html = bodies["text/plain"], bodies.get("text/html", "")
                for tag, value in person.get("substitutions", {}).items():
                    text, html = text.replace(tag, value), html.replace(tag, value)
                self.accepted.append(
                    Copy(
                        to=person["to"][0]["email"],
                        subject=message["subject"],
                        text=text,
                        html=html,
                        headers=person.get("headers", {}),  # the lower level replaces the upper: the worse reading
                        custom_args=person.get("custom_args", {}),
                        send_at=send_at,
                        batch_id=message.get("batch_id", ""),
                    )
                )

    def draw(self) -> str:
        with self._lock:
            self.batch_ids.append(secrets.token_hex(16))
            return self.batch_ids[-1]

    def cancel(self, body: Any, at: dt.datetime | None = None) -> list[Problem]:
        """Set a status, as `at` or now; what is wrong with the request."""
        if (
            not isinstance(body, dict)
            or set(body) != {"batch_id", "status"}
            or body["status"] not in ("cancel", "pause")
        ):
            return [("Bad Request", None)]
        batch_id = body["batch_id"]
        with self._lock:
            if batch_id not in self.batch_ids:
                return [("The batch id is not valid.", "batch_id")]
            if batch_id in self.statuses:
                return [("The batch id already has a status; try PATCH to update it.", "batch_id")]
            if len(self.statuses) >= MOST_CANCELLED:
                return [("The maximum number of cancellations and pauses is reached.", None)]
            self.statuses[batch_id] = body["status"]
            self._cancelled_at[batch_id] = at or self.now
        return []

    def lift(self, batch_id: str) -> bool:
        with self._lock:
            self._release()
            self._cancelled_at.pop(batch_id, None)
            return self.statuses.pop(batch_id, None) is not None

    def _release(self) -> None:
        for place, copy in enumerate(self.accepted):
            if copy.send_at is not None and copy.send_at <= self.now and place not in self._settled:
                self._settled[place] = self._goes(copy)

    def _goes(self, copy: Copy) -> bool:
        at = self._cancelled_at.get(copy.batch_id)
        if copy.send_at is None or at is None:
            return True
        return at > copy.send_at - LAST_CANCEL and not self.late_cancels_hold

    def _check_schedule(self, message: dict[str, Any]) -> list[Problem]:
        problems: list[Problem] = []
        if "batch_id" in message and message["batch_id"] not in self.batch_ids:
            problems.append(("The batch id is not valid.", "batch_id"))
        if (stamp := message.get("send_at")) is not None:
            if not isinstance(stamp, int):
                problems.append(("The send_at is no unix timestamp.", "send_at"))
            elif stamp > (self.now + FURTHEST_AHEAD).timestamp():
                problems.append(("The send_at is more than 72 hours ahead.", "send_at"))
        return problems
