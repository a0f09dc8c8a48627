"""An issue that was handed over, with as many copies in each state as a test asks for, and events about them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any

from digest.compose.models import Issue, IssueState, Number, NumberKind
from digest.config import Keys
from digest.deliver.models import Batch, BatchState, Delivery, DeliveryState, Edition
from digest.deliver.providers.sendgrid_events import read_post
from digest.deliver.receive import Received, receive
from digest.members.address import address_key
from digest.members.models import Member

NOW = dt.datetime(2024, 2, 12, 9, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def handed_over(
    keys: Keys,
    copies: Mapping[str, int],
    *,
    number: int = 736,
    state: IssueState = IssueState.RELEASED,
    batch_state: BatchState = BatchState.ACCEPTED,
    reasons: Mapping[str, str] | None = None,
    first: int = 1,
) -> Issue:
    """Issue 736 with one batch, and `copies` of it: `{"accepted": 3, "unknown": 2}`, to m1@example.org and on."""
    day = dt.date(2024, 2, 12) + dt.timedelta(weeks=number - 736)
    issue = Issue.objects.create(
        slot=day,
        title_date=day,
        window_start=NOW,
        planned_cutoff=NOW - dt.timedelta(hours=2),
        state=state,
        released_at=NOW,
        merge_tag="dg",
        created_at=NOW,
    )
    Number.objects.create(number=number, kind=NumberKind.ISSUED, issue=issue, actor="test", at=NOW)
    edition = Edition.objects.create(
        issue=issue,
        document_sha="d",
        fingerprint="f",
        key="full",
        subject=f"Issue {number}",
        html="<p>News</p>",
        text="News",
        sha256="e",
        bytes=11,
        created_at=NOW,
    )
    batch = Batch.objects.create(issue=issue, edition=edition, ordinal=1, state=batch_state, claimed_at=NOW)
    n = first
    for name, count in copies.items():
        for _ in range(count):
            excluded = name == DeliveryState.EXCLUDED
            Delivery.objects.create(
                issue=issue,
                member=member(keys, n),
                address_key=address_key(keys, address(n)),
                edition=None if excluded else edition,
                batch=None if excluded else batch,
                state=name,
                reason=(reasons or {}).get(name, ""),
                state_at=NOW,
            )
            n += 1
    return issue


def address(n: int) -> str:
    return f"m{n}@example.org"


def member(keys: Keys, n: int) -> Member:
    found, _ = Member.objects.get_or_create(
        public_id=f"pid{n:05}",
        defaults={"email": address(n), "address_key": address_key(keys, address(n)), "joined_at": NOW},
    )
    return found


def event(delivery: Delivery, name: str, /, *, after: int = 60, **more: Any) -> dict[str, Any]:
    """What SendGrid posts of this copy, `after` so many seconds; `more` replaces or adds."""
    return {
        "email": delivery.member.email,
        "timestamp": int(NOW.timestamp()) + after,
        "event": name,
        "sg_event_id": f"{name}-{delivery.pk}-{after}",
        "sg_message_id": f"request-1.filterdrecv-5b4-1-5F5FC76C-9.{delivery.pk}",
        "batch": str(delivery.batch_id),
        "delivery": str(delivery.pk),
        **more,
    }


def post(
    keys: Keys, raw: Iterable[object], *, tracking: bool = False, now: dt.datetime = NOW + 5 * MINUTE
) -> Received:
    """As the hook does it once the signature holds."""
    read = read_post(json.dumps(list(raw)).encode(), keys)
    assert read is not None
    return receive(read.events, tracking=tracking, now=now)


def states(issue: Issue) -> list[str]:
    return list(Delivery.objects.filter(issue=issue).order_by("pk").values_list("state", flat=True))
