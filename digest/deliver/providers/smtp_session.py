"""One connection to a mail server, and the conversation about one copy."""

from __future__ import annotations

import datetime as dt
import re
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from digest.deliver.providers.base import (
    Accepted,
    Failure,
    NotSent,
    Refused,
    Rejected,
    Unknown,
    Wait,
    without_addresses,
)

CONNECT = 10.0  # seconds at most
_DOT = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to, and as whom. `security` is "starttls", "tls" or "none"."""

    host: str
    port: int
    security: str
    username: str = ""
    password: str = field(default="", repr=False)
    own_name: str = "localhost"


class Answer(NamedTuple):
    """What became of one copy. `concerns_all`: the next one would fare the same."""

    outcome: Accepted | Failure
    concerns_all: bool = False


class Broken(Exception):
    """The connection is of no more use. `stale`: it broke before anything was said about this copy."""

    def __init__(self, answer: Answer, *, stale: bool = False) -> None:
        super().__init__(answer.outcome.words)
        self.answer, self.stale = answer, stale


class _Plain(smtplib.SMTP):
    """The standard library's client, but an answer that breaks off within a line is none: `25` is not a yes."""

    def __init__(self, target: Target, seconds: float) -> None:
        super().__init__(local_hostname=target.own_name, timeout=seconds)
        # What the certificate is checked against. The library sets it only where it connects at once, and then
        # nobody could cut a greeting that never ends.
        self._host = target.host

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _WholeLines(self.sock.makefile("rb"))
        return super().getreply()


class _Encrypted(_Plain, smtplib.SMTP_SSL):
    """From the first byte on (RFC 8314)."""

    def __init__(self, target: Target, seconds: float) -> None:
        super().__init__(target, seconds)
        self.context = ssl.create_default_context()  # the one that the library has made checks no certificate


class _WholeLines:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readline(self, limit: int) -> bytes:
        line = self._file.readline(limit)
        if line and len(line) < limit and not line.endswith(b"\n"):
            raise smtplib.SMTPServerDisconnected("the answer broke off")
        return line

    def close(self) -> None:
        self._file.close()


class Session:
    """A connection to `target`. `open` it, use it, `close` it; another thread may `cut` it."""

    def __init__(self, target: Target, seconds: float) -> None:
        self._target = target
        self.alive = False
        kind = _Encrypted if target.security == "tls" else _Plain
        self._server = kind(target, min(CONNECT, seconds))

    def open(self, seconds: float) -> None:
        """Connect, encrypt and sign in as the target asks. Raises Broken, with what it means for every copy."""
        try:
            code, words = self._server.connect(self._target.host, self._target.port)
            if code != 220:
                raise Broken(_of_all(code, words, "The mail server does not let us in"))
            if self._server.sock is not None:
                self._server.sock.settimeout(seconds)
            _enter(self._server, self._target)
        except smtplib.SMTPResponseException as error:
            raise Broken(_of_all(error.smtp_code, error.smtp_error, "The mail server does not let us in")) from None
        except (OSError, smtplib.SMTPException) as error:
            raise Broken(_unreached(error)) from None
        self.alive = True

    def send(self, sender: str, to: str, content: bytes, *, now: dt.datetime, retry: dt.timedelta) -> Answer:
        """Hand one copy over. Raises Broken where the connection ended, with what that means for this copy."""
        said = "MAIL"
        try:
            code, words = self._server.mail(sender)
            if code == 421:
                raise Broken(_of_all(code, words, "The mail server closed the connection", now=now), stale=True)
            if code != 250:
                return self._reset(_of_all(code, words, "The mail server refuses our sender", now=now))
            said = "RCPT"
            code, words = self._server.rcpt(to)
            if code in (250, 251, 252):  # 251 and 252: taken, and passed on
                said = "DATA"
                code, words = self._server.docmd("DATA")
            if code != 354:
                return self._reset(_of_one(code, words, now, retry))
            said = "content"
            self._server.send(_DOT.sub(b"..", content))
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            # The final dot has not left, so the server has no message (RFC 5321, 4.1.1.4).
            raise Broken(_unreached(error), stale=said == "MAIL") from None
        except smtplib.SMTPException as error:
            raise Broken(_unreached(error)) from None
        try:
            self._server.send(b".\r\n")
            code, words = self._server.getreply()
        except (OSError, smtplib.SMTPException) as error:
            what = without_addresses(str(error) or type(error).__name__)
            raise Broken(
                Answer(Unknown(words=f"The mail server had it all and gave no answer ({what}).")), stale=False
            ) from None
        if code == 421:
            self.alive = False
        return _of_one(code, words, now, retry)

    def cut(self) -> None:
        """End the connection from another thread: whoever waits for it is told that it is gone."""
        if self._server.sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(self._server.sock, socket.SHUT_RDWR)

    def quit(self, seconds: float) -> None:
        """Say goodbye; whether it is heard does not matter."""
        with suppress(OSError, smtplib.SMTPException):
            if self._server.sock is not None:
                self._server.sock.settimeout(min(seconds, 2.0))
            self._server.quit()
        self.close()

    def close(self) -> None:
        self.alive = False
        self._server.close()

    def _reset(self, answer: Answer) -> Answer:
        """Forget the transaction, so that the next copy begins a new one."""
        try:
            code, _ = self._server.rset()
            self.alive = code == 250
        except (OSError, smtplib.SMTPException):
            self.alive = False
        return answer


def _enter(server: smtplib.SMTP, target: Target) -> None:
    server.ehlo_or_helo_if_needed()
    if target.security == "starttls":
        if not server.has_extn("starttls"):
            raise Broken(
                Answer(
                    Refused(words="The mail server offers no STARTTLS, so nothing was said to it in the clear."),
                    concerns_all=True,
                )
            )
        code, words = server.starttls(context=ssl.create_default_context())
        if code != 220:
            raise Broken(_of_all(code, words, "The mail server would not encrypt"))
        server.ehlo()
    if target.username:
        try:
            server.login(target.username, target.password)
        except smtplib.SMTPAuthenticationError as error:
            raise Broken(_of_all(error.smtp_code, error.smtp_error, "The mail server refuses the sign-in")) from None
        except smtplib.SMTPNotSupportedError:
            raise Broken(
                Answer(Refused(words="The mail server offers no way to sign in that we know."), concerns_all=True)
            ) from None


def _of_one(code: int, words: bytes | str, now: dt.datetime, retry: dt.timedelta) -> Answer:
    said = f"{code} {_text(words)}".strip()
    if 200 <= code < 300:
        return Answer(Accepted(words=said))
    if 400 <= code < 500:
        return Answer(Wait(words=f"The mail server puts it off: {said}.", until=now + retry))
    if 500 <= code < 600:
        return Answer(Rejected(words=f"The mail server refuses it: {said}."))
    return Answer(Unknown(words="The mail server's answer says neither yes nor no."))


def _of_all(code: int, words: bytes | str, what: str, *, now: dt.datetime | None = None) -> Answer:
    """What keeps every copy back: for good, or for a while."""
    said = f"{what}: {code} {_text(words)}.".replace(" .", ".")
    if 500 <= code < 600:
        return Answer(Refused(words=said), concerns_all=True)
    return Answer(NotSent(words=said), concerns_all=True)


def _unreached(error: Exception) -> Answer:
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Answer(
        NotSent(words=f"The mail server could not be reached ({without_addresses(what)})."), concerns_all=True
    )


def _text(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return without_addresses("".join(char if char.isprintable() else " " for char in text)).rstrip(". ")
