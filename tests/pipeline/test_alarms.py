"""The alarms: when each is raised, when it is not, and what it tells a person to do."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.models import Issue, IssueState, Number, NumberKind
from digest.config import Config, Keys
from digest.deliver import canary
from digest.deliver.models import Batch, Delivery
from digest.installation.models import Installation
from digest.pipeline import alarms
from digest.pipeline.alarms import Facts, IssueFacts, Kind, Planned, decide, read_facts
from digest.pipeline.doctor import examine
from tests.deliver.issues import MINUTE, NOW, event, handed_over, post

HALF_AN_HOUR = NOW + 30 * MINUTE
WELL = IssueFacts(number=736, state=IssueState.RELEASED, released_at=NOW, recipients=1000, accepted=990)
PLANNED = Planned(date=NOW.date(), send_at=NOW, state=None, number=None)


def kinds(*issues: IssueFacts, planned: Planned | None = None, now: dt.datetime = HALF_AN_HOUR) -> list[Kind]:
    return [alarm.kind for alarm in decide(Facts(issues=issues, planned=planned), now)]


class TestDecide:
    def test_all_is_well(self) -> None:
        assert kinds() == []
        assert kinds(WELL) == []
        assert kinds(replace(WELL, recipients=0, accepted=0)) == []

    @pytest.mark.parametrize(
        ("accepted", "minutes", "raised"), [(989, 30, True), (990, 30, False), (989, 29, False), (0, 29, False)]
    )
    def test_under_99_percent_after_half_an_hour(self, accepted: int, minutes: int, raised: bool) -> None:
        facts = replace(WELL, accepted=accepted)
        assert kinds(facts, now=NOW + minutes * MINUTE) == ([Kind.FEW_ACCEPTED] if raised else [])

    @pytest.mark.parametrize(
        ("minutes", "accepted", "raised"),
        [(30, 0, False), (90, 99, False), (90, 98, True), (329, 494, False), (330, 494, True), (900, 989, True)],
    )
    def test_with_a_ramp_only_what_is_due_counts(self, minutes: int, accepted: int, raised: bool) -> None:
        facts = replace(WELL, accepted=accepted, per_hour=100)  # the last of 1,000 after ten hours
        assert kinds(facts, now=NOW + minutes * MINUTE) == ([Kind.FEW_ACCEPTED] if raised else [])

    def test_a_ramp_is_spoken_of(self) -> None:
        facts = replace(WELL, accepted=50, per_hour=100)
        (alarm,) = decide(Facts(issues=(facts,), planned=None), NOW + 90 * MINUTE)
        assert "accepted 50 of the 100 that are due by now, of 1,000, copies (50.0 %)" in alarm.words

    @pytest.mark.parametrize(("minutes", "raised"), [(30, False), (44, False), (45, True)])
    def test_those_outside_a_canary_group_are_waited_for(self, minutes: int, raised: bool) -> None:
        facts = replace(WELL, accepted=3, follows_at=NOW + 15 * MINUTE)
        assert kinds(facts, now=NOW + minutes * MINUTE) == ([Kind.FEW_ACCEPTED] if raised else [])
        early = replace(facts, follows_at=NOW - 15 * MINUTE)  # handed over ahead of the release
        assert kinds(early, now=NOW + minutes * MINUTE) == [Kind.FEW_ACCEPTED]

    def test_a_stopped_issue_is_not_called_slow(self) -> None:
        assert kinds(replace(WELL, accepted=0, state=IssueState.STOPPED)) == []

    def test_the_worst_stands_first_and_each_says_what_to_do(self) -> None:
        ill = replace(WELL, accepted=10, unknown=5, strangers=2, second_copies=1, fallen_back=3)
        found = decide(Facts(issues=(ill,), planned=PLANNED), HALF_AN_HOUR)
        assert [alarm.kind for alarm in found] == list(Kind)
        assert all(alarm.words.endswith(".") and alarm.todo.endswith(".") for alarm in found)
        assert found[0].words == "1 person got more than one copy of issue 736: the provider sent two."
        assert "990 of" not in found[2].words
        assert "accepted 10 of 1,000 copies (1.0 %)" in found[2].words
        assert found[2].todo.startswith("5 of them are unknown.")

    @pytest.mark.parametrize(
        ("state", "todo"),
        [
            (None, "Nobody has approved it"),
            (IssueState.DRAFT, "Nobody has approved it"),
            (IssueState.APPROVED, "`digest send 736`"),
            (IssueState.HANDING_OVER, "`digest run-due`"),
            (IssueState.HELD, "held it"),
        ],
    )
    def test_no_issue_by_the_deadline(self, state: IssueState | None, todo: str) -> None:
        planned = replace(PLANNED, state=state, number=736 if state else None)
        assert kinds(planned=planned, now=NOW + 9 * MINUTE) == []
        (alarm,) = decide(Facts(issues=(), planned=planned), NOW + 10 * MINUTE)
        assert alarm.kind is Kind.NO_ISSUE
        assert "10 minutes ago" in alarm.words
        assert todo in alarm.todo

    @pytest.mark.parametrize("state", [IssueState.RELEASED, IssueState.SENT, IssueState.STOPPED, IssueState.SKIPPED])
    def test_an_issue_that_is_out_or_explained_is_no_alarm(self, state: IssueState) -> None:
        assert kinds(planned=replace(PLANNED, state=state), now=NOW + dt.timedelta(days=5)) == []

    @given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 200))
    def test_never_two_of_a_kind_for_one_issue(self, recipients: int, accepted: int, minutes: int) -> None:
        facts = replace(WELL, recipients=recipients, accepted=min(accepted, recipients))
        found = kinds(facts, now=NOW + minutes * MINUTE)
        assert found == ([Kind.FEW_ACCEPTED] if minutes >= 30 and facts.accepted < 0.99 * recipients else [])


@pytest.mark.django_db
class TestFacts:
    def test_nothing_is_owed_before_the_first_issue(self, config: Config) -> None:
        assert read_facts(config, NOW) == Facts(issues=(), planned=None)
        Installation.objects.create(pk=1, created_at=NOW - MINUTE)  # after that week's cut-off
        assert alarms(config, HALF_AN_HOUR) == ()
        assert [a.kind for a in alarms(config, HALF_AN_HOUR + dt.timedelta(days=7))] == [Kind.NO_ISSUE]

    def test_the_ledger_is_read(self, config: Config, keys: Keys) -> None:
        copies = {"accepted": 2, "delivered": 1, "bounced": 1, "complained": 1, "dropped": 1, "unknown": 1, "rejected": 1,
                  "pending": 1, "withdrawn": 1, "cancelled": 1, "excluded": 1}  # fmt: skip
        handed_over(keys, copies)
        (facts,) = read_facts(config, HALF_AN_HOUR).issues
        assert (facts.recipients, facts.accepted, facts.unknown) == (9, 6, 1)
        (alarm,) = alarms(config, HALF_AN_HOUR)
        assert (alarm.kind, alarm.number) == (Kind.FEW_ACCEPTED, 736)
        assert alarms(config, HALF_AN_HOUR + dt.timedelta(days=15)) == ()  # a fortnight later nobody can mend it

    def test_a_ramp_and_a_canary_group_are_read(self, config: Config, keys: Keys) -> None:
        issue = handed_over(keys, {"accepted": 1, "pending": 8})
        slow = config.model_copy(update={"delivery": config.delivery.model_copy(update={"max_per_hour": 4})})
        assert [alarm.kind for alarm in alarms(config, HALF_AN_HOUR)] == [Kind.FEW_ACCEPTED]
        assert alarms(slow, HALF_AN_HOUR) == ()
        Batch.objects.filter(issue=issue).update(lane=canary.LANE, state="accepted", claimed_at=NOW)
        assert alarms(config, HALF_AN_HOUR) == ()
        assert [alarm.kind for alarm in alarms(config, HALF_AN_HOUR + 15 * MINUTE)] == [Kind.FEW_ACCEPTED]
        Batch.objects.filter(issue=issue).update(state="pending", claimed_at=None)
        assert alarms(config, HALF_AN_HOUR + 14 * MINUTE) == ()

    def test_a_second_copy_and_a_stranger(self, config: Config, keys: Keys) -> None:
        issue = handed_over(keys, {"accepted": 3})
        one, two, three = Delivery.objects.filter(issue=issue).order_by("pk")
        post(keys, [event(x, "delivered") for x in (one, two, three)])
        assert alarms(config, HALF_AN_HOUR) == ()
        post(
            keys,
            [
                event(one, "delivered", sg_message_id="request-2.recvd-1", after=70),
                event(two, "delivered", email="stranger@example.net"),
                event(three, "processed", email="Stranger@example.net"),
                event(three, "processed", email="eve@example.net"),
                event(three, "processed", batch="424242", delivery="424242", email="other@example.net"),
            ],
        )
        (facts,) = read_facts(config, HALF_AN_HOUR).issues
        assert (facts.second_copies, facts.strangers) == (1, 2)
        assert [a.kind for a in alarms(config, HALF_AN_HOUR)] == [Kind.SECOND_COPY, Kind.STRANGERS]

    def test_the_weeks_issue(self, config: Config) -> None:
        Installation.objects.create(pk=1, created_at=NOW - dt.timedelta(days=30))
        due = NOW  # Monday 09:00
        (alarm,) = alarms(config, due + 11 * MINUTE)
        assert alarm.words == "The issue of 12 Feb 2024 should have gone out 11 minutes ago and has not."
        issue = Issue.objects.create(
            slot=due.date(), title_date=due.date(), window_start=NOW, planned_cutoff=NOW, merge_tag="dg", created_at=NOW,
            state=IssueState.APPROVED,
        )  # fmt: skip
        Number.objects.create(number=736, kind=NumberKind.ISSUED, issue=issue, actor="test", at=NOW)
        (alarm,) = alarms(config, due + dt.timedelta(hours=3))
        assert alarm.words == "Issue 736 should have gone out 3 hours ago and has not."
        issue.state = IssueState.SENT
        issue.save()
        assert alarms(config, due + dt.timedelta(hours=3)) == ()

    def test_the_doctor_tells_them(self, config: Config, keys: Keys) -> None:
        handed_over(keys, {"unknown": 1})
        finding = next(f for f in examine(config, keys, now=HALF_AN_HOUR) if f.subject == "Alarm")
        assert finding.mark == "FAIL"
        assert "0 of 1 copies" in finding.words
        assert finding.todo.startswith("1 of them are unknown.")
