"""Fetching one source: bytes, or a failure as a value, in words. Nothing here raises for what a server does.

Variables like HTTPS_PROXY are passed over on purpose: what a proxy connects to could not be checked here. httpcore
is asked directly; httpx, which would stand between, takes longer to load than all feeds take to come.
"""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

import httpcore

from digest import __version__
from digest.config import Config, Source
from digest.gather.address import check_url_parts, is_public
from digest.gather.courtesy import Courtesy
from digest.gather.failures import (
    REDIRECTS,
    Failure,
    FailureKind,
    broken_off,
    not_connected,
    refusal,
    retry_after,
    too_large,
)
from digest.gather.inflate import ACCEPTED, Damaged, TooLarge, inflate
from digest.gather.network import (
    IN_ADDRESS,
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
_PERMANENT = (301, 308)
_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, text/calendar, "
    "application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
)


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
    courtesy: Courtesy | None = None,
) -> Fetched | Failure:
    """The bytes of `source`: from its file, from the built-in sample, or over HTTP from `url` or its own address.

    `allowed` says of a resolved address whether it may be asked; without it config decides. `courtesy` is shared by
    those who ask at the same time; to wait for a turn takes nothing from `gather.total_timeout`.
    """
    if source.path is not None:
        return _read_file(config, source)
    if source.url.startswith("sample:"):
        from digest.sample.feeds import feed_bytes

        return Fetched(body=feed_bytes(source.url.removeprefix("sample:"), config=config, now=now))
    return fetch_url(
        config,
        url or source.url,
        now=now,
        validators=validators,
        resolver=resolver,
        allowed=allowed,
        courtesy=courtesy,
    )


def fetch_url(
    config: Config,
    url: str,
    *,
    now: dt.datetime,
    accept: str = _ACCEPT,
    validators: Validators | None = None,
    resolver: Resolver = resolve,
    allowed: Callable[[str], bool] | None = None,
    courtesy: Courtesy | None = None,
) -> Fetched | Failure:
    """The bytes behind an http(s) address, guarded as a source's are. `accept` is the header of that name."""
    deadline = Deadline(config.gather.total_timeout)
    if allowed is None:
        allowed = _any if config.gather.allow_private_networks else is_public
    backend = GuardedBackend(deadline, allowed=allowed, resolver=resolver)
    courtesy = courtesy or Courtesy(config.gather.crawl_delay)
    return _fetch_url(config, url, now, accept, validators or Validators(), backend, courtesy)


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
        return too_large(limit)
    return Fetched(body=body)


def _any(_address: str) -> bool:
    return True


def _fetch_url(
    config: Config,
    url: str,
    now: dt.datetime,
    accept: str,
    validators: Validators,
    backend: GuardedBackend,
    courtesy: Courtesy,
) -> Fetched | Failure:
    settings = config.gather
    headers = {"User-Agent": user_agent(config), "Accept": accept, "Accept-Encoding": ACCEPTED}
    if validators.etag:
        headers["If-None-Match"] = validators.etag
    if validators.last_modified:
        headers["If-Modified-Since"] = validators.last_modified
    try:
        with Connections(backend) as connections:
            return _follow(connections, courtesy, url, headers, config, now)
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
        return too_large(settings.max_bytes)
    except Damaged as error:
        return Failure(kind=FailureKind.BROKEN, words=f"sent a damaged answer: {error}")
    except httpcore.ConnectError as error:
        return not_connected(error)
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        return broken_off(error)
    except (httpcore.UnsupportedProtocol, UnicodeError, ValueError):
        return Failure(kind=FailureKind.REFUSED, words="has an address that cannot be read; check it in config.toml")


def _follow(
    connections: Connections,
    courtesy: Courtesy,
    url: str,
    headers: Mapping[str, str],
    config: Config,
    now: dt.datetime,
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
        with ExitStack() as asking:
            with connections.deadline.paused():
                asking.enter_context(courtesy.turn(url))
            response = asking.enter_context(connections.get(read_url(url), {**headers, **_password(parts)}, timeouts))
            location = _location(response) if response.status in REDIRECTS else ""
            if not location:
                return _answer(response, url, moved_to, config, now)
            to = urljoin(url, location)
            # Who listens on the way can send anybody anywhere: that an address lost its encryption is not kept.
            downgraded = parts.scheme == "https" and urlsplit(to).scheme == "http"
            permanent = permanent and response.status in _PERMANENT and not downgraded
            url, moved_to = to, to if permanent else moved_to
    words = f"sends us from one address to the next without end (more than {MOST_REDIRECTS} redirects)"
    return Failure(kind=FailureKind.BROKEN, words=words)


def _location(response: httpcore.Response) -> str:
    """Where a redirect leads: some servers write it in UTF-8 and some in one byte a letter, and neither is ASCII."""
    location = header(response, "location").encode("latin-1")
    try:
        return location.decode()
    except UnicodeDecodeError:
        return quote(location, safe=IN_ADDRESS)


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
    return refusal(
        status,
        challenge=header(response, "cf-mitigated") == "challenge",
        wait=retry_after(header(response, "retry-after"), now),
    )
