"""The door: one sign-in for the newsroom and the administration, no open sign-up."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import re

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from digest.config import Config
from tests.web_staff.conftest import PASSWORD, person
from tests.web_staff.forms import forms, page, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("association")]


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


def test_a_second_factor_is_asked_for_once_it_is_set_up(client: Client) -> None:
    person("sam@example.org", "approver")
    noon = dt.datetime(2024, 2, 9, 12, 0, tzinfo=dt.UTC)
    with time_machine.travel(noon, tick=False) as traveller:
        sign_in(client, "sam@example.org")
        assert client.get("/accounts/2fa/totp/activate/")["Location"].startswith("/accounts/reauthenticate/")
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        text = page(client, "/accounts/2fa/totp/activate/")
        secret = re.search(r'id="authenticator_secret"[^>]*value="([A-Z2-7]+)"', text)
        assert secret is not None, words(text)
        client.post("/accounts/2fa/totp/activate/", {"code": code(secret[1], noon)})
        assert "authenticator app is active" in words(page(client, "/accounts/2fa/"))
        client.post("/accounts/logout/")

        later = noon + dt.timedelta(minutes=5)
        traveller.move_to(later)
        assert sign_in(client, "sam@example.org")["Location"].startswith("/accounts/2fa/authenticate/")
        assert client.get("/newsroom/").status_code == 302
        assert "/static/newsroom." in page(client, "/accounts/2fa/authenticate/")
        answer = client.post("/accounts/2fa/authenticate/", {"code": code(secret[1], later)})
        assert answer["Location"] == "/newsroom/"
        assert client.get("/newsroom/").status_code == 200


def code(secret: str, at: dt.datetime) -> str:
    """RFC 6238, six digits, SHA-1, 30 seconds: what an authenticator app shows."""
    counter = int(at.timestamp()) // 30
    mac = hmac.new(base64.b32decode(secret), counter.to_bytes(8, "big"), hashlib.sha1).digest()
    start = mac[-1] & 15
    return f"{(int.from_bytes(mac[start : start + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"
