"""The previews: the mail as desktop, phone, text and source, and what happens when a template is broken."""

from __future__ import annotations

import pytest
from django.test import Client

from digest import pipeline
from digest.config import Config, Keys
from digest.members.models import Member
from digest.members.preferences import Depth, Format, Preferences, save
from digest.members.roll import import_bytes
from tests.web_staff.conftest import FRIDAY
from tests.web_staff.forms import page, words

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("view", ["", "phone/"])
def test_the_mail_stands_in_a_frame(approver: Client, week: Config, view: str) -> None:
    text = page(approver, f"/newsroom/preview/{view}")
    assert 'src="/newsroom/preview/mail.html"' in text
    assert "Subject Weekly News Digest - Issue 736, 12 Feb 2024" in words(text)
    assert 'aria-current="page"' in text


def test_the_frame_holds_the_rendered_mail(approver: Client, week: Config) -> None:
    mail = page(approver, "/newsroom/preview/mail.html")
    assert "A library opens" in mail
    assert pipeline.coming(week, now=FRIDAY).issue.merge_tag not in mail


def test_text_and_source_are_shown_as_text(approver: Client, week: Config) -> None:
    rendered = pipeline.render_coming(week, pipeline.coming(week, now=FRIDAY))
    assert words(rendered.text)[:200] in words(page(approver, "/newsroom/preview/text/"))
    source = page(approver, "/newsroom/preview/source/")
    assert "&lt;html" in source
    assert "A library opens" in source


def test_there_is_no_fifth_view(approver: Client, week: Config) -> None:
    assert approver.get("/newsroom/preview/braille/").status_code == 404


def test_a_broken_template_is_named(approver: Client, week: Config) -> None:
    folder = week.templates_dir / "email"
    folder.mkdir(parents=True)
    (folder / "issue.mjml.j2").write_text("{% if %}", encoding="utf-8")
    text = words(page(approver, "/newsroom/preview/"))
    assert "The issue cannot be rendered." in text
    assert "issue.mjml.j2" in text
    approval = page(approver, "/newsroom/approve/")
    assert "issue.mjml.j2" in approval
    assert 'name="content"' not in approval
    assert approver.get("/newsroom/preview/mail.html").status_code == 500


class TestEditions:
    """Any edition can be looked at: one that members chose, or any choice at all."""

    BLOG = Preferences(sections=frozenset({"blog"}))
    PLAIN = Preferences(depth=Depth.HEADLINES, format=Format.TEXT)

    @pytest.fixture(autouse=True)
    def members(self, week: Config, keys: Keys) -> None:
        rows = b"email\nada@example.org\nben@example.org\ncleo@example.org\ndora@example.org\n"
        import_bytes(rows, name="m.csv", keys=keys, now=FRIDAY, actor="test")
        for email, chosen in (("ada", self.BLOG), ("ben", self.BLOG), ("cleo", self.PLAIN)):
            member = Member.objects.get(email=f"{email}@example.org")
            save(member.public_id, chosen, how="page", now=FRIDAY)

    def test_those_that_members_chose_are_listed_with_how_many(self, editor: Client) -> None:
        text = words(page(editor, "/newsroom/preview/"))
        assert "the whole issue (1 member)" in text
        assert "Blog (2 members)" in text
        assert "all sections, headlines only, plain text (1 member)" in text
        assert "ada" not in text

    def test_one_of_them(self, editor: Client) -> None:
        query = f"?edition={self.BLOG.edition_key}"
        text = page(editor, f"/newsroom/preview/{query}")
        assert f'src="/newsroom/preview/mail.html{query}"' in text
        assert f'href="/newsroom/preview/phone/{query}"' in text
        assert "who chose: Blog" in words(text)
        mail = page(editor, f"/newsroom/preview/mail.html{query}")
        assert "On small things" in mail
        assert "A library opens" not in mail

    def test_plain_text_has_one_view(self, editor: Client) -> None:
        query = f"?edition={self.PLAIN.edition_key}"
        text = page(editor, f"/newsroom/preview/{query}")
        assert "<iframe" not in text
        assert "A library opens" in text
        assert "About A library opens" not in text
        assert "This edition is plain text alone." in words(text)
        assert editor.get(f"/newsroom/preview/mail.html{query}").status_code == 404

    def test_any_other_choice(self, editor: Client) -> None:
        query = "?choose=1&sections=news&depth=headlines&language=de"
        text = page(editor, f"/newsroom/preview/{query}")
        assert "who chose: News, headlines only, in German" in words(text)
        mail = page(editor, f"/newsroom/preview/mail.html{query}")
        assert 'lang="de"' in mail
        assert "A library opens" in mail
        assert "On small things" not in mail
        assert "About A library opens" not in mail

    def test_nothing_of_what_was_chosen_is_in_it(self, editor: Client) -> None:
        text = words(page(editor, "/newsroom/preview/?choose=1&sections=events"))
        assert "There is no such edition of this issue." in text
        assert "members who chose these get no copy" in text

    @pytest.mark.parametrize(
        "query", ["?edition=gone.0", "?edition=%3Cscript%3E", "?choose=1&sections=%00&language=zz&depth=x"]
    )
    def test_whatever_the_address_asks_for(self, editor: Client, query: str) -> None:
        text = page(editor, f"/newsroom/preview/{query}")
        assert "<script>" not in text.replace("<script src", "")
        assert "Weekly News Digest - Issue 736" in text
