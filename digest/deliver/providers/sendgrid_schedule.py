"""SendGrid's scheduled sends: ids under which mail is handed over early, and cancelling them.

    POST /v3/mail/batch                     a new id                                   201
    POST /v3/user/scheduled_sends           {batch_id, status: cancel}                 201
    GET  /v3/user/scheduled_sends[/ID]      what is cancelled or paused                200
    DELETE /v3/user/scheduled_sends/ID      forget it: what still waits is sent        204

https://www.twilio.com/docs/sendgrid/api-reference/cancel-scheduled-sends
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

from digest.deliver.providers.base import Accepted, Failure, Outcome, Refused, Unknown
from digest.deliver.providers.sendgrid_answers import read_failure
from digest.deliver.providers.sendgrid_http import Reply, Wire

_STATUSES = "/v3/user/scheduled_sends"


class SendGridScheduledSends:
    """The scheduled sends of one account."""

    def __init__(self, wire: Wire, *, jitter: Callable[[], float]) -> None:
        self._wire = wire
        self._jitter = jitter

    def draw(self, *, now: dt.datetime) -> str | Failure:
        reply = self._ask("POST", "/v3/mail/batch", b"{}", yes=201, now=now)
        if not isinstance(reply, Reply):
            return reply
        answer = _json(reply.body)
        batch_id = answer.get("batch_id") if isinstance(answer, dict) else None
        if not isinstance(batch_id, str) or not batch_id.isascii() or not 1 <= len(batch_id) <= 100:
            return Unknown(words="SendGrid's answer names no batch id.")
        return batch_id

    def cancel(self, batch_id: str, *, now: dt.datetime) -> Outcome:
        body = json.dumps({"batch_id": batch_id, "status": "cancel"}).encode("ascii")
        reply = self._ask("POST", _STATUSES, body, yes=201, now=now)
        return Accepted(words="201") if isinstance(reply, Reply) else reply

    def is_cancelled(self, batch_id: str, *, now: dt.datetime) -> bool | Failure:
        found = self._statuses(f"{_STATUSES}/{batch_id}", now)
        return found.get(batch_id) == "cancel" if isinstance(found, dict) else found

    def cancelled(self, *, now: dt.datetime) -> frozenset[str] | Failure:
        found = self._statuses(_STATUSES, now)
        return frozenset(found) if isinstance(found, dict) else found

    def lift(self, batch_id: str, *, now: dt.datetime) -> Outcome:
        reply = self._ask("DELETE", f"{_STATUSES}/{batch_id}", b"", yes=204, now=now)
        return Accepted(words="204") if isinstance(reply, Reply) else reply

    def close(self) -> None:
        self._wire.close()

    def _statuses(self, path: str, now: dt.datetime) -> dict[str, str] | Failure:
        reply = self._ask("GET", path, b"", yes=200, now=now)
        if not isinstance(reply, Reply):
            return reply
        rows = _json(reply.body)
        try:
            return {str(row["batch_id"]): str(row["status"]) for row in rows}
        except (TypeError, KeyError):
            return Unknown(words="SendGrid's answer is no list of scheduled sends.")

    def _ask(self, method: str, path: str, body: bytes, *, yes: int, now: dt.datetime) -> Reply | Failure:
        reply = self._wire.exchange(method, path, body)
        if not isinstance(reply, Reply) or reply.status == yes:
            return reply
        failure = read_failure(*reply, now=now, jitter=dt.timedelta(seconds=self._jitter()))
        if isinstance(failure, Refused):
            return Refused(
                words=f"SendGrid answered {reply.status}: the API key may not schedule mail. It needs the rights "
                "mail.batch and user.scheduled_sends."
            )
        return failure


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
