"""Which network addresses a fetch may connect to. Pure: it takes resolved addresses and returns words.

A feed's address, or one it redirects to, must not make this machine ask its own network for something: only
globally routable addresses pass, in whatever form they hide another one.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import parse_qsl, urlsplit

PORTS = {"http": 80, "https": 443}

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: how a network without IPv4 reaches it
# Forms that carry an IPv4 address and that no public server is named by: compatible and translated (RFC 4291,
# RFC 2765), local NAT64 (RFC 8215), 6to4 and its relays (RFC 7526), Teredo (RFC 4380), mapped (RFC 4291).
_NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"),
        "192.88.99.0/24",
    )
)
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214: the interface identifier before an IPv4 address
# inet_aton's spellings of an IPv4 address (2130706433, 0x7f.1, 0177.0.0.1), which resolvers still understand.
_NUMERIC_HOST = re.compile(r"^(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+)){0,3}\.?$", re.IGNORECASE)
# Names of parameters and parts of names under which addresses carry what lets somebody in.
_SECRET = re.compile(r"token|secret|key|pass|pwd|auth|sig|hash|session|access|private|feedid|uid|code", re.IGNORECASE)
_INSIDE = (".local", ".localhost", ".internal", ".intranet", ".lan", ".corp", ".home", ".home.arpa", ".test")
_DOTTED = re.compile(r"^\d{1,3}(?:\.\d{1,3}){3}$")


def check_url_parts(scheme: str, host: str, port: int | None, *, private_allowed: bool) -> str:
    """Why this address may not be asked at all, before any name is looked up; "" when it may."""
    if scheme not in PORTS:
        return f"uses {scheme or 'no scheme'}: only http and https addresses are fetched"
    if not host:
        return "names no server"
    if _NUMERIC_HOST.match(host) and (not _DOTTED.match(host) or any(p != str(int(p)) for p in host.split("."))):
        return f"names the server in a numeric form that is not allowed ({host[:60]})"
    if port is not None and port not in PORTS.values() and not private_allowed:
        return f"uses port {port}: only 80 and 443 are allowed"
    return ""


def is_public(address: str) -> bool:
    """Whether `address` (as a resolver gives it), and any address it carries, is globally routable."""
    try:
        parsed = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return False
    if any(parsed.version == network.version and parsed in network for network in _NEVER):
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        number = int(parsed)
        if parsed in _NAT64:
            return is_public(str(ipaddress.IPv4Address(number & 0xFFFFFFFF)))
        if (number >> 32) & 0xFFFFFFFF in _ISATAP:
            return False
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved or parsed.is_unspecified)


def may_be_published(url: str) -> bool:
    """Whether a feed's address may stand on a public page: it lies open to everybody, and carries no way in.

    Rather one too few: an address with a password, with a parameter that looks like a key, with a long random part,
    or inside a network is not told.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").lower()
        if parts.scheme not in PORTS or parts.username is not None or parts.password is not None:
            return False
        if parts.port is not None and parts.port not in PORTS.values():
            return False
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return False
    if ":" in host or _NUMERIC_HOST.match(host):
        return is_public(host)
    if "." not in host or host.endswith(_INSIDE):
        return False
    if any(_SECRET.search(name) or _is_random(value) for name, value in query):
        return False
    return not any(_is_random(part) for part in parts.path.split("/"))


def _is_random(text: str) -> bool:
    """Whether `text` looks drawn by lot: long, without a separator, letters and digits mixed."""
    found = re.search(r"[A-Za-z0-9]{20,}", text)
    return found is not None and bool(re.search(r"[0-9]", found[0])) and bool(re.search(r"[A-Za-z]", found[0]))
