"""How a preview can be looked at: either scheme, without pictures, the web page, as a member, past issues, by size."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from digest import pipeline
from digest.config import Config, Keys
from digest.installation.models import Audit
from digest.members.models import Member
from digest.members.preferences import Cadence, Preferences, save
from digest.members.roll import import_bytes
from digest.pipeline.sizes import sizes_of_issue
from digest.web.scheme import in_scheme
from tests.web_staff.conftest import FRIDAY, Clock, change
from tests.web_staff.forms import page, words

pytestmark = pytest.mark.django_db
PREVIEW, MAIL = "/newsroom/preview/", "/newsroom/preview/mail.html"

CSS = (
    "<style>:root { color-scheme: light dark } @media (prefers-color-scheme: dark) { p { color: #fff } }"
    "@media screen and (prefers-color-scheme:light) { p { color: #000 } }</style>"
)


class TestScheme:
    META = '<meta name="color-scheme" content="light dark">'

    @pytest.mark.parametrize(("scheme", "holds"), [("dark", "#fff"), ("light", "#000")])
    def test_only_the_rules_of_the_scheme_hold(self, scheme: str, holds: str) -> None:
        told = in_scheme(self.META + CSS, scheme)  # type: ignore[arg-type]
        assert "prefers-color-scheme" not in told
        assert f'content="{scheme}"' in told
        assert f"color-scheme: {scheme} }}" in told
        rules = re.findall(r"@media ([^{]*) \{ p \{ color: (#\w+) \} \}", told)
        assert [colour for query, colour in rules if "min-width: 0px" in query] == [holds]
        assert len(rules) == 2

    def test_the_words_of_the_issue_are_left_alone(self) -> None:
        said = "<p>What (prefers-color-scheme: dark) means, and color-scheme: light dark</p>"
        assert in_scheme(said, "dark") == said


def test_the_frame_is_told_its_scheme(editor: Client, week: Config) -> None:
    text = page(editor, f"{PREVIEW}?scheme=dark")
    assert f'src="{MAIL}?scheme=dark"' in text
    assert 'href="/newsroom/preview/phone/?scheme=dark"' in text
    for scheme in ("dark", "light"):
        mail = page(editor, f"{MAIL}?scheme={scheme}")
        assert "prefers-color-scheme" not in mail
        assert f'content="{scheme}"' in mail
    assert "prefers-color-scheme" in page(editor, MAIL)
    assert "prefers-color-scheme" in page(editor, f"{MAIL}?scheme=sepia")


def test_without_pictures(editor: Client, week: Config) -> None:
    assert "img-src 'none'" in editor.get(f"{MAIL}?images=off")["Content-Security-Policy"]
    assert "img-src https:" in editor.get(MAIL)["Content-Security-Policy"]


def test_the_web_page(editor: Client, week: Config) -> None:
    assert 'src="/newsroom/preview/page.html"' in page(editor, "/newsroom/preview/page/")
    answer = editor.get("/newsroom/preview/page.html")
    assert "A library opens" in answer.content.decode()
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "unsubscribe" not in answer.content.decode()


def test_a_finding_leads_to_its_item_in_the_mail_and_in_the_editor(editor: Client, week: Config) -> None:
    entry = change(week, "rewrite", title="On small things", summary="Lorem ipsum dolor sit amet.")
    text = page(editor, PREVIEW)
    assert f'<a href="{MAIL}#item-{entry}" target="mail">On small things</a>' in text
    assert f'href="/newsroom/issue/#item-{entry}"' in text
    assert f'<h3 id="item-{entry}"' in page(editor, MAIL)
    assert f'href="{MAIL}#item-{entry}"' not in page(editor, "/newsroom/preview/text/")
    source = page(editor, "/newsroom/preview/source/")
    assert f"item-{entry}&#34;" not in source.split("<main")[1].split("mail-source")[1].split("</pre>")[0]


def test_the_meter_counts_as_the_command_does(editor: Client, week: Config) -> None:
    report = sizes_of_issue(week, None, now=FRIDAY)
    text = words(page(editor, PREVIEW))
    assert f"All of it, with the longest members' links {report.sizes.html:,}" in text
    for line in report.sections:
        assert f"{line.title} {line.of} {line.bytes:,}" in text


class TestAsMember:
    PATH = "/newsroom/preview/as-member/"
    BLOG = Preferences(sections=frozenset({"blog"}), cadence=Cadence.MONTHLY_FIRST)

    @pytest.fixture(autouse=True)
    def members(self, week: Config, keys: Keys) -> None:
        rows = b"email\nada@example.org\nben@example.org\n"
        import_bytes(rows, name="m.csv", keys=keys, now=FRIDAY, actor="test")
        save(Member.objects.get(email="ada@example.org").public_id, self.BLOG, how="page", now=FRIDAY)

    def test_her_edition_without_a_trace_of_her(self, approver: Client) -> None:
        answer = approver.post(self.PATH, {"email": " ada@Example.org "})
        assert answer["Location"] == f"{PREVIEW}?edition={self.BLOG.edition_key}"
        text = words(page(approver, answer["Location"]))
        assert "ada@example.org gets this edition: Blog. They get the first issue of each month only." in text
        mail = page(approver, f"{MAIL}?edition={self.BLOG.edition_key}")
        ada = Member.objects.get(email="ada@example.org")
        assert "On small things" in mail
        assert "A library opens" not in mail
        assert ada.public_id not in mail
        assert "ada" not in mail.lower().replace("canada", "")
        row = Audit.objects.get(verb="member.preview")
        assert (row.actor, row.subject) == ("sam@example.org", f"member:{ada.public_id}")

    def test_who_chose_nothing_gets_the_whole_issue(self, approver: Client) -> None:
        assert approver.post(self.PATH, {"email": "ben@example.org"})["Location"] == PREVIEW
        assert "ben@example.org gets this edition: the whole issue." in words(page(approver, PREVIEW))

    @pytest.mark.parametrize(
        ("email", "said"), [("nobody@example.org", "is not on the list"), ("ada", "is no e-mail address")]
    )
    def test_who_is_not_there(self, approver: Client, email: str, said: str) -> None:
        approver.post(self.PATH, {"email": email})
        assert said in words(page(approver, PREVIEW))
        assert not Audit.objects.filter(verb="member.preview").exists()

    def test_an_editor_is_not_asked_for_an_address(self, editor: Client) -> None:
        assert self.PATH not in page(editor, PREVIEW)
        assert editor.post(self.PATH, {"email": "ada@example.org"}).status_code == 403


class TestPastIssues:
    """An issue that went out, from its frozen document, in today's templates."""

    @pytest.fixture(autouse=True)
    def sent(self, week: Config, keys: Keys, clock: Clock) -> None:
        import_bytes(b"email\nada@example.org\n", name="m.csv", keys=keys, now=FRIDAY, actor="test")
        coming = pipeline.coming(week, now=FRIDAY)
        pipeline.approve(week, coming.issue.pk, actor="sam", now=FRIDAY, revision=coming.issue.revision)
        pipeline.run_due(week, keys, now=coming.slot.send_at)
        clock.now = coming.slot.send_at

    def test_in_todays_design(self, editor: Client, week: Config) -> None:
        own = week.templates_dir / "email" / "parts" / "footer.mjml.j2"
        own.parent.mkdir(parents=True)
        own.write_text('<mj-section><mj-column><mj-text id="footer">Another foot</mj-text></mj-column></mj-section>')
        text = page(editor, f"{PREVIEW}?issue=736&scheme=dark")
        assert f'src="{MAIL}?issue=736&amp;scheme=dark"' in text
        assert "This issue went out" in words(text)
        assert '<option value="736" selected>' in text
        mail = page(editor, f"{MAIL}?issue=736")
        assert "A library opens" in mail
        assert "Another foot" in mail

    def test_in_another_edition(self, editor: Client) -> None:
        mail = page(editor, f"{MAIL}?issue=736&choose=1&sections=blog")
        assert "On small things" in mail
        assert "A library opens" not in mail

    @pytest.mark.parametrize("number", ["735", "0", "9" * 12, "x"])
    def test_one_there_is_not(self, editor: Client, number: str) -> None:
        text = words(page(editor, f"{PREVIEW}?issue={number}"))
        assert "Issue 737" in text
        assert editor.get(f"{MAIL}?issue=735").status_code == 404
