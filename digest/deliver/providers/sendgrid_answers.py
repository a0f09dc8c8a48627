"""What SendGrid's answers mean. Pure.

202 (in the sandbox: 200)   accepted; nothing else is
400, 413                    rejected
401, 403                    refused: stop, tell staff
429                         wait until X-RateLimit-Reset
anything else               unknown
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime

from digest.deliver.message import Recipient
from digest.deliver.providers.base import (
    Accepted,
    Failure,
    Outcome,
    Refused,
    Rejected,
    Unknown,
    Wait,
    without_addresses,
)

DEFAULT_WAIT = dt.timedelta(seconds=60)
LONGEST_WAIT = dt.timedelta(hours=1)
_RECIPIENT = re.compile(r"personalizations\.(\d+)\.")


def read_answer(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    recipients: Sequence[Recipient],
    now: dt.datetime,
    jitter: dt.timedelta = dt.timedelta(),
    yes: int = 202,
) -> Outcome:
    """What a complete answer to a request with mail means. `yes` is the one status that says so."""
    if status == yes:
        message_id = headers.get("X-Message-Id", "")
        return Accepted(words=f"{status}, message id {message_id}" if message_id else f"{status}")
    return read_failure(status, headers, body, recipients=recipients, now=now, jitter=jitter)


def read_failure(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    recipients: Sequence[Recipient] = (),
    now: dt.datetime,
    jitter: dt.timedelta = dt.timedelta(),
) -> Failure:
    """What a complete answer means that is not the yes of its kind of request."""
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
            (without_addresses(str(error.get("message") or "")).strip(" ."), str(error.get("field") or ""))
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
