"""SendGrid's v3 Mail Send: what goes there, now, later or into the sandbox.

There is no idempotency key, so asking again after an unknown outcome would be sending again. What was handed over
ahead of its time can be taken back instead (sendgrid_schedule.py); what answers mean: sendgrid_answers.py.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import httpx

from digest.config import Config, Keys
from digest.deliver.message import Mailing, Recipient
from digest.deliver.providers.base import Failure, Look, Outcome, Refused, Rejected, Release, Suppressed, Trial
from digest.deliver.providers.sendgrid_account import look, suppressed
from digest.deliver.providers.sendgrid_answers import read_answer
from digest.deliver.providers.sendgrid_http import Reply, Wire
from digest.deliver.providers.sendgrid_payload import MOST_BYTES, SANDBOX, Requests, released
from digest.deliver.providers.sendgrid_schedule import SendGridScheduledSends
from digest.errors import ProviderError

__all__ = ["SendGrid", "SendGridChannel", "read_answer"]


def _jitter() -> float:
    """Seconds, so that several senders that were told the same time do not come at once."""
    return random.uniform(1, 5)  # noqa: S311 - nothing secret


class SendGrid:
    """The account behind an API key."""

    name: ClassVar[str] = "sendgrid"
    needs_arming: ClassVar[bool] = True
    repeatable: ClassVar[bool] = False
    schedules: ClassVar[bool] = True
    most_at_once: ClassVar[int] = 1000

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        timeout: float,
        connections: int,
        jitter: Callable[[], float] = _jitter,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._api_key = api_key
        self._timeout = timeout
        self._connections = connections
        self._jitter = jitter

    @classmethod
    def of(cls, config: Config, keys: Keys) -> Self:
        if not keys.sendgrid_api_key:
            raise ProviderError(
                "There is no API key for SendGrid.",
                hint="Set SENDGRID_API_KEY, or SENDGRID_API_KEY_FILE to a file that holds it. The key needs the "
                "right to send mail, and for taking it back those of mail.batch and user.scheduled_sends.",
            )
        if not keys.sendgrid_api_key.isascii() or not keys.sendgrid_api_key.isprintable():
            raise ProviderError("The API key for SendGrid holds characters that no key has.", hint="Copy it again.")
        settings = config.delivery.sendgrid
        try:
            url = httpx.URL(settings.base_url)
        except httpx.InvalidURL:
            url = httpx.URL()
        if url.scheme not in ("http", "https") or not url.host:
            raise ProviderError(
                f"delivery.sendgrid.base_url is {settings.base_url!r}, which is no address of a server.",
                hint="It is https://api.sendgrid.com, or https://api.eu.sendgrid.com for an account in the EU.",
            )
        return cls(
            base_url=settings.base_url,
            api_key=keys.sendgrid_api_key,
            timeout=settings.timeout,
            connections=settings.connections,
        )

    @property
    def connections(self) -> int:
        return self._connections

    @property
    def account(self) -> str:
        host = httpx.URL(self._base_url).host
        return hashlib.sha256(f"{self.name}\0{host}\0{self._api_key}".encode()).hexdigest()

    def open(self, mailing: Mailing) -> SendGridChannel:
        return SendGridChannel(self._wire(self._connections), mailing, jitter=self._jitter)

    def scheduled_sends(self) -> SendGridScheduledSends:
        return SendGridScheduledSends(self._wire(1), jitter=self._jitter)

    def look(self, sender: str) -> list[Look]:
        wire = self._wire(1)
        try:
            return look(wire, sender)
        finally:
            wire.close()

    def suppressed(self, *, since: dt.datetime | None, now: dt.datetime) -> Iterator[list[Suppressed] | Failure]:
        wire = self._wire(1)
        try:
            yield from suppressed(wire, since=since, now=now)
        finally:
            wire.close()

    def _wire(self, connections: int) -> Wire:
        return Wire(base_url=self._base_url, api_key=self._api_key, timeout=self._timeout, connections=connections)


class SendGridChannel:
    """One mailing on its way, over a pool of connections."""

    def __init__(self, wire: Wire, mailing: Mailing, *, jitter: Callable[[], float]) -> None:
        self._wire = wire
        self._requests = Requests(mailing)
        self._jitter = jitter
        # The C library gives a block of more than 128 kB back to the system at once and gets the next one page by
        # page, which takes longer than making a body. Of what is smaller than a block that it has once seen go it
        # keeps some at hand (mallopt(3), M_MMAP_THRESHOLD).
        _ = bytes(MOST_BYTES)

    def hand_over(self, batch: int, recipients: Sequence[Recipient], *, now: dt.datetime) -> Outcome:
        reply, _ = self._post(batch, recipients, None)
        return self._read(reply, recipients, now)

    def schedule(self, batch: int, recipients: Sequence[Recipient], *, release: Release, now: dt.datetime) -> Outcome:
        reply, _ = self._post(batch, recipients, released(release.batch_id, release.send_at))
        return self._read(reply, recipients, now)

    def try_out(self, batch: int, recipients: Sequence[Recipient], *, now: dt.datetime) -> Trial:
        reply, size = self._post(batch, recipients, SANDBOX)
        if isinstance(reply, Reply) and reply.status == 202:
            words = "SendGrid answered 202 to a request for its sandbox, so it has taken that for a real one."
            return Trial(Refused(words=words), size)
        return Trial(self._read(reply, recipients, now, yes=200), size)

    def _post(
        self, batch: int, recipients: Sequence[Recipient], more: Mapping[str, Any] | None
    ) -> tuple[Reply | Failure, int]:
        """The answer, and the bytes of the request."""
        body = self._requests.body(recipients, batch, more)
        if len(body) > MOST_BYTES:
            words = f"The request would be {len(body):,} bytes; SendGrid takes {MOST_BYTES:,}."
            return Rejected(words=words), len(body)
        return self._wire.exchange("POST", "/v3/mail/send", body), len(body)

    def _read(
        self, reply: Reply | Failure, recipients: Sequence[Recipient], now: dt.datetime, *, yes: int = 202
    ) -> Outcome:
        if not isinstance(reply, Reply):
            return reply
        jitter = dt.timedelta(seconds=self._jitter())
        return read_answer(*reply, recipients=recipients, now=now, jitter=jitter, yes=yes)

    def close(self) -> None:
        self._wire.close()
