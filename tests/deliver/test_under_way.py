"""Who leaves is told of a copy that nobody can call back any more, and of no other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from digest.compose.models import Issue, IssueState
from digest.deliver.models import Delivery, DeliveryState, Edition
from digest.deliver.under_way import copy_under_way
from digest.members.models import Member
from tests.deliver.conftest import NOW, SUBJECT

Join = Callable[..., list[Member]]
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def copy(issue: Issue, edition: Edition, join: Join) -> Delivery:
    (member,) = join(1)
    return Delivery.objects.create(
        issue=issue, member=member, address_key=member.address_key, edition=edition, state="accepted", state_at=NOW
    )


def told(copy: Delivery, now: dt.datetime) -> str | None:
    return copy_under_way(copy.member.public_id, now=now)


@pytest.mark.parametrize("state", DeliveryState)
def test_by_its_state_a_minute_after(copy: Delivery, state: DeliveryState) -> None:
    Delivery.objects.update(state=state)
    possible = state in (DeliveryState.CLAIMED, DeliveryState.ACCEPTED, DeliveryState.UNKNOWN)
    assert told(copy, NOW + dt.timedelta(minutes=1)) == (SUBJECT if possible else None)


def test_what_was_accepted_long_ago_has_arrived(copy: Delivery) -> None:
    assert told(copy, NOW + HOUR) is None


@pytest.mark.parametrize("state", [IssueState.APPROVED, IssueState.HANDING_OVER])
def test_what_was_handed_over_ahead_is_under_way_until_the_issue_is_out(copy: Delivery, state: IssueState) -> None:
    Issue.objects.update(state=state)
    assert told(copy, NOW + 5 * HOUR) == SUBJECT
    Issue.objects.update(state=IssueState.RELEASED, released_at=NOW, send_at=NOW + 3 * HOUR)
    assert told(copy, NOW + 2 * HOUR) == SUBJECT
    assert told(copy, NOW + 3 * HOUR) is None


def test_another_members_copy_is_not_theirs(copy: Delivery, join: Join) -> None:
    (other,) = join(1, first=2)
    assert copy_under_way(other.public_id, now=NOW) is None
