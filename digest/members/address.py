"""E-mail addresses: one spelling of each, and the keyed hash that stands for it. Pure.

The spelling kept is ASCII: an internationalised domain becomes punycode (RFC 5891), and a local part that needs
SMTPUTF8 (RFC 6531) is refused, because many servers on the way still are without it and the mail would bounce.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from digest.config.keys import Keys, SecretKey

_NAMES_IT = ("The email address", "An email address")
_LENGTH = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets
_BLOCK = 64  # bytes: what SHA-256 works on at a time, and so the width of HMAC's pads (RFC 2104)

# Addresses about which there is nothing to decide: a dot-atom of the usual signs, at a host of letters, digits and
# single hyphens. Whole rolls consist of them, and the library takes thirty times as long to say the same.
_PLAIN = re.compile(
    r"(?P<local>[A-Za-z0-9_+'-]+(?:\.[A-Za-z0-9_+'-]+)*)"
    r"@(?P<domain>(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+(?P<top>[A-Za-z]{2,24}))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An address that cannot be used. `reason` is one sentence for a person; it does not repeat the address."""

    reason: str


def normalise(raw: str) -> str | Refused:
    """`raw` without the white space around it, its domain in lower-case ASCII; or why it is refused.

    Asks no name server: a mistyped but well-formed domain shows itself by a bounce. The local part keeps its case,
    since only its own server may say that case does not matter (RFC 5321, 2.4); `address_key` ignores it.
    """
    return _plain(raw.strip()) or by_the_library(raw)


def by_the_library(raw: str) -> str | Refused:
    """`normalise` without its short cut: email-validator decides about every address."""
    from email_validator import EmailNotValidError, validate_email

    text = raw.strip()
    if not text:
        return Refused(reason="There is no address.")
    if len(text) > 4 * _LENGTH:
        return Refused(reason="The e-mail address is too long.")
    local, at, _ = text.rpartition("@")
    if at and not local.isascii():
        return Refused(
            reason="The part before the @ holds letters outside plain ASCII, which many mail servers cannot take."
        )
    try:
        found = validate_email(text, allow_smtputf8=False, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        return Refused(reason=_plainly(str(error)))
    assert found.ascii_email is not None  # always there when SMTPUTF8 is not allowed
    return found.ascii_email


def address_key(keys: Keys, address: str) -> str:
    """HMAC-SHA256 of a normalised address, as 64 hex digits, under the current suppression key.

    Two spellings that differ in case only have one key, so that no member gets two copies.
    """
    return _hasher(keys.suppression[0])(address)


def address_keys(keys: Keys, address: str) -> tuple[str, ...]:
    """The address under every suppression key still listed, the current one first: to look up older rows by."""
    return tuple(_hasher(key)(address) for key in keys.suppression)


def hashers(keys: Keys) -> tuple[Callable[[str], str], ...]:
    """`address_keys` for many addresses: a function for each suppression key, the current one first."""
    return tuple(_hasher(key) for key in keys.suppression)


def _hasher(key: SecretKey) -> Callable[[str], str]:
    """HMAC (RFC 2104) with what depends on the key alone worked out once; twice as fast as the standard library's."""
    secret = key.secret if len(key.secret) <= _BLOCK else hashlib.sha256(key.secret).digest()
    padded = secret.ljust(_BLOCK, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))

    def of(address: str) -> str:
        first = inner.copy()
        first.update(address.strip().lower().encode())
        second = outer.copy()
        second.update(first.digest())
        return second.hexdigest()

    return of


def _plain(text: str) -> str | None:
    """The address, where nothing about it needs deciding; None where the library must be asked."""
    found = _PLAIN.fullmatch(text)
    if found is None or len(text) > _LENGTH:
        return None
    local, domain, top = found.group("local", "domain", "top")
    if len(local) > 64 or len(domain) > 253 or top.lower() in _special_tops():
        return None
    if len(domain) > 63 and any(len(label) > 63 for label in domain.split(".")):
        return None
    if len(local) <= 12 and local.isalpha() and not local.islower():
        return None  # "Info" and its like are one mailbox in any case (RFC 2142): the library knows which
    return f"{local}@{domain.lower()}"


@lru_cache(maxsize=1)
def _special_tops() -> frozenset[str]:
    """Ends of names that the library knows something about (RFC 6761, 6762, 7686)."""
    from email_validator import SPECIAL_USE_DOMAIN_NAMES

    return frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)


def _plainly(words: str) -> str:
    """The library's words, in this project's spelling."""
    for name in _NAMES_IT:
        words = words.replace(name, name.replace("email", "e-mail"))
    return words.replace("@-sign", "@")
