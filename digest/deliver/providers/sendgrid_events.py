"""SendGrid's event webhook: from the body of a post to events. Pure.

A post is a JSON array of objects, one an event, with our custom arguments among its keys. What the names mean, and
what a refused mail's status code means (RFC 3463), stands in the tables here.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from digest.config import Keys
from digest.deliver.events import Event, Meaning
from digest.members.address import address_keys

MEANINGS = {
    "processed": Meaning.ACCEPTED,
    "deferred": Meaning.ACCEPTED,
    "delivered": Meaning.DELIVERED,
    "dropped": Meaning.DROPPED,
    "bounce": Meaning.BLOCKED,  # unless its type says "bounce"
    "blocked": Meaning.BLOCKED,
    "spamreport": Meaning.COMPLAINED,
    "unsubscribe": Meaning.LEFT,
    "group_unsubscribe": Meaning.LEFT,
    "open": Meaning.OPENED,
    "click": Meaning.CLICKED,
}
HARD = "bounce"  # the type of a bounce that speaks against the address; "blocked" speaks against the mail

# RFC 3463, and RFC 7505 for 1.10: the subject and detail of an enhanced status code.
STATUS = {
    "1.0": "the address has a problem",
    "1.1": "no such mailbox",
    "1.2": "no such mail domain",
    "1.3": "the address is not well formed",
    "1.6": "the mailbox has moved",
    "1.10": "the domain takes no mail",
    "2.1": "the mailbox is switched off",
    "2.2": "the mailbox is full",
    "2.3": "the mail is too large for the mailbox",
    "3.4": "the mail is too large for the server",
    "4.1": "the mail server does not answer",
    "4.4": "the domain has no mail server",
    "4.7": "not delivered in time",
    "5.0": "the mail server refused it",
    "7.1": "refused by the mail server's rules",
    "7.26": "refused: the sender could not be authenticated",
}
SEPARATOR = " - "  # between what a refusal means, by which refusals are counted, and the mail server's own words
LONGEST_REASON = 400
LONGEST_ID = 200  # characters of a message's name
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_ADDRESS = re.compile(r"[^\s<>\"',;:()\[\]]+@[^\s<>\"',;:()\[\]]+")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")
_NUMBER = re.compile(r"[0-9]{1,18}")
# What SendGrid appends to the message id of the request, which all events of one copy share.
_APPENDED = re.compile(r"\.(?:filter|recv)")
LONGEST_URL = 2000
_OWN_LINK = re.compile(r"(/(?:unsubscribe|preferences|view|confirm)/)[\w-]{1,64}\.[0-9a-z]{1,16}\.[\w-]{16,}.*")
_LATEST = 4_102_444_800  # the year 2100: a time beyond it is none


class Post(NamedTuple):
    """What one post held. `unreadable` counts what was no event at all."""

    events: list[Event]
    unreadable: int


def read_post(body: bytes, keys: Keys) -> Post | None:
    """The events of a post; None when the body is no JSON array. One bad element does not spoil the others."""
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, list):
        return None
    events = [event for item in raw if (event := _event(item, keys)) is not None]
    return Post(events, len(raw) - len(events))


def _event(raw: object, keys: Keys) -> Event | None:
    if not isinstance(raw, dict):
        return None
    name, at = _text(raw.get("event"), 30), _instant(raw.get("timestamp"))
    if not name or at is None:
        return None
    meaning = MEANINGS.get(name, Meaning.NOTHING)
    if name == "bounce" and raw.get("type") == HARD:
        meaning = Meaning.BOUNCED
    email = raw.get("email")
    hashes = address_keys(keys, email) if isinstance(email, str) and _encodable(email) else ()
    message = _text(raw.get("sg_message_id"), LONGEST_ID)
    url = _clicked(raw.get("url")) if meaning is Meaning.CLICKED else ""
    delivery = _number(raw.get("delivery"))
    # The standard's five; `sg_event_id` is left out because it can change when a post is repeated.
    parts = [message, name, hashes[0] if hashes else "", str(raw["timestamp"]), str(delivery)]
    if url:  # many links are followed within one second
        parts.append(url)
    return Event(
        name=name,
        meaning=meaning,
        at=at,
        delivery=delivery,
        batch=_number(raw.get("batch")),
        address_keys=hashes,
        message=_APPENDED.split(message, maxsplit=1)[0],
        reason=_reason(meaning, raw),
        url=url,
        machine=raw.get("sg_machine_open") in (True, "true", "True"),
        dedupe_key=hashlib.sha256("\x00".join(parts).encode()).hexdigest(),
    )


def _reason(meaning: Meaning, raw: Mapping[str, Any]) -> str:
    """Words for why; "" where there is nothing to explain."""
    said = _without_addresses(_text(raw.get("reason") or raw.get("response"), 4 * LONGEST_REASON))
    match meaning:
        case Meaning.BOUNCED | Meaning.BLOCKED:
            head = _status(f"{_text(raw.get('status'), 20)} {said}")
            if not head:
                head = _text(raw.get("bounce_classification"), 60).lower() or "the mail server refused it"
            head = f"{head}, for now" if meaning is Meaning.BLOCKED else head
            return (f"{head}{SEPARATOR}{said}" if said else head)[:LONGEST_REASON]
        case Meaning.DROPPED:
            return (said or "the provider did not say why")[:LONGEST_REASON]
        case Meaning.COMPLAINED:
            return "reported it as spam"
        case _:
            return ""


def _clicked(value: object) -> str:
    """The address that was followed, without what names the member in one of our own."""
    return _OWN_LINK.sub(r"\1", _text(value, LONGEST_URL))


def _status(text: str) -> str:
    found = _STATUS.search(text)
    if found is None:
        return ""
    code = f"{found[2]}.{found[3]}"
    return f"{STATUS.get(code, 'the mail server refused it')} ({found[0]})"


def _without_addresses(text: str) -> str:
    return _ADDRESS.sub("(an address)", text)


def _text(value: object, longest: int) -> str:
    """One line that every database can hold: no control characters, and no halves of surrogate pairs."""
    return _UNPRINTABLE.sub(" ", value).strip()[:longest] if isinstance(value, str) else ""


def _encodable(text: str) -> bool:
    return len(text) <= 1000 and not _UNPRINTABLE.search(text)


def _number(value: object) -> int | None:
    """A custom argument: SendGrid gives them back as text, and takes numbers too."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return int(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


def _instant(value: object) -> dt.datetime | None:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < _LATEST:
        return None
    return dt.datetime.fromtimestamp(value, dt.UTC)
