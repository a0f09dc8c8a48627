"""A small SendGrid of our own on 127.0.0.1: strict about the published limits of v3 Mail Send, and able to misbehave.

    with FakeSendGrid() as sendgrid:
        sendgrid.then(Answer(429, headers={"X-RateLimit-Reset": "1707728460"}), Reset(after_body=True))
        ...
        sendgrid.accepted        # every copy it took, in order, the tags replaced as the real one does

What is queued with `then` happens to the next requests, one each; after that it behaves.  A request that breaks a
limit is answered with 400 in SendGrid's form, and noted in `violations`.

Limits: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/limitations
"""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

KEY = "SG.fake-key"
MOST_RECIPIENTS = 1000
MOST_BYTES = 30 * 1024 * 1024
MOST_SUBSTITUTION_BYTES = 10_000
MOST_ARGUMENT_BYTES = 10_000
RESERVED = {"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"} | {
    "to",
    "from",
    "subject",
    "reply-to",
    "cc",
    "bcc",
}
TOP_LEVEL = {"personalizations", "from", "reply_to", "subject", "content", "headers", "custom_args"} | {
    "tracking_settings",
    "mail_settings",
    "send_at",
    "batch_id",
}
IN_PERSONALIZATION = {"to", "headers", "substitutions", "custom_args", "subject", "send_at"}
ADDRESS = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\"]+")
Problem = tuple[str, str | None]  # message, field


@dataclass(frozen=True)
class Copy:
    """One message the fake took, as the recipient would get it."""

    to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]
    custom_args: Mapping[str, str]


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
    """The server. `refused` addresses are answered with 400, named by their place unless `names_culprits` is off."""

    def __init__(self) -> None:
        self.accepted: list[Copy] = []
        self.requests: list[dict[str, Any]] = []
        self.violations: list[str] = []
        self.refused: set[str] = set()
        self.names_culprits = True
        self.connections = 0
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._next: deque[Behaviour] = deque()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.fake = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def then(self, *behaviours: Behaviour) -> None:
        """Let these happen to the next requests, one each."""
        self._next.extend(behaviours)

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

    def behaviour(self) -> Behaviour | None:
        with self._lock:
            return self._next.popleft() if self._next else None

    def receive(self, raw: bytes) -> list[Problem]:
        """Check a request against the limits; what is wrong with it."""
        try:
            message = json.loads(raw)
        except ValueError:
            return [("Bad Request", None)]
        with self._lock:
            self.requests.append(message)
        problems = list(check(message, len(raw)))
        with self._lock:
            self.violations += [f"{field}: {words}" for words, field in problems]
        for place, person in enumerate(message.get("personalizations", [])):
            if any(to["email"] in self.refused for to in person["to"]):
                culprit = f"personalizations.{place}.to.0.email" if self.names_culprits else None
                email = person["to"][0]["email"]
                problems.append((f"The address {email} does not contain a valid address.", culprit))
        return problems

    def take(self, raw: bytes) -> None:
        """Keep each copy, the tags replaced."""
        message = json.loads(raw)
        bodies = {part["type"]: part["value"] for part in message["content"]}
        with self._lock:
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
                    )
                )


def check(message: dict[str, Any], size: int) -> Iterator[Problem]:
    """What SendGrid would refuse."""
    if size > MOST_BYTES:
        yield "The request is too large.", None
    for unknown in set(message) - TOP_LEVEL:
        yield "Unknown field.", unknown
    people = message.get("personalizations") or []
    if not 1 <= len(people) <= MOST_RECIPIENTS:
        yield "The number of personalizations is out of bounds.", "personalizations"
    seen: set[str] = set()
    for place, person in enumerate(people):
        yield from _check_person(person, f"personalizations.{place}", seen)
    if not ADDRESS.fullmatch(message.get("from", {}).get("email", "")):
        yield "The from address is not valid.", "from.email"
    if not message.get("subject"):
        yield "A subject is required.", "subject"
    if [part.get("type") for part in message.get("content", [])] != ["text/plain", "text/html"]:
        yield "Plain text comes first, then HTML.", "content"
    if any(not part.get("value") for part in message.get("content", [])):
        yield "The content value must be at least one character.", "content"
    settings = message.get("tracking_settings", {})
    for name in ("click_tracking", "open_tracking", "subscription_tracking", "ganalytics"):
        if settings.get(name, {}).get("enable") is not False:  # a house rule of ours, not SendGrid's
            yield "Tracking was not switched off.", f"tracking_settings.{name}"


def _check_person(person: dict[str, Any], where: str, seen: set[str]) -> Iterator[Problem]:
    for unknown in set(person) - IN_PERSONALIZATION:
        yield "Unknown field.", f"{where}.{unknown}"
    to = person.get("to") or []
    if len(to) != 1:
        yield "One recipient a copy.", f"{where}.to"
    for address in to:
        email = address.get("email", "")
        if not ADDRESS.fullmatch(email) or not email.isascii():
            yield "Does not contain a valid address.", f"{where}.to.0.email"
        if email.lower() in seen:
            yield "Each email address in the personalization block should be unique.", f"{where}.to"
        seen.add(email.lower())
    for name, value in person.get("headers", {}).items():
        if name.lower() in RESERVED:
            yield "A reserved header.", f"{where}.headers.{name}"
        if not isinstance(value, str) or not value.isascii() or not value.isprintable() or len(value) > 998:
            yield "Not a header's value.", f"{where}.headers.{name}"
    for part, most in (("substitutions", MOST_SUBSTITUTION_BYTES), ("custom_args", MOST_ARGUMENT_BYTES)):
        values = person.get(part, {})
        if not all(isinstance(value, str) for value in values.values()):
            yield "Bad Request", None
        if len(json.dumps(values).encode()) > most:
            yield "Too many bytes.", f"{where}.{part}"
    if any(set(tag) & set("<>& ") for tag in person.get("substitutions", {})):
        yield "A tag with a character that HTML changes.", f"{where}.substitutions"


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
        behaviour = fake.behaviour()
        if isinstance(behaviour, Reset) and not behaviour.after_body:
            return self._reset()
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/v3/mail/send":
            return self._answer(404, _errors([("Not Found", None)]))
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            return self._answer(401, _errors([("The provided authorization grant is invalid", None)]))
        match behaviour:
            case Answer(status, body, headers):
                return self._answer(status, body, headers)
            case Stall():
                fake.closing.wait()
                return self._reset()
            case Reset(take=False):
                return self._reset()
        if problems := fake.receive(raw):
            return self._answer(400, _errors(problems))
        fake.take(raw)
        match behaviour:
            case Reset():
                return self._reset()
            case Drip():
                return self._drip()
            case Take(status, body, promised):
                return self._answer(status, body, promised=promised)
        return self._answer(202, b"", {"X-Message-Id": f"fake-{len(fake.requests)}"})

    def do_GET(self) -> None:
        self.server.fake.violations.append(f"GET {self.path}: a redirect was followed")
        self._answer(200, b"{}")

    def _answer(
        self, status: int, body: bytes, headers: Mapping[str, str] | None = None, promised: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
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


def _errors(problems: list[Problem]) -> bytes:
    return json.dumps(
        {"errors": [{"message": words, "field": field, "help": None} for words, field in problems]}
    ).encode()
