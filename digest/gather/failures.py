"""Why there are no bytes, as a value, in words.

Words have no subject, so that a page can put the source's name before them: "did not answer within 20 seconds".
"""

from __future__ import annotations

import datetime as dt
import email.utils
import ssl
from dataclasses import dataclass
from enum import StrEnum

import httpcore

LONGEST_WAIT = dt.timedelta(days=7)  # that a Retry-After is believed
REDIRECTS = (301, 302, 303, 307, 308)


class FailureKind(StrEnum):
    """What sort of failure it was, for whoever decides what to do about it."""

    NOT_FOUND = "not-found"  # no server of that name, no such page, no such file
    UNREACHABLE = "unreachable"
    SLOW = "slow"
    REFUSED = "refused"  # by us: an address that must not be asked
    FORBIDDEN = "forbidden"  # by them
    GONE = "gone"
    BUSY = "busy"  # told to come back later
    BROKEN = "broken"  # the server has a fault
    TOO_LARGE = "too-large"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why there are no bytes."""

    kind: FailureKind
    words: str
    wait: dt.timedelta | None = None  # the server asked not to come back before


def retry_after(value: str, now: dt.datetime) -> dt.timedelta | None:
    """How long a Retry-After header (RFC 9110, 10.2.3: seconds, or a date) asks to wait; at most a week."""
    value = value.strip()
    if value.isdecimal() and len(value) < 12:
        wait = dt.timedelta(seconds=min(int(value), int(LONGEST_WAIT.total_seconds())))
    else:
        try:
            at = email.utils.parsedate_to_datetime(value)
        except (ValueError, TypeError, IndexError):
            return None
        wait = (at if at.tzinfo else at.replace(tzinfo=dt.UTC)) - now
    return min(wait, LONGEST_WAIT) if wait > dt.timedelta(0) else None


def refusal(status: int, *, challenge: bool, wait: dt.timedelta | None) -> Failure:
    """What an answer other than 2xx and 304 means. `challenge`: it wants to know whether we are a person."""
    kind, words = _status_words(status)
    if challenge:
        words = f"asks whether we are a person (a bot check, {status}) instead of sending the feed"
    return Failure(kind=kind, words=words, wait=wait if status in (429, 503) else None)


def _status_words(status: int) -> tuple[FailureKind, str]:
    if status == 404:
        return FailureKind.NOT_FOUND, "answered that there is no such page (404): the address may have changed"
    if status == 410:
        return FailureKind.GONE, "answered that the feed is gone for good (410)"
    if status == 401:
        return FailureKind.FORBIDDEN, "asks for a password (401)"
    if status == 403:
        return FailureKind.FORBIDDEN, "refuses to let us read it (403)"
    if status == 429:
        return FailureKind.BUSY, "asks us to come less often (429)"
    if status == 503:
        return FailureKind.BUSY, "is closed for the moment (503)"
    if status >= 500:
        return FailureKind.BROKEN, f"has a fault of its own ({status})"
    if status in REDIRECTS:
        return FailureKind.BROKEN, f"sends us elsewhere without saying where ({status})"
    return FailureKind.BROKEN, f"answered with an error ({status})"


def not_connected(error: Exception) -> Failure:
    """Why there was no connection: certificates, encryption, a server that is down."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            words = f"could not be reached safely: its certificate is not valid ({cause.verify_message})"
            return Failure(kind=FailureKind.UNREACHABLE, words=words)
        if isinstance(cause, ssl.SSLError):
            return Failure(kind=FailureKind.UNREACHABLE, words="could not be reached safely: its encryption failed")
        if isinstance(cause, ConnectionRefusedError):
            return Failure(kind=FailureKind.UNREACHABLE, words="is down: the server refused the connection")
        cause = cause.__cause__ or cause.__context__
    return Failure(kind=FailureKind.UNREACHABLE, words="is down: the server could not be reached")


def broken_off(error: Exception) -> Failure:
    """What came was not a whole answer: the server stopped, or does not keep to HTTP."""
    said = str(error).lower()
    if isinstance(error, httpcore.ProtocolError) and "closed" not in said and "disconnected" not in said:
        return Failure(kind=FailureKind.BROKEN, words="sent an answer that does not keep to HTTP")
    return Failure(kind=FailureKind.BROKEN, words="broke off in the middle of its answer")


def too_large(limit: int) -> Failure:
    """`limit`: bytes."""
    words = f"is larger than {limit / 1_000_000:g} MB, the most that is read (gather.max_bytes)"
    return Failure(kind=FailureKind.TOO_LARGE, words=words)
