"""SendGrid's v3 Mail Send: the transport, and what its answers mean.

    connection refused, name not found, TLS not agreed, no byte of the body left    not sent
    202                                                                             accepted; nothing else is
    400, 413                                                                        rejected
    401, 403                                                                        refused: stop, tell staff
    429                                                                             wait until X-RateLimit-Reset
    anything else, a time-out, a broken answer                                      unknown

There is no idempotency key, so asking again after an unknown outcome would be sending again.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar, Self

import httpx

from digest.config import Config, Keys
from digest.deliver.message import Mailing, Recipient
from digest.deliver.providers.base import Accepted, NotSent, Outcome, Refused, Rejected, Unknown, Wait
from digest.deliver.providers.sendgrid_payload import MOST_BYTES, Requests
from digest.deliver.providers.transport import DeadlineTransport
from digest.errors import ProviderError

LONGEST_ANSWER = 65_536  # bytes of an answer that are read; an error of SendGrid's has a few hundred
DEFAULT_WAIT = dt.timedelta(seconds=60)
LONGEST_WAIT = dt.timedelta(hours=1)
_RECIPIENT = re.compile(r"personalizations\.(\d+)\.")
_ADDRESS = re.compile(r"[^\s<>\"',;]+@[^\s<>\"',;]+")


def _jitter() -> float:
    """Seconds, so that several senders that were told the same time do not come at once."""
    return random.uniform(1, 5)  # noqa: S311 - nothing secret


class SendGrid:
    """The account behind an API key."""

    name: ClassVar[str] = "sendgrid"
    needs_arming: ClassVar[bool] = True
    repeatable: ClassVar[bool] = False

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
                "right to send mail and no other.",
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

    def open(self, mailing: Mailing) -> SendGridChannel:
        transport = DeadlineTransport(connections=self._connections)
        client = httpx.Client(
            base_url=self._base_url,
            transport=transport,
            headers={"Authorization": f"Bearer {self._api_key}", "Content-Type": "application/json"},
            timeout=self._timeout,
            follow_redirects=False,
            trust_env=False,  # a proxy from the environment would go around the deadline
        )
        return SendGridChannel(client, transport, mailing, timeout=self._timeout, jitter=self._jitter)


class SendGridChannel:
    """One mailing on its way, over a pool of connections."""

    def __init__(
        self,
        client: httpx.Client,
        transport: DeadlineTransport,
        mailing: Mailing,
        *,
        timeout: float,
        jitter: Callable[[], float],
    ) -> None:
        self._client = client
        self._transport = transport
        self._requests = Requests(mailing)
        self._timeout = timeout
        self._jitter = jitter

    def hand_over(self, batch: int, recipients: Sequence[Recipient], *, now: dt.datetime) -> Outcome:
        body = self._requests.body(recipients, batch)
        if len(body) > MOST_BYTES:
            return Rejected(words=f"The request would be {len(body):,} bytes; SendGrid takes {MOST_BYTES:,}.")
        progress = _Progress()
        try:
            with (
                self._transport.within(self._timeout),
                self._client.stream(
                    "POST", "/v3/mail/send", content=body, extensions={"trace": progress.trace}
                ) as response,
            ):
                answer = _read(response)
                status, headers = response.status_code, response.headers
        except httpx.TransportError as error:
            return _broken(error, progress.body_started)
        return read_answer(
            status, headers, answer, recipients=recipients, now=now, jitter=dt.timedelta(seconds=self._jitter())
        )

    def close(self) -> None:
        self._client.close()


class _Progress:
    """How far a request came, as the HTTP library tells it."""

    body_started = False

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith("send_request_body.started"):
            self.body_started = True


def _broken(error: httpx.TransportError, body_started: bool) -> Outcome:
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if not body_started:
        return NotSent(words=f"SendGrid could not be reached ({what}).")
    return Unknown(words=f"The connection to SendGrid broke before its answer was complete ({what}).")


def _read(response: httpx.Response) -> bytes:
    """The answer's body, as far as it is of use. A truncated one raises, as the standard library of HTTP has it."""
    chunks, size = [], 0
    for chunk in response.iter_raw():
        chunks.append(chunk)
        size += len(chunk)
        if size >= LONGEST_ANSWER:
            break
    return b"".join(chunks)[:LONGEST_ANSWER]


def read_answer(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    recipients: Sequence[Recipient],
    now: dt.datetime,
    jitter: dt.timedelta = dt.timedelta(),
) -> Outcome:
    """What a complete answer means. Pure."""
    if status == 202:
        message_id = headers.get("X-Message-Id", "")
        return Accepted(words=f"202, message id {message_id}" if message_id else "202")
    errors = _errors(body)
    words = f"SendGrid answered {status}"
    if said := "; ".join(message for message, _ in errors):
        words += f": {said[:500]}"
    if status in (400, 413):
        return _rejected(words, [field for _, field in errors], recipients)
    if status in (401, 403):
        return Refused(words=f"{words}. The API key is wrong, or lacks the right to send mail from this address.")
    if status == 429:
        return Wait(words=f"{words}.", until=_until(headers, now) + jitter)
    return Unknown(words=f"{words}, which says neither yes nor no.")


def _rejected(words: str, fields: list[str], recipients: Sequence[Recipient]) -> Rejected:
    places = [_RECIPIENT.match(f"{field}.") for field in fields]
    named = {int(place[1]) for place in places if place}
    if any(fields) and not any(field.startswith("personalizations") for field in fields):
        return Rejected(words=f"{words}.", whole=True)
    culprits = frozenset(recipients[index].delivery for index in named if index < len(recipients))
    return Rejected(words=f"{words}.", recipients=culprits)


def _errors(body: bytes) -> list[tuple[str, str]]:
    """(message, field) of each error SendGrid names; addresses are taken out of its words."""
    try:
        raw = json.loads(body)["errors"]
        return [
            (_ADDRESS.sub("(an address)", str(error.get("message") or "")).strip(" ."), str(error.get("field") or ""))
            for error in raw
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []


def _until(headers: Mapping[str, str], now: dt.datetime) -> dt.datetime:
    """When the limit ends: epoch seconds by SendGrid's documents; seconds to wait, or a date, from a proxy."""
    raw = headers.get("X-RateLimit-Reset") or headers.get("Retry-After") or ""
    until = now + DEFAULT_WAIT
    try:
        number = float(raw)
        until = dt.datetime.fromtimestamp(number, dt.UTC) if number > 1e9 else now + dt.timedelta(seconds=number)
    except (ValueError, OverflowError, OSError):
        try:
            date = parsedate_to_datetime(raw)
            until = date if date.tzinfo else date.replace(tzinfo=dt.UTC)
        except (ValueError, TypeError):
            pass
    return min(max(until, now), now + LONGEST_WAIT)
