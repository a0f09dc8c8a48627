"""SendGrid's signed event webhook: whether a post is SendGrid's, and of now.

The signature is ECDSA over P-256 with SHA-256 of the timestamp's text and the body's bytes as they came. The
`sendgrid` package's own verifier takes the body as text and encodes it anew; that fails on a body that is not UTF-8,
so the same library that it stands on (cryptography) is given the bytes here.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import logging
import re
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

log = logging.getLogger("digest.hooks")

OLDEST = dt.timedelta(hours=48)  # SendGrid repeats a post for 24 hours
SKEW = dt.timedelta(minutes=1)  # two good clocks still differ a little
LONGEST_SIGNATURE = 200  # characters; one over P-256 has about 96
_TIMESTAMP = re.compile(r"[0-9]{9,11}")


def is_fresh(timestamp: str, now: dt.datetime) -> bool:
    """Whether `timestamp` (epoch seconds, as the header has it) is at most 48 hours old and not of the future."""
    if not _TIMESTAMP.fullmatch(timestamp):
        return False
    age = now - dt.datetime.fromtimestamp(int(timestamp), dt.UTC)
    return -SKEW <= age <= OLDEST


def is_signed(body: bytes, signature: str, timestamp: str, public_keys: Sequence[str]) -> bool:
    """Whether any of `public_keys` (base64 of the DER form, as SendGrid shows it) signed these bytes."""
    if len(signature) > LONGEST_SIGNATURE or not timestamp.isascii():
        return False
    try:
        raw = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    message = timestamp.encode("ascii") + body
    return any(_verifies(_key(key), raw, message) for key in public_keys)


def _verifies(key: ec.EllipticCurvePublicKey | None, signature: bytes, message: bytes) -> bool:
    if key is None:
        return False
    try:
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=16)
def _key(text: str) -> ec.EllipticCurvePublicKey | None:
    """None for one of the right form that is no point of the curve: a key that was copied with a slip."""
    try:
        key = load_der_public_key(base64.b64decode(text))
    except ValueError:
        log.warning("a listed webhook key is damaged: %s...", text[:44])
        return None
    return key if isinstance(key, ec.EllipticCurvePublicKey) else None
