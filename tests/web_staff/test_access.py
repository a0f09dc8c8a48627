"""What people are told who may not see a page, and the policies of those who may. Who may what: test_every_url.py."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from digest.config import Config
from tests.web_staff.conftest import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("week")]


@pytest.mark.parametrize(("method", "back"), [("get", "/newsroom/approve/"), ("post", "/newsroom/")])
def test_the_anonymous_are_sent_to_sign_in_and_back(client: Client, method: str, back: str) -> None:
    answer = getattr(client, method)("/newsroom/approve/")
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={back}")


def test_who_is_not_staff_is_told_so(outsider: Client) -> None:
    answer = outsider.get("/newsroom/")
    assert answer.status_code == 403
    assert "The newsroom is for staff" in answer.content.decode()
    assert "A library opens" not in answer.content.decode()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/newsroom/approve/", "Approving takes a right of its own"),
        ("/newsroom/skip/", "Approving takes a right of its own"),
        ("/newsroom/preview/as-member/", "Looking members up takes a right of its own"),
    ],
)
def test_what_takes_a_permission_of_its_own_says_so(editor: Client, path: str, said: str) -> None:
    answer = editor.post(path)
    assert answer.status_code == 403
    assert said in answer.content.decode()


def test_letting_entries_in_takes_a_permission_of_its_own(client: Client) -> None:
    reader = User.objects.create_user("lou", "lou@example.org", PASSWORD, is_staff=True)
    client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/newsroom/sources/news/release/")
    assert answer.status_code == 403
    assert "Letting entries in takes a right of its own" in answer.content.decode()


def test_a_fragment_of_a_signed_out_page_goes_to_sign_in_as_a_whole(client: Client) -> None:
    answer = client.post("/newsroom/reviewed/", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == "/accounts/login/?next=/newsroom/"


def test_the_policy_lets_no_inline_style_or_script_in(approver: Client) -> None:
    for path in ("/newsroom/", "/newsroom/preview/", "/newsroom/approve/", "/accounts/login/"):
        answer = approver.get(path)
        if answer.status_code == 200:
            policy = answer["Content-Security-Policy"]
            assert "unsafe-inline" not in policy
            assert "unsafe-eval" not in policy


def test_the_mail_is_framed_under_a_policy_of_its_own(approver: Client, week: Config) -> None:
    answer = approver.get("/newsroom/preview/mail.html")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "script-src" not in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
