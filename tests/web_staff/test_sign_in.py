"""The door: one sign-in for the newsroom and the administration, no open sign-up."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import re
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from digest.compose.models import Issue
from digest.config import Config
from digest.installation.models import Audit, Installation
from tests.web_staff.conftest import PASSWORD, person
from tests.web_staff.forms import forms, page, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("association")]


@pytest.fixture(autouse=True)
def no_tries_yet() -> None:
    cache.clear()  # allauth counts them there


def sign_in(client: Client, email: str, password: str = PASSWORD, to: str = "/newsroom/"):  # type: ignore[no-untyped-def]
    return client.post("/accounts/login/", {"login": email, "password": password, "next": to})


def test_sign_in_leads_back_to_where_one_wanted_to_go(client: Client, association: Config) -> None:
    person("sam@example.org", "approver")
    answer = sign_in(client, "Sam@example.org", to="/newsroom/preview/text/")
    assert (answer.status_code, answer["Location"]) == (302, "/newsroom/preview/text/")
    assert "Signed in as sam@example.org" in words(page(client, "/newsroom/"))


def test_it_leads_to_no_other_site(client: Client) -> None:
    person("sam@example.org", "approver")
    assert sign_in(client, "sam@example.org", to="https://evil.example/")["Location"] == "/newsroom/"


def test_a_wrong_password_says_so(client: Client) -> None:
    person("sam@example.org", "approver")
    answer = sign_in(client, "sam@example.org", "wrong")
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()


def test_the_page_has_labels_and_no_sign_up(client: Client) -> None:
    text = page(client, "/accounts/login/")
    assert 'for="id_login"' in text
    assert 'for="id_password"' in text
    assert "/accounts/signup/" not in text


@pytest.mark.parametrize("method", ["get", "post"])
def test_sign_up_is_closed(client: Client, method: str) -> None:
    data = {"email": "eve@example.org", "password1": PASSWORD, "password2": PASSWORD}
    answer = getattr(client, method)("/accounts/signup/", data)
    assert "There is no open sign-up" in answer.content.decode()
    assert not User.objects.exists()


def test_no_page_promises_a_mail_about_passwords(client: Client) -> None:
    text = page(client, "/accounts/password/reset/")
    assert "sends no mail about passwords" in words(text)
    assert not forms(text, "/accounts/password/reset/")


def test_the_administration_is_behind_the_same_door(client: Client) -> None:
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    assert client.get("/admin/login/?next=/admin/")["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("path", ["/accounts/password/change/", "/accounts/2fa/", "/accounts/logout/"])
def test_the_accounts_pages_wear_the_same_dress(approver: Client, path: str) -> None:
    text = page(approver, path)
    assert "/static/newsroom." in text
    assert "Signed in as" in text
    assert "style=" not in text


def test_sign_out(approver: Client) -> None:
    assert approver.get("/accounts/logout/").status_code == 200
    assert approver.get("/newsroom/").status_code == 200
    approver.post("/accounts/logout/")
    assert approver.get("/newsroom/").status_code == 302


def set_up(client: Client, at: dt.datetime) -> str:
    """Turn the second factor on; its secret."""
    text = page(client, "/accounts/2fa/totp/activate/")
    secret = re.search(r'id="authenticator_secret">([A-Z2-7]+)<', text)
    assert secret is not None, words(text)
    answer = client.post("/accounts/2fa/totp/activate/", {"code": code(secret[1], at)})
    assert answer["Location"] == "/accounts/2fa/recovery-codes/"
    return secret[1]


def test_a_second_factor_is_asked_for_once_it_is_set_up(client: Client) -> None:
    person("sam@example.org", "approver")
    noon = dt.datetime(2024, 2, 9, 12, 0, tzinfo=dt.UTC)
    with time_machine.travel(noon, tick=False) as traveller:
        sign_in(client, "sam@example.org")
        secret = set_up(client, noon)
        codes = re.findall(r"<li><code>(\d{8})</code>", page(client, "/accounts/2fa/recovery-codes/"))
        assert len(set(codes)) == 10
        assert "On Besides your password" in words(page(client, "/accounts/2fa/"))
        stored = repr(list(Authenticator.objects.values_list("data", flat=True)))
        assert secret not in stored, "a copy of the database alone makes no codes"
        assert not [number for number in codes if number in stored]
        client.post("/accounts/logout/")

        later = noon + dt.timedelta(minutes=5)
        traveller.move_to(later)
        assert sign_in(client, "sam@example.org")["Location"].startswith("/accounts/2fa/authenticate/")
        assert client.get("/newsroom/").status_code == 302
        assert "/static/newsroom." in page(client, "/accounts/2fa/authenticate/")
        wrong = client.post("/accounts/2fa/authenticate/", {"code": "000000"})
        assert "That is not the code" in words(wrong.content.decode())
        answer = client.post("/accounts/2fa/authenticate/", {"code": code(secret, later)})
        assert answer["Location"] == "/newsroom/"
        assert client.get("/newsroom/").status_code == 200

        for status in (302, 200):  # a recovery code lets in once
            visitor = Client()
            sign_in(visitor, "sam@example.org")
            assert visitor.post("/accounts/2fa/authenticate/", {"code": codes[0]}).status_code == status
    how = Audit.objects.filter(verb="staff.sign-in").order_by("pk").values_list("detail__how", flat=True)
    assert list(how) == ["password", "password+code", "password+code"]
    assert Audit.objects.filter(verb="staff.code-failed").count() == 2


def test_codes_are_not_guessed(client: Client) -> None:
    person("sam@example.org", "approver")
    noon = dt.datetime(2024, 2, 9, 12, 0, tzinfo=dt.UTC)
    with time_machine.travel(noon, tick=False):
        sign_in(client, "sam@example.org")
        secret = set_up(client, noon)
        client.post("/accounts/logout/")
        cache.clear()
        sign_in(client, "sam@example.org")
        for number in range(5):
            client.post("/accounts/2fa/authenticate/", {"code": f"{number:06d}"})
        answer = client.post("/accounts/2fa/authenticate/", {"code": code(secret, noon)})
        assert "Too many wrong codes. Try again in five minutes." in words(answer.content.decode())
        assert client.get("/newsroom/").status_code == 302


@pytest.mark.parametrize(
    ("role", "required", "opens"),
    [
        ("approver", ("approver", "administrator"), False),
        ("administrator", ("approver", "administrator"), False),
        ("editor", ("approver", "administrator"), True),
        ("editor", ("editor",), False),
        ("administrator", (), True),
    ],
)
def test_whom_config_names_sets_one_up_before_anything_opens(
    client: Client, association: Config, settings: Any, role: str, required: tuple[str, ...], opens: bool
) -> None:
    sign_in_rules = association.web.sign_in.model_copy(update={"second_factor": required})
    settings.DIGEST = association.with_values(web=association.web.model_copy(update={"sign_in": sign_in_rules}))
    person("sam@example.org", role)
    now = dt.datetime.now(dt.UTC)
    sign_in(client, "sam@example.org")
    pages = ("/newsroom/", "/newsroom/sources/", "/newsroom/preview/mail.html", "/admin/")
    assert [client.get(path).status_code for path in pages] == [200 if opens else 302] * 4
    if opens:
        return
    answer = client.get("/newsroom/", follow=True)
    assert answer.redirect_chain == [("/accounts/2fa/totp/activate/", 302)]
    assert "Your account needs a second step at signing in" in words(answer.content.decode())
    before = Issue.objects.count()
    assert client.post("/newsroom/pause/", {"why": "x"})["Location"] == "/accounts/2fa/totp/activate/"
    assert client.post("/newsroom/drop/", headers={"HX-Request": "true"})["HX-Redirect"].endswith("/totp/activate/")
    assert (Issue.objects.count(), Installation.objects.filter(paused_at__isnull=False).exists()) == (before, False)
    set_up(client, now)
    assert [client.get(path).status_code for path in pages] == [200] * 4


def test_changing_the_second_factor_later_takes_the_password(client: Client, association: Config) -> None:
    person("sam@example.org", "approver")
    noon = dt.datetime(2024, 2, 9, 12, 0, tzinfo=dt.UTC)
    with time_machine.travel(noon, tick=False) as traveller:
        sign_in(client, "sam@example.org")
        set_up(client, noon)
        traveller.shift(association.web.sign_in.confirm_minutes * 60 + 1)
        for path in ("totp/deactivate/", "recovery-codes/", "recovery-codes/generate/", "recovery-codes/download/"):
            answer = client.get(f"/accounts/2fa/{path}")
            assert answer["Location"].startswith("/accounts/reauthenticate/"), path
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        client.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.exists()
    assert Audit.objects.filter(verb="staff.factor-remove").exists()


def test_after_a_new_secret_the_factor_is_void_and_says_so(client: Client, settings: Any) -> None:
    person("sam@example.org", "approver")
    noon = dt.datetime(2024, 2, 9, 12, 0, tzinfo=dt.UTC)
    with time_machine.travel(noon, tick=False):
        sign_in(client, "sam@example.org")
        secret = set_up(client, noon)
        old, settings.SECRET_KEY = settings.SECRET_KEY, "another secret"
        for fallbacks, status in (([], 200), ([old], 302)):
            settings.SECRET_KEY_FALLBACKS = fallbacks
            cache.clear()
            visitor = Client()
            sign_in(visitor, "sam@example.org")
            assert visitor.post("/accounts/2fa/authenticate/", {"code": code(secret, noon)}).status_code == status


def code(secret: str, at: dt.datetime) -> str:
    """RFC 6238, six digits, SHA-1, 30 seconds: what an authenticator app shows."""
    counter = int(at.timestamp()) // 30
    mac = hmac.new(base64.b32decode(secret), counter.to_bytes(8, "big"), hashlib.sha1).digest()
    start = mac[-1] & 15
    return f"{(int.from_bytes(mac[start : start + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"
