"""What people decide on an issue: two approvers, holding, skipping, sending early; and what a void approval leaves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from digest import pipeline
from digest.compose.diff import Kind
from digest.compose.models import Approval, Issue, IssueState, Number, NumberKind, Placement
from digest.config import Config, Keys
from digest.config.plan import Plan
from digest.deliver.models import Delivery
from digest.errors import DigestError, StateError, UsageError
from digest.gather.models import Entry
from digest.installation.models import Audit, Installation
from digest.members.preferences import Depth, Format, Preferences
from digest.pipeline.approvals import CLOCK
from digest.pipeline.numbers import accounts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("members")]
MONDAY = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
HOUR, DAY, WEEK = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(days=7)
SEND = MONDAY + 2 * HOUR
Publish = Callable[..., None]


@pytest.fixture
def week(association: Config, publish_feed: Publish) -> Config:
    publish_feed("news", ("A library opens", MONDAY - 2 * DAY), ("A call goes out", MONDAY - 3 * DAY))
    publish_feed("blog", ("On small things", MONDAY - DAY))
    pipeline.gather(association, now=MONDAY - HOUR)
    return association


@pytest.fixture
def strict(week: Config) -> Config:
    """The same week, where two people must approve."""
    return week.model_copy(update={"plan": week.plan.model_copy(update={"approvers": 2})})


def approve(config: Config, actor: str = "sam", now: dt.datetime = MONDAY, **given: object) -> Issue:
    coming = pipeline.coming(config, now=now)
    revision = given.pop("revision", coming.issue.revision)
    assert isinstance(revision, int)
    return pipeline.approve(config, coming.issue.pk, actor=actor, now=now, revision=revision)


def current(config: Config, now: dt.datetime = MONDAY) -> Issue:
    return pipeline.coming(config, now=now).issue


class TestTwoApprovers:
    def test_only_both_together_let_it_go(self, strict: Config, keys: Keys) -> None:
        issue = approve(strict)
        standing = pipeline.standing_of(strict, issue)
        assert (issue.state, standing.missing, standing.words) == (IssueState.APPROVED, 1, "one of two")
        said = pipeline.run_due(strict, keys, now=SEND, clock=lambda: SEND)
        assert "waits for another approval: one of two so far" in " ".join(said)
        with pytest.raises(StateError, match="waits for another approval"):
            pipeline.send(strict, keys, issue, now=SEND)
        assert not Delivery.objects.exists()
        Installation.objects.update_or_create(pk=1, defaults={"created_at": MONDAY - WEEK})
        (alarm,) = pipeline.alarms(strict, SEND + HOUR)
        assert alarm.todo.startswith("One of two approved it. Another person approves the same")

        both = approve(strict, "kim", SEND)
        assert pipeline.standing_of(strict, both).missing == 0
        assert both.document_sha == issue.document_sha
        pipeline.run_due(strict, keys, now=SEND, clock=lambda: SEND)
        assert Issue.objects.get(pk=issue.pk).state == IssueState.SENT
        assert [row.detail["approvals"] for row in Audit.objects.filter(verb="issue.approve").order_by("pk")] == [
            "1 of 2",
            "2 of 2",
        ]

    def test_the_second_must_be_another_person(self, strict: Config) -> None:
        approve(strict)
        with pytest.raises(StateError, match="must be another person's"):
            approve(strict)
        assert Approval.objects.count() == 1

    def test_the_second_approves_what_the_first_did(self, strict: Config) -> None:
        seen = current(strict).revision
        approve(strict)
        with pytest.raises(StateError, match="not what you looked at"):
            approve(strict, "kim", revision=seen)

    def test_late_it_goes_out_at_once(self, strict: Config, keys: Keys) -> None:
        approve(strict)
        late = SEND + 5 * HOUR
        assert approve(strict, "kim", late).send_at == late

    def test_withdrawing_takes_all_of_them_back(self, strict: Config) -> None:
        issue = approve(strict)
        approve(strict, "kim")
        pipeline.void_approval(strict, issue.pk, actor="lee", now=MONDAY, why="a mistake")
        assert not Approval.objects.filter(voided_at__isnull=True).exists()
        assert pipeline.standing_of(strict, approve(strict, "kim")).words == "one of two"

    def test_three_is_not_approved_again(self, strict: Config) -> None:
        approve(strict)
        approve(strict, "kim")
        with pytest.raises(StateError, match="approved already"):
            approve(strict, "lee")

    def test_what_the_plan_itself_approves_is_complete(self, strict: Config) -> None:
        assert pipeline.standing_of(strict, approve(strict, CLOCK)).missing == 0

    def test_two_people_and_nobody_contradict_each_other(self) -> None:
        with pytest.raises(ValidationError, match="asks for that many people"):
            Plan.model_validate({"approval": "automatic", "approvers": 2})


class TestVoided:
    def test_what_was_approved_and_what_stands_now(self, week: Config) -> None:
        issue = approve(week)
        assert pipeline.last_voided(pipeline.coming(week, now=MONDAY)) is None
        pipeline.void_approval(week, issue.pk, actor="kim", now=MONDAY + HOUR, why="one more thing")
        small = Entry.objects.get(latest_doc__title="On small things").pk
        library = Entry.objects.get(latest_doc__title="A library opens").pk
        for kind, entry, value in (
            ("drop", small, {}),
            ("rewrite", library, {"title": "The library opens"}),
            ("intro", None, {"markdown": "Good morning."}),
        ):
            pipeline.add_edit(
                week,
                issue.pk,
                kind=kind,
                entry=entry,
                value=value,
                actor="kim",
                now=MONDAY,
                base_revision=current(week).revision,
            )
        voided = pipeline.last_voided(pipeline.coming(week, now=MONDAY))
        assert voided is not None
        assert (voided.by, voided.at, voided.voided_at, voided.why) == (
            "sam",
            MONDAY,
            MONDAY + HOUR,
            "one more thing",
        )
        told = {(found.kind, found.title): found for found in voided.changes}
        assert told[Kind.DROPPED, "On small things"].words == "gone from Blog"
        edited = told[Kind.EDITED, "The library opens"]
        assert edited.details == ("the title was “A library opens”, and is now “The library opens”",)
        assert edited.entry == library
        assert "“Good morning.”" in "".join(
            found.sentence for found in voided.changes if found.words == "the intro is new"
        )
        approve(week, "kim")
        assert pipeline.last_voided(pipeline.coming(week, now=MONDAY)) is None


class TestHold:
    def test_nobody_approves_what_is_held(self, week: Config, keys: Keys) -> None:
        held = pipeline.hold(
            week, None, why="waiting for the board", actor="kim", now=MONDAY, revision=current(week).revision
        )
        assert (held.state, held.reason) == (IssueState.HELD, "waiting for the board")
        with pytest.raises(StateError, match="held already"):
            approve(week)
        pipeline.run_due(week, keys, now=SEND, clock=lambda: SEND)
        assert not Delivery.objects.exists()
        back = pipeline.unhold(week, held.pk, actor="kim", now=SEND, revision=current(week).revision)
        assert (back.state, back.reason) == (IssueState.DRAFT, "")
        assert approve(week, now=SEND).state == IssueState.APPROVED

    def test_holding_what_is_approved_voids_the_approval(self, week: Config) -> None:
        issue = approve(week)
        pipeline.hold(week, issue.pk, why="wait", actor="kim", now=MONDAY, revision=current(week).revision)
        assert Approval.objects.get().why == "held: wait"
        assert not Placement.objects.exists()
        assert Issue.objects.get(pk=issue.pk).document is None

    @pytest.mark.parametrize("state", [IssueState.HANDING_OVER, IssueState.SENT, IssueState.SKIPPED])
    def test_only_before_anything_has_left(self, week: Config, state: IssueState) -> None:
        issue = approve(week)
        Issue.objects.update(state=state)
        with pytest.raises(StateError, match="cannot be held"):
            pipeline.hold(week, issue.pk, why="wait", actor="kim", now=MONDAY, revision=issue.revision)
        with pytest.raises(StateError, match="not held"):
            pipeline.unhold(week, issue.pk, actor="kim", now=MONDAY, revision=issue.revision)

    def test_a_reason_is_needed_and_the_page_must_be_the_latest(self, week: Config) -> None:
        revision = current(week).revision
        with pytest.raises(UsageError, match="reason is missing"):
            pipeline.hold(week, None, why=" ", actor="kim", now=MONDAY, revision=revision)
        with pytest.raises(StateError, match="Somebody changed the issue"):
            pipeline.hold(week, None, why="wait", actor="kim", now=MONDAY, revision=revision + 1)


class TestSkip:
    def test_the_window_passes_to_the_successor(self, week: Config, keys: Keys) -> None:
        before = pipeline.coming(week, now=MONDAY)
        skipped = pipeline.skip(
            week, before.issue.pk, why="the office is closed", actor="kim", now=MONDAY, revision=before.issue.revision
        )
        assert (skipped.state, skipped.reason) == (IssueState.SKIPPED, "the office is closed")
        after = pipeline.coming(week, now=MONDAY)
        assert after.issue.slot == dt.date(2024, 2, 19)
        assert after.issue.window_start == before.issue.window_start
        assert [item.title for item in after.document.items] == [item.title for item in before.document.items]
        assert after.document.number == 736

    def test_a_number_that_was_given_is_void_and_says_why(self, week: Config) -> None:
        issue = approve(week)
        pipeline.skip(week, issue.pk, why="no news", actor="kim", now=MONDAY, revision=issue.revision)
        assert Number.objects.get().kind == NumberKind.VOID
        assert [account.words for account in accounts()] == ["void: the issue of 2024-02-12 was skipped: no news"]
        assert pipeline.coming(week, now=MONDAY).document.number == 737

    def test_not_once_it_is_on_its_way(self, week: Config) -> None:
        issue = approve(week)
        Issue.objects.update(state=IssueState.HANDING_OVER)
        with pytest.raises(StateError, match="can no longer be skipped"):
            pipeline.skip(week, issue.pk, why="no news", actor="kim", now=MONDAY, revision=issue.revision)


class TestRelease:
    def test_early(self, week: Config, keys: Keys) -> None:
        issue = approve(week)
        report = pipeline.release(week, keys, issue.pk, actor="kim", now=MONDAY, revision=issue.revision)
        assert (report.state, report.counts["accepted"]) == (IssueState.SENT, 3)
        assert Audit.objects.get(verb="issue.release").actor == "kim"

    def test_not_where_the_plan_forbids_it(self, week: Config, keys: Keys) -> None:
        issue = approve(week)
        punctual = week.model_copy(update={"plan": week.plan.model_copy(update={"early_release": False})})
        with pytest.raises(StateError, match="at its planned time and not before"):
            pipeline.release(punctual, keys, issue.pk, actor="kim", now=MONDAY, revision=issue.revision)
        assert not Delivery.objects.exists()
        report = pipeline.release(punctual, keys, issue.pk, actor="kim", now=SEND, revision=issue.revision)
        assert report.state == IssueState.SENT

    def test_only_what_is_approved_and_was_looked_at(self, week: Config, keys: Keys) -> None:
        with pytest.raises(StateError, match="Only an approved issue"):
            pipeline.release(week, keys, 0, actor="kim", now=MONDAY, revision=1)
        issue = approve(week)
        with pytest.raises(StateError, match="not what you looked at"):
            pipeline.release(week, keys, issue.pk, actor="kim", now=MONDAY, revision=issue.revision - 1)


class TestTests:
    PLAIN = Preferences(depth=Depth.HEADLINES, format=Format.TEXT)

    def test_several_people_several_editions(self, week: Config, keys: Keys) -> None:
        coming = pipeline.coming(week, now=MONDAY)
        tried = pipeline.send_tests(
            week,
            keys,
            coming,
            to=["a@example.org", "b@example.org"],
            editions=[Preferences(), self.PLAIN],
            actor="sam",
            now=MONDAY,
        )
        assert [one.failed for one in tried] == [False] * 4
        mails = [path.read_text("utf-8") for path in week.outbox_dir.rglob("*.eml")]
        assert sum("[TEST: all sections, headlines only, plain text]" in " ".join(m.split()) for m in mails) == 2
        assert sum("text/html" in mail for mail in mails) == 2
        assert not Delivery.objects.exists()
        assert not Number.objects.exists()
        row = Audit.objects.get(verb="issue.test")
        assert row.detail == {
            "to": [],
            "others": 2,
            "editions": ["the whole issue", "all sections, headlines only, plain text"],
            "failed": 0,
        }

    def test_an_edition_with_nothing_in_it_is_said_before_anything_is_sent(self, week: Config, keys: Keys) -> None:
        coming = pipeline.coming(week, now=MONDAY)
        nothing = Preferences(sections=frozenset({"events"}))
        with pytest.raises(DigestError, match="Nothing in this issue"):
            pipeline.send_tests(
                week, keys, coming, to=["a@example.org"], editions=[Preferences(), nothing], actor="sam", now=MONDAY
            )
        assert not list(week.outbox_dir.rglob("*.eml"))

    def test_not_a_mailing_of_its_own(self, week: Config, keys: Keys) -> None:
        coming = pipeline.coming(week, now=MONDAY)
        with pytest.raises(UsageError, match="at most 60"):
            pipeline.send_tests(
                week, keys, coming, to=[f"a{n}@example.org" for n in range(61)], actor="sam", now=MONDAY
            )
