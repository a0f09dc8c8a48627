"""A small mail server of our own on 127.0.0.1: strict about RFC 5321, and able to misbehave.

    with FakeSmtp(tls="starttls", users={"digest": "secret"}) as smtp:
        smtp.answers["gone@example.org"] = "550 5.1.1 no such user"
        smtp.then(Drop(), on="dot")      # the next message is read and never answered
        ...
        smtp.accepted                    # what it took, in order

What is queued with `then` happens at the next step of that kind, one each: "connect", "MAIL", "RCPT", "DATA", "dot",
"AUTH", "STARTTLS"; after that it behaves.  What a client may not do is noted in `violations`.
"""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import re
import socket
import socketserver
import ssl
import struct
import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

LONGEST_LINE = 998


@dataclass(frozen=True)
class Letter:
    """One message it took. `content` is as it was before dots were doubled."""

    sender: str
    to: str
    content: bytes


@dataclass(frozen=True)
class Say:
    """Answer this line."""

    line: str


@dataclass(frozen=True)
class Drop:
    """Break the connection; after a message with `take` it was taken all the same."""

    take: bool = False


@dataclass(frozen=True)
class Stall:
    """Never answer."""


@dataclass(frozen=True)
class Drip:
    """Answer a byte at a time and without an end, so that no single read is ever late."""


Behaviour = Say | Drop | Stall | Drip


class FakeSmtp:
    """The server. `tls` is "starttls", "tls" or None; its certificate is `certificate`, which a test has to trust.

    `answers` are its replies to recipients; `most_per_connection` messages are taken, then it says 421.
    """

    def __init__(
        self, *, tls: str | None = None, users: dict[str, str] | None = None, certificate: Path | None = None
    ) -> None:
        self.accepted: list[Letter] = []
        self.violations: list[str] = []
        self.answers: dict[str, str] = {}
        self.connections = 0
        self.messages = 0
        self.most_per_connection = 0
        self.greeted: list[str] = []
        self.signed_in: list[str] = []
        self.closing = threading.Event()
        self.tls, self.users = tls, users or {}
        self.context: ssl.SSLContext | None = None
        if tls:
            assert certificate is not None
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self._next: dict[str, deque[Behaviour]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.fake = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def then(self, *behaviours: Behaviour, on: str) -> None:
        with self._lock:
            self._next[on].extend(behaviours)

    def behaviour(self, kind: str) -> Behaviour | None:
        with self._lock:
            return self._next[kind].popleft() if self._next[kind] else None

    def __enter__(self) -> FakeSmtp:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    fake: FakeSmtp

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections that break are what this server is for."""


class _Gone(Exception):
    """The connection is over."""


class _Handler(socketserver.BaseRequestHandler):
    server: _Server
    request: socket.socket

    def handle(self) -> None:
        self.fake = self.server.fake
        self.fake.connections += 1
        self.encrypted = False
        self.signed_in = not self.fake.users
        self.taken = 0
        self.sender: str | None = None
        self.to: str | None = None
        try:
            if self.fake.tls == "tls":
                self._encrypt()
            self.reader = self.request.makefile("rb")
            self._do("connect", "220 fake ESMTP")
            while True:
                self._command(self._line())
        except (_Gone, OSError):
            pass
        finally:
            self.request.close()

    def _command(self, line: bytes) -> None:
        verb, _, rest = line.decode("ascii", "replace").partition(" ")
        match verb.upper():
            case "EHLO":
                self.fake.greeted.append(rest)
                offers = ["STARTTLS"] if self.fake.tls == "starttls" and not self.encrypted else []
                offers += ["AUTH PLAIN"] if self.fake.users else []
                lines = ["fake greets you", *offers, "SIZE 10000000"]
                self._say("\r\n".join(f"250{'-' if n < len(lines) - 1 else ' '}{one}" for n, one in enumerate(lines)))
            case "STARTTLS":
                self._do("STARTTLS", "220 go ahead")
                self.reader.close()
                self._encrypt()
                self.reader = self.request.makefile("rb")
            case "AUTH":
                self._sign_in(rest)
            case "MAIL":
                self._mail(rest)
            case "RCPT":
                self._rcpt(rest)
            case "DATA":
                self._data()
            case "RSET":
                self.sender = self.to = None
                self._say("250 ok")
            case "QUIT":
                self._say("221 bye")
                raise _Gone
            case _:
                self._say("500 what?")

    def _sign_in(self, rest: str) -> None:
        if self.fake.tls and not self.encrypted:
            self.fake.violations.append("a password in the clear")
        kind, _, secret = rest.partition(" ")
        if kind.upper() != "PLAIN":
            self._say("504 only PLAIN")
            return
        _, user, password = base64.b64decode(secret).decode().split("\0")
        self.signed_in = self.fake.users.get(user) == password
        self.fake.signed_in.append(user)
        self._do("AUTH", "235 welcome" if self.signed_in else "535 5.7.8 wrong password")

    def _mail(self, rest: str) -> None:
        if self.fake.most_per_connection and self.taken >= self.fake.most_per_connection:
            self._say("421 4.7.0 enough for one connection")
            raise _Gone
        if not self.signed_in:
            self._say("530 5.7.0 sign in first")
            return
        if self._do("MAIL", "250 ok"):
            self.sender = _address(rest)

    def _rcpt(self, rest: str) -> None:
        if self.sender is None:
            self.fake.violations.append("RCPT before MAIL")
        if self.to is not None:
            self.fake.violations.append("a second recipient of one message")
        answer = self.fake.answers.get(_address(rest), "250 ok")
        if self._do("RCPT", answer):
            self.to = _address(rest)

    def _data(self) -> None:
        if self.to is None:
            self._say("503 no recipient")
            return
        if not self._do("DATA", "354 go on"):
            return
        lines = []
        while (line := self._line()) != b".":
            if len(line) > LONGEST_LINE:
                self.fake.violations.append(f"a line of {len(line)} octets")
            if not line.isascii():
                self.fake.violations.append("8-bit content that was not asked for")
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self.fake.messages += 1
        content = b"".join(line + b"\r\n" for line in lines)
        letter = Letter(self.sender or "", self.to, content)
        behaviour = self.fake.behaviour("dot")
        self.sender = self.to = None
        if behaviour is None or behaviour == Drop(take=True):
            self.fake.accepted.append(letter)
            self.taken += 1
        self._act(behaviour, f"250 2.0.0 Ok: queued as {self.fake.messages:08X}")

    def _do(self, kind: str, line: str) -> bool:
        """Whether the step was answered with yes."""
        return self._act(self.fake.behaviour(kind), line)

    def _act(self, behaviour: Behaviour | None, line: str) -> bool:
        match behaviour:
            case Say(other):
                line = other
            case Drop():
                # RST instead of FIN, as a dying machine does.
                self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                raise _Gone
            case Stall():
                self.fake.closing.wait()
                raise _Gone
            case Drip():
                while not self.fake.closing.wait(0.01):
                    self.request.sendall(b"2")
                raise _Gone
        self._say(line)
        if line.startswith("421"):
            raise _Gone
        return line.startswith(("2", "3"))

    def _say(self, line: str) -> None:
        self.request.sendall(line.encode() + b"\r\n")

    def _line(self) -> bytes:
        line = self.reader.readline(100_000)
        if not line:
            raise _Gone
        if not line.endswith(b"\r\n"):
            self.fake.violations.append("a line that does not end in CRLF")
        return line.rstrip(b"\r\n")

    def _encrypt(self) -> None:
        assert self.fake.context is not None
        self.request = self.fake.context.wrap_socket(self.request, server_side=True)
        self.encrypted = True


def _address(rest: str) -> str:
    found = re.search(r"<([^>]*)>", rest)
    return found[1] if found else ""


def make_certificate(path: Path) -> Path:
    """A certificate for localhost and 127.0.0.1 with its key, in one file that can also be trusted."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path
