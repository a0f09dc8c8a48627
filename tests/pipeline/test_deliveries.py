"""The report of an issue's copies."""

from __future__ import annotations

import pytest

from digest.compose.models import Issue, IssueState
from digest.config import Config, Keys
from digest.deliver.models import Batch, BatchState, Delivery, DeliveryState
from digest.errors import StateError
from digest.members.models import Member
from digest.pipeline.deliveries import TOP, WORDS, Opens, batch_lines, copies, issue_of, mask, report
from digest.pipeline.tally import count_due
from tests.deliver.issues import NOW, event, handed_over, post

pytestmark = pytest.mark.django_db


def test_every_state_has_words() -> None:
    assert set(WORDS) == set(DeliveryState)


def test_the_figures_add_up_and_every_refusal_is_explained(config: Config, keys: Keys) -> None:
    given = {"delivered": 3, "bounced": 3, "unknown": 2, "excluded": 2, "withdrawn": 1, "rejected": 1}
    issue = handed_over(keys, given, reasons={"excluded": "left the list", "rejected": "SendGrid answered 400: no."})
    bounced = list(Delivery.objects.filter(state="bounced"))
    for copy, words in zip(bounced, ("550 5.1.1 host a", "550 5.1.1 host b", "552 5.2.2 full"), strict=True):
        head = "no such mailbox (5.1.1)" if "5.1.1" in words else "the mailbox is full (5.2.2)"
        Delivery.objects.filter(pk=copy.pk).update(reason=f"{head} - {words}")
    found = report(config, issue)
    assert (found.number, found.recipients, found.taken, found.unknown_copies) == (736, 9, 6, 2)
    assert {line.state.value: line.count for line in found.lines} == given
    why = {line.state: line.reasons for line in found.lines}
    assert why[DeliveryState.BOUNCED] == (("no such mailbox (5.1.1)", 2), ("the mailbox is full (5.2.2)", 1))
    assert why[DeliveryState.EXCLUDED] == (("left the list", 2),)
    assert why[DeliveryState.WITHDRAWN] == (("no reason was given", 1),)
    assert found.opens is None


def test_only_the_most_frequent_reasons_are_named(config: Config, keys: Keys) -> None:
    issue = handed_over(keys, {"bounced": TOP + 3})
    for n, copy in enumerate(Delivery.objects.filter(issue=issue)):
        Delivery.objects.filter(pk=copy.pk).update(reason=f"reason {n}")
    (line,) = report(config, issue).lines
    assert (len(line.reasons), line.other) == (TOP, 3)


def test_an_unknown_request_says_what_else_is_known_of_it(config: Config, keys: Keys) -> None:
    issue = handed_over(keys, {"unknown": 3}, batch_state=BatchState.UNKNOWN)
    Batch.objects.update(answer="It timed out.")
    (batch,) = report(config, issue).unknown
    assert (batch.ordinal, batch.copies, batch.reported, batch.claimed_at) == (1, 3, 0, NOW)
    assert "activity log" in batch.todo
    post(keys, [event(Delivery.objects.order_by("pk")[0], "delivered")])
    (batch,) = report(config, issue).unknown
    assert (batch.copies, batch.reported) == (2, 1)
    assert "it took the request" in batch.todo


def test_each_request(keys: Keys) -> None:
    issue = handed_over(keys, {"delivered": 2, "unknown": 1}, batch_state=BatchState.UNKNOWN)
    (line,) = batch_lines(issue)
    assert (line.ordinal, line.attempt, line.state) == (1, 1, "unknown")
    assert line.copies == {"unknown": 1, "delivered": 2}


def test_opens_are_people_and_machines_apart(config: Config, keys: Keys) -> None:
    tracking = config.with_values(delivery=config.delivery.model_copy(update={"tracking": True}))
    issue = handed_over(keys, {"delivered": 4})
    a, b, c, _ = Delivery.objects.filter(issue=issue).order_by("pk")
    machine = {"sg_machine_open": True}
    post(
        keys,
        [
            *(event(a, "open", after=n) for n in (1, 2, 3)),
            event(a, "open", after=4, **machine),
            event(b, "open", **machine),
            event(c, "open", **machine),
            event(a, "click"),
        ],
        tracking=True,
    )
    assert report(tracking, issue).opens is None  # the clock has not counted them yet
    Issue.objects.filter(pk=issue.pk).update(released_at=issue.created_at)
    count_due(tracking, now=issue.created_at)
    assert report(tracking, issue).opens == Opens(opened=1, machines=2, clicked=1)
    assert report(config, issue).opens is None


def test_single_copies_are_masked_unless_asked_for(keys: Keys) -> None:
    issue = handed_over(keys, {"delivered": 1, "bounced": 2})
    Member.objects.filter(public_id="pid00003").update(email=None)
    assert [c.address for c in copies(issue, addresses=False)] == ["m***@example.org", "m***@example.org", ""]
    assert [c.address for c in copies(issue, DeliveryState.BOUNCED, addresses=True)] == ["m2@example.org", ""]
    assert [c.member for c in copies(issue, addresses=False, most=1)] == ["pid00001"]
    assert (mask("a@b.org"), mask(""), mask("no address")) == ("a***@b.org", "", "")


def test_which_issue(config: Config, keys: Keys) -> None:
    with pytest.raises(StateError, match="No issue has gone out"):
        issue_of(None)
    handed_over(keys, {"delivered": 1}, number=736, state=IssueState.SENT)
    second = handed_over(keys, {"delivered": 1}, number=737)
    assert issue_of(None) == second
    assert issue_of("737") == second
    with pytest.raises(StateError, match="no issue 99"):
        issue_of("99")
    assert report(config, handed_over(keys, {}, number=738)).lines == ()
