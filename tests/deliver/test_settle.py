"""A person's word on copies that are unknown."""

from __future__ import annotations

import datetime as dt

import pytest

from digest.compose.models import Issue, IssueState
from digest.config import Config, Keys
from digest.deliver.claim import Claimer
from digest.deliver.models import Batch, BatchState, Delivery, DeliveryState
from digest.deliver.roll import Roll
from digest.deliver.settle import Settled, Verdict, settle_unknown
from digest.errors import StateError, UsageError
from digest.installation.models import Audit
from tests.deliver.issues import MINUTE, NOW, event, handed_over, post, states

pytestmark = pytest.mark.django_db
LATER = NOW + 20 * MINUTE


def settle(issue: Issue, verdict: Verdict, *, ordinal: int | None = None, expected: int | None = None) -> Settled:
    return settle_unknown(
        issue, verdict, ordinal=ordinal, why="the activity log", actor="ada@example.org", now=LATER, expected=expected
    )


@pytest.fixture
def issue(keys: Keys) -> Issue:
    return handed_over(keys, {"delivered": 1, "unknown": 2}, batch_state=BatchState.UNKNOWN)


def test_sent_makes_them_accepted_and_closes_the_issue(issue: Issue) -> None:
    assert settle(issue, Verdict.SENT) == Settled(copies=2, batches=(1,), closed=True)
    assert states(issue) == ["delivered", "accepted", "accepted"]
    assert set(Delivery.objects.filter(state="accepted").values_list("reason", "state_at")) == {
        ("A person settled it as sent: the activity log", LATER)
    }
    assert Batch.objects.get().state == BatchState.ACCEPTED
    assert issue.state == IssueState.SENT


def test_not_sent_makes_a_new_request_of_them_and_of_them_alone(issue: Issue) -> None:
    Batch.objects.update(answer="It timed out.")
    assert settle(issue, Verdict.NOT_SENT) == Settled(copies=2, batches=(1,), closed=False)
    assert states(issue) == ["delivered", "pending", "pending"]
    old, new = Batch.objects.order_by("attempt")
    assert (old.state, old.answer) == (
        BatchState.CANCELLED,
        "It timed out. A person settled it as not-sent: the activity log",
    )
    assert (new.state, new.ordinal, new.attempt, new.parent) == (BatchState.PENDING, 1, 2, old)
    (claim,) = Claimer(issue, owner="me").claim(Roll(kind=issue.kind, day=LATER.date()), now=LATER)
    assert [a.email for a in claim.addressees] == ["m2@example.org", "m3@example.org"]


def test_a_report_that_comes_before_they_are_sent_again_takes_them_out(keys: Keys, issue: Issue) -> None:
    late = Delivery.objects.filter(state="unknown").order_by("pk")[0]
    raw = event(late, "delivered")
    settle(issue, Verdict.NOT_SENT)
    post(keys, [raw], now=LATER)
    (claim,) = Claimer(issue, owner="me").claim(Roll(kind=issue.kind, day=LATER.date()), now=LATER)
    assert [a.email for a in claim.addressees] == ["m3@example.org"]


def test_the_trail_says_who_what_and_why(issue: Issue) -> None:
    settle(issue, Verdict.SENT)
    row = Audit.objects.get(verb="delivery.settle")
    assert (row.actor, row.subject, row.at) == ("ada@example.org", f"issue:{issue.pk}", LATER)
    assert row.detail == {"verdict": "sent", "copies": 2, "batches": [1], "why": "the activity log"}


def test_one_batch_of_several(issue: Issue) -> None:
    second = Batch.objects.create(
        issue=issue, edition=Batch.objects.get().edition, ordinal=2, state=BatchState.UNKNOWN, claimed_at=NOW
    )
    last = Delivery.objects.order_by("-pk")[0]
    Delivery.objects.filter(pk=last.pk).update(batch=second)
    assert settle(issue, Verdict.SENT, ordinal=2) == Settled(copies=1, batches=(2,), closed=False)
    assert states(issue) == ["delivered", "unknown", "accepted"]
    assert dict(Batch.objects.values_list("ordinal", "state")) == {1: "unknown", 2: "accepted"}
    with pytest.raises(StateError, match="No copy in batch 2 is unknown"):
        settle(issue, Verdict.NOT_SENT, ordinal=2)
    assert settle(issue, Verdict.SENT).closed


@pytest.mark.parametrize("verdict", list(Verdict))
def test_twice_is_once(issue: Issue, verdict: Verdict) -> None:
    settle(issue, verdict)
    before = states(issue), Batch.objects.count(), Audit.objects.count()
    with pytest.raises(StateError, match="nothing to settle"):
        settle(issue, verdict)
    assert (states(issue), Batch.objects.count(), Audit.objects.count()) == before


def test_what_was_settled_meanwhile_is_not_settled_by_an_old_page(keys: Keys, issue: Issue) -> None:
    first = Delivery.objects.filter(state="unknown").order_by("pk")[0]
    post(keys, [event(first, "delivered")])
    with pytest.raises(StateError, match="The unknown copies are 1 now, not 2"):
        settle(issue, Verdict.NOT_SENT, expected=2)
    assert states(issue) == ["delivered", "delivered", "unknown"]
    assert settle(issue, Verdict.NOT_SENT, expected=1).copies == 1


@pytest.mark.parametrize("state", [IssueState.STOPPED, IssueState.SENT])
def test_not_sent_where_nothing_is_sent_any_more(issue: Issue, state: IssueState) -> None:
    Issue.objects.update(state=state)
    with pytest.raises(StateError, match=f"The issue is {state}"):
        settle(issue, Verdict.NOT_SENT)
    assert states(issue) == ["delivered", "unknown", "unknown"]
    assert settle(issue, Verdict.SENT).copies == 2  # the truth can be written down at any time


def test_it_wants_a_reason(issue: Issue) -> None:
    with pytest.raises(UsageError, match="how you know"):
        settle_unknown(issue, Verdict.SENT, ordinal=None, why=" \n ", actor="ada", now=LATER)
    assert DeliveryState.UNKNOWN in states(issue)


def test_a_settled_issue_goes_out_with_the_clock(keys: Keys, issue: Issue, config: Config, now: dt.datetime) -> None:
    """`pending` again, it is what any sending picks up."""
    settle(issue, Verdict.NOT_SENT)
    claimer = Claimer(issue, owner="other")
    assert [len(c.addressees) for c in claimer.claim(Roll(kind=issue.kind, day=now.date()), most=5, now=now)] == [2]
    assert states(issue) == ["delivered", "claimed", "claimed"]
