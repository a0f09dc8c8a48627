"""The ledger: a row for everybody, and every move of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from digest.compose.models import Issue, IssueState
from digest.config import Config, Keys
from digest.deliver import ledger
from digest.deliver.claim import Claim
from digest.deliver.models import Batch, BatchState, Delivery, DeliveryState, Edition
from digest.deliver.providers import Accepted, Mixed, NotSent, Refused, Rejected, Unknown, Wait
from digest.deliver.roll import Roll
from digest.members.leave import leave
from digest.members.models import Member, MemberStatus, Suppression, SuppressionScope
from tests.deliver.conftest import claim_one

pytestmark = pytest.mark.django_db
Join = Callable[..., list[Member]]


def config_with(config: Config, batch_size: int) -> Config:
    return config.with_values(delivery=config.delivery.model_copy(update={"batch_size": batch_size}))


@pytest.fixture
def frozen(config: Config, issue: Issue, edition: Edition, join: Join, now: dt.datetime) -> list[Member]:
    """Twelve members in batches of five."""
    members = join(12)
    ledger.freeze(config_with(config, 5), issue, edition, now=now)
    return members


@pytest.fixture
def roll(issue: Issue, now: dt.datetime) -> Roll:
    return Roll(kind=issue.kind, day=now.date())


def claim(issue: Issue, now: dt.datetime) -> Claim:
    found = claim_one(issue, Roll(kind=issue.kind, day=now.date()), owner="me", now=now)
    assert found is not None
    return found


def states(*, batch: int) -> set[str]:
    return set(Delivery.objects.filter(batch=batch).values_list("state", flat=True))


class TestFreeze:
    def test_everybody_gets_a_row_in_batches_by_member_id(self, issue: Issue, frozen: list[Member]) -> None:
        assert ledger.counts(issue) == {"pending": 12}
        rows = Delivery.objects.order_by("member_id").values_list("member_id", "batch__ordinal", "address_key")
        assert list(rows) == [(m.pk, n // 5 + 1, m.address_key) for n, m in enumerate(frozen)]
        assert [(b.ordinal, b.attempt, b.state) for b in Batch.objects.order_by("ordinal")] == [
            (n, 1, BatchState.PENDING) for n in (1, 2, 3)
        ]

    def test_who_gets_none_has_a_row_that_says_why(
        self, config: Config, issue: Issue, edition: Edition, join: Join, now: dt.datetime
    ) -> None:
        join(1)
        join(1, first=2, status=MemberStatus.LEFT)
        join(1, first=3, status=MemberStatus.UNCONFIRMED)
        join(1, first=4, status=MemberStatus.ERASED, email=None)
        join(1, first=5, paused_until=dt.date(2024, 3, 1))
        join(1, first=6, paused_until=dt.date(2024, 2, 12))  # from this day on
        suppressed = join(3, first=7)
        for member, scope, lifted in (
            (suppressed[0], SuppressionScope.ALL, None),
            (suppressed[1], SuppressionScope.ANNOUNCEMENTS, None),
            (suppressed[2], SuppressionScope.ALL, now),
        ):
            for reason in ("an older reason", "the address bounced"):
                Suppression.objects.create(
                    address_key=member.address_key,
                    scope=scope,
                    reason=reason,
                    source="bounce",
                    at=now,
                    lifted_at=lifted,
                )
        made = ledger.freeze(config, issue, edition, now=now)
        assert (made.recipients, made.excluded, made.batches) == (4, 5, 1)
        assert dict(ledger.reasons(issue, DeliveryState.EXCLUDED)) == {
            "left the list": 1,
            "has not confirmed the address": 1,
            "was erased": 1,
            "paused until 2024-03-01": 1,
            "suppressed: the address bounced": 1,
        }
        receiving = Delivery.objects.filter(state=DeliveryState.PENDING).values_list("member__public_id", flat=True)
        assert set(receiving) == {"pid00001", "pid00006", "pid00008", "pid00009"}
        assert not Delivery.objects.filter(state=DeliveryState.EXCLUDED, batch__isnull=False).exists()

    def test_an_announcement_has_a_list_of_its_own(
        self, config: Config, issue: Issue, edition: Edition, join: Join, now: dt.datetime
    ) -> None:
        one, other = join(2)
        Issue.objects.filter(pk=issue.pk).update(kind="announcement")
        issue.refresh_from_db()
        for member, scope in ((one, SuppressionScope.DIGEST), (other, SuppressionScope.ANNOUNCEMENTS)):
            Suppression.objects.create(
                address_key=member.address_key, scope=scope, reason="asked", source="manual", at=now
            )
        ledger.freeze(config, issue, edition, now=now)
        assert Delivery.objects.get(state=DeliveryState.PENDING).member == one

    def test_freezing_twice_adds_nothing_not_even_who_joined_since(
        self, config: Config, issue: Issue, edition: Edition, frozen: list[Member], join: Join, now: dt.datetime
    ) -> None:
        join(3, first=50)
        again = ledger.freeze(config, issue, edition, now=now)
        assert (again.recipients, again.excluded, again.batches) == (12, 0, 3)
        assert Delivery.objects.count() == 12

    def test_the_database_makes_the_rows_itself(
        self, config: Config, issue: Issue, edition: Edition, join: Join, now: dt.datetime
    ) -> None:
        members = join(400)
        leave(members[0].public_id, how="one-click", now=now)
        with CaptureQueriesContext(connection) as few:
            ledger.freeze(config_with(config, 100), issue, edition, now=now)
        assert sum("INSERT INTO" in q["sql"] and "deliver_delivery" in q["sql"] for q in few) == 2
        assert len(few) < 20
        assert Delivery.objects.count() == 400

    def test_a_list_without_members(self, config: Config, issue: Issue, edition: Edition, now: dt.datetime) -> None:
        made = ledger.freeze(config, issue, edition, now=now)
        assert (made.recipients, made.excluded, made.batches) == (0, 0, 0)
        assert ledger.is_settled(issue)

    def test_who_joins_between_the_count_and_the_statement_is_told_why(
        self,
        config: Config,
        issue: Issue,
        edition: Edition,
        join: Join,
        now: dt.datetime,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        from digest.deliver import freeze

        make_batches = freeze._make_batches

        def and_somebody_joins(*args: object) -> None:
            make_batches(*args)  # type: ignore[arg-type]
            join(1, first=90)

        join(5)
        monkeypatch.setattr(freeze, "_make_batches", and_somebody_joins)
        made = ledger.freeze(config_with(config, 5), issue, edition, now=now)
        assert (made.recipients, made.excluded) == (5, 1)
        assert ledger.reasons(issue, DeliveryState.EXCLUDED) == [("joined while the list was being closed", 1)]


class TestClaim:
    def test_a_batch_is_claimed_once(self, issue: Issue, frozen: list[Member], roll: Roll, now: dt.datetime) -> None:
        claims = [claim_one(issue, roll, owner="me", fence=7, now=now) for _ in range(4)]
        assert [len(c.addressees) if c else 0 for c in claims] == [5, 5, 2, 0]
        emails = [a.email for c in claims if c for a in c.addressees]
        assert emails == [m.email for m in frozen]
        assert ledger.counts(issue) == {"claimed": 12}
        assert set(Batch.objects.values_list("state", "owner", "fence")) == {("claimed", "me", 7)}

    def test_consent_is_read_again(self, issue: Issue, frozen: list[Member], roll: Roll, now: dt.datetime) -> None:
        leave(frozen[0].public_id, how="one-click", now=now)
        Suppression.objects.create(address_key=frozen[1].address_key, reason="it bounced", source="bounce", at=now)
        Member.objects.filter(pk=frozen[2].pk).update(paused_until=dt.date(2024, 4, 1))
        Member.objects.filter(pk=frozen[3].pk).update(email="moved@example.org")
        claimed = claim(issue, now)
        assert [a.email for a in claimed.addressees] == ["moved@example.org", frozen[4].email]
        assert dict(ledger.reasons(issue, DeliveryState.WITHDRAWN)) == {
            "left the list": 1,
            "suppressed: it bounced": 1,
            "paused until 2024-04-01": 1,
        }

    def test_a_batch_that_everybody_left_is_closed_and_the_next_one_claimed(
        self, issue: Issue, frozen: list[Member], now: dt.datetime
    ) -> None:
        for member in frozen[:5]:
            leave(member.public_id, how="page", now=now)
        assert Batch.objects.get(pk=claim(issue, now).batch).ordinal == 2
        assert Batch.objects.get(ordinal=1).state == BatchState.CANCELLED

    @pytest.mark.parametrize("state", [IssueState.STOPPED, IssueState.HELD, IssueState.DRAFT])
    def test_nothing_is_claimed_of_an_issue_that_was_stopped(
        self, issue: Issue, frozen: list[Member], roll: Roll, now: dt.datetime, state: IssueState
    ) -> None:
        Issue.objects.filter(pk=issue.pk).update(state=state)
        assert claim_one(issue, roll, owner="me", now=now) is None

    def test_a_batch_waits_for_its_time(
        self, issue: Issue, frozen: list[Member], roll: Roll, now: dt.datetime
    ) -> None:
        ledger.hold(issue, now + dt.timedelta(seconds=30))
        assert claim_one(issue, roll, owner="me", now=now) is None
        assert ledger.next_attempt(issue) == now + dt.timedelta(seconds=30)
        claim(issue, now + dt.timedelta(seconds=30))

    def test_a_claim_costs_one_short_transaction(
        self, issue: Issue, frozen: list[Member], roll: Roll, now: dt.datetime
    ) -> None:
        with CaptureQueriesContext(connection) as queries:
            claim_one(issue, roll, owner="me", now=now)
        assert len(queries) <= 7  # savepoint and release included


class TestSettle:
    @pytest.mark.parametrize(
        ("outcome", "batch_state", "state"),
        [(Accepted(words="202"), "accepted", "accepted"), (Unknown(words="it broke"), "unknown", "unknown")],
    )
    def test_an_answer_for_all(
        self,
        issue: Issue,
        frozen: list[Member],
        now: dt.datetime,
        outcome: Accepted | Unknown,
        batch_state: str,
        state: str,
    ) -> None:
        claimed = claim(issue, now)
        assert ledger.settle(claimed.batch, outcome, now=now)
        batch = Batch.objects.get(pk=claimed.batch)
        assert (batch.state, batch.answer) == (batch_state, outcome.words)
        assert ledger.counts(issue) == {"pending": 7, state: 5}
        assert not ledger.is_settled(issue)

    @pytest.mark.parametrize(
        ("outcome", "wait"),
        [
            (NotSent(words="no route"), dt.timedelta(seconds=30)),
            (Wait(words="429", until=dt.datetime(2024, 2, 12, 9, 5, tzinfo=dt.UTC)), dt.timedelta(minutes=5)),
        ],
    )
    def test_what_was_not_taken_goes_on_in_a_successor(
        self, issue: Issue, frozen: list[Member], now: dt.datetime, outcome: NotSent | Wait, wait: dt.timedelta
    ) -> None:
        claimed = claim(issue, now)
        ledger.settle(claimed.batch, outcome, now=now)
        old = Batch.objects.get(pk=claimed.batch)
        new = Batch.objects.get(parent=old)
        assert (old.state, old.answer) == ("cancelled", outcome.words)
        assert (new.state, new.ordinal, new.attempt, new.not_before) == ("pending", old.ordinal, 2, now + wait)
        assert ledger.counts(issue) == {"pending": 12}
        assert states(batch=new.pk) == {"pending"}
        assert states(batch=old.pk) == set()

    def test_backoff_doubles_up_to_a_quarter_of_an_hour(self) -> None:
        assert [ledger.backoff(n).total_seconds() for n in (1, 2, 3, 5, 6, 50)] == [30, 60, 120, 480, 900, 900]

    def test_refused_leaves_the_batch_as_it_was(self, issue: Issue, frozen: list[Member], now: dt.datetime) -> None:
        claimed = claim(issue, now)
        ledger.settle(claimed.batch, Refused(words="401"), now=now)
        assert Batch.objects.get(pk=claimed.batch).state == "pending"
        assert ledger.counts(issue) == {"pending": 12}
        assert claim(issue, now).batch == claimed.batch

    def test_the_culprits_the_provider_names_are_taken_out(
        self, issue: Issue, frozen: list[Member], now: dt.datetime
    ) -> None:
        claimed = claim(issue, now)
        culprit = claimed.addressees[2].delivery
        ledger.settle(claimed.batch, Rejected(words="bad address", recipients=frozenset({culprit})), now=now)
        assert ledger.reasons(issue, DeliveryState.REJECTED) == [("bad address", 1)]
        rest = claim(issue, now)
        assert [a.delivery for a in rest.addressees] == [
            a.delivery for a in claimed.addressees if a.delivery != culprit
        ]
        assert rest.attempt == 2

    def test_an_unnamed_culprit_is_found_by_halving(
        self, issue: Issue, frozen: list[Member], roll: Roll, now: dt.datetime
    ) -> None:
        culprit, requests, accepted = frozen[3].email, 0, []
        while claimed := claim_one(issue, roll, owner="me", now=now):
            requests += 1
            emails = [a.email for a in claimed.addressees]
            if culprit in emails:
                ledger.settle(claimed.batch, Rejected(words="no"), now=now)
            else:
                ledger.settle(claimed.batch, Accepted(), now=now)
                accepted += emails
        assert ledger.counts(issue) == {"accepted": 11, "rejected": 1}
        assert Delivery.objects.get(state=DeliveryState.REJECTED).member.email == culprit
        assert sorted(accepted) == sorted(str(m.email) for m in frozen if m.email != culprit)
        assert requests <= 3 + 2 * 3  # three batches, and two more for each halving of five
        assert ledger.is_settled(issue)

    def test_a_fault_of_the_whole_message_blames_no_member(
        self, issue: Issue, frozen: list[Member], now: dt.datetime
    ) -> None:
        claimed = claim(issue, now)
        ledger.settle(claimed.batch, Rejected(words="bad subject", whole=True), now=now)
        assert ledger.counts(issue) == {"pending": 12}

    def test_a_late_answer_is_the_truth_about_a_request_given_up(
        self, issue: Issue, frozen: list[Member], now: dt.datetime
    ) -> None:
        claimed = claim(issue, now)
        ledger.abandon(issue, repeatable=False, now=now)
        assert not ledger.settle(claimed.batch, Unknown(words="later"), now=now)
        assert ledger.settle(claimed.batch, Accepted(), now=now)
        assert ledger.counts(issue) == {"pending": 7, "accepted": 5}
        assert not ledger.settle(claimed.batch, Rejected(words="no"), now=now)
        assert ledger.counts(issue) == {"pending": 7, "accepted": 5}

    def test_an_answer_never_steps_back_what_an_event_has_told(
        self, issue: Issue, frozen: list[Member], now: dt.datetime
    ) -> None:
        claimed = claim(issue, now)
        Delivery.objects.filter(pk=claimed.addressees[0].delivery).update(state=DeliveryState.DELIVERED)
        ledger.settle(claimed.batch, Accepted(), now=now)
        assert ledger.counts(issue) == {"pending": 7, "accepted": 4, "delivered": 1}

    def test_settling_costs_one_short_transaction(self, issue: Issue, frozen: list[Member], now: dt.datetime) -> None:
        claimed = claim(issue, now)
        with CaptureQueriesContext(connection) as queries:
            ledger.settle(claimed.batch, Accepted(), now=now)
        assert len(queries) <= 5


class TestMixed:
    """A request whose copies leave one by one."""

    def answers(self, claim: Claim, *answers: Accepted | NotSent | Rejected | Unknown | Wait | Refused) -> Mixed:
        keys = [one.delivery for one in claim.addressees]
        return Mixed(words="mixed", answers=dict(zip(keys, answers, strict=True)))

    def test_each_copy_goes_its_own_way(self, issue: Issue, frozen: list[Member], now: dt.datetime) -> None:
        made, later = claim(issue, now), now + dt.timedelta(minutes=5)
        outcome = self.answers(
            made,
            Accepted(words="250"),
            Rejected(words="550 nobody."),
            Wait(words="450.", until=later),
            Unknown(words="silence."),
            NotSent(words="not its turn."),
        )
        assert ledger.settle(made.batch, outcome, now=now)
        rows = list(Delivery.objects.order_by("pk")[:5].values_list("state", "reason", "batch__not_before"))
        assert rows == [
            ("accepted", "", None),
            ("rejected", "550 nobody.", None),
            ("pending", "", later),
            ("unknown", "silence.", None),
            ("pending", "", now + ledger.FIRST_BACKOFF),
        ]
        batch = Batch.objects.get(pk=made.batch)
        assert (batch.state, batch.answer) == (BatchState.UNKNOWN, "mixed")
        assert sorted(batch.children.values_list("ordinal", "attempt")) == [(1, 2), (4, 2)]

    @pytest.mark.parametrize(
        ("answers", "state"),
        [
            ([Accepted()] * 4 + [Rejected(words="x")], BatchState.ACCEPTED),
            ([NotSent(words="x")] * 4 + [Rejected(words="x")], BatchState.REJECTED),
            ([NotSent(words="x")] * 4 + [Refused(words="x")], BatchState.CANCELLED),
        ],
    )
    def test_the_request_is_called_by_what_most_needs_looking_at(
        self,
        issue: Issue,
        frozen: list[Member],
        now: dt.datetime,
        answers: list[Accepted | NotSent | Rejected | Refused],
        state: BatchState,
    ) -> None:
        made = claim(issue, now)
        ledger.settle(made.batch, self.answers(made, *answers), now=now)
        assert Batch.objects.get(pk=made.batch).state == state

    def test_who_is_put_off_for_more_than_a_day_is_given_up(
        self, issue: Issue, frozen: list[Member], now: dt.datetime
    ) -> None:
        Issue.objects.filter(pk=issue.pk).update(released_at=now - dt.timedelta(hours=25))
        made = claim(issue, now)
        wait, turn = (
            Wait(words="450 grey.", until=now + dt.timedelta(minutes=5)),
            Wait(words="time is up.", until=now),
        )
        ledger.settle(made.batch, self.answers(made, wait, turn, *[Accepted()] * 3), now=now)
        rows = list(Delivery.objects.order_by("pk")[:2].values_list("state", "reason"))
        assert rows == [
            ("rejected", "Put off again and again, so it was given up. 450 grey."),
            ("pending", ""),
        ]

    def test_the_next_requests_take_everybody_once(
        self, issue: Issue, frozen: list[Member], now: dt.datetime
    ) -> None:
        made = claim(issue, now)
        again = Wait(words="time is up.", until=now)
        ledger.settle(made.batch, self.answers(made, Accepted(), Accepted(), again, again, again), now=now)
        while (more := claim_one(issue, Roll(kind=issue.kind, day=now.date()), owner="me", now=now)) is not None:
            assert len(more.addressees) in (3, 5, 2)
            ledger.settle(more.batch, Accepted(), now=now)
        assert ledger.counts(issue) == {"accepted": 12}
        assert ledger.is_settled(issue)


class TestAbandon:
    def test_what_a_dead_sender_had_claimed_is_unknown(
        self, issue: Issue, frozen: list[Member], roll: Roll, now: dt.datetime
    ) -> None:
        claim(issue, now)
        assert ledger.abandon(issue, repeatable=False, now=now) == 5
        assert ledger.counts(issue) == {"pending": 7, "unknown": 5}
        while claimed := claim_one(issue, roll, owner="other", now=now):
            ledger.settle(claimed.batch, Accepted(), now=now)
        assert ledger.counts(issue) == {"accepted": 7, "unknown": 5}
        assert not ledger.is_settled(issue)

    def test_it_is_pending_again_where_twice_is_still_once(
        self, issue: Issue, frozen: list[Member], now: dt.datetime
    ) -> None:
        first = claim(issue, now)
        assert ledger.abandon(issue, repeatable=True, now=now) == 5
        assert claim(issue, now).addressees == first.addressees

    def test_other_issues_are_left_alone(
        self, issue: Issue, frozen: list[Member], keys: Keys, now: dt.datetime
    ) -> None:
        other = Issue.objects.create(kind="announcement", title_date=now.date(), merge_tag="dgother", created_at=now)
        claim(issue, now)
        assert ledger.abandon(other, repeatable=False, now=now) == 0
        assert ledger.counts(issue) == {"claimed": 5, "pending": 7}
