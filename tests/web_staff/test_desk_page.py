"""The desk: what it tells, and what can be changed from it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.test import Client

from digest import pipeline
from digest.compose.models import Edit, Issue, IssueState
from digest.config import Config, Keys
from digest.members.roll import import_bytes
from tests.web_staff.conftest import FRIDAY, Clock
from tests.web_staff.forms import forms, item_form, page, words

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
        "This digest's own issues 1",
        "it is one of this digest's own earlier issues",
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


def test_drop_and_restore(approver: Client, week: Config) -> None:
    action, values = item_form(approver, "A library opens")
    assert action == "/newsroom/drop/"
    answer = approver.post(action, values)
    assert (answer.status_code, answer["Location"]) == (303, "/newsroom/")
    assert "A library opens" not in [i.title for i in pipeline.coming(week, now=FRIDAY).document.items]
    assert "Dropped by sam@example.org".lower() in words(page(approver, "/newsroom/")).lower()

    action, values = item_form(approver, "A library opens")
    assert action == "/newsroom/restore/"
    approver.post(action, values)
    assert "A library opens" in [i.title for i in pipeline.coming(week, now=FRIDAY).document.items]


def test_a_dropped_item_keeps_its_place(approver: Client, week: Config) -> None:
    before = titles(page(approver, "/newsroom/"))
    action, values = item_form(approver, before[0])
    approver.post(action, values)
    assert titles(page(approver, "/newsroom/")) == before


def test_a_change_on_an_old_page_is_refused_in_words(approver: Client, editor: Client, week: Config) -> None:
    stale_action, stale = item_form(approver, "A library opens")
    action, values = item_form(editor, "On small things")
    editor.post(action, values)

    approver.post(stale_action, stale)
    text = words(page(approver, "/newsroom/"))
    assert "Somebody changed the issue while you were looking at it" in text
    assert Edit.objects.count() == 1


def test_a_page_about_another_issue_changes_nothing(approver: Client, week: Config) -> None:
    action, values = item_form(approver, "A library opens")
    approver.post(action, {**values, "issue": "2024-02-05"})
    assert "showed another issue" in words(page(approver, "/newsroom/"))
    assert not Edit.objects.exists()


@pytest.mark.parametrize(
    "broken", [{"revision": "x"}, {"revision": ""}, {"entry": "-1"}, {"entry": "9" * 40}, {"revision": "٣"}]
)
def test_a_mangled_form_is_answered_in_words(approver: Client, week: Config, broken: dict[str, str]) -> None:
    action, values = item_form(approver, "A library opens")
    assert approver.post(action, {**values, **broken}).status_code == 303
    assert "The form came incomplete" in words(page(approver, "/newsroom/"))
    assert not Edit.objects.exists()


def test_the_intro_is_saved_and_shown(approver: Client, week: Config) -> None:
    (values,) = forms(page(approver, "/newsroom/"), "/newsroom/intro/")
    approver.post(
        "/newsroom/intro/", {**values, "intro": "Good morning, **all**.\r\n\r\nRead on. </textarea><script>"}
    )
    (saved,) = forms(page(approver, "/newsroom/"), "/newsroom/intro/")
    assert saved["intro"] == "Good morning, **all**.\n\nRead on. </textarea><script>"
    assert "<script>" not in page(approver, "/newsroom/").split("<main")[1]
    assert "<strong>all</strong>" in approver.get("/newsroom/preview/mail.html").content.decode()


def test_an_intro_that_cannot_be_saved_is_not_lost(approver: Client, editor: Client, week: Config) -> None:
    (mine,) = forms(page(approver, "/newsroom/"), "/newsroom/intro/")
    (theirs,) = forms(page(editor, "/newsroom/"), "/newsroom/intro/")
    editor.post("/newsroom/intro/", {**theirs, "intro": "Theirs."})

    answer = approver.post("/newsroom/intro/", {**mine, "intro": "Mine."})
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "not stored" in words(text)
    assert "Theirs." in words(text)
    (again,) = forms(text, "/newsroom/intro/")
    assert again["intro"] == "Mine."
    approver.post("/newsroom/intro/", again)
    assert pipeline.coming(week, now=FRIDAY).document.intro == "Mine."


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


def titles(text: str) -> list[str]:
    return [words(chunk.split("</h3>")[0].split(">", 1)[1]) for chunk in text.split('<li class="item')[1:]]
