"""Stop, pause and resume in the newsroom."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from digest.compose.models import Issue, IssueState
from digest.config import Config
from digest.deliver.pause import why_paused
from tests.web_staff.conftest import Clock
from tests.web_staff.forms import forms, page, words

pytestmark = pytest.mark.django_db
SEND = dt.datetime(2024, 2, 12, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def handing_over(approver: Client, week: Config, clock: Clock) -> Issue:
    """Approved and with a provider that lets it go at nine; it is half past eight."""
    (values,) = forms(page(approver, "/newsroom/approve/"), "/newsroom/approve/")
    approver.post("/newsroom/approve/", values)
    clock.now = SEND - dt.timedelta(minutes=30)
    Issue.objects.update(state=IssueState.HANDING_OVER)
    return Issue.objects.get()


def test_stop_takes_a_reason_and_says_what_it_came_to(approver: Client, handing_over: Issue) -> None:
    desk = page(approver, "/newsroom/")
    assert "It can be stopped until Monday 12 February, 08:50." in words(desk)
    (values,) = forms(desk, "/newsroom/stop/")
    approver.post("/newsroom/stop/", {**values, "why": " "})
    assert "The reason is missing." in words(page(approver, "/newsroom/"))
    answer = approver.post("/newsroom/stop/", {**values, "why": "a wrong date"})
    assert (answer.status_code, answer["Location"]) == (303, "/newsroom/")
    handing_over.refresh_from_db()
    assert (handing_over.state, handing_over.reason) == (IssueState.STOPPED, "a wrong date")
    desk = page(approver, "/newsroom/")
    assert "The issue is stopped. Nothing of it had been handed over." in words(desk)
    assert not forms(desk, "/newsroom/stop/")


def test_shortly_before_it_says_that_it_is_too_late(approver: Client, handing_over: Issue, clock: Clock) -> None:
    clock.now = SEND - dt.timedelta(minutes=9)
    assert "can no longer be stopped" in words(page(approver, "/newsroom/"))


def test_pause_and_resume(approver: Client, handing_over: Issue, week: Config) -> None:
    (values,) = forms(page(approver, "/newsroom/"), "/newsroom/pause/")
    approver.post("/newsroom/pause/", {**values, "why": "a question"})
    assert why_paused(week) == "Sending is paused since Mon 12 Feb 08:30 GMT, by sam@example.org. Why: a question."
    desk = page(approver, "/newsroom/")
    assert "a question" in words(desk)
    assert not forms(desk, "/newsroom/pause/")
    (values,) = forms(desk, "/newsroom/resume/")
    approver.post("/newsroom/resume/", values)
    assert why_paused(week) == ""


@pytest.mark.parametrize("move", ["stop", "pause", "resume"])
def test_only_who_may_approve_and_only_by_post(
    editor: Client, approver: Client, handing_over: Issue, week: Config, move: str
) -> None:
    (values,) = forms(page(approver, "/newsroom/"), "/newsroom/stop/")
    assert not forms(page(editor, "/newsroom/"), f"/newsroom/{move}/")
    assert editor.post(f"/newsroom/{move}/", {**values, "why": "x"}).status_code == 403
    assert approver.get(f"/newsroom/{move}/").status_code == 405
    assert Issue.objects.get().state == IssueState.HANDING_OVER
    assert why_paused(week) == ""
