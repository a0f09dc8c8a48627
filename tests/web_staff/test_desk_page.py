"""The desk: what it tells, and what can be changed from it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.test import Client

from digest import pipeline
from digest.compose.models import Issue, IssueState
from digest.config import Config, Keys
from digest.members.roll import import_bytes
from tests.web_staff.conftest import FRIDAY, Clock
from tests.web_staff.forms import page, words

pytestmark = pytest.mark.django_db


def test_it_tells_all_about_the_coming_issue(approver: Client, week: Config) -> None:
    text = words(page(approver, "/newsroom/"))
    for said in (
        "Weekly News Digest - Issue 736, 12 Feb 2024",
        "Draft 3 items",
        "Is Monday all right? No: there are no members to send it to Nothing is sent until somebody approves it",
        "by Monday 12 February, 08:00 (in 2 days and 16 hours)",
        "Cut-off Mon 12 Feb, 07:00 in 2 days and 15 hours",
        "Sent to members Mon 12 Feb, 09:00",
        "A library opens",
        "On small things",
        "Everything the week brought : 1 other entry",
        "All 2 sources are fine.",
        "No issue has been sent yet.",
    ):
        assert said in text, said


def test_a_feeds_markup_stays_text(approver: Client, week: Config) -> None:
    text = page(approver, "/newsroom/")
    assert "<b>call</b>" not in text
    assert "call" in text


def test_a_new_installation_has_an_empty_desk(approver: Client, association: Config) -> None:
    text = words(page(approver, "/newsroom/"))
    assert "The issue fills by itself" in text
    assert "No items yet" in text
    assert "Not read It is read at the next gathering." in text
    assert "Approve…" not in text
    assert not Issue.objects.exists()


def test_a_page_about_another_issue_changes_nothing(approver: Client, week: Config) -> None:
    before = pipeline.coming(week, now=FRIDAY).issue.state
    approver.post("/newsroom/hold/", {"issue": "2024-02-05", "revision": "1", "why": "wait"})
    assert "showed another issue" in words(page(approver, "/newsroom/"))
    assert pipeline.coming(week, now=FRIDAY).issue.state == before


@pytest.mark.parametrize("revision", ["x", "", "-1", "9" * 40, "٣"])
def test_a_mangled_form_is_answered_in_words(approver: Client, week: Config, revision: str) -> None:
    answer = approver.post("/newsroom/hold/", {"issue": "2024-02-12", "revision": revision, "why": "wait"})
    assert answer.status_code == 303
    assert "The form came incomplete" in words(page(approver, "/newsroom/"))
    assert not Issue.objects.filter(state=IssueState.HELD).exists()


def test_a_source_that_fails_is_told_apart(approver: Client, week: Config, tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "blog.xml").unlink()
    clock.now = FRIDAY + dt.timedelta(hours=1)
    approver.post("/newsroom/gather/")
    text = words(page(approver, "/newsroom/"))
    assert "Read 2 sources: nothing new." in text
    assert "The Blog could not be read" in text
    assert "1 of 2 sources needs a look." in text


def test_the_sources_can_be_read_now(approver: Client, association: Config) -> None:
    approver.post("/newsroom/gather/")
    assert "Read 2 sources: nothing new." in words(page(approver, "/newsroom/"))


def test_a_test_goes_to_the_person_who_asks_and_nowhere_else(approver: Client, week: Config) -> None:
    approver.post("/newsroom/test/")
    assert "sam@example.org" in words(page(approver, "/newsroom/").split("<main")[1])
    sent = list(week.outbox_dir.rglob("*.eml"))
    assert len(sent) == 1
    assert b"sam@example.org" in sent[0].read_bytes()
    assert Issue.objects.get().state == IssueState.DRAFT


def test_what_became_of_the_last_issue(approver: Client, week: Config, keys: Keys, clock: Clock) -> None:
    import_bytes(b"email\nada@example.org\nben@example.org\n", name="m.csv", keys=keys, now=FRIDAY, actor="test")
    coming = pipeline.coming(week, now=FRIDAY)
    pipeline.approve(week, coming.issue.pk, actor="sam", now=FRIDAY, revision=coming.issue.revision)
    pipeline.run_due(week, keys, now=coming.slot.send_at)
    clock.now = coming.slot.send_at + dt.timedelta(hours=1)
    text = words(page(approver, "/newsroom/"))
    assert "Weekly News Digest - Issue 736, 12 Feb 2024 Sent Monday 12 February, 09:00, 1 hour ago." in text
    assert "Accepted 2" in text
    assert "Weekly News Digest - Issue 737, 19 Feb 2024" in text
