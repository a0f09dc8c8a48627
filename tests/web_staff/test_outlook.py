"""The verdict on the coming issue in every state and at every hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from digest.compose.models import Issue, IssueState
from digest.config import Config
from digest.config.weeks import Slot, latest_slot
from digest.web.staff.outlook import Approved, outlook

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def slot(config: Config, monday: dt.datetime) -> Slot:
    return latest_slot(config.plan, config.association.tz, monday)


def issue(slot: Slot, state: IssueState = IssueState.DRAFT, **fields: object) -> Issue:
    return Issue(slot=slot.date, title_date=slot.date, planned_cutoff=slot.cut_off, state=state, **fields)


@pytest.mark.parametrize(
    ("hours", "tone", "headline"),
    [
        (-48, "brand", "Waits for approval"),
        (0, "brand", "Waits for approval"),
        (1.0, "bad", "Approval is overdue"),
        (1.99, "bad", "Approval is overdue"),
        (2, "bad", "Not approved in time"),
        (48, "bad", "Not approved in time"),
    ],
)
def test_a_draft(config: Config, slot: Slot, hours: float, tone: str, headline: str) -> None:
    seen = outlook(config, issue(slot), slot, empty=False, approved=None, now=slot.cut_off + hours * HOUR)
    assert (seen.tone, seen.headline) == (tone, headline)


def test_an_empty_draft_is_no_alarm(config: Config, slot: Slot) -> None:
    seen = outlook(config, issue(slot), slot, empty=True, approved=None, now=slot.cut_off - HOUR)
    assert seen.headline == "Nothing in it yet"


def test_a_draft_that_approves_itself(make_config: Callable[..., Config], slot: Slot) -> None:
    config = make_config('[plan]\napproval = "automatic"\n')
    before = outlook(config, issue(slot), slot, empty=False, approved=None, now=slot.cut_off - HOUR)
    after = outlook(config, issue(slot), slot, empty=False, approved=None, now=slot.cut_off + HOUR / 2)
    assert (before.tone, before.headline) == ("good", "Goes out by itself")
    assert (after.tone, after.headline) == ("warn", "Not approved yet")


@pytest.mark.parametrize(
    ("hours", "tone", "headline"),
    [(-1, "good", "Ready to go"), (0, "good", "Due now"), (2, "good", "Due now"), (2.1, "bad", "Not sent in time")],
)
def test_an_approved_issue(config: Config, slot: Slot, hours: float, tone: str, headline: str) -> None:
    approved = Approved(by="sam@example.org", at=slot.cut_off - HOUR)
    row = issue(slot, IssueState.APPROVED, send_at=slot.send_at)
    seen = outlook(config, row, slot, empty=False, approved=approved, now=slot.send_at + hours * HOUR)
    assert (seen.tone, seen.headline) == (tone, headline)
    assert seen.words.startswith("Approved by sam@example.org on Monday 12 February, 06:00. ")


@pytest.mark.parametrize("state", list(IssueState))
def test_every_state_has_words(config: Config, slot: Slot, state: IssueState) -> None:
    row = issue(slot, state, reason="the printer is on strike")
    seen = outlook(config, row, slot, empty=False, approved=None, now=slot.cut_off)
    assert seen.headline
    assert seen.words.endswith((".", ")."))
    assert seen.state


def test_the_steps_of_the_week(config: Config, slot: Slot) -> None:
    seen = outlook(config, issue(slot), slot, empty=False, approved=None, now=slot.cut_off + HOUR / 2)
    assert [(s.name, s.time, s.distance, s.done) for s in seen.steps] == [
        ("Cut-off", "Mon 12 Feb, 07:00", "30 minutes ago", True),
        ("Approve by", "Mon 12 Feb, 08:00", "in 30 minutes", False),
        ("Sent to members", "Mon 12 Feb, 09:00", "in 1 hour and 30 minutes", False),
    ]
