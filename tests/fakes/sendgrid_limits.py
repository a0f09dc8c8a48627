"""The published limits of SendGrid's v3 Mail Send, for the fake.

https://www.twilio.com/docs/sendgrid/api-reference/mail-send/limitations
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

MOST_RECIPIENTS = 1000
MOST_BYTES = 30 * 1024 * 1024
MOST_SUBSTITUTION_BYTES = 10_000
MOST_ARGUMENT_BYTES = 10_000
RESERVED = {"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"} | {
    "to",
    "from",
    "subject",
    "reply-to",
    "cc",
    "bcc",
}
TOP_LEVEL = {"personalizations", "from", "reply_to", "subject", "content", "headers", "custom_args"} | {
    "tracking_settings",
    "mail_settings",
    "send_at",
    "batch_id",
}
IN_PERSONALIZATION = {"to", "headers", "substitutions", "custom_args", "subject", "send_at"}
ADDRESS = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\"]+")
Problem = tuple[str, str | None]  # message, field


def check(message: dict[str, Any], size: int) -> Iterator[Problem]:
    """What SendGrid would refuse."""
    if size > MOST_BYTES:
        yield "The request is too large.", None
    for unknown in set(message) - TOP_LEVEL:
        yield "Unknown field.", unknown
    people = message.get("personalizations") or []
    if not 1 <= len(people) <= MOST_RECIPIENTS:
        yield "The number of personalizations is out of bounds.", "personalizations"
    seen: set[str] = set()
    for place, person in enumerate(people):
        yield from _check_person(person, f"personalizations.{place}", seen)
    if not ADDRESS.fullmatch(message.get("from", {}).get("email", "")):
        yield "The from address is not valid.", "from.email"
    if not message.get("subject"):
        yield "A subject is required.", "subject"
    types = [part.get("type") for part in message.get("content", [])]
    if types not in (["text/plain", "text/html"], ["text/plain"]):
        yield "Plain text comes first, then HTML.", "content"
    if any(not part.get("value") for part in message.get("content", [])):
        yield "The content value must be at least one character.", "content"
    settings = message.get("tracking_settings", {})
    for name in ("click_tracking", "open_tracking", "subscription_tracking", "ganalytics"):
        if settings.get(name, {}).get("enable") is not False:  # a house rule of ours, not SendGrid's
            yield "Tracking was not switched off.", f"tracking_settings.{name}"


def _check_person(person: dict[str, Any], where: str, seen: set[str]) -> Iterator[Problem]:
    for unknown in set(person) - IN_PERSONALIZATION:
        yield "Unknown field.", f"{where}.{unknown}"
    to = person.get("to") or []
    if len(to) != 1:
        yield "One recipient a copy.", f"{where}.to"
    for address in to:
        email = address.get("email", "")
        if not ADDRESS.fullmatch(email) or not email.isascii():
            yield "Does not contain a valid address.", f"{where}.to.0.email"
        if email.lower() in seen:
            yield "Each email address in the personalization block should be unique.", f"{where}.to"
        seen.add(email.lower())
    for name, value in person.get("headers", {}).items():
        if name.lower() in RESERVED:
            yield "A reserved header.", f"{where}.headers.{name}"
        if not isinstance(value, str) or not value.isascii() or not value.isprintable() or len(value) > 998:
            yield "Not a header's value.", f"{where}.headers.{name}"
    for part, most in (("substitutions", MOST_SUBSTITUTION_BYTES), ("custom_args", MOST_ARGUMENT_BYTES)):
        values = person.get(part, {})
        if not all(isinstance(value, str) for value in values.values()):
            yield "Bad Request", None
        if len(json.dumps(values).encode()) > most:
            yield "Too many bytes.", f"{where}.{part}"
    if any(set(tag) & set("<>& ") for tag in person.get("substitutions", {})):
        yield "A tag with a character that HTML changes.", f"{where}.substitutions"
