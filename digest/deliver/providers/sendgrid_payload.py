"""What SendGrid's v3 Mail Send is given. Pure.

What all copies share is encoded once for a mailing; a request is that, with its recipients put before it:

    {"personalizations": [{to, headers, substitutions, custom_args}, ...], from, subject, content, ...}

Every header and custom argument stands in each personalization, although the message level has a place for both:
whether the two levels are merged or the lower one replaces the upper is not documented.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from digest.deliver.message import Mailing, Recipient, copy_headers

MOST_BYTES = 30_000_000  # of a whole request; config keeps recipients at or under the 1,000 it may hold

# Said in each request: what is left out follows the account's settings, which somebody may have switched on.
NO_TRACKING = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": {"enable": False},
    "subscription_tracking": {"enable": False},
    "ganalytics": {"enable": False},
}


def shared_part(mailing: Mailing) -> bytes:
    """Everything but the recipients, encoded: what follows the list of personalizations, up to the closing brace."""
    shared: dict[str, Any] = {"from": {"email": mailing.sender_email, "name": mailing.sender_name}}
    if mailing.reply_to:
        shared["reply_to"] = {"email": mailing.reply_to}
    shared["subject"] = mailing.subject
    shared["content"] = [
        {"type": "text/plain", "value": mailing.text},
        {"type": "text/html", "value": mailing.html},
    ]
    shared["tracking_settings"] = NO_TRACKING
    return _encode(shared)[1:]


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


def request_body(shared: bytes, mailing: Mailing, recipients: Sequence[Recipient], batch: int) -> bytes:
    """The body of one request, in the recipients' order."""
    people = _encode([personalization(mailing, recipient, batch) for recipient in recipients])
    return b'{"personalizations":' + people + b"," + shared


def _encode(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode("ascii")
