"""A small SendGrid of our own on 127.0.0.1: strict about the published limits of v3 Mail Send, and able to misbehave.

    with FakeSendGrid() as sendgrid:
        sendgrid.then(Answer(429, headers={"X-RateLimit-Reset": "1707728460"}), Reset(after_body=True))
        ...
        sendgrid.accepted        # every copy it took, in order, the tags replaced as the real one does
        sendgrid.turn_to(nine)   # its clock: mail that was scheduled until then goes out, or was cancelled
        sendgrid.arrived()       # what it took and nobody cancelled in time

What is queued with `then` happens to the next requests of that kind, one each (`on="send"` unless told: "batch",
"cancel", "status", "lift", "sandbox"); after that it behaves.  A request that breaks a limit is answered with 400 in
SendGrid's form, and noted in `violations`.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
import socket
import struct
import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.sendgrid_limits import Problem, check

KEY = "SG.fake-key"
LAST_CANCEL = dt.timedelta(minutes=10)  # a later one is answered with yes, and promises nothing
FURTHEST_AHEAD = dt.timedelta(hours=72)
MOST_CANCELLED = 10
SUPPRESSIONS = {
    f"/v3/{path}": path.rpartition("/")[2]
    for path in (
        "suppression/bounces",
        "suppression/blocks",
        "suppression/invalid_emails",
        "suppression/spam_reports",
        "suppression/unsubscribes",
        "asm/suppressions/global",
    )
}


@dataclass(frozen=True)
class Copy:
    """One message the fake took, as the recipient would get it. `send_at` is None for one that went at once."""

    to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]
    custom_args: Mapping[str, str]
    send_at: dt.datetime | None = None
    batch_id: str = ""


@dataclass(frozen=True)
class Answer:
    """Answer with `status` and take nothing."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Take:
    """Take the message, and then answer like this; `promised` bytes are announced, `body` is what comes."""

    status: int = 202
    body: bytes = b""
    promised: int | None = None


@dataclass(frozen=True)
class Reset:
    """Break the connection: before reading the body, or after it, with the message taken or not."""

    after_body: bool = True
    take: bool = False


@dataclass(frozen=True)
class Stall:
    """Read everything and never answer."""


@dataclass(frozen=True)
class Drip:
    """Answer a byte at a time, so that no single read is ever late."""


Behaviour = Answer | Take | Reset | Stall | Drip


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
        self.batch_ids: list[str] = []
        self.statuses: dict[str, str] = {}  # batch id -> cancel or pause
        self.suppressions: dict[str, list[dict[str, Any]]] = {name: [] for name in SUPPRESSIONS.values()}
        self.connections = 0
        self.closing = threading.Event()
        self._now = now
        self._cancelled_at: dict[str, dt.datetime] = {}
        self._settled: dict[int, bool] = {}  # scheduled copies whose time has come: whether they went out
        self._lock = threading.RLock()
        self._next: dict[str, deque[Behaviour]] = defaultdict(deque)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.fake = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

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
            return self._next[kind].popleft() if self._next[kind] else None

    def breaks_off(self) -> bool:
        """Whether the next send is to be cut before its body is read. What it was, sandbox or not, nobody learns."""
        with self._lock:
            queue = self._next["send"]
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

    def take(self, message: dict[str, Any]) -> None:
        """Keep each copy, the tags replaced."""
        bodies = {part["type"]: part["value"] for part in message["content"]}
        stamp = message.get("send_at")
        send_at = dt.datetime.fromtimestamp(stamp, dt.UTC) if stamp is not None else None
        with self._lock:
            if send_at is not None and send_at <= self.now:
                send_at = None  # its time is past: it goes at once
            for person in message["personalizations"]:
                text, html = bodies["text/plain"], bodies["text/html"]
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

    def cancel(self, body: Any) -> list[Problem]:
        """Set a status; what is wrong with the request."""
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
            self._cancelled_at[batch_id] = self.now
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


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    fake: FakeSendGrid

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that break are what this server is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.fake.connections += 1

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        fake = self.server.fake
        if self.path == "/v3/mail/send" and fake.breaks_off():
            return self._reset()
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._knows_the_key():
            return None
        if self.path == "/v3/mail/send":
            return self._send(raw)
        if self.path == "/v3/mail/batch":
            return self._control("batch", 201, lambda: {"batch_id": fake.draw()})
        if self.path == "/v3/user/scheduled_sends":
            return self._cancel(raw)
        return self._answer(404, _errors([("Not Found", None)]))

    def do_GET(self) -> None:
        fake, path = self.server.fake, urlsplit(self.path)
        if not self._knows_the_key():
            return None
        what, _, batch_id = path.path.rpartition("/")
        if path.path == "/v3/user/scheduled_sends":
            return self._control("status", 200, lambda: _rows(fake.statuses))
        if what == "/v3/user/scheduled_sends":
            return self._control(
                "status", 200, lambda: _rows({k: v for k, v in fake.statuses.items() if k == batch_id})
            )
        if what == "/v3/mail/batch":
            if batch_id in fake.batch_ids:
                return self._control("batch", 200, lambda: {"batch_id": batch_id})
            return self._answer(400, _errors([("invalid batch id", "batch_id")]))
        if name := SUPPRESSIONS.get(path.path):
            query = {key: values[0] for key, values in parse_qs(path.query).items()}
            start, limit = int(query.get("offset", 0)), min(int(query.get("limit", 500)), 500)
            return self._control("suppressions", 200, lambda: fake.suppressions[name][start : start + limit])
        fake.violations.append(f"GET {self.path}: a redirect was followed")
        return self._answer(200, b"{}")

    def do_DELETE(self) -> None:
        if not self._knows_the_key():
            return None
        what, _, batch_id = self.path.rpartition("/")
        if what != "/v3/user/scheduled_sends":
            return self._answer(404, _errors([("Not Found", None)]))
        match self.server.fake.behaviour("lift"):
            case Answer(status, body, headers):
                return self._answer(status, body, headers)
        return self._answer(204 if self.server.fake.lift(batch_id) else 404, b"")

    def _send(self, raw: bytes) -> None:
        fake = self.server.fake
        try:
            message = json.loads(raw)
        except ValueError:
            return self._answer(400, _errors([("Bad Request", None)]))
        sandbox = fake.has_sandbox and message.get("mail_settings", {}).get("sandbox_mode", {}).get("enable") is True
        behaviour = fake.behaviour("sandbox" if sandbox else "send")
        match behaviour:
            case Answer(status, body, headers):
                return self._answer(status, body, headers)
            case Stall():
                fake.closing.wait()
                return self._reset()
            case Reset(take=False):
                return self._reset()
        if problems := fake.receive(message, len(raw), sandbox=sandbox):
            return self._answer(400, _errors(problems))
        if sandbox:
            return self._answer(200, b"")
        fake.take(message)
        match behaviour:
            case Reset():
                return self._reset()
            case Drip():
                return self._drip()
            case Take(status, body, promised):
                return self._answer(status, body, promised=promised)
        return self._answer(202, b"", {"X-Message-Id": f"fake-{len(fake.requests)}"})

    def _cancel(self, raw: bytes) -> None:
        """A behaviour that takes (Take, Reset(take=True)) sets the status and then misbehaves."""
        fake = self.server.fake
        if not fake.may_schedule:
            return self._answer(403, _errors([("access forbidden", None)]))
        behaviour = fake.behaviour("cancel")
        match behaviour:
            case Answer(status, body, headers):
                return self._answer(status, body, headers)
            case Stall():
                fake.closing.wait()
                return self._reset()
            case Reset(take=False):
                return self._reset()
        body = json.loads(raw)
        if problems := fake.cancel(body):
            return self._answer(400, _errors(problems))
        match behaviour:
            case Reset():
                return self._reset()
            case Take(status, answer, promised):
                return self._answer(status, answer, promised=promised)
        return self._answer(201, json.dumps(body).encode())

    def _control(self, kind: str, status: int, content: Any) -> None:
        fake = self.server.fake
        if kind in ("batch", "status") and not fake.may_schedule:
            return self._answer(403, _errors([("access forbidden", None)]))
        match fake.behaviour(kind):
            case Answer(other, body, headers):
                return self._answer(other, body, headers)
            case Reset() | Stall():
                return self._reset()
        return self._answer(status, json.dumps(content()).encode())

    def _knows_the_key(self) -> bool:
        if self.headers.get("Authorization") == f"Bearer {KEY}":
            return True
        self._answer(401, _errors([("The provided authorization grant is invalid", None)]))
        return False

    def _answer(
        self, status: int, body: bytes, headers: Mapping[str, str] | None = None, promised: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body) if promised is None else promised))
        self.end_headers()
        self.wfile.write(body)
        if promised is not None:
            self.close_connection = True

    def _drip(self) -> None:
        for byte in b"HTTP/1.1 202 Accepted\r\nX-Slow: " + b"." * 4000:
            if self.server.fake.closing.wait(0.01):
                break
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
        self.close_connection = True

    def _reset(self) -> None:
        """Close with RST instead of FIN, as a dying machine or an angry firewall does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


def _rows(statuses: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"batch_id": batch_id, "status": status} for batch_id, status in statuses.items()]


def _errors(problems: list[Problem]) -> bytes:
    return json.dumps(
        {"errors": [{"message": words, "field": field, "help": None} for words, field in problems]}
    ).encode()
