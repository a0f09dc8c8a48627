"""The page of the audit trail."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from digest import pipeline
from digest.config import Config
from digest.installation.audit import record
from digest.installation.models import Audit
from tests.web_staff.conftest import FRIDAY
from tests.web_staff.forms import page, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("week")]


def test_what_was_done_is_told_by_day_in_the_zone(approver: Client) -> None:
    record(actor="sam@example.org", verb="sending.pause", subject="installation", now=FRIDAY, why="<b>wait</b>")
    late = dt.datetime(2024, 7, 1, 23, 30, tzinfo=dt.UTC)  # half past midnight of Tuesday in London
    record(actor="kim@example.org", verb="sending.resume", subject="installation", now=late)
    text = page(approver, "/newsroom/audit/")
    assert "Tuesday 2 July 2024 00:30 kim@example.org let the sending go on" in words(text)
    assert "15:20 sam@example.org paused the sending: “<b>wait</b>”" in words(text)
    assert "&lt;b&gt;wait" in text


def test_an_edit_names_the_item(approver: Client, week: Config) -> None:
    coming = pipeline.coming(week, now=FRIDAY)
    item = next(item for item in coming.document.items if item.title == "A library opens")
    revision = coming.issue.revision
    pipeline.add_edit(
        week, coming.issue.pk, kind="drop", entry=item.entry, value={}, actor="kim@example.org", now=FRIDAY,
        base_revision=revision,
    )  # fmt: skip
    text = words(page(approver, "/newsroom/audit/?kind=edits"))
    assert "kim@example.org dropped “A library opens” from the issue of 12 Feb 2024" in text


def test_filters_stay_in_the_form_and_in_the_links(approver: Client) -> None:
    for number in range(60):
        record(actor="kim@example.org", verb="sending.pause", subject="installation", now=FRIDAY, why=f"no. {number}")
    query = "who=kim&kind=sending&from=2024-02-09&to=2024-02-09"
    text = page(approver, f"/newsroom/audit/?{query}")
    assert "60 lines, page 1 of 2" in words(text)
    assert 'value="kim"' in text
    assert '<option value="sending" selected>' in text
    assert f'href="/newsroom/audit/export.csv?{query.replace("&", "&amp;")}"' in text
    assert f'href="?{query.replace("&", "&amp;")}&amp;page=2"' in text
    assert "no. 0" in page(approver, f"/newsroom/audit/?{query}&page=2")
    answer = approver.get(f"/newsroom/audit/export.csv?{query}")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="audit-2024-02-09.csv"'
    assert answer.content.decode().count("\n") == 61


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("issue=abc", "An issue's number, like 736."),
        ("issue=99999999999", "An issue's number, like 736."),
        ("from=yesterday", "A day, like 2024-02-12."),
        ("to=0001-01-01", "A day, like 2024-02-12."),
        ("who=nobody", "Nothing like that"),
        ("kind=%3Cscript%3E&page=-1", "Who did what"),
        ("who=%00&page=99999", "Who did what"),
    ],
)
def test_whatever_is_asked(approver: Client, query: str, said: str) -> None:
    text = page(approver, f"/newsroom/audit/?{query}")
    assert said in words(text)
    assert "<script>" not in text
    assert approver.get(f"/newsroom/audit/export.csv?{query}").status_code == 200


def test_before_anything_happened(approver: Client) -> None:
    Audit.objects.all().delete()
    assert "Whatever somebody does from now on stands here." in words(page(approver, "/newsroom/audit/"))
