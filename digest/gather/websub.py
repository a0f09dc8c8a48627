"""Telling a WebSub hub (W3C Recommendation of 2018) that feeds have changed. Words come back, whatever the hub does.

The recommendation leaves it open how a publisher tells its hub; what hubs take is a form with `hub.mode=publish` and
the address of the feed. The hub is asked as a source is: at a checked address only, and within one deadline.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlencode, urlsplit

import httpcore

from digest.config import Config
from digest.gather.address import check_url_parts, is_public
from digest.gather.fetch import user_agent
from digest.gather.network import (
    AddressRefused,
    Connections,
    Deadline,
    DeadlinePassed,
    GuardedBackend,
    NameNotFound,
    Resolver,
    read_url,
    resolve,
)

LONGEST = 30.0  # seconds for all the feeds together


def tell(
    config: Config,
    hub: str,
    topics: Sequence[str],
    *,
    seconds: float = LONGEST,
    resolver: Resolver = resolve,
    allowed: Callable[[str], bool] | None = None,
) -> str:
    """Tell `hub` of each feed of `topics`; "" when it took them all, else what it did, without a subject."""
    private = config.gather.allow_private_networks
    if allowed is None:
        allowed = _any if private else is_public
    try:
        parts = urlsplit(hub)
        if why_not := check_url_parts(parts.scheme, parts.hostname or "", parts.port, private_allowed=private):
            return f"has an address that {why_not}"
        with Connections(GuardedBackend(Deadline(seconds), allowed=allowed, resolver=resolver)) as connections:
            for topic in topics:
                status = _post(connections, hub, topic, config, seconds)
                if not 200 <= status < 300:
                    return f"answered {status} when it was told of {topic}"
    except (DeadlinePassed, httpcore.TimeoutException):
        return f"did not answer within {seconds:g} seconds"
    except NameNotFound as error:
        return f"could not be found: there is no server named {str(error)[:100]}"
    except AddressRefused:
        return "leads into a private network, which is not asked (gather.allow_private_networks allows it)"
    except httpcore.ConnectError:
        return "could not be reached"
    except (httpcore.NetworkError, httpcore.ProtocolError):
        return "broke off in the middle of its answer"
    except (httpcore.UnsupportedProtocol, UnicodeError, ValueError):
        return "has an address that cannot be read"
    return ""


def _post(connections: Connections, hub: str, topic: str, config: Config, seconds: float) -> int:
    form = urlencode({"hub.mode": "publish", "hub.url": topic}).encode()
    headers = {
        "User-Agent": user_agent(config),
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": str(len(form)),
    }
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
    with connections.get(read_url(hub), headers, timeouts, method="POST", content=form) as response:
        return int(response.status)


def _any(_address: str) -> bool:
    return True
