"""Single sign-on, against a provider on 127.0.0.1: whom it lets in, and whom it does not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import time_machine
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.test import Client

from digest.config import Config, load_config
from digest.errors import ConfigError
from digest.installation.models import Audit
from digest.web.staff.people import close_account
from digest.web.staff.roles import add_staff
from tests.fakes.openid import CLIENT, SECRET, OpenIdProvider, serving
from tests.web_staff.conftest import FRIDAY, SOURCES, person
from tests.web_staff.forms import page, words

pytestmark = pytest.mark.django_db

SAM = {"sub": "7", "email": "Sam@example.org", "email_verified": True, "name": "Sam"}


@pytest.fixture(scope="module")
def running() -> Iterator[OpenIdProvider]:
    with serving() as provider:
        yield provider


@pytest.fixture
def provider(running: OpenIdProvider) -> OpenIdProvider:
    running.signed_in, running.out_of_order = dict(SAM), False
    running.asked.clear()
    running.refused.clear()
    return running


@pytest.fixture
def with_sign_on(
    make_config: Callable[..., Config], association: Config, settings: Any, provider: OpenIdProvider
) -> Callable[..., Config]:
    """The association with single sign-on; further lines of [web.oidc] may be given."""

    def make(lines: str = "") -> Config:
        extra = f'{SOURCES}\n[web.oidc]\nname = "the college"\nissuer = "{provider.base}"\n{lines}'
        config = make_config(extra)
        settings.DIGEST = config
        app = {
            "provider_id": "sso",
            "name": "the college",
            "client_id": CLIENT,
            "secret": SECRET,
            "settings": {"server_url": provider.base},
        }
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}
        return config

    return make


def sign_on(client: Client, query: str = "process=login") -> Any:
    """Press the button, sign in there, come back."""
    there = client.post(f"/accounts/sign-on/sso/?{query}")
    assert there.status_code == 302, words(there.content.decode())
    back = httpx.get(there["Location"], follow_redirects=False).headers["Location"]
    parts = urlsplit(back)
    assert parts.path == "/accounts/sign-on/sso/callback/"
    return client.get(f"{parts.path}?{parts.query}")


def test_who_has_an_account_comes_in_and_where_they_wanted_to_go(
    client: Client, with_sign_on: Callable[..., Config], provider: OpenIdProvider
) -> None:
    with_sign_on()
    person("sam@example.org", "approver")
    text = page(client, "/accounts/login/?next=/newsroom/sources/")
    assert "Sign in with the college" in words(text)
    assert 'action="/accounts/sign-on/sso/?process=login&amp;next=%2Fnewsroom%2Fsources%2F"' in text
    answer = sign_on(client, "process=login&next=/newsroom/sources/")
    assert (answer.status_code, answer["Location"]) == (302, "/newsroom/sources/")
    assert "Signed in as sam@example.org" in words(page(client, "/newsroom/"))
    (query,) = provider.asked
    assert set(query["scope"].split()) == {"openid", "profile", "email"}
    assert query["code_challenge_method"] == "S256"
    line = Audit.objects.get(verb="staff.sign-in")
    assert (line.actor, line.detail["how"]) == ("sam@example.org", "sso")


def test_the_identity_is_kept_and_not_the_address(
    client: Client, with_sign_on: Callable[..., Config], provider: OpenIdProvider
) -> None:
    with_sign_on()
    person("sam@example.org", "approver")
    sign_on(client)
    assert SocialAccount.objects.get().uid == "7"
    provider.signed_in = {**SAM, "email": "married@example.org"}
    assert sign_on(Client())["Location"] == "/newsroom/"
    provider.signed_in = {**SAM, "sub": "8", "email": "married@example.org"}
    assert sign_on(Client()).status_code == 403


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({**SAM, "email": "eve@example.org"}, "nobody has made an account"),
        ({**SAM, "email": "lou@example.org"}, "nobody has made an account"),
        ({**SAM, "email_verified": False}, "does not vouch for your e-mail address"),
        ({"sub": "7"}, "does not vouch for your e-mail address"),
    ],
)
def test_who_is_not_known_stays_outside_and_gets_no_account(
    client: Client, with_sign_on: Callable[..., Config], provider: OpenIdProvider, claims: dict[str, Any], why: str
) -> None:
    with_sign_on()
    person("sam@example.org", "approver")
    User.objects.create_user("lou@example.org", "lou@example.org")  # an account, but not one of the newsroom's
    provider.signed_in = claims
    before = User.objects.count()
    answer = sign_on(client)
    assert answer.status_code == 403
    assert why in words(answer.content.decode())
    assert (User.objects.count(), SocialAccount.objects.count()) == (before, 0)
    assert client.get("/newsroom/").status_code == 302
    assert Audit.objects.get(verb="staff.sign-in-refused").actor == "somebody"


def test_a_provider_that_does_not_say_can_be_trusted_by_config(
    client: Client, with_sign_on: Callable[..., Config], provider: OpenIdProvider
) -> None:
    with_sign_on("trust_addresses = true")
    person("sam@example.org", "approver")
    provider.signed_in = {"sub": "7", "email": "sam@example.org"}
    assert sign_on(client)["Location"] == "/newsroom/"


def test_a_closed_account_stays_closed(
    client: Client, with_sign_on: Callable[..., Config], provider: OpenIdProvider
) -> None:
    with_sign_on()
    person("sam@example.org", "approver")
    sign_on(client)
    close_account("sam@example.org", actor="test", now=FRIDAY)
    assert client.get("/newsroom/").status_code == 302, "whoever is in is out at once"
    assert sign_on(Client()).status_code == 403


def test_no_other_identity_is_tied_to_an_account_by_hand(
    client: Client, with_sign_on: Callable[..., Config], provider: OpenIdProvider
) -> None:
    with_sign_on()
    client.force_login(person("sam@example.org", "approver"), backend="django.contrib.auth.backends.ModelBackend")
    provider.signed_in = {**SAM, "sub": "9", "email": "eve@example.org"}
    assert sign_on(client, "process=connect").status_code in (302, 403)
    assert not SocialAccount.objects.exists()


def test_turning_back_and_failing_are_told_apart(
    client: Client, with_sign_on: Callable[..., Config], provider: OpenIdProvider
) -> None:
    with_sign_on()
    provider.signed_in = None
    answer = sign_on(client)
    assert "You turned back at the college" in words(page(client, answer["Location"]))
    provider.out_of_order = True
    answer = client.post("/accounts/sign-on/sso/?process=login")
    assert "Signing in did not work" in words(answer.content.decode())


@pytest.mark.parametrize("query", ["", "?code=x&state=y", "?error=server_error&state=y"])
def test_a_callback_out_of_nowhere(client: Client, with_sign_on: Callable[..., Config], query: str) -> None:
    with_sign_on()
    answer = client.get(f"/accounts/sign-on/sso/callback/{query}")
    assert "Signing in did not work" in words(answer.content.decode())


def test_looking_at_the_button_signs_nobody_in(
    client: Client, with_sign_on: Callable[..., Config], provider: OpenIdProvider
) -> None:
    with_sign_on()
    text = page(client, "/accounts/sign-on/sso/?process=login")
    assert "Sign in with the college" in words(text)
    assert provider.asked == []


def test_its_second_factor_counts_unless_ours_is_asked_for(
    client: Client, with_sign_on: Callable[..., Config], settings: Any
) -> None:
    person("sam@example.org", "approver")
    required = {"sign_in": with_sign_on().web.sign_in.model_copy(update={"second_factor": ("approver",)})}
    for lines, opens in (("", True), ('second_factor = "ours"', False)):
        config = with_sign_on(lines)
        settings.DIGEST = config.with_values(web=config.web.model_copy(update=required))
        visitor = Client()
        sign_on(visitor)
        assert (visitor.get("/newsroom/").status_code == 200) is opens


def test_who_has_no_password_says_it_at_the_provider(
    client: Client, with_sign_on: Callable[..., Config], provider: OpenIdProvider, week: Config
) -> None:
    config = with_sign_on()
    add_staff("sam@example.org", name="", role="approver", password=None, now=FRIDAY)
    assert not User.objects.get(username="sam@example.org").has_usable_password()
    sign_on(client)
    assert client.post("/newsroom/resume/")["Location"] == "/newsroom/", "signed in a moment ago"
    with time_machine.travel(time.time() + config.web.sign_in.confirm_minutes * 60 + 1):
        answer = client.post("/newsroom/approve/", {"revision": "0"})
        assert answer["Location"] == "/accounts/again/?next=%2Fnewsroom%2Fapprove%2F"
        text = page(client, answer["Location"])
        assert "Is it you?" in words(text)
        assert "auth_params=prompt%3Dlogin" in text
        answer = sign_on(client, "process=login&next=/newsroom/approve/&auth_params=prompt%3Dlogin")
        assert answer["Location"] == "/newsroom/approve/"
        assert provider.asked[-1]["prompt"] == "login"
        assert client.post("/newsroom/approve/", {"revision": "0"}).status_code == 409, "it is asked no more"


@pytest.mark.parametrize(
    ("issuer", "fine"),
    [
        ("https://login.example.org/realms/x/", True),
        ("http://127.0.0.1:9", True),
        ("http://login.example.org", False),
        ("login.example.org", False),
        ("https://login.example.org/?x=1", False),
    ],
)
def test_the_issuer_is_asked_over_https(make_config: Callable[..., Config], issuer: str, fine: bool) -> None:
    if fine:
        assert make_config(f'[web.oidc]\nissuer = "{issuer}"').web.oidc is not None
    else:
        with pytest.raises(ConfigError, match=r"web\.oidc\.issuer"):
            make_config(f'[web.oidc]\nissuer = "{issuer}"')


def test_the_forms_may_lead_to_the_provider_and_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[association]\nname = "A"\n[[sections]]\nid = "n"\ntitle = "N"\n'
        '[web.oidc]\nissuer = "https://login.example.org/realms/x"\nsign_in_hosts = ["sso.example.org"]\n'
    )
    oidc = load_config(tmp_path / "config.toml").web.oidc
    assert oidc is not None
    assert oidc.origins == ("https://login.example.org", "https://sso.example.org")
