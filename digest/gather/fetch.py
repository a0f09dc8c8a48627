"""Fetching one source: bytes, or a failure as a value, in words. Nothing here raises for what a server does.

Words have no subject, so that a page can put the source's name before them: "did not answer within 20 seconds".

Variables like HTTPS_PROXY are passed over on purpose: what a proxy connects to could not be checked here. httpcore
is asked directly; httpx, which would stand between, takes longer to load than all feeds take to come.
"""

from __future__ import annotations

import base64
import datetime as dt
import email.utils
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import httpcore

from digest import __version__
from digest.config import Config, Source
from digest.gather.address import check_url_parts, is_public
from digest.gather.inflate import ACCEPTED, Damaged, TooLarge, inflate
from digest.gather.network import (
    AddressRefused,
    Connections,
    Deadline,
    DeadlinePassed,
    GuardedBackend,
    NameNotFound,
    Resolver,
    header,
    read_url,
    resolve,
)

MOST_REDIRECTS = 5
LONGEST_WAIT = dt.timedelta(days=7)  # that a Retry-After is believed
_REDIRECTS = (301, 302, 303, 307, 308)
_PERMANENT = (301, 308)
_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, text/calendar, "
    "application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What the last answer was known by; sent back so that an unchanged feed is not sent again."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came. `body` is None when the server said that nothing has changed (304)."""

    body: bytes | None
    url: str = ""  # the last address, after redirects; "" for a file
    content_type: str = ""
    validators: Validators = Validators()
    moved_to: str = ""  # where permanent redirects (301, 308), and no other, have led


def fetch(
    config: Config,
    source: Source,
    *,
    now: dt.datetime,
    url: str = "",
    validators: Validators | None = None,
    resolver: Resolver = resolve,
    allowed: Callable[[str], bool] | None = None,
) -> Fetched | Failure:
    """The bytes of `source`: from its file, from the built-in sample, or over HTTP from `url` or its own address.

    `allowed` says of a resolved address whether it may be asked; without it config decides.
    """
    if source.path is not None:
        return _read_file(config, source)
    if source.url.startswith("sample:"):
        from digest.sample.feeds import feed_bytes

        return Fetched(body=feed_bytes(source.url.removeprefix("sample:"), config=config, now=now))
    deadline = Deadline(config.gather.total_timeout)
    if allowed is None:
        allowed = _any if config.gather.allow_private_networks else is_public
    backend = GuardedBackend(deadline, allowed=allowed, resolver=resolver)
    return _fetch_url(config, url or source.url, now, validators or Validators(), backend)


def user_agent(config: Config) -> str:
    """Who asks: the project and the association, so that whoever runs the server knows whom to write to."""
    name = re.sub(r"[^ -~]|[()\\]", "", config.association.name).strip() or "an association"
    return f"weekly-digest/{__version__} (for {name}; +{config.association.website or config.web.base_url})"


def _read_file(config: Config, source: Source) -> Fetched | Failure:
    assert source.path is not None
    path = config.under_root(source.path)
    limit = config.gather.max_bytes
    try:
        with path.open("rb") as file:
            body = file.read(limit + 1)
    except FileNotFoundError:
        return Failure(kind=FailureKind.NOT_FOUND, words=f"could not be read: there is no file {path}")
    except IsADirectoryError:
        return Failure(kind=FailureKind.NOT_FOUND, words=f"could not be read: {path} is a folder, not a file")
    except OSError as error:
        words = f"could not be read: {path}: {(error.strerror or str(error)).lower()}"
        return Failure(kind=FailureKind.UNREACHABLE, words=words)
    if len(body) > limit:
        return _too_large(limit)
    return Fetched(body=body)


def _any(_address: str) -> bool:
    return True


def _fetch_url(
    config: Config, url: str, now: dt.datetime, validators: Validators, backend: GuardedBackend
) -> Fetched | Failure:
    settings = config.gather
    headers = {"User-Agent": user_agent(config), "Accept": _ACCEPT, "Accept-Encoding": ACCEPTED}
    if validators.etag:
        headers["If-None-Match"] = validators.etag
    if validators.last_modified:
        headers["If-Modified-Since"] = validators.last_modified
    try:
        with Connections(backend) as connections:
            return _follow(connections, url, headers, config, now)
    except (DeadlinePassed, httpcore.ReadTimeout, httpcore.WriteTimeout, httpcore.PoolTimeout):
        return Failure(kind=FailureKind.SLOW, words=f"did not answer within {settings.total_timeout:g} seconds")
    except httpcore.ConnectTimeout:
        words = f"could not be reached: the server did not take the call within {settings.connect_timeout:g} seconds"
        return Failure(kind=FailureKind.UNREACHABLE, words=words)
    except NameNotFound as error:
        words = f"could not be found: there is no server named {str(error)[:100]}"
        return Failure(kind=FailureKind.NOT_FOUND, words=words)
    except AddressRefused as error:
        words = (
            f"leads to {str(error)[:60]}, an address inside a private network, which is not fetched "
            "(gather.allow_private_networks allows it)"
        )
        return Failure(kind=FailureKind.REFUSED, words=words)
    except TooLarge:
        return _too_large(settings.max_bytes)
    except Damaged as error:
        return Failure(kind=FailureKind.BROKEN, words=f"sent a damaged answer: {error}")
    except httpcore.ConnectError as error:
        return _not_connected(error)
    except (httpcore.NetworkError, httpcore.ProtocolError):
        return Failure(kind=FailureKind.BROKEN, words="broke off in the middle of its answer")
    except (httpcore.UnsupportedProtocol, UnicodeError, ValueError):
        return Failure(kind=FailureKind.REFUSED, words="has an address that cannot be read; check it in config.toml")


def _follow(
    connections: Connections, url: str, headers: Mapping[str, str], config: Config, now: dt.datetime
) -> Fetched | Failure:
    settings = config.gather
    timeouts = dict.fromkeys(("read", "write", "pool"), settings.total_timeout)
    timeouts["connect"] = settings.connect_timeout
    moved_to = ""
    permanent = True
    for _hop in range(MOST_REDIRECTS + 1):
        parts = urlsplit(url)
        why_not = check_url_parts(
            parts.scheme, parts.hostname or "", parts.port, private_allowed=settings.allow_private_networks
        )
        if why_not:
            return Failure(kind=FailureKind.REFUSED, words=f"has an address that {why_not}")
        with connections.get(read_url(url), {**headers, **_password(parts)}, timeouts) as response:
            location = header(response, "location") if response.status in _REDIRECTS else ""
            if location:
                permanent = permanent and response.status in _PERMANENT
                url = urljoin(url, location)
                moved_to = url if permanent else moved_to
                continue
            return _answer(response, url, moved_to, config, now)
    words = f"sends us from one address to the next without end (more than {MOST_REDIRECTS} redirects)"
    return Failure(kind=FailureKind.BROKEN, words=words)


def _password(parts: SplitResult) -> dict[str, str]:
    """The header for an address that carries a name and a password (RFC 7617)."""
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _answer(
    response: httpcore.Response, url: str, moved_to: str, config: Config, now: dt.datetime
) -> Fetched | Failure:
    status = response.status
    validators = Validators(
        etag=header(response, "etag")[:500], last_modified=header(response, "last-modified")[:100]
    )
    if status == 304:
        return Fetched(body=None, url=url, validators=validators, moved_to=moved_to)
    if 200 <= status < 300:
        limit = config.gather.max_bytes
        length = header(response, "content-length")
        if length.isdecimal() and int(length[:18]) > limit:
            raise TooLarge
        return Fetched(
            body=inflate(response.iter_stream(), header(response, "content-encoding"), limit),
            url=url,
            content_type=header(response, "content-type"),
            validators=validators,
            moved_to=moved_to,
        )
    wait = retry_after(header(response, "retry-after"), now) if status in (429, 503) else None
    kind, words = _status_words(status)
    if header(response, "cf-mitigated") == "challenge":
        words = f"asks whether we are a person (a bot check, {status}) instead of sending the feed"
    return Failure(kind=kind, words=words, wait=wait)


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
    if status in _REDIRECTS:
        return FailureKind.BROKEN, f"sends us elsewhere without saying where ({status})"
    return FailureKind.BROKEN, f"answered with an error ({status})"


def _not_connected(error: Exception) -> Failure:
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


def _too_large(limit: int) -> Failure:
    words = f"is larger than {limit / 1_000_000:g} MB, the most that is read (gather.max_bytes)"
    return Failure(kind=FailureKind.TOO_LARGE, words=words)
