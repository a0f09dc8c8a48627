"""What SendGrid's v3 Mail Send is given. Pure.

What all copies share is encoded once for a mailing; a request is that, with its recipients put before it:

    {"personalizations": [{to, headers, substitutions, custom_args}, ...], from, subject, content, ...}

Every header and custom argument stands in each personalization, although the message level has a place for both:
whether the two levels are merged or the lower one replaces the upper is not documented.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from digest.deliver.links import MemberLinks
from digest.deliver.message import Mailing, Recipient, copy_headers

MOST_BYTES = 30_000_000  # of a whole request; config keeps recipients at or under the 1,000 it may hold

# Said in each request: what is left out follows the account's settings, which somebody may have switched on.
NO_TRACKING = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": {"enable": False},
    "subscription_tracking": {"enable": False},
    "ganalytics": {"enable": False},
}
SANDBOX = {"mail_settings": {"sandbox_mode": {"enable": True}}}  # checked as a real request is, and nothing is sent
_AS_IT_STANDS = re.compile(r"[ !#-\[\]-~]*")  # what JSON writes as it is
_GAP = "\x00"


class Requests:
    """Makes the requests of one mailing: what copies share, and the shape of what they do not, is encoded once."""

    def __init__(self, mailing: Mailing) -> None:
        self._shared = b"," + _encode(shared_part(mailing))[1:]
        gap = Recipient(delivery=0, ref="", email=_GAP, links=MemberLinks(_GAP, _GAP, _GAP))
        shape = {**personalization(mailing, gap, 0), "custom_args": {"batch": _GAP, "delivery": _GAP}}
        # In their order: address, unsubscribe (a header), view, unsubscribe, preferences, batch, delivery.
        self._copy = _encode(shape).decode().replace("%", "%%").replace(_encode(_GAP).decode()[1:-1], "%s")

    def body(self, recipients: Sequence[Recipient], batch: int, more: Mapping[str, Any] | None = None) -> bytes:
        """The body of one request, in the recipients' order. `more` stands beside what all requests share."""
        copy = self._copy
        people = []
        for delivery, _ref, email, (view, unsubscribe, preferences) in recipients:
            values: tuple[str, ...] = (email, unsubscribe, view, unsubscribe, preferences)
            if not _AS_IT_STANDS.fullmatch("".join(values)):
                values = tuple(json.dumps(value)[1:-1] for value in values)
            people.append(copy % (*values, batch, delivery))
        own = b"," + _encode(more)[1:-1] if more else b""
        return b'{"personalizations":[' + ",".join(people).encode("ascii") + b"]" + own + self._shared


def released(batch_id: str, send_at: dt.datetime) -> dict[str, Any]:
    """What says that a request waits until `send_at`, and under which id it can be cancelled until then."""
    return {"send_at": math.ceil(send_at.timestamp()), "batch_id": batch_id}


def shared_part(mailing: Mailing) -> dict[str, Any]:
    """Everything but the recipients."""
    shared: dict[str, Any] = {"from": {"email": mailing.sender_email, "name": mailing.sender_name}}
    if mailing.reply_to:
        shared["reply_to"] = {"email": mailing.reply_to}
    shared["subject"] = mailing.subject
    shared["content"] = [{"type": "text/plain", "value": mailing.text}]
    if mailing.html:  # a value may not be empty
        shared["content"].append({"type": "text/html", "value": mailing.html})
    shared["tracking_settings"] = NO_TRACKING
    return shared


def personalization(mailing: Mailing, recipient: Recipient, batch: int) -> dict[str, Any]:
    """One recipient's part. The custom arguments come back with every event: numbers that mean nothing outside."""
    links = recipient.links
    return {
        "to": [{"email": recipient.email}],
        "headers": copy_headers(mailing, recipient),
        "substitutions": {
            mailing.tags.view_in_browser: links.view_in_browser,
            mailing.tags.unsubscribe: links.unsubscribe,
            mailing.tags.preferences: links.preferences,
        },
        "custom_args": {"batch": str(batch), "delivery": str(recipient.delivery)},
    }


def _encode(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode("ascii")
