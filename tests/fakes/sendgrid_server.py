"""The fake SendGrid's side of the wire: which address means what, and how an answer is kept back or broken off."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.sendgrid_behaviour import Answer, Drip, Late, Reset, Stall, Take
from tests.fakes.sendgrid_limits import Problem

if TYPE_CHECKING:
    from tests.fakes.sendgrid import FakeSendGrid

KEY = "SG.fake-key"
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
ACCOUNT = {
    "/v3/scopes": {"scopes": ["mail.send", "mail.batch.create", "user.scheduled_sends.create", "suppression.read"]},
    "/v3/whitelabel/domains": [{"domain": "digest.example.ac.uk", "valid": True}],
    "/v3/verified_senders": {"results": []},
}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    fake: FakeSendGrid

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that break are what this server is for."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

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
            since = int(query.get("start_time", 0))
            rows = [row for row in fake.suppressions[name] if row.get("created", 0) >= since]
            return self._control("suppressions", 200, lambda: rows[start : start + limit])
        if path.path in ACCOUNT:
            return self._control("account", 200, lambda: fake.account[path.path])
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
        if isinstance(behaviour, Late):
            fake.later(behaviour.seconds, lambda at: fake.take(message, at))
            fake.closing.wait()
            return self._reset()
        fake.take(message)
        match behaviour:
            case Reset():
                return self._reset()
            case Drip():
                return self._drip()
            case Take(status, body, promised, headers):
                return self._answer(status, body, headers, promised)
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
        if isinstance(behaviour, Late):
            fake.later(behaviour.seconds, lambda at: fake.cancel(body, at))
            fake.closing.wait()
            return self._reset()
        if problems := fake.cancel(body):
            return self._answer(400, _errors(problems))
        match behaviour:
            case Reset():
                return self._reset()
            case Take(status, answer, promised, headers):
                return self._answer(status, answer, headers, promised)
            case Drip():
                return self._drip()
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
