"""Who may see which page, and that looking changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver

from digest.compose.models import Issue, IssueState
from digest.config import Config, Keys
from digest.web.staff.urls import urlpatterns
from tests.deliver.issues import handed_over
from tests.web_staff.conftest import PASSWORD

PAGES = ("/newsroom/", "/newsroom/preview/", "/newsroom/preview/phone/", "/newsroom/preview/text/",
         "/newsroom/preview/source/", "/newsroom/sources/", "/newsroom/sources/news/",
         "/newsroom/deliveries/600/", "/newsroom/preview/page/", "/newsroom/test/", "/newsroom/preview/page.html",
         "/newsroom/preview/mail.html")  # fmt: skip
MOVES = ("/newsroom/gather/", "/newsroom/sources/news/gather/", "/newsroom/check-links/", "/newsroom/reviewed/")  # fmt: skip
RELEASERS = ("/newsroom/sources/news/release/",)
APPROVERS = ("/newsroom/approve/", "/newsroom/withdraw/", "/newsroom/stop/", "/newsroom/pause/",
             "/newsroom/resume/", "/newsroom/hold/", "/newsroom/unhold/", "/newsroom/skip/", "/newsroom/release/",
             "/newsroom/preview/as-member/", "/newsroom/deliveries/600/settle/")  # fmt: skip
EVERY = (*PAGES, *MOVES, *RELEASERS, *APPROVERS)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("week", "handed_over_issue")]


@pytest.fixture
def handed_over_issue(week: Config, keys: Keys) -> Issue:
    """An issue with a copy that is unknown, so that every address of the newsroom has something to show."""
    return handed_over(keys, {"unknown": 1}, number=600, state=IssueState.STOPPED)


def test_every_address_of_the_newsroom_is_tried_here() -> None:
    resolver = get_resolver()
    assert {resolver.resolve(path).url_name for path in EVERY} == {pattern.name for pattern in urlpatterns}


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_anonymous_are_sent_to_sign_in(client: Client, path: str, method: str) -> None:
    before = rows()
    answer = getattr(client, method)(path)
    assert answer.status_code == 302
    back = path if method == "get" else "/newsroom/"
    assert answer["Location"] == f"/accounts/login/?next={back}"
    assert rows() == before


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("method", ["get", "post"])
def test_who_is_not_staff_is_refused(outsider: Client, path: str, method: str) -> None:
    before = rows()
    answer = getattr(outsider, method)(path)
    assert answer.status_code == 403
    assert "The newsroom is for staff" in answer.content.decode()
    assert "A library opens" not in answer.content.decode()
    assert rows() == before


@pytest.mark.parametrize("path", APPROVERS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_approving_takes_a_permission_of_its_own(editor: Client, path: str, method: str) -> None:
    before = rows()
    answer = getattr(editor, method)(path)
    assert answer.status_code == 403
    assert "right of its own" in answer.content.decode()
    assert rows() == before


@pytest.mark.parametrize("path", RELEASERS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_letting_entries_in_takes_a_permission_of_its_own(client: Client, path: str, method: str) -> None:
    reader = User.objects.create_user("lou", "lou@example.org", PASSWORD, is_staff=True)
    client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    before = rows()
    answer = getattr(client, method)(path)
    assert answer.status_code == 403
    assert "Letting entries in takes a right of its own" in answer.content.decode()
    assert rows() == before


@pytest.mark.parametrize("path", EVERY)
def test_looking_changes_nothing(approver: Client, path: str) -> None:
    before = rows()
    for method in ("get", "head", "options"):
        answer = getattr(approver, method)(path)
        assert answer.status_code in (200, 405)
    assert rows() == before


@pytest.mark.parametrize("path", [*MOVES, *RELEASERS, "/newsroom/withdraw/", "/newsroom/deliveries/600/settle/"])
def test_a_move_answers_no_get(approver: Client, path: str) -> None:
    assert approver.get(path).status_code == 405


@pytest.mark.parametrize("path", [*MOVES, *RELEASERS, *APPROVERS])
def test_a_forged_post_is_refused(approver: Client, path: str) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.cookies = approver.cookies
    before = rows()
    assert careful.post(path, {"revision": "1", "entry": "1"}).status_code == 403
    assert rows() == before


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_kept_out_of_caches(approver: Client, path: str) -> None:
    assert "no-store" in approver.get(path)["Cache-Control"]


def test_a_fragment_of_a_signed_out_page_goes_to_sign_in_as_a_whole(client: Client) -> None:
    answer = client.post("/newsroom/reviewed/", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == "/accounts/login/?next=/newsroom/"


def test_the_policy_lets_no_inline_style_or_script_in(approver: Client) -> None:
    for path in (*PAGES[:-2], "/newsroom/approve/", "/accounts/login/"):
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


def rows() -> dict[str, list[Any]]:
    """Every row of every table that is ours."""
    ours = [m for m in apps.get_models() if m.__module__.startswith("digest.")]
    return {model._meta.label: sorted(map(repr, model._default_manager.values_list())) for model in ours}
