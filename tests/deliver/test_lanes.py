"""Handed over ahead of its time, in lanes; what is unknown is taken back and handed over again, once each."""

from __future__ import annotations

import datetime as dt

import pytest

from digest.compose.models import Issue, IssueState
from digest.config import Config, Keys
from digest.deliver import lanes, ledger
from digest.deliver.freeze import LANES
from digest.deliver.lanes import Verdict, verdict
from digest.deliver.models import Batch, Delivery, Edition, Lane, LaneState
from digest.deliver.providers import Accepted, NotSent, Refused, Rejected, Unknown
from digest.deliver.providers.base import MOST_CANCELLED
from digest.deliver.recover import room_for
from digest.deliver.send import DeliveryReport, deliver
from digest.errors import StorageError
from tests.deliver.conftest import HAND_OVER, MINUTE, NOW, Ahead, Join, copies, once_each
from tests.fakes.sendgrid import Answer, FakeSendGrid, Reset, Take

pytestmark = pytest.mark.django_db


class TestAhead:
    def test_it_waits_at_the_provider_until_its_time(
        self, ahead: Ahead, armed: Config, sendgrid: FakeSendGrid, join: Join, issue: Issue
    ) -> None:
        members = join(60)
        report = ahead(armed)
        assert report == DeliveryReport(counts={"accepted": 60}, settled=True)
        assert {copy.send_at for copy in sendgrid.accepted} == {NOW}
        assert copies(sendgrid) == once_each(members)
        assert sendgrid.violations == []

    def test_batches_take_turns_in_lanes_of_one_id_each(
        self, ahead: Ahead, armed: Config, sendgrid: FakeSendGrid, join: Join, issue: Issue
    ) -> None:
        join(60)
        ahead(armed)
        assert Lane.objects.count() == LANES == len(sendgrid.batch_ids)
        ids = dict(Lane.objects.values_list("number", "provider_batch_id"))
        for batch in Batch.objects.all():
            assert batch.lane == batch.ordinal % LANES
            assert batch.provider_batch_id == ids[batch.lane]
        assert {request["batch_id"] for request in sendgrid.requests} == set(ids.values())

    def test_a_small_list_draws_no_more_ids_than_it_has_batches(
        self, ahead: Ahead, armed: Config, sendgrid: FakeSendGrid, join: Join
    ) -> None:
        join(7)
        ahead(armed)
        assert len(sendgrid.batch_ids) == 2

    def test_a_key_that_may_not_schedule_waits_for_the_time_of_sending(
        self,
        ahead: Ahead,
        armed: Config,
        sendgrid: FakeSendGrid,
        sendgrid_keys: Keys,
        join: Join,
        issue: Issue,
        edition: Edition,
    ) -> None:
        members = join(12)
        sendgrid.may_schedule = False
        report = ahead(armed)
        assert (report.counts, report.resume_at) == ({"pending": 12}, NOW)
        assert "user.scheduled_sends" in report.problems[0]
        assert "handed over at the time of sending" in report.problems[1]
        sendgrid.turn_to(NOW)
        deliver(armed, sendgrid_keys, issue, edition, now=NOW, owner="x", clock=lambda: NOW)
        assert copies(sendgrid) == once_each(members)

    @pytest.mark.parametrize("behaviour", [Answer(500), Reset(), Answer(201, b"{}"), Answer(201, b"[")])
    def test_an_id_that_cannot_be_drawn_is_drawn_a_little_later(
        self, ahead: Ahead, armed: Config, sendgrid: FakeSendGrid, join: Join, behaviour: Answer | Reset
    ) -> None:
        join(3)
        sendgrid.then(behaviour, on="batch")
        report = ahead(armed)
        assert (report.counts, report.resume_at) == ({"pending": 3}, HAND_OVER + dt.timedelta(seconds=30))
        assert ahead(armed, at=HAND_OVER + MINUTE, owner="later").settled

    def test_nothing_is_handed_over_ahead_once_its_time_has_come(
        self, armed: Config, sendgrid: FakeSendGrid, sendgrid_keys: Keys, join: Join, issue: Issue, edition: Edition
    ) -> None:
        join(30)

        def clock() -> dt.datetime:
            return HAND_OVER if len(sendgrid.accepted) < 10 else NOW

        report = deliver(armed, sendgrid_keys, issue, edition, now=HAND_OVER, owner="me", send_at=NOW, clock=clock)
        assert 0 < report.counts["pending"] < 30
        assert all(copy.send_at == NOW for copy in sendgrid.accepted)

    def test_killed_in_between_it_goes_on_in_the_same_lanes(
        self, ahead: Ahead, armed: Config, sendgrid: FakeSendGrid, join: Join, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        members = join(60)

        def killed(*_args: object, **_kw: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(ledger, "accept", killed)
            with pytest.raises(KeyboardInterrupt):
                ahead(armed)
        report = ahead(armed, owner="after")
        assert len(sendgrid.batch_ids) == LANES
        unknown = report.counts.pop("unknown")  # what was under way: not proven, so it is left to a person
        assert report.counts == {"accepted": 60 - unknown}
        assert copies(sendgrid) == once_each(members)


class TestTakingBack:
    @pytest.mark.parametrize(
        "fault", [Take(500), Answer(500), Reset(take=True), Reset(), Take(202, b"x", promised=9)]
    )
    def test_an_unknown_request_is_taken_back_with_its_lane(
        self, ahead: Ahead, proven: Config, sendgrid: FakeSendGrid, join: Join, fault: Take | Answer | Reset
    ) -> None:
        members = join(60)
        sendgrid.then(Take(), Take(), Take(), fault)
        report = ahead(proven)
        assert report.counts == {"accepted": 60}
        assert report.settled
        assert "A lane with an unknown answer was taken back, and is handed over again." in report.problems
        assert (
            list(Lane.objects.values_list("state", flat=True).filter(attempt=1).order_by("number")).count(
                LaneState.CANCELLED
            )
            == 1
        )
        assert Lane.objects.filter(attempt=2, state=LaneState.OPEN).count() == 1
        assert copies(sendgrid) == once_each(members)
        assert sendgrid.violations == []

    def test_without_the_proof_it_stays_unknown(
        self, ahead: Ahead, armed: Config, sendgrid: FakeSendGrid, join: Join
    ) -> None:
        join(30)
        sendgrid.then(Take(), Take(500))
        report = ahead(armed)
        assert report.counts == {"accepted": 25, "unknown": 5}
        assert "digest doctor --prove-cancel" in report.problems[1]
        assert sendgrid.statuses == {}

    def test_a_proof_for_another_key_is_none(
        self, ahead: Ahead, proven: Config, sendgrid: FakeSendGrid, join: Join
    ) -> None:
        from digest.installation.models import Installation

        Installation.objects.update(cancel_proof={"proven": "0" * 64})
        join(30)
        sendgrid.then(Take(), Take(500))
        assert ahead(proven).counts == {"accepted": 25, "unknown": 5}

    @pytest.mark.parametrize(("before", "taken_back"), [(11, True), (10, False), (1, False)])
    def test_only_while_there_is_time(
        self, ahead: Ahead, proven: Config, sendgrid: FakeSendGrid, join: Join, before: int, taken_back: bool
    ) -> None:
        members = join(30)
        sendgrid.then(Take(), Take(500))
        report = ahead(proven, at=NOW - before * MINUTE)
        assert report.counts == ({"accepted": 30} if taken_back else {"accepted": 25, "unknown": 5})
        assert ("It is too late to take back" in " ".join(report.problems)) is not taken_back
        assert copies(sendgrid) == once_each(members)

    def test_a_cancellation_that_is_not_confirmed_stays_a_question_and_is_asked_again(
        self, ahead: Ahead, proven: Config, sendgrid: FakeSendGrid, join: Join
    ) -> None:
        members = join(30)
        sendgrid.then(Take(), Take(500))
        sendgrid.then(Reset(), on="cancel")
        report = ahead(proven)
        assert report.counts == {"accepted": 25, "unknown": 5}
        assert not report.settled
        assert Lane.objects.filter(state=LaneState.CANCELLING).count() == 1
        assert ahead(proven, at=HAND_OVER + MINUTE, owner="later").counts == {"accepted": 30}
        assert copies(sendgrid) == once_each(members)

    def test_an_answer_that_got_lost_on_the_way_is_found_by_asking(
        self, ahead: Ahead, proven: Config, sendgrid: FakeSendGrid, join: Join
    ) -> None:
        members = join(30)
        sendgrid.then(Take(), Take(500))
        sendgrid.then(Reset(take=True), on="cancel")
        assert ahead(proven).counts == {"accepted": 30}
        assert copies(sendgrid) == once_each(members)

    def test_a_clear_no_leaves_the_lane_as_it_was(
        self, ahead: Ahead, proven: Config, sendgrid: FakeSendGrid, join: Join
    ) -> None:
        join(30)
        sendgrid.then(Take(), Take(500))
        sendgrid.then(Answer(400, b"{}"), on="cancel")
        assert ahead(proven).counts == {"accepted": 25, "unknown": 5}
        assert set(Lane.objects.values_list("state", flat=True)) == {LaneState.OPEN}

    def test_never_confirmed_means_unknown_for_the_whole_lane(
        self,
        ahead: Ahead,
        proven: Config,
        sendgrid: FakeSendGrid,
        join: Join,
        sendgrid_keys: Keys,
        issue: Issue,
        edition: Edition,
    ) -> None:
        members = join(60)
        sendgrid.then(Take(), Take(500))
        sendgrid.then(*[Reset(take=True)] * 9, on="cancel")
        sendgrid.then(*[Answer(500)] * 60, on="status")
        # The list of what is cancelled is asked for first, and answers; the confirmation never does.
        sendgrid._next["status"].appendleft(Answer(200, b"[]"))
        assert ahead(proven).counts == {"accepted": 55, "unknown": 5}
        for minutes in range(1, 30):
            ahead(proven, at=HAND_OVER + minutes * MINUTE, owner=f"ring {minutes}")
        sendgrid.turn_to(NOW)
        report = deliver(proven, sendgrid_keys, issue, edition, now=NOW, owner="x", clock=lambda: NOW)
        lost = Lane.objects.get(state=LaneState.LOST)
        unknown = Delivery.objects.filter(batch__provider_batch_id=lost.provider_batch_id)
        assert set(unknown.values_list("state", flat=True)) == {"unknown"}
        assert report.counts == {"accepted": 60 - unknown.count(), "unknown": unknown.count()}
        arrived = copies(sendgrid)
        assert max(arrived.values()) == 1
        known = set(Delivery.objects.filter(state="accepted").values_list("member__email", flat=True))
        assert known == set(arrived)
        assert len(members) == 60

    def test_it_keeps_enough_for_stopping_the_issue(
        self, ahead: Ahead, proven: Config, sendgrid: FakeSendGrid, join: Join
    ) -> None:
        members = join(60)
        for number in range(4):
            sendgrid.statuses[f"another's {number}"] = "pause"
        sendgrid.then(Take(), *[Take(500), Take()] * 2)
        one_by_one = proven.delivery.sendgrid.model_copy(
            update={"connections": 1}
        )  # so that two lanes are hit for sure
        proven = proven.with_values(delivery=proven.delivery.model_copy(update={"sendgrid": one_by_one}))
        report = ahead(proven)
        assert report.counts["unknown"] == 5  # one of two lanes could be taken back: 4 + 1 + 5 make ten
        assert "kept for stopping the issue" in " ".join(report.problems)
        assert copies(sendgrid) == once_each(members)

    def test_cancellations_of_past_issues_are_forgotten_in_time(
        self, ahead: Ahead, proven: Config, sendgrid: FakeSendGrid, join: Join, issue: Issue
    ) -> None:
        week_ago = NOW - dt.timedelta(days=7)
        past = Issue.objects.create(
            kind="announcement", title_date=week_ago.date(), state=IssueState.SENT, created_at=week_ago
        )
        for number in range(MOST_CANCELLED):
            old = sendgrid.draw()
            sendgrid.cancel({"batch_id": old, "status": "cancel"})
            Lane.objects.create(
                issue=past,
                number=90 + number,
                provider_batch_id=old,
                send_at=week_ago,
                state=LaneState.CANCELLED,
                opened_at=week_ago,
            )
        members = join(30)
        sendgrid.then(Take(), Take(500))
        assert ahead(proven).counts == {"accepted": 30}
        assert copies(sendgrid) == once_each(members)

    def test_who_left_meanwhile_is_not_handed_over_again(
        self, ahead: Ahead, proven: Config, sendgrid: FakeSendGrid, join: Join, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from digest.members.leave import leave

        members = join(30)
        sendgrid.then(Take(), Take(500))
        real = lanes.close_batches

        def closing(issue: Issue, *, now: dt.datetime) -> None:
            leave(members[5].public_id, how="one-click", now=now)
            real(issue, now=now)

        monkeypatch.setattr(lanes, "close_batches", closing)
        report = ahead(proven)
        arrived = copies(sendgrid)
        if report.counts.get("withdrawn"):
            assert str(members[5].email) not in arrived
        assert max(arrived.values()) == 1
        assert sum(report.counts.values()) == 30

    @pytest.mark.parametrize("step", ["ask", "settle", "close_batches"])
    def test_killed_at_any_step_of_taking_back(
        self,
        ahead: Ahead,
        proven: Config,
        sendgrid: FakeSendGrid,
        join: Join,
        monkeypatch: pytest.MonkeyPatch,
        step: str,
    ) -> None:
        members = join(60)
        sendgrid.then(Take(), Take(500))
        real = getattr(lanes, step)

        def dies(*args: object, **kw: object) -> object:
            if step == "ask":
                real(*args, **kw)  # committed, and dead before the provider is asked
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(lanes, step, dies)
            with pytest.raises(KeyboardInterrupt):
                ahead(proven)
        report = ahead(proven, at=HAND_OVER + MINUTE, owner="after")
        assert report == DeliveryReport(counts={"accepted": 60}, settled=True, problems=report.problems)
        assert copies(sendgrid) == once_each(members)

    def test_a_bad_monday(self, ahead: Ahead, proven: Config, sendgrid: FakeSendGrid, join: Join) -> None:
        members = join(200)
        sendgrid.refused = {"m97@example.org"}
        sendgrid.then(
            *[Take(), Reset(take=True), Take(500), Take(), Reset(), Answer(429), Take(202, b"x", promised=9), Take()],
            *[Answer(503), Take(), Reset(after_body=False), Take(), Take(), Take(500), Take(), Answer(413)],
        )
        for minutes in range(28):
            report = ahead(proven, at=HAND_OVER + minutes * MINUTE, owner=f"ring {minutes}")
        arrived = copies(sendgrid)
        assert max(arrived.values()) == 1
        state = dict(Delivery.objects.values_list("member__email", "state"))
        assert set(state) == {m.email for m in members}
        for email, what in state.items():
            assert what == "unknown" or arrived[email] == (0 if what == "rejected" else 1), (email, what)
        assert report.counts["rejected"] == 1
        assert sendgrid.violations == []


YES, NO, NOBODY = Accepted(), Rejected(words="no"), Unknown(words="?")


@pytest.mark.parametrize(
    ("asked", "standing", "first", "in_time", "quiet", "over", "expected"),
    [
        (YES, True, True, True, False, False, Verdict.CANCELLED),
        (NOBODY, True, False, True, False, False, Verdict.CANCELLED),
        (NO, True, False, True, False, False, Verdict.CANCELLED),  # it was cancelled before
        (YES, True, True, False, False, False, Verdict.LOST),  # confirmed after the last moment
        (None, True, False, False, True, False, Verdict.LOST),
        (NO, False, True, True, False, False, Verdict.STANDS),
        (NotSent(words="down"), NotSent(words="down"), True, True, False, False, Verdict.STANDS),
        (Refused(words="403"), Refused(words="403"), True, True, False, False, Verdict.STANDS),
        (YES, False, True, True, False, False, Verdict.OPEN_QUESTION),  # they contradict each other
        (NOBODY, False, True, True, False, False, Verdict.OPEN_QUESTION),  # it may still be on its way
        (NO, False, False, True, False, False, Verdict.OPEN_QUESTION),  # so may an earlier one
        (NotSent(words="down"), NOBODY, False, True, False, False, Verdict.OPEN_QUESTION),
        (None, False, False, False, True, False, Verdict.STANDS),  # none can be on its way, and none arrived
        (None, NOBODY, False, False, True, False, Verdict.OPEN_QUESTION),
        (None, NOBODY, False, False, True, True, Verdict.LOST),
    ],
)
def test_what_follows_from_the_answers(
    asked: object, standing: object, first: bool, in_time: bool, quiet: bool, over: bool, expected: Verdict
) -> None:
    assert verdict(asked, standing, first=first, in_time=in_time, quiet=quiet, over=over) is expected  # type: ignore[arg-type]


def test_each_of_all_lanes_can_be_taken_back_once_and_the_issue_still_be_stopped() -> None:
    assert [room_for(cancelled, LANES) for cancelled in range(LANES + 1)] == [True] * LANES + [False]
    assert LANES * 2 <= MOST_CANCELLED


class TestWriting:
    def test_an_answer_that_cannot_be_written_is_kept_until_it_can(
        self, ahead: Ahead, armed: Config, sendgrid: FakeSendGrid, join: Join, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from django.db import OperationalError

        members, real, slept = join(30), ledger.accept, []
        troubles = iter([OperationalError("database is locked"), OperationalError("database or disk is full")] * 2)

        def accept(answers: dict[int, str], *, now: dt.datetime) -> int:
            written = real(answers, now=now)
            if trouble := next(troubles, None):
                raise trouble  # after the statements, as a commit that fails
            return written

        monkeypatch.setattr(ledger, "accept", accept)
        report = ahead(armed, wait=slept.append)
        assert report == DeliveryReport(counts={"accepted": 30}, settled=True)
        assert slept == [1, 2, 5, 10]
        assert copies(sendgrid) == once_each(members)

    def test_in_the_end_it_says_so_and_nothing_is_lost(
        self, ahead: Ahead, armed: Config, sendgrid: FakeSendGrid, join: Join, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from django.db import OperationalError

        members, slept = join(30), []

        def full(answers: dict[int, str], *, now: dt.datetime) -> int:
            raise OperationalError("database or disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(ledger, "accept", full)
            with pytest.raises(StorageError, match=r"disk is full.*about 5 copies could not be kept") as told:
                ahead(armed, wait=slept.append)
        assert "nobody gets it twice" in told.value.hint
        assert sum(slept) > 60
        report = ahead(armed, owner="after")
        assert report.counts == {"accepted": 25, "unknown": 5}
        assert copies(sendgrid) == once_each(members)

    def test_every_answer_that_is_lost_is_counted(
        self, ahead: Ahead, armed: Config, sendgrid: FakeSendGrid, join: Join, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Some were there when it gave up, others came afterwards from what was still under way."""
        from django.db import OperationalError

        members, real, written = join(30), ledger.accept, []

        def full_after_one(answers: dict[int, str], *, now: dt.datetime) -> int:
            if written:
                raise OperationalError("database or disk is full")
            written.append(answers)
            return real(answers, now=now)

        with monkeypatch.context() as patch:
            patch.setattr(ledger, "accept", full_after_one)
            with pytest.raises(StorageError) as told:
                ahead(armed, wait=lambda _seconds: None)
        unknown = ahead(armed, owner="after").counts["unknown"]
        assert f"What the provider said about {unknown} copies could not be kept." in told.value.message
        assert copies(sendgrid) == once_each(members)
