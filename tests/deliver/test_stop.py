"""Stop and pause: what is taken back, what is gone, and that it goes on whatever dies in between."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from digest import pipeline
from digest.compose.models import Issue, IssueState
from digest.config import Config, Keys
from digest.deliver import lanes, ledger
from digest.deliver import stop as stopping
from digest.deliver.gate import turn_name
from digest.deliver.models import Batch, BatchState, Delivery, DeliveryState, Edition, Lane, LaneState
from digest.deliver.pause import pause, resume, why_paused
from digest.deliver.roll import Roll
from digest.deliver.send import deliver
from digest.deliver.stop import Stopped
from digest.errors import StateError, UsageError
from digest.installation.models import Audit
from digest.installation.turn import Turn
from digest.pipeline.stop import finish_stops
from tests.deliver.conftest import HAND_OVER, MINUTE, NOW, Ahead, Join, claim_one, copies, once_each
from tests.fakes.sendgrid import Answer, FakeSendGrid, Reset, Take

pytestmark = pytest.mark.django_db
Stop = Callable[..., Stopped]


@pytest.fixture
def stop(armed: Config, sendgrid_keys: Keys, sendgrid: FakeSendGrid, issue: Issue) -> Stop:
    def run(*, at=HAND_OVER, why: str = "the wrong link") -> Stopped:  # type: ignore[no-untyped-def]
        if at > sendgrid.now:
            sendgrid.turn_to(at)
        issue.refresh_from_db()
        return pipeline.stop(armed, sendgrid_keys, issue, why=why, actor="sam", now=at, clock=lambda: at)

    return run


class TestStop:
    def test_until_ten_minutes_before_nobody_gets_it(
        self,
        ahead: Ahead,
        armed: Config,
        stop: Stop,
        sendgrid: FakeSendGrid,
        join: Join,
        issue: Issue,
    ) -> None:
        join(60)
        ahead(armed)
        stopped = stop(at=NOW - 10 * MINUTE)
        assert stopped == Stopped(cancelled=60, gone=0, unknown=0, again=False)
        assert stopped.words == "60 copies will not go out."
        assert not copies(sendgrid)
        issue.refresh_from_db()
        assert (issue.state, issue.reason, issue.stopped_at) == ("stopped", "the wrong link", NOW - 10 * MINUTE)
        assert set(Lane.objects.values_list("state", flat=True)) == {LaneState.CANCELLED}
        assert ledger.counts(issue) == {"cancelled": 60}
        assert Audit.objects.get(verb="issue.stop").detail == {"why": "the wrong link"}

    def test_later_it_says_what_is_gone(
        self,
        ahead: Ahead,
        armed: Config,
        stop: Stop,
        sendgrid: FakeSendGrid,
        join: Join,
        issue: Issue,
    ) -> None:
        members = join(60)
        sendgrid.then(*[Take()] * 4, Answer(429))
        ahead(armed)
        accepted = ledger.counts(issue)["accepted"]
        stopped = stop(at=NOW - 9 * MINUTE)
        assert (stopped.cancelled, stopped.gone, stopped.unknown) == (60 - accepted, accepted, 0)
        assert f"{accepted} copies can no longer be stopped" in stopped.words
        assert stopped.problems == ("A part of the issue could not be taken back. It is too late to take it back.",)
        assert not stopped.again
        arrived = copies(sendgrid)
        assert sum(arrived.values()) == accepted
        assert set(arrived) <= set(once_each(members))

    def test_an_issue_that_was_not_handed_over_yet(self, stop: Stop, join: Join, issue: Issue) -> None:
        join(3)
        Issue.objects.update(state=IssueState.APPROVED)
        assert stop() == Stopped(cancelled=0, gone=0, unknown=0, again=False)
        issue.refresh_from_db()
        assert issue.state == IssueState.STOPPED

    def test_what_was_never_handed_over_is_cancelled(
        self,
        armed: Config,
        stop: Stop,
        join: Join,
        issue: Issue,
        edition: Edition,
    ) -> None:
        join(12)
        ledger.freeze(armed, issue, edition, now=HAND_OVER)
        assert stop().cancelled == 12
        assert set(Batch.objects.values_list("state", flat=True)) == {BatchState.CANCELLED}
        assert ledger.reasons(issue, DeliveryState.CANCELLED) == [(stopping.STOPPED_WORDS, 12)]

    def test_a_sender_at_work_hands_nothing_more_over(
        self,
        armed: Config,
        stop: Stop,
        sendgrid: FakeSendGrid,
        sendgrid_keys: Keys,
        join: Join,
        issue: Issue,
        edition: Edition,
    ) -> None:
        join(60)
        done: list[Stopped] = []

        def clock():  # type: ignore[no-untyped-def]
            if len(sendgrid.accepted) >= 20 and not done:
                done.append(stop())
            return HAND_OVER

        deliver(armed, sendgrid_keys, issue, edition, now=HAND_OVER, owner="sender", send_at=NOW, clock=clock)
        assert done
        assert not copies(sendgrid)
        pipeline.stop(armed, sendgrid_keys, issue, why="x", actor="sam", now=HAND_OVER, clock=lambda: HAND_OVER)
        assert ledger.counts(issue) == {"cancelled": 60}

    def test_an_unknown_request_is_taken_back_with_the_others(
        self,
        ahead: Ahead,
        armed: Config,
        stop: Stop,
        sendgrid: FakeSendGrid,
        join: Join,
    ) -> None:
        join(30)
        sendgrid.then(Take(), Take(500))
        assert ahead(armed).counts == {"accepted": 25, "unknown": 5}
        assert stop() == Stopped(cancelled=30, gone=0, unknown=0, again=False)
        assert not copies(sendgrid)

    def test_what_is_not_confirmed_is_asked_again_by_the_clock(
        self,
        ahead: Ahead,
        armed: Config,
        stop: Stop,
        sendgrid: FakeSendGrid,
        sendgrid_keys: Keys,
        join: Join,
    ) -> None:
        join(30)
        ahead(armed)
        sendgrid.then(Reset(), on="cancel")
        stopped = stop()
        assert stopped.again
        assert "asked again" in stopped.problems[0]
        at = HAND_OVER + MINUTE
        said = finish_stops(armed, sendgrid_keys, now=at)
        assert said == ["Issue 736 is stopped. 30 copies will not go out."]
        assert not copies(sendgrid)
        assert finish_stops(armed, sendgrid_keys, now=at) == []

    def test_what_a_dead_sender_had_claimed_is_unknown(
        self, armed: Config, stop: Stop, issue: Issue, edition: Edition, join: Join
    ) -> None:
        join(10)
        ledger.freeze(armed, issue, edition, now=HAND_OVER)
        claim_one(issue, Roll(kind=issue.kind, day=NOW.date()), owner="dead", now=HAND_OVER)
        stopped = stop()
        assert (stopped.cancelled, stopped.unknown, stopped.again) == (5, 5, False)
        assert ledger.counts(issue) == {"cancelled": 5, "unknown": 5}

    def test_what_a_sender_at_work_has_claimed_is_its_own_to_settle(
        self, armed: Config, sendgrid_keys: Keys, stop: Stop, issue: Issue, edition: Edition, join: Join
    ) -> None:
        join(10)
        ledger.freeze(armed, issue, edition, now=HAND_OVER)
        turn = Turn.take(turn_name(issue.pk), owner="at work", now=HAND_OVER, seconds=100)
        assert turn is not None
        claim_one(issue, Roll(kind=issue.kind, day=NOW.date()), owner=turn.owner, now=HAND_OVER)
        stopped = stop()
        assert ledger.counts(issue) == {"claimed": 5, "cancelled": 5}
        assert stopped.again
        turn.end()  # and it dies without a word
        at = HAND_OVER + MINUTE
        finish_stops(armed, sendgrid_keys, now=at, clock=lambda: at)
        assert ledger.counts(issue) == {"cancelled": 5, "unknown": 5}

    @pytest.mark.parametrize("step", ["ask", "settle", "close_batches"])
    def test_broken_off_at_any_step_it_goes_on(
        self,
        ahead: Ahead,
        armed: Config,
        stop: Stop,
        sendgrid: FakeSendGrid,
        join: Join,
        monkeypatch: pytest.MonkeyPatch,
        step: str,
    ) -> None:
        join(30)
        ahead(armed)
        real = getattr(lanes, step)

        def dies(*args: object, **kw: object) -> object:
            if step == "ask":
                real(*args, **kw)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(lanes, step, dies)
            with pytest.raises(KeyboardInterrupt):
                stop()
        assert stop(at=HAND_OVER + MINUTE) == Stopped(cancelled=30, gone=0, unknown=0, again=False)
        assert not copies(sendgrid)

    def test_what_the_provider_reported_already_is_past_taking_back(
        self,
        ahead: Ahead,
        armed: Config,
        stop: Stop,
        join: Join,
    ) -> None:
        join(10)
        ahead(armed)
        gone = Delivery.objects.order_by("pk").values("pk")[:1]
        Delivery.objects.filter(pk__in=[row["pk"] for row in gone]).update(state=DeliveryState.DELIVERED)
        assert stop() == Stopped(cancelled=9, gone=1, unknown=0, again=False)

    @pytest.mark.parametrize(("state", "words"), [("sent", "every copy is out"), ("draft", "nothing to stop")])
    def test_of_others_there_is_nothing_to_stop(self, stop: Stop, issue: Issue, state: str, words: str) -> None:
        Issue.objects.update(state=state)
        with pytest.raises(StateError, match=words):
            stop()

    def test_it_wants_a_reason(self, stop: Stop) -> None:
        with pytest.raises(UsageError, match="reason"):
            stop(why="  ")
        assert Issue.objects.get().state == IssueState.HANDING_OVER


class TestPause:
    def test_nothing_is_claimed_until_it_is_resumed(
        self,
        ahead: Ahead,
        armed: Config,
        sendgrid: FakeSendGrid,
        join: Join,
    ) -> None:
        members = join(12)
        assert pause(why="a question.", actor="sam", now=HAND_OVER)
        assert not pause(why="another", actor="kim", now=HAND_OVER)
        report = ahead(armed)
        assert report.counts == {"pending": 12}
        assert report.problems == ("Sending is paused since Mon 12 Feb 08:30 GMT, by sam. Why: a question.",)
        assert sendgrid.requests == []
        assert resume(actor="kim", now=HAND_OVER)
        assert not resume(actor="kim", now=HAND_OVER)
        assert why_paused(armed) == ""
        assert ahead(armed, owner="again").settled
        assert copies(sendgrid) == once_each(members)
        assert list(Audit.objects.filter(verb__startswith="sending").values_list("verb", "actor")) == [
            ("sending.pause", "sam"),
            ("sending.resume", "kim"),
        ]

    def test_a_sender_at_work_heeds_it(
        self,
        armed: Config,
        sendgrid: FakeSendGrid,
        sendgrid_keys: Keys,
        join: Join,
        issue: Issue,
        edition: Edition,
    ) -> None:
        members = join(60)

        def clock():  # type: ignore[no-untyped-def]
            if len(sendgrid.accepted) >= 20:
                pause(why="", actor="sam", now=HAND_OVER)
            return HAND_OVER

        report = deliver(armed, sendgrid_keys, issue, edition, now=HAND_OVER, owner="me", send_at=NOW, clock=clock)
        assert report.counts["accepted"] < 45
        assert set(report.counts) == {"accepted", "pending"}
        resume(actor="sam", now=HAND_OVER)
        deliver(armed, sendgrid_keys, issue, edition, now=HAND_OVER, owner="b", send_at=NOW, clock=lambda: HAND_OVER)
        assert copies(sendgrid) == once_each(members)


class TestFence:
    def test_who_lost_the_turn_claims_nothing_more(
        self,
        armed: Config,
        sendgrid: FakeSendGrid,
        sendgrid_keys: Keys,
        join: Join,
        issue: Issue,
        edition: Edition,
    ) -> None:
        from digest.installation.models import Lease

        join(60)

        def clock():  # type: ignore[no-untyped-def]
            if len(sendgrid.accepted) >= 20:
                Lease.objects.filter(name=f"deliver:{issue.pk}").update(owner="another", fence=99)
            return HAND_OVER

        report = deliver(armed, sendgrid_keys, issue, edition, now=HAND_OVER, owner="me", send_at=NOW, clock=clock)
        assert report.counts["accepted"] < 45
        assert report.counts["pending"] > 15
        assert "Another process took over" in report.problems[0]
