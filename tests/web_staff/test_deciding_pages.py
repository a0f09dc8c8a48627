"""What the desk lets people decide: reviewed, one of two, held, skipped, sent now; and what a void approval shows."""

from __future__ import annotations

import pytest
from django.test import Client

from digest import pipeline
from digest.compose.models import Approval, Edit, Issue, IssueState
from digest.config import Config, Keys
from digest.deliver.models import Delivery
from digest.installation.models import Audit
from digest.members.roll import import_bytes
from tests.web_staff.conftest import FRIDAY, change, person, prove
from tests.web_staff.forms import forms, page, words

pytestmark = pytest.mark.django_db
DESK, APPROVE = "/newsroom/", "/newsroom/approve/"


@pytest.fixture(autouse=True)
def members(week: Config, keys: Keys) -> None:
    import_bytes(b"email\nada@example.org\nben@example.org\n", name="m.csv", keys=keys, now=FRIDAY, actor="test")


@pytest.fixture
def second(db: None) -> Client:
    """Another person who may approve."""
    client = Client()
    user = person("lee@example.org", "approver")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    prove(client, user)
    return client


@pytest.fixture
def strict(week: Config, settings: pytest.FixtureRequest) -> Config:
    """The same week, where two people must approve."""
    config = week.model_copy(update={"plan": week.plan.model_copy(update={"approvers": 2})})
    settings.DIGEST = config  # type: ignore[attr-defined]
    return config


def press(client: Client, action: str, on: str = DESK, **more: str) -> str:
    """Press the button of the form that posts to `action`; what the page after it says."""
    (values,) = forms(page(client, on), action)
    answer = client.post(action, {**values, **more}, follow=True)
    return words(answer.content.decode())


def approve(client: Client) -> str:
    return press(client, APPROVE, APPROVE)


def test_what_changed_since_somebody_looked_at_all_of_it(editor: Client, approver: Client, week: Config) -> None:
    assert "Nobody has marked it as reviewed." in words(page(editor, DESK))
    assert "Marked as reviewed." in press(editor, "/newsroom/reviewed/")
    assert "Nothing has changed since the last review." in words(page(editor, DESK))
    change(week, "drop", title="On small things")
    for where in (page(editor, DESK), page(approver, APPROVE)):
        assert "changes since the last review. kim@example.org looked at all of it" in words(where)
        assert "Gone from Blog: On small things" in words(where)


def test_reviewing_something_else_than_what_was_shown(editor: Client, week: Config) -> None:
    (values,) = forms(page(editor, DESK), "/newsroom/reviewed/")
    change(week, "drop", title="On small things")
    answer = editor.post("/newsroom/reviewed/", values, follow=True)
    assert "The issue has changed since you looked at it." in words(answer.content.decode())
    assert not Edit.objects.filter(kind="reviewed").exists()


def test_one_of_two(approver: Client, second: Client, strict: Config, keys: Keys) -> None:
    assert "Approved, one of two." in approve(approver)
    text = words(page(approver, DESK))
    assert "Not yet: approved, one of two" in text
    assert "You have approved it. Another person approves the same next." in text
    assert not forms(page(approver, APPROVE), APPROVE), "once is enough"
    assert "It waits for another person's approval first." in words(page(approver, "/newsroom/release/"))

    theirs = words(page(second, APPROVE))
    issue = Issue.objects.get()
    assert "Approve this issue too?" in theirs
    assert "Approved by sam@example.org" in theirs
    assert issue.document_sha in theirs
    assert Approval.objects.get().fingerprint in theirs
    assert "Approved, revision" in approve(second)
    assert "Yes: ready to go Approved by sam@example.org and lee@example.org" in words(page(second, DESK))
    assert issue.send_at is not None
    pipeline.run_due(strict, keys, now=issue.send_at)
    assert Issue.objects.get().state == IssueState.SENT


def test_a_void_approval_says_what_is_different_now(approver: Client, week: Config) -> None:
    approve(approver)
    press(approver, "/newsroom/withdraw/", why="one more thing")
    assert "What a reader would see is still the same." in words(page(approver, DESK))
    change(week, "drop", title="On small things")
    change(week, "rewrite", title="A library opens", summary="All day long.")
    for where in (DESK, APPROVE):
        text = words(page(approver, where))
        assert "The approval of sam@example.org stands no more." in text
        assert "(one more thing)" in text
        assert "Gone from Blog: On small things" in text
        assert "The summary was “About A library opens.”, and is now “All day long.”" in text
    approve(approver)
    assert "stands no more" not in words(page(approver, DESK))


def test_hold_and_let_it_go_on(approver: Client, week: Config) -> None:
    approve(approver)
    text = press(approver, "/newsroom/hold/", why="The board meets first")
    assert "Not yet: held" in text
    assert "Reason: The board meets first." in text
    assert "It is held: let it go on first" in words(page(approver, APPROVE)).replace("This issue is", "It is")
    assert "Not yet: waits for approval" in press(approver, "/newsroom/unhold/")
    assert Issue.objects.get().state == IssueState.DRAFT


def test_skip_this_week(approver: Client, week: Config) -> None:
    (values,) = forms(page(approver, DESK), "/newsroom/skip/")
    answer = approver.post("/newsroom/skip/", values, follow=True)
    assert "The reason is missing." in words(answer.content.decode())
    text = press(approver, "/newsroom/skip/", why="the office is closed")
    assert "The issue of 12 February is skipped." in text
    assert "Weekly News Digest - Issue 736, 19 Feb 2024" in text
    assert "The issue of 12 Feb was skipped: the office is closed. What it held is here." in text
    assert "A library opens" in text


def test_send_now(approver: Client, week: Config) -> None:
    approve(approver)
    assert "Send now…" in words(page(approver, DESK))
    (values,) = forms(page(approver, "/newsroom/release/"), "/newsroom/release/")
    values.pop("sure")
    answer = approver.post("/newsroom/release/", values)
    assert answer.status_code == 409
    assert "Tick that you mean it" in words(answer.content.decode())
    assert not Delivery.objects.exists()
    answer = approver.post("/newsroom/release/", {**values, "sure": "yes"}, follow=True)
    assert "is sent: 2 accepted." in words(answer.content.decode())
    assert Audit.objects.get(verb="issue.release").actor == "sam@example.org"


def test_a_plan_that_sends_at_its_time_only(approver: Client, week: Config, settings: pytest.FixtureRequest) -> None:
    plan = week.plan.model_copy(update={"early_release": False})
    settings.DIGEST = week.model_copy(update={"plan": plan})  # type: ignore[attr-defined]
    approve(approver)
    assert "Send now…" not in words(page(approver, DESK))
    asked = page(approver, "/newsroom/release/")
    assert not forms(asked, "/newsroom/release/")
    assert "at the planned time and not before" in words(asked)


class TestTrials:
    """A test goes to whom it may, and counts as nothing."""

    PATH = "/newsroom/test/"

    def test_to_several_and_to_nobody_else(
        self, approver: Client, editor: Client, week: Config, settings: pytest.FixtureRequest
    ) -> None:
        delivery = week.delivery.model_copy(update={"test_to": ("office@example.org",)})
        settings.DIGEST = week.model_copy(update={"delivery": delivery})  # type: ignore[attr-defined]
        text = words(page(editor, self.PATH))
        for said in ("sam@example.org", "kim@example.org", "office@example.org", "The whole issue 2 members"):
            assert said in text
        to = ["sam@example.org", "office@example.org", "stranger@example.org"]
        answer = editor.post(self.PATH, {"form": "full", "to": to, "editions": ["full"]}, follow=True)
        assert "2 test copies are on the way." in words(answer.content.decode())
        mails = [path.read_text("utf-8") for path in week.outbox_dir.rglob("*.eml")]
        assert len(mails) == 2
        assert not any("stranger@example.org" in mail for mail in mails)
        assert all("Subject: [TEST] Weekly News Digest" in mail for mail in mails)
        row = Audit.objects.get(verb="issue.test")
        assert (row.actor, row.detail["to"], row.detail["others"]) == ("kim@example.org", ["sam@example.org"], 1)
        assert not Delivery.objects.exists()

    def test_in_the_edition_the_preview_was_showing(self, editor: Client, week: Config) -> None:
        query = "?choose=1&depth=headlines&format=text"
        text = page(editor, self.PATH + query)
        assert "All sections, headlines only, plain text as in the preview".lower() in words(text).lower()
        answer = editor.post(
            self.PATH + query, {"form": "full", "to": ["kim@example.org"], "editions": ["chosen"]}, follow=True
        )
        assert "kim@example.org" in words(answer.content.decode())
        (mail,) = [path.read_text("utf-8") for path in week.outbox_dir.rglob("*.eml")]
        assert "text/html" not in mail

    def test_nobody_and_nothing_are_said_on_the_page(self, editor: Client, week: Config) -> None:
        answer = editor.post(self.PATH, {"form": "full", "to": ["kim@example.org"]})
        assert answer.status_code == 409
        text = answer.content.decode()
        assert "choose at least one person and one edition" in words(text)
        assert 'value="kim@example.org" checked' in text
