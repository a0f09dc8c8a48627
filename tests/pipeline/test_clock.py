"""The clock over days off, deadlines, outages and late hours, with the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from digest import pipeline
from digest.compose.models import Edit, Issue, IssueState, Number, NumberKind
from digest.compose.number import number_of
from digest.config import Config, Keys
from digest.deliver.models import Delivery, DeliveryState
from digest.pipeline.deadline import WEEDER

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("members")]

Publish = Callable[..., None]
MONDAY = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
BY, SEND = MONDAY + HOUR, MONDAY + 2 * HOUR


def planned(config: Config, **values: Any) -> Config:
    return config.with_values(plan=type(config.plan).model_validate({**config.plan.model_dump(), **values}))


@pytest.fixture
def ring(keys: Keys) -> Callable[[Config, dt.datetime], list[str]]:
    return lambda config, now: pipeline.run_due(config, keys, now=now, clock=lambda: now)


Ring = Callable[[Config, dt.datetime], list[str]]


@pytest.fixture
def week(association: Config, publish_feed: Publish) -> Config:
    publish_feed("news", ("A library opens", MONDAY - 2 * DAY), ("A call goes out", MONDAY - 3 * DAY))
    publish_feed("blog", ("On small things", MONDAY - DAY))
    pipeline.gather(association, now=MONDAY)
    return association


def approve(config: Config, now: dt.datetime) -> Issue:
    coming = pipeline.coming(config, now=now)
    return pipeline.approve(config, coming.issue.pk, actor="sam", now=now, revision=coming.issue.revision)


def weeks() -> list[tuple[str, str, str]]:
    return [(f"{i.slot:%d %b}", i.state, i.reason) for i in Issue.objects.order_by("slot")]


def test_weeks_in_which_nothing_ran_are_explained(week: Config, ring: Ring) -> None:
    approve(week, MONDAY)
    ring(week, SEND)
    ring(week, MONDAY + 21 * DAY + 5 * HOUR)
    assert weeks() == [
        ("12 Feb", "sent", ""),
        ("19 Feb", "skipped", "the clock did not run when it was due"),
        ("26 Feb", "skipped", "the clock did not run when it was due"),
        ("04 Mar", "draft", ""),
    ]
    assert pipeline.coming(week, now=MONDAY + 21 * DAY).document.number == 737


def test_an_issue_nobody_decides_on_makes_room_for_the_next(week: Config, ring: Ring) -> None:
    approve(week, MONDAY)
    late = SEND + 3 * HOUR
    [asked] = [line for line in ring(week, late) if "decides" in line]
    assert "Issue 736 should have gone out at Mon 12 Feb 2024 09:00" in asked
    assert not Delivery.objects.exists()
    said = ring(week, MONDAY + 7 * DAY)
    assert any("Issue 736 was given up" in line for line in said)
    issue = Issue.objects.get(slot="2024-02-12")
    assert (issue.state, number_of(issue)) == (IssueState.SKIPPED, 736)
    coming = pipeline.coming(week, now=MONDAY + 7 * DAY)
    assert [coming.document.number, len(list(coming.document.items))] == [737, 3]
    assert number_of(approve(week, MONDAY + 7 * DAY)) == 737


def test_what_a_person_sends_late_is_not_followed_at_once(
    week: Config, ring: Ring, keys: Keys, publish_feed: Publish
) -> None:
    automatic = planned(week, approval="automatic")
    approve(week, MONDAY)
    sunday = MONDAY + 6 * DAY
    ring(automatic, sunday)
    pipeline.send(automatic, keys, Issue.objects.get(slot="2024-02-12"), now=sunday, actor="sam")
    publish_feed("blog", ("On large things", sunday))
    ring(automatic, MONDAY + 7 * DAY)
    [asked] = [line for line in ring(automatic, SEND + 7 * DAY) if "decides" in line]
    assert "would follow the issue before within two days" in asked
    assert Issue.objects.filter(released_at__isnull=False).count() == 1


def test_late_within_the_grace_it_goes_and_says_so(week: Config, ring: Ring) -> None:
    approve(week, MONDAY)
    assert ring(week, SEND + 40 * MINUTE)[-1] == "It went out 40 minutes late."


def test_send_if_clean(week: Config, ring: Ring) -> None:
    config = planned(week, without_approval="send-if-clean")
    assert not [line for line in ring(config, BY - MINUTE) if "approved" in line]
    said = ring(config, BY)
    assert said[0] == "Nobody approved issue 736 by its deadline, so it goes out as planned."
    assert Issue.objects.get().send_at == SEND


def test_send_if_clean_waits_when_it_is_not(week: Config, ring: Ring, publish_feed: Publish) -> None:
    publish_feed("news", ("A library opens", MONDAY - 2 * DAY), ("TODO lorem ipsum dolor", MONDAY - DAY))
    pipeline.gather(week, now=MONDAY)
    said = ring(planned(week, without_approval="send-if-clean"), BY)
    assert "waits for a person: nobody approved it, and the checks found " in said[0]
    assert Issue.objects.get().state == IssueState.DRAFT


def test_send_unflagged_drops_what_is_flagged_and_sends_the_rest(
    week: Config, ring: Ring, publish_feed: Publish
) -> None:
    publish_feed(
        "news",
        ("A library opens", MONDAY - 2 * DAY),
        ("A call goes out", MONDAY - 3 * DAY),
        ("TODO lorem ipsum dolor sit amet", MONDAY - DAY),
    )
    pipeline.gather(week, now=MONDAY)
    config = planned(week, without_approval="send-unflagged")
    said = ring(config, BY)
    assert "goes out as planned, without " in said[0]
    assert all(
        "lorem" not in item["title"]
        for section in Issue.objects.get().document["sections"]
        for item in section["items"]
    )
    assert {edit.actor for edit in Edit.objects.all()} == {WEEDER}
    assert "Issue 736 is sent: 3 accepted." in ring(config, SEND)


def test_too_little_is_skipped_and_passes_on(week: Config, ring: Ring) -> None:
    config = planned(week, min_items=4)
    assert ring(config, BY - MINUTE) == []
    said = ring(config, BY)
    assert "skipped: only 3 items, and the plan asks for at least 4" in said[0]
    assert Issue.objects.get(state=IssueState.DRAFT).window_start == MONDAY - 7 * DAY


def test_a_holiday_is_skipped_and_a_double_issue_takes_two_numbers(
    week: Config, ring: Ring, publish_feed: Publish
) -> None:
    config = planned(week, holidays="US", on_holiday="double")  # 19 February: Washington's Birthday
    approve(config, MONDAY)
    ring(config, SEND)
    ring(config, SEND + MINUTE)
    pipeline.gather(config, now=SEND + HOUR)
    [_, closed, draft] = Issue.objects.order_by("slot")
    assert (f"{closed.slot:%d %b}", closed.state) == ("19 Feb", "skipped")
    assert closed.reason == "Washington's Birthday; the next issue is a double one"
    assert (f"{draft.slot:%d %b}", draft.window_start) == ("26 Feb", MONDAY)
    assert Number.objects.get(number=737).kind == NumberKind.SKIPPED
    assert pipeline.coming(config, now=SEND + DAY).document.number == 738


def test_a_day_off_written_into_the_plan_moves_the_open_draft(week: Config, ring: Ring) -> None:
    config = planned(week, holidays="US", on_holiday="shift")
    approve(week, MONDAY)
    ring(week, SEND)
    pipeline.gather(week, now=SEND + HOUR)
    ring(config, SEND + DAY)
    draft = Issue.objects.get(state=IssueState.DRAFT)
    assert (draft.slot, draft.planned_cutoff) == (dt.date(2024, 2, 20), MONDAY + 8 * DAY)
    ring(week, SEND + 2 * DAY)
    draft.refresh_from_db()
    assert draft.slot == dt.date(2024, 2, 19)


def test_a_clock_that_steps_back_sends_nothing_twice(week: Config, ring: Ring) -> None:
    approve(week, MONDAY)
    for now in (SEND, SEND - HOUR, SEND, SEND - 3 * DAY, SEND + 5 * DAY, SEND):
        ring(week, now)
    assert Delivery.objects.filter(state=DeliveryState.ACCEPTED).count() == 3
    assert Issue.objects.filter(released_at__isnull=False).count() == 1
