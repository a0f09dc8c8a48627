"""Asking whether an address that an issue points to is there. A value comes back, whatever the server does.

HEAD first, because it costs the server least; GET where that is refused or fails, given up as soon as the status is
there. The guard is the fetcher's: checked addresses only, every redirect checked anew, one deadline for it all.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpcore

from digest.config import Config
from digest.gather.address import check_url_parts, is_public
from digest.gather.courtesy import Courtesy
from digest.gather.failures import REDIRECTS
from digest.gather.fetch import user_agent
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
from digest.gather.values import LinkState

LONGEST = 10.0  # seconds for one address, its redirects and the second try included
MOST_REDIRECTS = 5
_CLOSED = (401, 402, 403, 405, 406, 407, 429, 451, 999)  # what sites answer to programs; 999 is LinkedIn's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is known of the address now. `words` have no subject: "answers that there is no such page (404)"."""

    state: LinkState
    words: str = ""
    final_url: str = ""  # where redirects led, if anywhere else


def probe(
    config: Config,
    url: str,
    *,
    seconds: float = LONGEST,
    courtesy: Courtesy | None = None,
    resolver: Resolver = resolve,
    allowed: Callable[[str], bool] | None = None,
) -> Answer:
    """Whether `url` leads somewhere, within `seconds`. `courtesy` is shared by those who ask at the same time."""
    if allowed is None:
        allowed = _any if config.gather.allow_private_networks else is_public
    deadline = Deadline(seconds)
    backend = GuardedBackend(deadline, allowed=allowed, resolver=resolver)
    courtesy = courtesy or Courtesy(config.gather.crawl_delay)
    try:
        with Connections(backend) as connections:
            answer = _ask(connections, courtesy, "HEAD", url, config, seconds)
            if answer is None or answer.state in (LinkState.DEAD, LinkState.UNSURE, LinkState.CLOSED):
                answer = _ask(connections, courtesy, "GET", url, config, seconds)
    except (DeadlinePassed, httpcore.TimeoutException):
        return Answer(state=LinkState.UNSURE, words=f"did not answer within {seconds:.0f} seconds")
    except NameNotFound as error:
        return Answer(state=LinkState.DEAD, words=f"leads to {str(error)[:100]}, and there is no server of that name")
    except AddressRefused:
        return Answer(state=LinkState.DEAD, words="leads into a private network, where readers cannot follow")
    except httpcore.ConnectError as error:
        return _not_connected(error)
    except (httpcore.UnsupportedProtocol, UnicodeError, ValueError):
        return Answer(state=LinkState.DEAD, words="has an address that cannot be read")
    return answer or Answer(state=LinkState.UNSURE, words="broke off in the middle of the answer")


def _any(_address: str) -> bool:
    return True


def _ask(
    connections: Connections, courtesy: Courtesy, method: str, url: str, config: Config, seconds: float
) -> Answer | None:
    """The answer to one method; None when the connection broke off."""
    headers = {"User-Agent": user_agent(config), "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    timeouts = dict.fromkeys(("read", "write", "pool"), seconds)
    timeouts["connect"] = config.gather.connect_timeout
    first = url
    for _hop in range(MOST_REDIRECTS + 1):
        parts = urlsplit(url)
        private = config.gather.allow_private_networks
        if check_url_parts(parts.scheme, parts.hostname or "", parts.port, private_allowed=private):
            return Answer(state=LinkState.DEAD, words="leads to an address that no browser should follow")
        try:
            target = read_url(url)
            with courtesy.turn(url), connections.get(target, headers, timeouts, method=method) as response:
                location = header(response, "location") if response.status in REDIRECTS else ""
                if not location:
                    return _judged(response.status, url if url != first else "")
                url = urljoin(url, location)
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            if isinstance(error, httpcore.ConnectError):
                raise
            return None
    return Answer(state=LinkState.DEAD, words="is sent from one address to the next without end")


def _judged(status: int, final_url: str) -> Answer:
    if status in (404, 410):
        gone = "the page is gone for good" if status == 410 else "there is no such page"
        return Answer(state=LinkState.DEAD, words=f"answers that {gone} ({status})", final_url=final_url)
    if status in _CLOSED:
        return Answer(state=LinkState.CLOSED, final_url=final_url)
    if status >= 400:
        return Answer(state=LinkState.UNSURE, words=f"answers with an error ({status})", final_url=final_url)
    return Answer(state=LinkState.FINE, final_url=final_url)


def _not_connected(error: BaseException) -> Answer:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            words = f"leads to a server whose certificate is not valid ({cause.verify_message})"
            return Answer(state=LinkState.DEAD, words=words)
        cause = cause.__cause__ or cause.__context__
    return Answer(state=LinkState.UNSURE, words="leads to a server that cannot be reached")
