"""Announcements in the newsroom: written beside their preview, tested, approved, sent, stopped."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from digest import pipeline
from digest.compose.models import Issue, IssueKind, IssueState
from digest.config import Config, Keys
from digest.deliver.models import Delivery
from digest.members.roll import import_bytes
from digest.pipeline import announce
from tests.web_staff.conftest import Clock

SUBJECT = "Fewer than 10% of tickets remain"
SLUG = "2024-02-09-fewer-than-10-of-tickets-remain"
FORM = {
    "subject": SUBJECT,
    "preheader": "",
    "body": "Book [a place](https://conference.example/) **now**.",
    "when": "",
}
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def members(association: Config, keys: Keys, clock: Clock, db: None) -> None:
    import_bytes(b"email\nada@example.org\nben@example.org\n", name="m.csv", keys=keys, now=clock.now, actor="test")


@pytest.fixture
def draft(members: None, editor: Client) -> Issue:
    """Begun and saved by an editor."""
    answer = editor.post("/newsroom/announcements/new/")
    issue = Issue.objects.get(kind=IssueKind.ANNOUNCEMENT)
    assert answer["Location"] == f"/newsroom/announcements/{issue.pk}/"
    assert save(editor, issue, **FORM).status_code == 303
    issue.refresh_from_db()
    return issue


def save(client: Client, issue: Issue, **form: str) -> Any:
    return client.post(f"/newsroom/announcements/{issue.pk}/save/", {"revision": issue.revision, **form})


def press(client: Client, issue: Issue, what: str, **form: str) -> str:
    """The page after it, flattened."""
    issue.refresh_from_db()
    data = {"revision": issue.revision, **form}
    answer = client.post(f"/newsroom/announcements/{issue.pk}/{what}/", data, follow=True)
    return flat(answer)


def flat(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def approve(client: Client, issue: Issue) -> str:
    page = client.get(f"/newsroom/announcements/{issue.pk}/approve/").content.decode()
    fields = dict(re.findall(r'name="(revision|content)" value="(\w+)"', page))
    return flat(client.post(f"/newsroom/announcements/{issue.pk}/approve/", fields, follow=True))


def test_there_is_none_at_first_and_one_can_be_begun(association: Config, editor: Client) -> None:
    assert "None yet" in flat(editor.get("/newsroom/announcements/"))
    page = flat(editor.post("/newsroom/announcements/new/", follow=True))
    assert "A new announcement" in page
    assert "No subject yet" in flat(editor.get("/newsroom/announcements/"))


def test_from_words_to_members(
    association: Config, settings: Any, keys: Keys, draft: Issue, editor: Client, approver: Client, clock: Clock
) -> None:
    settings.DIGEST_KEYS = keys
    page = flat(editor.get(f"/newsroom/announcements/{draft.pk}/"))
    assert "Goes out once it is approved, to 2 members" in page
    assert "Approving takes a right that your account does not have" in page
    assert "Approve and send" in flat(approver.get(f"/newsroom/announcements/{draft.pk}/approve/"))

    assert "Approved by sam@example.org" in approve(approver, draft)
    pipeline.run_due(association, keys, now=clock.now)
    assert Delivery.objects.filter(state="accepted").count() == 2
    page = flat(editor.get(f"/newsroom/announcements/{draft.pk}/"))
    assert "Sent" in page
    assert "to 2 members" in page
    assert SUBJECT in flat(editor.get(f"/newsroom/deliveries/{SLUG}/"))
    assert Client().get(f"/announcements/{SLUG}/").status_code == 200
    assert SUBJECT in flat(Client().get("/announcements/"))
    assert b"Book a place" in Client().get(f"/announcements/{SLUG}.txt").content


def test_the_preview_follows_words_that_are_not_saved(draft: Issue, editor: Client) -> None:
    before = announce.written(draft)
    answer = editor.post(f"/newsroom/announcements/{draft.pk}/shown/", {**FORM, "subject": "Quite other words"})
    assert "Quite other words" in answer.content.decode()
    assert "sandbox" in answer["Content-Security-Policy"]
    assert announce.written(draft) == before
    for view in ("desktop", "phone", "text", "source"):
        assert editor.get(f"/newsroom/announcements/{draft.pk}/preview/{view}/").status_code == 200
    assert editor.get(f"/newsroom/announcements/{draft.pk}/preview/aloud/").status_code == 404


def test_what_cannot_be_saved_is_shown_again(draft: Issue, editor: Client, approver: Client) -> None:
    stale = Issue.objects.get(pk=draft.pk)
    save(approver, draft, **{**FORM, "body": "Somebody else's words."})
    answer = save(editor, stale, **{**FORM, "body": "Words that took an hour."})
    assert answer.status_code == 409
    assert "Words that took an hour." in answer.content.decode()
    draft.refresh_from_db()
    assert announce.written(draft).body == "Somebody else's words."
    answer = save(editor, draft, **{**FORM, "when": "tomorrow"})
    assert answer.status_code == 409
    assert "is no date and time" in flat(answer)


def test_it_waits_for_a_time_of_the_associations_zone_and_can_be_sent_before(
    association: Config, settings: Any, keys: Keys, draft: Issue, approver: Client, clock: Clock
) -> None:
    settings.DIGEST_KEYS = keys
    save(approver, draft, **{**FORM, "when": "2024-07-01T10:00"})
    approve(approver, draft)
    draft.refresh_from_db()
    assert draft.send_at == dt.datetime(2024, 7, 1, 9, 0, tzinfo=dt.UTC)
    assert draft.slug.startswith("2024-07-01-")
    assert "Sent." in press(approver, draft, "send")
    assert Delivery.objects.count() == 2


def test_an_approval_is_withdrawn_and_a_draft_put_away(draft: Issue, approver: Client) -> None:
    save(approver, draft, **{**FORM, "when": "2024-02-10T10:00"})
    approve(approver, draft)
    assert "It is a draft again" in press(approver, draft, "withdraw")
    assert announce.written(draft).when is not None
    assert "Put away" in press(approver, draft, "discard")
    draft.refresh_from_db()
    assert draft.state == IssueState.SKIPPED


def test_a_test_goes_to_the_one_who_asks(
    association: Config, settings: Any, keys: Keys, draft: Issue, editor: Client
) -> None:
    settings.DIGEST_KEYS = keys
    assert "The test for kim@example.org" in press(editor, draft, "test")
    [mail] = Path(association.outbox_dir / "test").glob("*.eml")
    assert f"Subject: [TEST] {SUBJECT}" in mail.read_text()
    assert not Delivery.objects.exists()


def test_what_blocks_it_takes_a_reason(draft: Issue, approver: Client) -> None:
    save(approver, draft, **{**FORM, "body": "Lorem ipsum dolor sit amet."})
    assert "Why it goes all the same" in flat(approver.get(f"/newsroom/announcements/{draft.pk}/approve/"))
    assert "Not approved" in approve(approver, draft)


def test_the_same_words_twice_are_pointed_out(
    association: Config, draft: Issue, editor: Client, approver: Client
) -> None:
    approve(approver, draft)
    editor.post("/newsroom/announcements/new/")
    other = Issue.objects.exclude(pk=draft.pk).get(kind=IssueKind.ANNOUNCEMENT)
    save(editor, other, **FORM)
    assert "These very words went out, or are to go out, already" in flat(
        editor.get(f"/newsroom/announcements/{other.pk}/")
    )
    assert "Not approved" in approve(approver, other)


def test_it_is_stopped_while_it_goes_out(
    association: Config, settings: Any, keys: Keys, draft: Issue, approver: Client, make_config: Callable[..., Config]
) -> None:
    settings.DIGEST_KEYS = keys
    approve(approver, draft)
    Issue.objects.filter(pk=draft.pk).update(state=IssueState.HANDING_OVER)
    page = press(approver, draft, "stop", why="The hall burnt down.")
    assert "It is stopped" in page
    assert "The hall burnt down." in page
