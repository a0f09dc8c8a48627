"""Who asks, by which scheme and of which host: from the connection, and from the word of proxies that are trusted.

A reverse proxy opens the connection, so the visitor's address, and whether they came by https, stand in headers
(X-Forwarded-For, -Proto, -Host). Anybody can send those. They are believed only as far as they were written by the
proxies that `web.trusted_proxies` counts or names; whatever a visitor wrote before them counts for nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

FORWARDED = tuple(
    f"HTTP_{name}"
    for name in ("X_FORWARDED_FOR", "X_FORWARDED_PROTO", "X_FORWARDED_HOST", "X_FORWARDED_PORT", "FORWARDED")
)

WAS_FORWARDED = "digest.was_forwarded"  # in META: whether any proxy, trusted or not, says that it stands in between


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is believed of a request. `scheme` and `host` are "" where the connection itself has the last word."""

    address: str
    scheme: str = ""
    host: str = ""


def who_asks(meta: Mapping[str, Any], trusted: int | Sequence[str]) -> Asked:
    """`meta` as WSGI has it (PEP 3333); `trusted` is a count of proxies, or their addresses and networks. Pure."""
    remote = _address(str(meta.get("REMOTE_ADDR", "")))
    chain = [*(_address(part) for part in _parts(meta, "HTTP_X_FORWARDED_FOR")), remote]
    hops = _hops(chain, trusted)
    if hops == 0:
        return Asked(address=remote)
    scheme = _written_by(_parts(meta, "HTTP_X_FORWARDED_PROTO"), hops).lower()
    return Asked(
        address=chain[-1 - hops] or remote,
        scheme=scheme if scheme in ("http", "https") else "",
        host=_written_by(_parts(meta, "HTTP_X_FORWARDED_HOST"), hops),
    )


def believe_trusted_proxies(answer: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Middleware, the first: what comes after reads the connection alone, and there stands what is believed."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        meta = request.META
        asked = who_asks(meta, settings.DIGEST.web.trusted_proxies)
        written = [meta.pop(name, None) for name in FORWARDED]
        meta[WAS_FORWARDED] = any(written)
        if asked.address:
            meta["REMOTE_ADDR"] = asked.address
        if asked.scheme:
            meta["wsgi.url_scheme"] = asked.scheme
        if asked.host:
            meta["HTTP_HOST"] = asked.host
        return answer(request)

    return middleware


def _hops(chain: Sequence[str], trusted: int | Sequence[str]) -> int:
    """How many addresses at the end of the chain are proxies of ours."""
    if isinstance(trusted, int):
        # Fewer addresses than proxies: somebody came in behind them. Their own address is what is known.
        return trusted if trusted < len(chain) else 0
    networks = [ipaddress.ip_network(network) for network in trusted]
    hops = 0
    for address in reversed(chain[1:]):
        if not address or not any(ipaddress.ip_address(address) in network for network in networks):
            break
        hops += 1
    return hops


def _parts(meta: Mapping[str, Any], name: str) -> list[str]:
    text = str(meta.get(name, "")).strip()
    return [part.strip() for part in text.split(",")] if text else []


def _written_by(parts: Sequence[str], hops: int) -> str:
    """What the outermost trusted proxy wrote. Most overwrite the header; some add to it, so there may be several."""
    return parts[-min(hops, len(parts))] if parts else ""


def _address(text: str) -> str:
    """An IP address without the port that some proxies add; "" for what is none."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
