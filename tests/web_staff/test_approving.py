"""Approve exactly what was looked at; withdraw it in time."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.test import Client

from digest import pipeline
from digest.compose.models import Approval, Issue, IssueState
from digest.config import Config
from tests.web_staff.conftest import DAY, FRIDAY, Clock, change, feed
from tests.web_staff.forms import forms, page, words

pytestmark = pytest.mark.django_db


def asked(client: Client) -> dict[str, str]:
    """The values that the panel's button posts."""
    (values,) = forms(page(client, "/newsroom/approve/"), "/newsroom/approve/")
    return values


def test_the_panel_shows_what_is_approved(approver: Client, week: Config) -> None:
    coming = pipeline.coming(week, now=FRIDAY)
    text = words(page(approver, "/newsroom/approve/"))
    for said in (
        "Subject Weekly News Digest - Issue 736, 12 Feb 2024",
        "Number 736",
        "Items 3 items News 2 Blog 1",
        f"Revision {coming.issue.revision}",
        coming.document.content_sha256,
        "This closes the issue's week now",
    ):
        assert said in text, said


def test_approve_then_withdraw(approver: Client, week: Config) -> None:
    answer = approver.post("/newsroom/approve/", asked(approver))
    assert (answer.status_code, answer["Location"]) == (303, "/newsroom/")
    issue = Issue.objects.get()
    assert issue.state == IssueState.APPROVED
    assert Approval.objects.get().actor == "sam@example.org"

    desk = page(approver, "/newsroom/")
    assert "Approved by sam@example.org on Friday 9 February, 15:20." in words(desk)

    (values,) = forms(desk, "/newsroom/withdraw/")
    approver.post("/newsroom/withdraw/", {**values, "why": "  one more\nthing "})
    issue.refresh_from_db()
    assert issue.state == IssueState.DRAFT
    assert Approval.objects.get().why == "one more thing"
    assert "draft again" in words(page(approver, "/newsroom/"))


def test_an_edit_meanwhile_is_a_conflict(approver: Client, week: Config) -> None:
    values = asked(approver)
    change(week, "drop", title="On small things")
    answer = approver.post("/newsroom/approve/", values)
    assert answer.status_code == 409
    text = words(answer.content.decode())
    assert "Not approved. Somebody changed the issue while you were looking at it." in text
    assert "Items 2 items" in text
    assert Issue.objects.get().state == IssueState.DRAFT


def test_a_gather_meanwhile_is_a_conflict(approver: Client, week: Config, tmp_path: Path, clock: Clock) -> None:
    values = asked(approver)
    (tmp_path / "blog.xml").write_text(feed(("On great things", FRIDAY - DAY)), encoding="utf-8")
    clock.now = FRIDAY + dt.timedelta(minutes=1)
    pipeline.gather(week, now=clock.now)
    answer = approver.post("/newsroom/approve/", values)
    assert answer.status_code == 409
    assert "has changed since you looked at it" in words(answer.content.decode())
    assert Issue.objects.get().state == IssueState.DRAFT


def test_an_empty_issue_offers_no_button(approver: Client, association: Config) -> None:
    text = page(approver, "/newsroom/approve/")
    assert "The issue is empty" in words(text)
    assert not forms(text, "/newsroom/approve/")


def test_approved_twice(approver: Client, week: Config) -> None:
    values = asked(approver)
    approver.post("/newsroom/approve/", values)
    answer = approver.post("/newsroom/approve/", values)
    assert answer.status_code == 409
    assert "approved already" in words(answer.content.decode())
    assert Approval.objects.count() == 1


def test_withdrawing_what_is_no_longer_waiting(approver: Client, week: Config) -> None:
    approver.post("/newsroom/approve/", asked(approver))
    (values,) = forms(page(approver, "/newsroom/"), "/newsroom/withdraw/")
    Issue.objects.update(state=IssueState.HANDING_OVER)
    approver.post("/newsroom/withdraw/", values)
    desk = words(page(approver, "/newsroom/"))
    assert "can no longer be withdrawn" in desk
    assert "Being handed over" in desk
    assert Issue.objects.get().state == IssueState.HANDING_OVER


def test_an_editor_sees_no_button_to_approve(editor: Client, week: Config) -> None:
    text = page(editor, "/newsroom/")
    assert 'href="/newsroom/approve/"' not in text
    assert "takes the right to approve" in words(text)
