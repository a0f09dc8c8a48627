"""E-mail addresses: one spelling of each, and the keyed hash that stands for it. Pure.

The spelling kept is ASCII: an internationalised domain becomes punycode (RFC 5891), and a local part that needs
SMTPUTF8 (RFC 6531) is refused, because many servers on the way still are without it and the mail would bounce.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from digest.config.keys import Keys, SecretKey

_NAMES_IT = ("The email address", "An email address")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An address that cannot be used. `reason` is one sentence for a person; it does not repeat the address."""

    reason: str


def normalise(raw: str) -> str | Refused:
    """`raw` without the white space around it, its domain in lower-case ASCII; or why it is refused.

    Asks no name server: a mistyped but well-formed domain shows itself by a bounce. The local part keeps its case,
    since only its own server may say that case does not matter (RFC 5321, 2.4); `address_key` ignores it.
    """
    from email_validator import EmailNotValidError, validate_email

    text = raw.strip()
    if not text:
        return Refused(reason="There is no address.")
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
    return _key(keys.suppression[0], address)


def address_keys(keys: Keys, address: str) -> tuple[str, ...]:
    """The address under every suppression key still listed, the current one first: to look up older rows by."""
    return tuple(_key(key, address) for key in keys.suppression)


def _key(key: SecretKey, address: str) -> str:
    return hmac.digest(key.secret, address.strip().lower().encode(), "sha256").hex()


def _plainly(words: str) -> str:
    """The library's words, in this project's spelling."""
    for name in _NAMES_IT:
        words = words.replace(name, name.replace("email", "e-mail"))
    return words.replace("@-sign", "@")
