"""A few get it first; a long list goes out over hours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from digest.compose.models import Issue
from digest.config import Config, Keys
from digest.deliver import canary, ledger
from digest.deliver.arming import arm
from digest.deliver.canary import Sign, judge
from digest.deliver.models import Batch, Delivery, DeliveryState, Edition
from digest.deliver.send import DeliveryReport, deliver
from tests.deliver.conftest import ANSWERS, HAND_OVER, MINUTE, NOW, Ahead, Join
from tests.fakes.sendgrid import Answer, FakeSendGrid, Reset

pytestmark = pytest.mark.django_db
QUARTER = 15 * MINUTE


def with_delivery(config: Config, **values: object) -> Config:
    return config.with_values(delivery=config.delivery.model_copy(update=values))


@pytest.fixture
def config(sendgrid_config: Callable[..., Config], sendgrid_keys: Keys, now: dt.datetime) -> Config:
    config = sendgrid_config()
    arm(config, sendgrid_keys, answers=ANSWERS, actor="a", now=now)
    return config


@pytest.fixture
def send(issue: Issue, edition: Edition, sendgrid_keys: Keys) -> Callable[..., DeliveryReport]:
    def run(config: Config, at: dt.datetime) -> DeliveryReport:
        return deliver(config, sendgrid_keys, issue, edition, now=at, owner=f"at {at}", clock=lambda: at)

    return run


def got(sendgrid: FakeSendGrid) -> list[str]:
    return [copy.to for copy in sendgrid.accepted]


class TestJudgement:
    @pytest.mark.parametrize(
        ("counts", "sign"),
        [
            ({"accepted": 3}, Sign.GO),
            ({"delivered": 2, "accepted": 1}, Sign.GO),
            ({"delivered": 2, "bounced": 1}, Sign.GO),
            ({"delivered": 2, "withdrawn": 1}, Sign.GO),
            ({"withdrawn": 3}, Sign.GO),
            ({"accepted": 2, "pending": 1}, Sign.WAIT),
            ({"claimed": 3}, Sign.WAIT),
            ({"accepted": 2, "unknown": 1}, Sign.HOLD),
            ({"delivered": 9, "complained": 1}, Sign.HOLD),
            ({"delivered": 1, "bounced": 1}, Sign.HOLD),
            ({"rejected": 3}, Sign.HOLD),
            ({"dropped": 1, "pending": 2}, Sign.HOLD),
        ],
    )
    def test_after_the_wait(self, counts: dict[str, int], sign: Sign) -> None:
        assert judge(counts, NOW - QUARTER, QUARTER, NOW).sign is sign

    def test_before_its_end_it_waits(self) -> None:
        assert judge({"accepted": 3}, NOW - 14 * MINUTE, QUARTER, NOW).until == NOW + MINUTE

    def test_every_state_is_spoken_of(self) -> None:
        for state in DeliveryState:
            assert judge({state: 1}, NOW - QUARTER, QUARTER, NOW).sign in Sign


class TestSending:
    def test_they_get_it_first_and_the_others_after_the_wait(
        self,
        config: Config,
        issue: Issue,
        join: Join,
        sendgrid: FakeSendGrid,
        send: Callable[..., DeliveryReport],
        now: dt.datetime,
    ) -> None:
        join(12)
        first = with_delivery(config, canary=("M7@example.org", "m9@example.org", "nobody@example.org"))
        report = send(first, now)
        assert got(sendgrid) == ["m7@example.org", "m9@example.org"]
        assert report.resume_at == now + QUARTER
        assert report.problems == ()
        assert report.notes[0] == "The canary group has it (2 copies); the others wait."
        assert send(first, now + 14 * MINUTE).resume_at == now + QUARTER
        assert len(got(sendgrid)) == 2
        assert send(first, now + QUARTER).settled
        assert sorted(got(sendgrid)) == sorted(f"m{n}@example.org" for n in range(1, 13))
        assert len(set(got(sendgrid))) == 12

    def test_a_number_is_so_many_members(
        self,
        config: Config,
        join: Join,
        sendgrid: FakeSendGrid,
        send: Callable[..., DeliveryReport],
        now: dt.datetime,
    ) -> None:
        join(12)
        send(with_delivery(config, canary=7), now)
        assert sorted(got(sendgrid)) == sorted(f"m{n}@example.org" for n in range(1, 8))

    def test_what_nobody_can_say_of_them_holds_the_others_until_a_person_sends_on(
        self,
        config: Config,
        issue: Issue,
        join: Join,
        sendgrid: FakeSendGrid,
        send: Callable[..., DeliveryReport],
        now: dt.datetime,
    ) -> None:
        join(12)
        config = with_delivery(config, canary=2)
        sendgrid.then(Reset(take=True))
        report = send(config, now)
        assert "nobody can say" in report.problems[-1]
        assert report.resume_at is None
        for hours in range(1, 4):
            send(config, now + dt.timedelta(hours=hours))
        assert len(sendgrid.accepted) == 2
        canary.send_on(issue, actor="sam", now=now)
        send(config, now + dt.timedelta(hours=4))
        assert len(got(sendgrid)) == len(set(got(sendgrid))) == 12

    def test_one_that_could_not_be_reached_is_tried_again_before_the_others(
        self,
        config: Config,
        join: Join,
        sendgrid: FakeSendGrid,
        send: Callable[..., DeliveryReport],
        now: dt.datetime,
    ) -> None:
        join(6)
        config = with_delivery(config, canary=2)
        sendgrid.then(Answer(429))
        report = send(config, now)
        assert report.resume_at is not None
        assert got(sendgrid) == []
        again = report.resume_at
        send(config, again)
        assert len(got(sendgrid)) == 2
        send(config, again + QUARTER)
        assert len(got(sendgrid)) == 6

    def test_a_group_that_nobody_is_in_is_said(
        self,
        config: Config,
        join: Join,
        sendgrid: FakeSendGrid,
        send: Callable[..., DeliveryReport],
        now: dt.datetime,
    ) -> None:
        join(3)
        report = send(with_delivery(config, canary=("nobody@example.org",)), now)
        assert report.problems == ("Nobody of the canary group receives this issue, so nobody got it first.",)
        assert report.settled

    def test_a_person_cannot_send_on_what_has_not_begun(self, issue: Issue, now: dt.datetime) -> None:
        canary.send_on(issue, actor="sam", now=now)
        assert not canary._sent_on(issue)


class TestAheadOfTime:
    def test_they_get_it_at_once_and_the_others_at_the_time(
        self, armed: Config, issue: Issue, join: Join, sendgrid: FakeSendGrid, ahead: Ahead
    ) -> None:
        join(12)
        config = with_delivery(armed, canary=2)
        ahead(config)
        assert [(copy.to, copy.send_at) for copy in sendgrid.accepted] == [
            ("m1@example.org", None),
            ("m2@example.org", None),
        ]
        ahead(config, at=HAND_OVER + QUARTER)
        rest = sendgrid.accepted[2:]
        assert len(rest) == 10
        assert {copy.send_at for copy in rest} == {NOW}
        assert all(copy.batch_id for copy in rest)


class TestRamp:
    def test_batches_stand_evenly_over_the_hours_and_the_report_says_until_when(
        self,
        config: Config,
        issue: Issue,
        join: Join,
        sendgrid: FakeSendGrid,
        send: Callable[..., DeliveryReport],
        now: dt.datetime,
    ) -> None:
        join(50)
        config = with_delivery(config, max_per_hour=20)
        report = send(config, now)
        assert len(got(sendgrid)) == 5
        assert report.resume_at == now + QUARTER
        assert report.problems == ()
        assert report.notes[-1] == "At 20 copies an hour the last are handed over at Mon 11:15."
        assert [batch.not_before for batch in Batch.objects.order_by("ordinal")][1:] == [
            now + n * QUARTER for n in range(1, 10)
        ]
        minutes = [0]
        while not send(config, now + minutes[-1] * MINUTE).settled:
            minutes.append(minutes[-1] + 5)
        assert minutes[-1] == 135
        assert len(got(sendgrid)) == len(set(got(sendgrid))) == 50

    def test_a_limit_under_a_batch_makes_smaller_batches(
        self, config: Config, issue: Issue, edition: Edition, join: Join, now: dt.datetime
    ) -> None:
        join(7)
        assert ledger.freeze(with_delivery(config, max_per_hour=3), issue, edition, now=now).batches == 3
        assert ledger.last_attempt(issue) == now + dt.timedelta(hours=2)

    def test_after_a_canary_group_the_hours_begin_with_the_others(
        self, config: Config, issue: Issue, edition: Edition, join: Join, now: dt.datetime
    ) -> None:
        join(12)
        ledger.freeze(with_delivery(config, max_per_hour=10, canary=2), issue, edition, now=now)
        assert [(b.lane, b.not_before) for b in Batch.objects.order_by("ordinal")] == [
            (canary.LANE, None),
            (2, None),
            (3, now + QUARTER + 30 * MINUTE),
        ]
        assert Delivery.objects.filter(batch__ordinal=1).count() == 2

    def test_ahead_of_time_only_the_first_batch_is_held_by_the_provider(
        self, armed: Config, issue: Issue, join: Join, sendgrid: FakeSendGrid, ahead: Ahead
    ) -> None:
        join(12)
        ahead(with_delivery(armed, max_per_hour=10))
        assert [copy.send_at for copy in sendgrid.accepted] == [NOW] * 5
        assert [b.not_before for b in Batch.objects.order_by("ordinal")][1:] == [NOW + 30 * MINUTE, NOW + 60 * MINUTE]
