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
from collections.abc import Mapping, Sequence
from typing import Any

from digest.deliver.links import MemberLinks
from digest.deliver.message import Mailing, Recipient, copy_headers

MOST_BYTES = 30_000_000  # of a whole request; config keeps recipients at or under the 1,000 it may hold

SANDBOX = {"mail_settings": {"sandbox_mode": {"enable": True}}}  # checked as a real request is, and nothing is sent
_as_json = json.JSONEncoder().encode  # `json.dumps` takes longer to find this out each time
_GAP = "\x00"


class Requests:
    """Makes the requests of one mailing: what copies share, and the shape of what they do not, is encoded once."""

    def __init__(self, mailing: Mailing) -> None:
        self._shared = b"," + _encode(shared_part(mailing))[1:]
        gap = Recipient(delivery=0, ref="", email=_GAP, links=MemberLinks(_GAP, _GAP, _GAP))
        shape = {**personalization(mailing, gap, 0), "custom_args": {"batch": _GAP, "delivery": _GAP}}
        # In their order: address, unsubscribe (a header), view, unsubscribe, preferences, batch, delivery.
        self._copy = _encode(shape).decode().split(_encode(_GAP).decode()[1:-1])

    def body(self, recipients: Sequence[Recipient], batch: int, more: Mapping[str, Any] | None = None) -> bytes:
        """The body of one request, in the recipients' order. `more` stands beside what all requests share.

        The links are put in as they are: nothing in a URL (RFC 3986) means anything to JSON.
        """
        start, header, to_view, to_unsubscribe, to_preferences, to_batch, to_delivery, end = self._copy
        start, header = start[:-1], header[1:]  # the address brings its own quotes
        arguments, end = f"{to_batch}{batch}{to_delivery}", f"{end},"
        text: list[str] = []
        for delivery, _ref, email, (view, unsubscribe, preferences) in recipients:
            # One long list and one join: several times as fast as a string for each copy.
            text += (start, _as_json(email), header, unsubscribe, to_view, view, to_unsubscribe, unsubscribe)
            text += (to_preferences, preferences, arguments, str(delivery), end)
        text[-1] = end[:-1]
        own = b"," + _encode(more)[1:-1] if more else b""
        # Joined in one go: each further copy of so many bytes costs as much as making them.
        return b"".join((b'{"personalizations":[', "".join(text).encode("ascii"), b"]", own, self._shared))


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
    shared["tracking_settings"] = tracking_settings(on=mailing.tracking)
    return shared


def tracking_settings(*, on: bool) -> dict[str, Any]:
    """Said in each request: what is left out follows the account's settings, which somebody may have switched on.

    Links in plain text stay as they are in any case: a reader sees them whole.
    """
    return {
        "click_tracking": {"enable": on, "enable_text": False},
        "open_tracking": {"enable": on},
        "subscription_tracking": {"enable": False},
        "ganalytics": {"enable": False},
    }


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
