"""The page of an issue's deliveries, and settling on it."""

from __future__ import annotations

import pytest
from django.test import Client

from digest.archive.record import write_record
from digest.compose.models import Issue, IssueState
from digest.config import Config, Keys
from digest.deliver.models import Batch, BatchState, Delivery
from digest.installation.models import Audit
from tests.archive.values import document, rendered
from tests.deliver.issues import MINUTE, NOW, event, handed_over, post, states
from tests.web_staff.conftest import Clock

pytestmark = pytest.mark.django_db
PAGE, SETTLE = "/newsroom/deliveries/736/", "/newsroom/deliveries/736/settle/"
FORM = {"as": "sent", "batch": "1", "copies-1": "2", "why": "the activity log"}


@pytest.fixture
def issue(association: Config, keys: Keys, clock: Clock) -> Issue:
    """Half an hour after the release of an issue with a bounce and two unknown copies."""
    clock.now = NOW + 31 * MINUTE
    issue = handed_over(
        keys,
        {"delivered": 3, "bounced": 1, "unknown": 2, "excluded": 1},
        batch_state=BatchState.UNKNOWN,
        reasons={"bounced": "no such mailbox (5.1.1) - 550 <b>gone</b>", "excluded": "left the list"},
    )
    Batch.objects.update(answer="SendGrid answered 504, which says neither yes nor no.")
    return issue


def page(client: Client, path: str = PAGE) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


class TestPage:
    def test_figures_reasons_and_what_to_do(self, approver: Client, issue: Issue) -> None:
        shown = page(approver)
        for words in (
            "Deliveries of issue 736",
            'of which the provider has accepted <strong class="num">4</strong> (66.7 %)',
            "no such mailbox (5.1.1)",
            "left the list",
            "SendGrid answered 504",
            "it took the request",
            "2 of them are unknown.",  # the alarm
        ):
            assert words in shown, words
        assert "<b>gone</b>" not in shown  # a mail server's words are no markup
        assert "550 &lt;b&gt;gone&lt;/b&gt;" in shown

    def test_the_desk_leads_here_and_shows_the_alarm(self, approver: Client, issue: Issue) -> None:
        Issue.objects.update(document=document(736).as_json())
        shown = page(approver, "/newsroom/")
        assert f'href="{PAGE}"' in shown
        assert "has accepted 4 of 6 copies" in shown

    def test_addresses_are_for_those_who_may_see_members(
        self, editor: Client, approver: Client, issue: Issue
    ) -> None:
        assert "m4@example.org" not in page(editor)
        assert "m***@example.org" in page(editor)
        assert "m4@example.org" in page(approver)

    def test_an_issue_without_copies_and_one_that_is_none(
        self, approver: Client, keys: Keys, association: Config
    ) -> None:
        handed_over(keys, {}, number=737)
        assert "It went to no members" in page(approver, "/newsroom/deliveries/737/")
        assert approver.get("/newsroom/deliveries/999/").status_code == 404
        assert approver.get("/newsroom/deliveries/0/").status_code == 404

    def test_who_may_not_approve_sees_no_form(self, editor: Client, issue: Issue) -> None:
        shown = page(editor)
        assert SETTLE not in shown
        assert "takes the right to approve" in shown


class TestSettle:
    def test_sent(self, approver: Client, issue: Issue) -> None:
        answer = approver.post(SETTLE, FORM, follow=True)
        assert answer.redirect_chain == [(PAGE, 303)]
        assert "2 copies settled as sent." in answer.content.decode()
        assert states(issue)[4:6] == ["accepted", "accepted"]
        issue.refresh_from_db()
        assert issue.state == IssueState.SENT
        assert Audit.objects.get(verb="delivery.settle").actor == "sam@example.org"

    def test_not_sent_wants_a_person_who_has_looked(self, approver: Client, issue: Issue) -> None:
        form = {**FORM, "as": "not-sent", "batch": "all", "copies-all": "2"}
        answer = approver.post(SETTLE, form)
        assert answer.status_code == 409
        assert "would reach their members twice" in answer.content.decode()
        assert 'value="the activity log"' in answer.content.decode()  # nothing typed is lost
        assert states(issue)[4:6] == ["unknown", "unknown"]
        answer = approver.post(SETTLE, {**form, "looked": "yes"}, follow=True)
        assert "2 copies go out with the next sending." in answer.content.decode()
        assert states(issue)[4:6] == ["pending", "pending"]

    def test_a_page_that_is_old_by_now(self, approver: Client, keys: Keys, issue: Issue) -> None:
        first = Delivery.objects.filter(state="unknown").order_by("pk")[0]
        post(keys, [event(first, "delivered")])
        answer = approver.post(SETTLE, FORM)
        assert answer.status_code == 409
        assert "The unknown copies are 1 now, not 2" in answer.content.decode()
        assert states(issue)[4:6] == ["delivered", "unknown"]

    @pytest.mark.parametrize(
        "change",
        [{"as": "maybe"}, {"as": ""}, {"batch": "x"}, {"batch": ""}, {"batch": "-1"}, {"copies-1": ""}, {"why": " "},
         {"copies-1": "9" * 40}, {"batch": "7", "copies-7": "2"}],
    )  # fmt: skip
    def test_a_form_that_will_not_do(self, approver: Client, issue: Issue, change: dict[str, str]) -> None:
        assert approver.post(SETTLE, FORM | change).status_code == 409
        assert states(issue)[4:6] == ["unknown", "unknown"]


class TestErratum:
    ERRATUM = "/newsroom/deliveries/736/erratum/"

    def test_a_published_issue_is_corrected(self, approver: Client, association: Config, issue: Issue) -> None:
        doc = document(736)
        write_record(association, doc, rendered(doc), number=736)
        assert f'action="{self.ERRATUM}"' in page(approver)
        refused = approver.post(self.ERRATUM, {"text": "It is on Thursday."}, follow=True).content.decode()
        assert "stays for good" in refused
        assert not Audit.objects.filter(verb="issue.erratum").exists()
        said = approver.post(
            self.ERRATUM, {"text": "It is on Thursday.", "sure": "yes"}, follow=True
        ).content.decode()
        assert "Erratum 1 to issue 736 stands in the archive." in said
        assert "It is on Thursday." in Client().get("/issues/736/").content.decode()
        audit = Audit.objects.get(verb="issue.erratum")
        assert audit.subject == f"issue:{issue.pk}"

    def test_an_issue_that_is_not_in_the_archive(self, approver: Client, issue: Issue) -> None:
        said = approver.post(self.ERRATUM, {"text": "No.", "sure": "yes"}, follow=True).content.decode()
        assert "not published" in said

    def test_only_approvers_are_asked(self, editor: Client, issue: Issue) -> None:
        assert self.ERRATUM not in page(editor)
