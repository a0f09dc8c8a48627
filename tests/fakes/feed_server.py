"""A web server on the loopback interface that serves feeds, well or badly.

    with FeedServer() as server:
        server.answer("/feed", body=b"<rss/>", headers={"ETag": '"1"'})
        server.redirect("/old", "/feed", status=301)
        server.hang("/slow")                # takes the call and never says a word
        server.drip("/drip", b"<rss")       # one byte now and then, for ever
        server.raw("/raw", b"nonsense")     # these bytes, whatever HTTP says, and no more
        server.url("/feed"); server.requests

Every thread that still waits is let go when the server closes.
"""

from __future__ import annotations

import contextlib
import http.server
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Request:
    """What was asked."""

    path: str
    headers: Mapping[str, str]
    method: str = "GET"


@dataclass
class FeedServer:
    requests: list[Request] = field(default_factory=list)
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self._routes: dict[str, Callable[[http.server.BaseHTTPRequestHandler], None]] = {}
        self._closing = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.requests.append(Request(self.path, headers, self.command))
                self.close_connection = True
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the client had enough
                    outer._routes.get(self.path, _missing)(self)

            def do_HEAD(self) -> None:
                self.do_GET()

            def log_message(self, *_args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return self._server.server_port

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{'http' if self.tls is None else 'https'}://{host}:{self.port}{path}"

    def answer(
        self,
        path: str,
        *,
        body: bytes = b"",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        length: int | None = None,
        before: Callable[[], object] = lambda: None,
    ) -> None:
        """Serve `body`. `length` lies about how long it is. An If-None-Match that equals the ETag gets a 304.

        `before` is called, and waited for, before anything is said.
        """
        given = {"Content-Type": "application/xml", **(headers or {})}

        def reply(handler: http.server.BaseHTTPRequestHandler) -> None:
            before()
            unchanged = given.get("ETag") is not None and handler.headers.get("If-None-Match") == given["ETag"]
            handler.send_response(304 if unchanged else status)
            for name, value in given.items():
                handler.send_header(name, value)
            content = b"" if unchanged else body
            handler.send_header("Content-Length", str(len(content) if length is None else length))
            handler.end_headers()
            if handler.command != "HEAD":
                handler.wfile.write(content)

        self._routes[path] = reply

    def refuse_head(self, path: str, status: int = 405) -> None:
        """Answer GET well and HEAD with an error, as some do."""

        def reply(handler: http.server.BaseHTTPRequestHandler) -> None:
            handler.send_response(status if handler.command == "HEAD" else 200)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        self._routes[path] = reply

    def redirect(self, path: str, to: str, *, status: int = 302) -> None:
        self.answer(path, status=status, headers={"Location": to})

    def hang(self, path: str) -> None:
        """Take the request and never answer."""
        self._routes[path] = lambda _handler: self._closing.wait() and None

    def drip(self, path: str, start: bytes, *, every: float = 0.02) -> None:
        """Answer, and then send one byte at a time without end."""

        def reply(handler: http.server.BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.end_headers()
            handler.wfile.write(start)
            while not self._closing.wait(every):
                handler.wfile.write(b" ")

        self._routes[path] = reply

    def drip_headers(self, path: str, *, every: float = 0.02) -> None:
        """Never come to the end of the headers."""

        def reply(handler: http.server.BaseHTTPRequestHandler) -> None:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
            while not self._closing.wait(every):
                handler.wfile.write(b"a")

        self._routes[path] = reply

    def raw(self, path: str, answer: bytes) -> None:
        """Send these bytes as they are, and close."""
        self._routes[path] = lambda handler: handler.wfile.write(answer) and None

    def flood(self, path: str, start: bytes, piece: bytes) -> None:
        """Send `start`, and then `piece` without end, as fast as it is taken."""

        def reply(handler: http.server.BaseHTTPRequestHandler) -> None:
            handler.wfile.write(start)
            while not self._closing.is_set():
                handler.wfile.write(piece)

        self._routes[path] = reply

    def hang_up(self, path: str) -> None:
        """Close the connection without a word."""
        self._routes[path] = lambda handler: handler.connection.close()


def _missing(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response(404)
    handler.send_header("Content-Length", "0")
    handler.end_headers()
