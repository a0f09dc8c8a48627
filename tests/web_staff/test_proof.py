"""Before what cannot be taken back the newsroom asks who is it, and then goes on with what was pressed."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
import time_machine
from django.test import Client

from digest import pipeline
from digest.compose.models import Issue, IssueState
from digest.config import Config
from digest.deliver.pause import pause
from digest.installation.models import Installation
from tests.web_staff.conftest import FRIDAY, PASSWORD, person
from tests.web_staff.forms import forms, page, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("week")]


@pytest.fixture
def signed_in(client: Client) -> Client:
    """Came in by the front door a moment ago, with the password."""
    person("sam@example.org", "approver")
    client.post("/accounts/login/", {"login": "sam@example.org", "password": PASSWORD})
    return client


def approval(client: Client) -> dict[str, str]:
    (form,) = forms(page(client, "/newsroom/approve/"), "/newsroom/approve/")
    return form


def test_an_approval_waits_for_the_password_and_goes_on_as_it_was_posted(signed_in: Client) -> None:
    asked = signed_in.post("/newsroom/approve/", approval(signed_in))
    assert asked["Location"] == "/accounts/reauthenticate/?next=%2Fnewsroom%2Fapprove%2F"
    text = page(signed_in, asked["Location"])
    assert "An approval sends mail to every member" in words(text)
    assert not Issue.objects.filter(state=IssueState.APPROVED).exists()
    (form,) = forms(text, "/accounts/reauthenticate/")
    wrong = signed_in.post("/accounts/reauthenticate/", {**form, "password": "wrong"})
    assert "That is not your password." in words(wrong.content.decode())
    assert not Issue.objects.filter(state=IssueState.APPROVED).exists()
    done = signed_in.post("/accounts/reauthenticate/", {**form, "password": PASSWORD})
    assert done["Location"] == "/newsroom/"
    assert Issue.objects.get(state=IssueState.APPROVED)


def test_what_changed_meanwhile_is_not_approved(signed_in: Client, week: Config) -> None:
    form = approval(signed_in)
    signed_in.post("/newsroom/approve/", form)
    coming = pipeline.coming(week, now=FRIDAY)
    words = {"markdown": "Another word."}
    base = coming.issue.revision
    pipeline.add_edit(week, coming.issue.pk, kind="intro", value=words, actor="kim", now=FRIDAY, base_revision=base)
    place = "/accounts/reauthenticate/"
    answer = signed_in.post(place, {"password": PASSWORD, "next": "/newsroom/approve/"})
    assert answer.status_code == 409
    assert not Issue.objects.filter(state=IssueState.APPROVED).exists()


def test_it_holds_for_some_minutes_and_no_longer(signed_in: Client, week: Config) -> None:
    signed_in.post("/accounts/reauthenticate/", {"password": PASSWORD})
    pause(why="", actor="test", now=FRIDAY)
    with time_machine.travel(time.time() + week.web.sign_in.confirm_minutes * 60 + 1):
        assert signed_in.post("/newsroom/resume/")["Location"].startswith("/accounts/reauthenticate/")
        assert Installation.objects.get().paused_at is not None
    assert signed_in.post("/newsroom/resume/")["Location"] == "/newsroom/"
    assert Installation.objects.get().paused_at is None


@pytest.mark.parametrize("path", ["/newsroom/stop/", "/newsroom/pause/", "/newsroom/withdraw/"])
def test_the_brake_is_never_held_up(signed_in: Client, path: str) -> None:
    assert signed_in.post(path, {"why": "wrong link", "revision": "0"})["Location"] == "/newsroom/"


def test_looking_at_what_would_be_approved_asks_nothing(signed_in: Client) -> None:
    assert approval(signed_in)["content"]


def test_a_fragments_request_leads_the_whole_page_there(signed_in: Client) -> None:
    answer = signed_in.post("/newsroom/resume/", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == "/accounts/reauthenticate/?next=%2Fnewsroom%2Fresume%2F"


def test_it_leads_to_no_other_site(signed_in: Client) -> None:
    answer = signed_in.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": "https://evil.example/"})
    assert answer["Location"] == "/newsroom/"


def test_an_editor_is_refused_before_being_asked(client: Client) -> None:
    person("kim@example.org", "editor")
    client.post("/accounts/login/", {"login": "kim@example.org", "password": PASSWORD})
    assert client.post("/newsroom/approve/").status_code == 403


def test_an_administrator_changes_an_account_only_then(client: Client) -> None:
    person("ann@example.org", "administrator")
    kim = person("kim@example.org", "editor")
    client.post("/accounts/login/", {"login": "ann@example.org", "password": PASSWORD})
    path = f"/admin/auth/user/{kim.pk}/change/"
    form: dict[str, Any] = {"first_name": "Kim", "role": "administrator", "is_active": "on"}
    answer = client.post(path, form)
    assert re.match("/accounts/reauthenticate/", answer["Location"])
    kim.refresh_from_db()
    assert not kim.is_superuser
    client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": path})
    kim.refresh_from_db()
    assert (kim.is_superuser, kim.first_name) == (True, "Kim")
