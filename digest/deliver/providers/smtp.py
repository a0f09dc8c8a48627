"""A mail server that takes our mail: one connection, used for many messages, and an answer for each of them.

Each copy is a message of its own, so that its headers and links are its member's. What an answer means (RFC 5321,
4.2 and 4.3):

no connection, or it broke before the final dot    not sent
4xx to a recipient or its message                  wait: this copy is tried again later
5xx to a recipient or its message                  rejected: this copy
4xx or 5xx to the sign-in or the sender            wait, or refused: it concerns all copies
the connection broke after the final dot           unknown: this copy

DKIM is the server's task.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar, Self
from urllib.parse import urlsplit

from digest.config import Config, Keys
from digest.deliver.message import Mailing, Recipient, as_bytes
from digest.deliver.providers.base import (
    Accepted,
    Failure,
    NotSent,
    Outcome,
    Refused,
    Rejected,
    Unknown,
    Wait,
    of_each,
)
from digest.deliver.providers.smtp_session import Answer, Broken, Session, Target
from digest.errors import ProviderError

if TYPE_CHECKING:
    from collections.abc import Iterator

RETRY_LATER = dt.timedelta(minutes=5)  # after a 4xx: servers that grey-list ask for about that
REJECTED_IN_A_ROW = 5  # recipients refused one after another: then it is not about the recipients


class Smtp:
    """The server that config names."""

    name: ClassVar[str] = "smtp"
    needs_arming: ClassVar[bool] = True
    repeatable: ClassVar[bool] = False
    schedules: ClassVar[bool] = False
    most_at_once: ClassVar[int] = 20  # what a crash in the middle of a request leaves `unknown`

    def __init__(
        self,
        target: Target,
        *,
        sender: str,
        timeout: float,
        max_per_second: float,
        pause: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._target, self._sender, self._timeout = target, sender, timeout
        self._interval = 1 / max_per_second if max_per_second else 0.0
        self._pause, self._monotonic = pause, monotonic

    @classmethod
    def of(cls, config: Config, keys: Keys) -> Self:
        settings = config.delivery.smtp
        if bool(keys.smtp_username) != bool(keys.smtp_password):
            missing = "SMTP_PASSWORD" if keys.smtp_username else "SMTP_USERNAME"
            raise ProviderError(
                "There is half a sign-in for the mail server.",
                hint=f"Set {missing}, or {missing}_FILE to a file that holds it; or leave both away where the "
                "server lets this machine in by its address.",
            )
        if not (keys.smtp_username + keys.smtp_password).isascii():
            raise ProviderError("The sign-in for the mail server holds characters outside plain ASCII.")
        target = Target(
            host=settings.host,
            port=settings.port,
            security=settings.security,
            username=keys.smtp_username,
            password=keys.smtp_password,
            own_name=_own_name(config),
        )
        return cls(
            target,
            sender=settings.bounces_to or config.delivery.from_email,
            timeout=settings.timeout,
            max_per_second=settings.max_per_second,
        )

    @property
    def connections(self) -> int:
        return 1

    def open(self, mailing: Mailing) -> SmtpChannel:
        return SmtpChannel(
            self._target,
            mailing,
            sender=self._sender,
            timeout=self._timeout,
            pace=_Pace(self._interval, self._pause, self._monotonic),
            monotonic=self._monotonic,
        )


class SmtpChannel:
    """One mailing on its way. The connection is made when it is first needed, and anew when it was dropped."""

    def __init__(
        self,
        target: Target,
        mailing: Mailing,
        *,
        sender: str,
        timeout: float,
        pace: _Pace,
        monotonic: Callable[[], float],
    ) -> None:
        self._target, self._mailing, self._sender = target, mailing, sender
        self._timeout, self._pace, self._monotonic = timeout, pace, monotonic
        self._session: Session | None = None
        self._lock = threading.Lock()

    def hand_over(self, batch: int, recipients: Sequence[Recipient], *, now: dt.datetime) -> Outcome:
        with self._lock:
            ends = self._monotonic() + self._timeout
            answers: dict[int, Accepted | Failure] = {}
            rest, after = self._send_all(recipients, answers, ends, now)
        return of_each([recipient.delivery for recipient in recipients], answers, rest=rest, after=after)

    def _send_all(
        self, recipients: Sequence[Recipient], answers: dict[int, Accepted | Failure], ends: float, now: dt.datetime
    ) -> tuple[Failure | None, NotSent | Wait | Refused | None]:
        """Fill `answers`; what becomes of those who are not in it, and of the requests that follow."""
        refused_in_a_row = 0
        for recipient in recipients:
            if not self._pace.wait(until=ends):
                # Nothing is amiss: what is left is handed over in the next request.
                turn = now if answers else now + dt.timedelta(seconds=self._pace.left)
                rest = Wait(words="The time for one request was up.", until=turn)
                return rest, None if answers else rest
            try:
                answer = self._send(recipient, ends, now)
            except Exception as error:  # a defect of ours: it must not cost the answers that are there already
                answer = Answer(Unknown(words=f"Handing it over failed ({type(error).__name__})."))
                self._drop()
            outcome = answers[recipient.delivery] = answer.outcome
            if answer.concerns_all:
                assert isinstance(outcome, NotSent | Wait | Refused)
                return outcome, outcome
            if isinstance(outcome, Unknown):
                return NotSent(words="The connection to the mail server broke before it was this copy's turn."), None
            refused_in_a_row = refused_in_a_row + 1 if isinstance(outcome, Rejected) else 0
            if refused_in_a_row == REJECTED_IN_A_ROW:
                stop = Refused(
                    words=f"{REJECTED_IN_A_ROW} recipients were refused one after another, so it may be us whom the "
                    f"mail server refuses. {outcome.words}"
                )
                return stop, stop
        return None, None

    def close(self) -> None:
        if self._session is not None:
            self._session.quit(self._timeout)
            self._session = None

    def _send(self, recipient: Recipient, ends: float, now: dt.datetime) -> Answer:
        """One copy. A connection that turns out to be dropped is made anew, once: nothing of the copy has left."""
        content = as_bytes(self._mailing, recipient, now=now)
        for fresh in (self._session is None, True):
            left = ends - self._monotonic()
            if left <= 0:
                return Answer(NotSent(words="The mail server was too slow."), concerns_all=True)
            session = self._session = self._session or Session(self._target, left)
            try:
                with self._deadline(session, ends):
                    if not session.alive:
                        session.open(left)
                    answer = session.send(self._sender, recipient.email, content, now=now, retry=RETRY_LATER)
            except Broken as broken:
                self._drop()
                if broken.stale and not fresh:
                    continue
                return broken.answer
            if not session.alive:
                self._drop()
            return answer
        raise AssertionError("unreachable")

    @contextmanager
    def _deadline(self, session: Session, ends: float) -> Iterator[None]:
        """Break the connection at `ends`: time-outs of sockets begin anew with every byte that comes."""
        timer = threading.Timer(max(0.0, ends - self._monotonic()), session.cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


class _Pace:
    """Keeps copies at least `interval` seconds apart."""

    def __init__(self, interval: float, pause: Callable[[float], None], monotonic: Callable[[], float]) -> None:
        self._interval, self._pause, self._monotonic = interval, pause, monotonic
        self._next: float | None = None

    @property
    def left(self) -> float:
        """Seconds until the next turn."""
        return max(0.0, (self._next or 0.0) - self._monotonic())

    def wait(self, *, until: float) -> bool:
        """Wait for the next turn; False, at once, when it would come after `until`."""
        now = self._monotonic()
        at = now if self._next is None else max(now, self._next)
        if at >= until:
            return False
        if at > now:
            self._pause(at - now)
        self._next = at + self._interval
        return True


def _own_name(config: Config) -> str:
    """How we greet the server (RFC 5321, 4.1.1.1): the site's name, or an address in brackets."""
    host = urlsplit(config.web.base_url).hostname or "localhost"
    return f"[{host}]" if host.replace(".", "").isdigit() else host
