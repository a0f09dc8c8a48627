"""The previews: the mail as desktop, phone, text and source, and what happens when a template is broken."""

from __future__ import annotations

import pytest
from django.test import Client

from digest import pipeline
from digest.config import Config
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
