"""Events applied to the ledger: every state, every consequence, and whose they are."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from digest.compose.models import Issue, IssueState
from digest.config import Keys
from digest.deliver.models import Batch, BatchState, Delivery, DeliveryState, ProviderEvent
from digest.deliver.receive import Received
from digest.deliver.settle import Verdict, settle_unknown
from digest.installation.models import Audit
from digest.members.address import address_key
from digest.members.leave import leave, return_
from digest.members.models import Member, MemberStatus, Suppression, SuppressionScope
from tests.deliver.issues import MINUTE, NOW, address, event, handed_over, post, states

pytestmark = pytest.mark.django_db
BOUNCE = {"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 <m1@example.org>: no such user"}


def copies(issue: Issue) -> list[Delivery]:
    return list(Delivery.objects.filter(issue=issue).select_related("member").order_by("pk"))


class TestStates:
    def test_each_event_moves_its_copy_and_is_kept_once(self, keys: Keys) -> None:
        issue = handed_over(keys, {"accepted": 5})
        a, b, c, d, e = copies(issue)
        raw = [
            event(a, "delivered"),
            event(b, "bounce", **BOUNCE),
            event(c, "dropped", reason="Bounced Address"),
            event(d, "spamreport"),
            event(e, "deferred"),
        ]
        assert post(keys, raw) == Received(stored=5, applied=5, moved=4)
        assert states(issue) == ["delivered", "bounced", "dropped", "complained", "accepted"]
        assert post(keys, raw) == Received()
        assert ProviderEvent.objects.count() == 5
        assert not ProviderEvent.objects.filter(applied_at__isnull=True).exists()

    def test_a_reason_is_kept_and_no_address(self, keys: Keys) -> None:
        issue = handed_over(keys, {"accepted": 1})
        post(keys, [event(*copies(issue), "bounce", **BOUNCE)])
        (copy,) = copies(issue)
        assert copy.reason == "no such mailbox (5.1.1) - 550 5.1.1 <(an address)>: no such user"
        assert copy.state_at == NOW + MINUTE  # the event's time, not the post's
        kept = repr([*ProviderEvent.objects.values(), *Suppression.objects.values(), *Audit.objects.values()])
        assert "m1@example.org" not in kept

    @pytest.mark.parametrize("name", ["processed", "delivered", "bounce"])
    def test_an_unknown_copy_is_settled_by_any_report(self, keys: Keys, name: str) -> None:
        issue = handed_over(keys, {"unknown": 2, "delivered": 1}, batch_state=BatchState.UNKNOWN)
        one, other, _ = copies(issue)
        post(keys, [event(one, name)])
        assert states(issue)[0] != "unknown"
        issue.refresh_from_db()
        assert (issue.state, Batch.objects.get().state) == (IssueState.RELEASED, BatchState.UNKNOWN)
        post(keys, [event(other, name)])
        issue.refresh_from_db()
        assert (issue.state, Batch.objects.get().state) == (IssueState.SENT, BatchState.ACCEPTED)
        assert Audit.objects.get(verb="issue.sent").actor == "provider"

    def test_an_issue_with_something_left_to_send_is_not_closed(self, keys: Keys) -> None:
        issue = handed_over(keys, {"unknown": 1, "pending": 1}, batch_state=BatchState.UNKNOWN)
        post(keys, [event(copies(issue)[0], "delivered")])
        issue.refresh_from_db()
        assert issue.state == IssueState.RELEASED

    def test_a_copy_that_was_declared_unsent_and_was_sent_is_not_sent_again(self, keys: Keys) -> None:
        issue = handed_over(keys, {"pending": 2}, batch_state=BatchState.PENDING)
        post(keys, [event(copies(issue)[0], "delivered")])
        assert states(issue) == ["delivered", "pending"]

    def test_a_late_bounce_without_a_message_id(self, keys: Keys) -> None:
        issue = handed_over(keys, {"delivered": 1})
        raw = event(*copies(issue), "bounce", **BOUNCE)
        del raw["sg_message_id"]
        post(keys, [raw])
        assert states(issue) == ["bounced"]
        assert Suppression.objects.get().source == "bounce"

    def test_histories_in_any_order_and_cut_anyhow_end_alike(self, keys: Keys) -> None:
        """The pure rule has its 500 (test_events.py); these go through the database, in posts."""
        ends = set()
        chance = random.Random(736)
        for round_ in range(12):
            issue = handed_over(keys, {"accepted": 3, "unknown": 1}, number=800 + round_)
            a, b, c, d = copies(issue)
            history: list[dict[str, Any]] = [
                *(event(x, "processed", after=1) for x in (a, b, c, d)),
                event(a, "delivered", after=2),
                event(a, "spamreport", after=90),
                event(b, "deferred", after=5),
                event(b, "bounce", after=40, **BOUNCE),
                event(b, "bounce", after=30, type="blocked", reason="later"),
                event(c, "delivered", after=2),
                event(d, "delivered", after=3),
            ]
            history += chance.choices(history, k=5)
            chance.shuffle(history)
            while history:
                size = chance.randint(1, 6)
                post(keys, history[:size])
                del history[:size]
            ends.add(
                tuple(Delivery.objects.filter(issue=issue).order_by("pk").values_list("state", "reason", "state_at"))
            )
        assert len(ends) == 1
        assert [state for state, _, _ in ends.pop()] == ["complained", "bounced", "delivered", "delivered"]

    def test_a_post_of_hundreds_takes_few_statements(self, keys: Keys) -> None:
        issue = handed_over(keys, {"accepted": 150})
        raw = [event(copy, name) for copy in copies(issue) for name in ("processed", "delivered")]
        with CaptureQueriesContext(connection) as queries:
            post(keys, raw)
        assert len(queries) < 15
        assert set(states(issue)) == {"delivered"}


class TestWhose:
    def test_an_event_of_no_delivery_of_ours_is_kept_unapplied(self, keys: Keys) -> None:
        issue = handed_over(keys, {"accepted": 1})
        (copy,) = copies(issue)
        raw = [event(copy, "delivered", delivery="999999"), event(copy, "delivered", delivery=None, after=9)]
        assert post(keys, raw) == Received(stored=2, applied=0, moved=0)
        assert states(issue) == ["accepted"]
        assert set(ProviderEvent.objects.values_list("delivery", "applied_at")) == {(None, None)}

    def test_an_event_about_somebody_else_is_not_believed(self, keys: Keys) -> None:
        """Another installation on the same account counts its deliveries from 1 as well."""
        issue = handed_over(keys, {"accepted": 1})
        (copy,) = copies(issue)
        post(keys, [event(copy, "bounce", email="stranger@example.net", **BOUNCE)])
        assert states(issue) == ["accepted"]
        assert not Suppression.objects.exists()
        kept = ProviderEvent.objects.get()
        assert kept.detail["issue"] == issue.pk
        assert kept.detail["address"] == address_key(keys, "stranger@example.net")

    def test_a_member_whose_address_changed_is_still_the_same(self, keys: Keys) -> None:
        issue = handed_over(keys, {"accepted": 2})
        old, new = copies(issue)
        for copy in (old, new):
            Member.objects.filter(pk=copy.member_id).update(
                email=f"new{copy.pk}@example.org", address_key=address_key(keys, f"new{copy.pk}@example.org")
            )
        post(
            keys,
            [
                event(old, "bounce", email=address(1), **BOUNCE),
                event(new, "bounce", email=f"NEW{new.pk}@example.org", **BOUNCE),
            ],
        )
        assert states(issue) == ["bounced", "bounced"]
        # The address that bounced, not the one given since.
        assert set(Suppression.objects.values_list("address_key", flat=True)) == {
            address_key(keys, address(1)),
            address_key(keys, f"new{new.pk}@example.org"),
        }

    def test_who_was_excluded_got_nothing_whatever_is_said(self, keys: Keys) -> None:
        issue = handed_over(keys, {"excluded": 1})
        post(keys, [event(*copies(issue), "delivered")])
        assert states(issue) == ["excluded"]
        assert ProviderEvent.objects.get().applied_at is None


class TestPeople:
    @pytest.mark.parametrize(
        ("name", "more", "source", "reason"),
        [
            ("bounce", BOUNCE, "bounce", "no such mailbox (5.1.1) - 550 5.1.1 <(an address)>: no such user"),
            ("spamreport", {}, "complaint", "reported it as spam"),
        ],
    )
    def test_a_bounce_and_a_complaint_suppress(
        self, keys: Keys, name: str, more: dict[str, str], source: str, reason: str
    ) -> None:
        issue = handed_over(keys, {"delivered": 1})
        raw = [event(*copies(issue), name, **more), event(*copies(issue), name, after=70, **more)]
        post(keys, raw)
        post(keys, [event(*copies(issue), name, after=80, **more)])
        row = Suppression.objects.get()
        assert (row.address_key, row.scope, row.source, row.reason, row.at) == (
            address_key(keys, address(1)),
            SuppressionScope.ALL,
            source,
            reason,
            NOW + 5 * MINUTE,
        )
        assert Audit.objects.get(verb="suppression.add").subject == f"suppression:{row.pk}"

    @pytest.mark.parametrize(
        ("name", "more"), [("bounce", {"type": "blocked"}), ("bounce", {}), ("dropped", {}), ("deferred", {})]
    )
    def test_what_speaks_against_the_mail_does_not(self, keys: Keys, name: str, more: dict[str, str]) -> None:
        issue = handed_over(keys, {"accepted": 1})
        post(keys, [event(*copies(issue), name, **more)])
        assert not Suppression.objects.exists()

    def test_a_report_older_than_a_persons_lifting_does_not_undo_it(self, keys: Keys) -> None:
        issue = handed_over(keys, {"accepted": 1})
        post(keys, [event(*copies(issue), "bounce", **BOUNCE)])
        Suppression.objects.update(lifted_at=NOW + 2 * MINUTE, lifted_by="ada", lifted_why="mended")
        post(keys, [event(*copies(issue), "bounce", after=70, **BOUNCE)])
        assert Suppression.objects.count() == 1
        post(keys, [event(*copies(issue), "bounce", after=600, **BOUNCE)])
        assert Suppression.objects.filter(lifted_at__isnull=True).count() == 1

    @pytest.mark.parametrize("name", ["unsubscribe", "group_unsubscribe"])
    def test_who_unsubscribes_with_the_provider_leaves_the_digest(self, keys: Keys, name: str) -> None:
        issue = handed_over(keys, {"accepted": 1})
        post(keys, [event(*copies(issue), name)])
        assert Member.objects.get().status == MemberStatus.LEFT
        assert states(issue) == ["delivered"]
        assert not Suppression.objects.exists()

    def test_who_came_back_since_stays(self, keys: Keys) -> None:
        issue = handed_over(keys, {"accepted": 1})
        (copy,) = copies(issue)
        leave(copy.member.public_id, how="page", now=NOW + 2 * MINUTE)
        return_(copy.member.public_id, how="page", now=NOW + 3 * MINUTE)
        post(keys, [event(copy, "unsubscribe", after=60)])
        assert Member.objects.get().status == MemberStatus.ACTIVE
        post(keys, [event(copy, "unsubscribe", after=240)])
        assert Member.objects.get().status == MemberStatus.LEFT


class TestTracking:
    def test_opens_and_clicks_are_not_even_stored(self, keys: Keys) -> None:
        issue = handed_over(keys, {"accepted": 1})
        assert post(keys, [event(*copies(issue), "open"), event(*copies(issue), "click")]) == Received()
        assert not ProviderEvent.objects.exists()
        assert states(issue) == ["accepted"]

    def test_with_tracking_on_they_are_and_a_machines_opens_are_told_apart(self, keys: Keys) -> None:
        issue = handed_over(keys, {"accepted": 2})
        one, other = copies(issue)
        raw = [
            event(one, "open"),
            event(other, "open", sg_machine_open=True),
            event(one, "click", url="https://example.org/private?me=1", ip="203.0.113.9", useragent="X"),
        ]
        post(keys, raw, tracking=True)
        assert sorted(ProviderEvent.objects.values_list("type", "detail__machine"), key=str) == [
            ("click", None),
            ("open", None),
            ("open", True),
        ]
        assert "203.0.113.9" not in repr(list(ProviderEvent.objects.values()))
        assert states(issue) == ["delivered", "delivered"]


class TestSecondCopies:
    def test_two_requests_for_one_copy_are_written_down_once(self, keys: Keys) -> None:
        issue = handed_over(keys, {"accepted": 2})
        one, other = copies(issue)
        post(keys, [event(x, name) for x in (one, other) for name in ("processed", "delivered")])
        assert not Audit.objects.filter(verb="delivery.second-copy").exists()
        second = {"sg_message_id": "request-2.filterdrecv-5b4-1-5F5FC76C-9.1"}
        post(keys, [event(one, "processed", after=90, **second)])
        post(keys, [event(one, "delivered", after=91, **second)])
        row = Audit.objects.get(verb="delivery.second-copy")
        assert (row.subject, row.detail) == (f"issue:{issue.pk}", {"delivery": one.pk})

    def test_a_copy_taken_back_and_handed_over_again_is_one(self, keys: Keys) -> None:
        """The provider had it twice; it left once."""
        issue = handed_over(keys, {"unknown": 1}, batch_state=BatchState.UNKNOWN)
        (copy,) = copies(issue)
        taken_back = event(copy, "processed"), event(copy, "dropped", after=61, reason="cancelled")
        settle_unknown(issue, Verdict.NOT_SENT, ordinal=None, why="taken back", actor="ada", now=NOW)
        post(keys, taken_back)
        assert states(issue) == ["pending"]
        (copy,) = copies(issue)
        second = {"sg_message_id": "request-2.recvd-9"}
        post(keys, [event(copy, "processed", after=90, **second), event(copy, "delivered", after=91, **second)])
        assert states(issue) == ["delivered"]
        assert not Audit.objects.filter(verb="delivery.second-copy").exists()

    def test_both_in_one_post(self, keys: Keys) -> None:
        issue = handed_over(keys, {"accepted": 1})
        (copy,) = copies(issue)
        post(keys, [event(copy, "delivered"), event(copy, "delivered", sg_message_id="request-2.recvd-9", after=61)])
        assert Audit.objects.filter(verb="delivery.second-copy").count() == 1

    def test_a_copy_that_was_not_sent_is_none(self, keys: Keys) -> None:
        issue = handed_over(keys, {"accepted": 1})
        (copy,) = copies(issue)
        post(keys, [event(copy, "delivered"), event(copy, "dropped", sg_message_id="request-2.recvd-9")])
        assert not Audit.objects.filter(verb="delivery.second-copy").exists()


def test_a_time_out_of_the_past_is_no_reason_to_fail(keys: Keys) -> None:
    issue = handed_over(keys, {"accepted": 1})
    post(keys, [event(*copies(issue), "delivered", timestamp=1)])
    assert Delivery.objects.get(state=DeliveryState.DELIVERED).state_at == dt.datetime(
        1970, 1, 1, 0, 0, 1, tzinfo=dt.UTC
    )
