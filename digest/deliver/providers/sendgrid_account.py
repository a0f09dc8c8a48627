"""What SendGrid says of the account behind a key: its rights, its senders, and whom it sends nothing to.

    GET /v3/scopes                          the rights of the key
    GET /v3/whitelabel/domains              domains that are authenticated
    GET /v3/verified_senders                single addresses that are verified
    GET /v3/suppression/NAME                bounces, blocks, invalid_emails, spam_reports, unsubscribes
    GET /v3/asm/suppressions/global         who left all lists

https://www.twilio.com/docs/sendgrid/api-reference
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from digest.deliver.providers.base import Failure, Finding, Look, Refused, Suppressed, Unknown, without_addresses
from digest.deliver.providers.sendgrid_http import Reply, Wire

PAGE = 500  # rows; what the API gives at most
LONGEST_PAGE = 4_000_000  # bytes
MOST_PAGES = 200  # of one list: a hundred thousand rows
LONGEST = 60.0  # seconds for all lists together
EARLY = ("mail.batch", "user.scheduled_sends")

# path -> (source, what is said of the address). Blocks are refusals for a while, of our mail and not of the address.
LISTS = {
    "/v3/suppression/bounces": ("bounce", "bounced"),
    "/v3/suppression/blocks": ("block", "blocked for a while"),
    "/v3/suppression/invalid_emails": ("provider", "no valid address, by SendGrid"),
    "/v3/suppression/spam_reports": ("complaint", "complained of spam"),
    "/v3/suppression/unsubscribes": ("provider", "unsubscribed at SendGrid"),
    "/v3/asm/suppressions/global": ("provider", "unsubscribed at SendGrid"),
}
_OPTIONAL = ("/v3/asm/suppressions/global",)  # not every account has it


def look(wire: Wire, sender: str) -> list[Look]:
    """Whether the key may do what is asked of it, and whether `sender` may be written from."""
    answer = _get(wire, "/v3/scopes")
    if not isinstance(answer, dict):
        words = "SendGrid refuses the key." if isinstance(answer, Refused) else _failed(answer)
        return [Look("SendGrid's key", Finding.BAD, f"{words} Set SENDGRID_API_KEY to a key of this account.")]
    scopes = [str(scope) for scope in answer.get("scopes") or ()]
    return [_may_send(scopes), _may_schedule(scopes), _may_read_lists(wire), _sender(wire, sender)]


def suppressed(
    wire: Wire,
    *,
    since: dt.datetime | None,
    now: dt.datetime,
    monotonic: Callable[[], float] = time.monotonic,
) -> Iterator[list[Suppressed] | Failure]:
    """Pages of each list, newest rows first as SendGrid gives them; a failure ends a list."""
    ends = monotonic() + LONGEST
    start = f"&start_time={int(since.timestamp())}" if since is not None else ""
    for path, (source, what) in LISTS.items():
        for page in range(MOST_PAGES + 1):
            if monotonic() >= ends or page == MOST_PAGES:
                late = "took too long" if page < MOST_PAGES else f"hold more than {MOST_PAGES * PAGE:,} rows"
                yield Unknown(words=f"SendGrid's {_name(path)} {late}; the rest was not read.")
                break
            rows = _get(wire, f"{path}?limit={PAGE}&offset={page * PAGE}{start}")
            if isinstance(rows, Absent) and path in _OPTIONAL:
                break
            if not isinstance(rows, list):
                yield _about(path, rows)
                break
            if rows:
                yield [found for row in rows if (found := _row(row, source, what, now)) is not None]
            if len(rows) < PAGE:
                break


class Absent(dict[str, Any]):
    """There is nothing at that path."""


def _get(wire: Wire, path: str) -> Any | Failure:
    """The JSON of an answer with 200; `Absent` after 404; else a failure."""
    reply = wire.exchange("GET", path, longest=LONGEST_PAGE)
    if not isinstance(reply, Reply):
        return reply
    if reply.status == 404:
        return Absent()
    if reply.status in (401, 403):
        return Refused(words=f"SendGrid answered {reply.status}: the key lacks the right.")
    if reply.status != 200:
        return Unknown(words=f"SendGrid answered {reply.status}.")
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        return Unknown(words="SendGrid's answer cannot be read.")


def _may_send(scopes: list[str]) -> Look:
    if "mail.send" in scopes:
        return Look("SendGrid's key", Finding.GOOD, "it may send mail")
    return Look("SendGrid's key", Finding.BAD, "It lacks the right mail.send. Make one with the right Mail Send.")


def _may_schedule(scopes: list[str]) -> Look:
    missing = [name for name in EARLY if not any(scope.startswith(name) for scope in scopes)]
    if not missing:
        return Look("Handing over early", Finding.GOOD, "the key may schedule and cancel")
    return Look(
        "Handing over early",
        Finding.LESS,
        f"The key lacks the rights {' and '.join(missing)}, so an issue is handed over at its time and cannot be "
        "taken back. Give the key the rights Scheduled Sends and Mail Send.",
    )


def _may_read_lists(wire: Wire) -> Look:
    closed = [
        _name(path)
        for path in LISTS
        if not isinstance(rows := _get(wire, f"{path}?limit=1"), list)
        and not (isinstance(rows, Absent) and path in _OPTIONAL)
    ]
    if not closed:
        return Look("Suppressions", Finding.GOOD, "the key may read SendGrid's lists")
    return Look(
        "Suppressions",
        Finding.LESS,
        f"The key may not read {', '.join(closed)}, so who is on these lists is found only when SendGrid drops "
        "their mail. Give it the right to read Suppressions.",
    )


def _sender(wire: Wire, sender: str) -> Look:
    domain = sender.rpartition("@")[2].lower()
    domains = _get(wire, "/v3/whitelabel/domains?limit=500")
    for row in _rows(domains):
        if domain == row.get("domain") or domain.endswith(f".{row.get('domain')}"):
            if row.get("valid") is True:
                return Look("Sender at SendGrid", Finding.GOOD, f"{row['domain']} is authenticated")
            return Look(
                "Sender at SendGrid",
                Finding.BAD,
                f"SendGrid has not found the DNS records of {row.get('domain')} yet. Finish authenticating it there.",
            )
    single = _get(wire, "/v3/verified_senders?limit=500")
    for row in _rows(single.get("results") if isinstance(single, dict) else None):
        if str(row.get("from_email", "")).lower() == sender.lower() and row.get("verified") is True:
            return Look("Sender at SendGrid", Finding.GOOD, f"{sender} is verified")
    return Look(
        "Sender at SendGrid",
        Finding.CANNOT_SAY,
        f"SendGrid does not say that {sender} may be written from. Authenticate its domain there, unless that is "
        "done in a parent account.",
    )


def _rows(answer: Any) -> list[dict[str, Any]]:
    return [row for row in answer if isinstance(row, dict)] if isinstance(answer, list) else []


def _row(row: Any, source: str, what: str, now: dt.datetime) -> Suppressed | None:
    if not isinstance(row, dict) or not isinstance(row.get("email"), str):
        return None
    try:
        at = min(dt.datetime.fromtimestamp(int(row["created"]), dt.UTC), now)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        at = now
    said = without_addresses(row["reason"])[:300] if isinstance(row.get("reason"), str) else ""
    return Suppressed(row["email"], source, f"{what}: {said}" if said else what, at)


def _about(path: str, failure: Any) -> Failure:
    return Unknown(words=f"SendGrid's {_name(path)} could not be read. {_failed(failure)}")


def _failed(answer: Any) -> str:
    words = getattr(answer, "words", "")
    return words if isinstance(words, str) and words else "SendGrid's answer is not what it should be."


def _name(path: str) -> str:
    return "global unsubscribes" if path in _OPTIONAL else path.rpartition("/")[2].replace("_", " ")
