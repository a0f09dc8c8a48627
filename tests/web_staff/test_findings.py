"""What the checks found, on the desk and at the approval."""

from __future__ import annotations

import pytest
from django.test import Client

from digest import pipeline
from digest.compose.models import Approval, Issue, IssueState
from digest.config import Config
from digest.gather import link_checks
from digest.gather.models import LinkCheck
from digest.gather.probe import Answer
from digest.gather.values import LinkState
from digest.web.staff.outlook import outlook
from tests.web_staff.conftest import FRIDAY, change
from tests.web_staff.forms import forms, page, words

pytestmark = pytest.mark.django_db

DESK, APPROVE, LINKS = "/newsroom/", "/newsroom/approve/", "/newsroom/check-links/"
GONE = "https://www.alt.ac.uk/gone"


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked: list[str] = []

    def ask(_config: Config, url: str, _seconds: float) -> Answer:
        asked.append(url)
        return Answer(state=LinkState.DEAD, words="answers that there is no such page (404)")

    monkeypatch.setattr(link_checks, "_politely", lambda _config: ask)
    return asked


def write(config: Config, text: str) -> None:
    change(config, "intro", markdown=text)


def retarget(config: Config, url: str) -> int:
    coming = pipeline.coming(config, now=FRIDAY)
    entry = coming.document.items[0].entry
    assert entry is not None
    pipeline.add_edit(
        config,
        coming.issue.pk,
        kind="rewrite",
        entry=entry,
        value={"url": url},
        actor="kim",
        now=FRIDAY,
        base_revision=coming.issue.revision,
    )
    return entry


def test_a_good_week_has_nothing_to_mend(editor: Client, week: Config) -> None:
    text = page(editor, DESK)
    assert "Checks Nothing to mend." in words(text)
    assert not forms(text, LINKS), "its links lead to an invented server"


def test_a_finding_names_its_item_and_leads_to_it(editor: Client, week: Config, web: list[str]) -> None:
    entry = retarget(week, GONE)
    text = page(editor, DESK)
    assert "The link has not been asked yet." in words(text)
    assert web == [], "looking asks nobody"
    assert not LinkCheck.objects.exists()

    (values,) = forms(text, LINKS)
    editor.post(LINKS, values)
    assert web == [GONE]
    text = page(editor, DESK)
    assert "Asked 1 link: 1 leads nowhere." in words(text)
    assert "1 finding is worth a look. Nothing blocks the approval." in words(text)
    assert "Look Dead links. The link answers that there is no such page (404)." in words(text)
    assert f'<a href="/newsroom/issue/#item-{entry}">' in text
    assert f'id="item-{entry}"' in page(editor, "/newsroom/issue/")
    assert "Links asked: the only one, just now." in words(text)


def test_what_blocks_asks_for_a_reason(approver: Client, week: Config) -> None:
    write(week, "Lorem ipsum dolor sit amet.")
    text = page(approver, APPROVE)
    assert "1 finding blocks the approval." in words(text)
    assert 'href="/newsroom/issue/#part-intro"' in text
    (values,) = forms(text, APPROVE)
    assert values["override"] == ""

    answer = approver.post(APPROVE, values)
    assert answer.status_code == 409
    assert "Not approved. 1 finding blocks the approval: The intro holds filler text" in words(
        answer.content.decode()
    )
    assert Issue.objects.get().state == IssueState.DRAFT

    answer = approver.post(APPROVE, {**values, "override": "It is a quotation"})
    assert answer.status_code == 303
    assert Approval.objects.get().why == "It is a quotation"


def test_a_reason_is_not_lost_when_something_else_is_in_the_way(approver: Client, week: Config) -> None:
    write(week, "Lorem ipsum dolor sit amet.")
    (values,) = forms(page(approver, APPROVE), APPROVE)
    write(week, "Lorem ipsum dolor sit amet, once more.")
    answer = approver.post(APPROVE, {**values, "override": "It is a quotation"})
    assert answer.status_code == 409
    (again,) = forms(answer.content.decode(), APPROVE)
    assert again["override"] == "It is a quotation"


def test_nobody_is_asked_for_a_reason_without_need(approver: Client, week: Config) -> None:
    (values,) = forms(page(approver, APPROVE), APPROVE)
    assert "override" not in values


def test_an_editor_cannot_override(editor: Client, week: Config) -> None:
    write(week, "Lorem ipsum dolor sit amet.")
    assert editor.post(APPROVE, {"override": "because"}).status_code == 403
    assert Issue.objects.get().state == IssueState.DRAFT


def test_many_findings_are_folded_but_those_that_block(editor: Client, week: Config) -> None:
    write(week, "Dear *|FNAME|*, lorem ipsum. [a](/a) [b](/b) [c](/c) [d](/d) [e](/e)")
    text = page(editor, DESK)
    assert "2 findings block the approval, and 5 more are worth a look." in words(text)
    assert "<summary>2 more</summary>" in text


def test_a_template_that_does_not_render_leaves_the_desk_standing(editor: Client, week: Config) -> None:
    own = week.templates_dir / "email" / "issue.txt.j2"
    own.parent.mkdir(parents=True)
    own.write_text("{{ nothing.of.the.kind }}", encoding="utf-8")
    assert "The checks cannot be made, because the issue cannot be rendered." in words(page(editor, DESK))


def test_an_automatic_approval_that_is_held_back_says_why(week: Config) -> None:
    automatic = week.with_values(plan=week.plan.model_copy(update={"approval": "automatic"}))
    coming = pipeline.coming(week, now=FRIDAY)
    held = outlook(automatic, coming.issue, coming.slot, empty=False, blocks=2, approved=None, now=FRIDAY)
    assert (held.tone, held.headline) == ("bad", "Held back by the checks")
    assert "2 findings block it" in held.words
