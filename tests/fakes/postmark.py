"""A small Postmark of our own on 127.0.0.1: the one provider whose real client is tried against a server.

with FakePostmark() as postmark:
    postmark.inactive.add("gone@example.org")    # refused as Postmark refuses an address that bounced
    postmark.then(Answer(500), Reset())          # what happens to the next requests, one each
    postmark.accepted                            # the messages it took, as they came
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

TOKEN = "fake-server-token"


@dataclass(frozen=True)
class Answer:
    """Answer like this and take nothing."""

    status: int
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Take:
    """Take the message, and answer with these bytes."""

    body: bytes = b""


@dataclass(frozen=True)
class Reset:
    """Read the request and break the connection; with `take` it was taken."""

    take: bool = False


Behaviour = Answer | Take | Reset


class FakePostmark:
    """The server."""

    def __init__(self) -> None:
        self.accepted: list[dict[str, Any]] = []
        self.inactive: set[str] = set()
        self.violations: list[str] = []
        self._next: deque[Behaviour] = deque()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.fake = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def then(self, *behaviours: Behaviour) -> None:
        self._next.extend(behaviours)

    def behaviour(self) -> Behaviour | None:
        return self._next.popleft() if self._next else None

    def __enter__(self) -> FakePostmark:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    fake: FakePostmark

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that break are what this server is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self.server.fake.violations.append(f"GET {self.path}: a redirect was followed")
        self._answer(200, b"{}")

    def do_POST(self) -> None:
        fake = self.server.fake
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers.get("X-Postmark-Server-Token") != TOKEN:
            return self._error(401, 10, "Bad or missing Server API token.")
        if self.path != "/email":
            fake.violations.append(f"POST {self.path}")
            return self._error(404, 0, "not here")
        match fake.behaviour():
            case Answer(status, body, headers):
                return self._answer(status, body, headers)
            case Take(body):
                fake.accepted.append(message)
                return self._answer(200, body)
            case Reset(take):
                if take:
                    fake.accepted.append(message)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
                return None
        if message["To"] in fake.inactive:
            words = (
                "You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: "
                f"{message['To']}. Inactive recipients are ones that have generated a hard bounce or a spam complaint."
            )
            return self._error(422, 406, words)
        fake.accepted.append(message)
        answer = {"ErrorCode": 0, "Message": "OK", "MessageID": f"id-{len(fake.accepted)}", "To": message["To"]}
        return self._answer(200, json.dumps(answer).encode())

    def _error(self, status: int, code: int, words: str) -> None:
        self._answer(status, json.dumps({"ErrorCode": code, "Message": words}).encode())

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
