"""Staff accounts by the command and in the administration."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from typer.testing import CliRunner

from digest.commands import staff as commands
from digest.config import Config, Keys
from digest.errors import DigestError, StateError, UsageError
from digest.installation.models import Audit
from digest.web.staff.roles import role_of
from tests.web_staff.conftest import PASSWORD, person, prove

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("association")]

KIM, ANN = "kim@example.org", "ann@example.org"
Run = Callable[..., str]


@pytest.fixture
def run(association: Config, keys: Keys, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`digest staff ...`, in this process; what it prints. What it raises is raised."""
    monkeypatch.setattr(commands, "start", lambda: (settings.DIGEST, keys))

    def run_staff(*arguments: str, stdin: str = "") -> str:
        result = CliRunner().invoke(commands.app, list(arguments), input=stdin)
        if isinstance(result.exception, DigestError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    return run_staff


def verbs() -> list[str]:
    return list(Audit.objects.order_by("pk").values_list("verb", flat=True))


def test_the_life_of_an_account(run: Run) -> None:
    assert "Nobody yet" in run("list")
    run("add", KIM, "--name", "Kim", "--role", "editor", "--password-stdin", stdin=f"{PASSWORD}\n")
    person(ANN, "administrator")
    kim = User.objects.get(username=KIM)
    Authenticator.objects.create(user=kim, type="totp", data={"secret": "x"})
    AccessAttempt.objects.create(
        username=KIM, ip_address="198.51.100.7", failures_since_start=5, attempt_time=timezone.now()
    )
    (ann, shown) = json.loads(run("list", "--json"))
    assert (ann["email"], ann["role"], ann["second_factor"]) == (ANN, "administrator", False)
    assert (shown["name"], shown["role"], shown["open"], shown["second_factor"]) == ("Kim", "editor", True, True)
    assert shown["locked_until"] is not None
    text = run("list")
    assert f"editor        {KIM} (Kim)" in text
    assert "open, second factor, never here, locked out until" in text

    assert run("unlock", KIM) == f"{KIM} can try again at once.\n"
    assert run("unlock", KIM) == f"{KIM} was not locked out.\n"
    assert run("role", KIM, "approver") == f"{KIM} is now an approver.\n"
    assert run("role", "Kim@Example.org ", "approver") == "Kim@Example.org  is already an approver.\n"
    assert "sets one up at the next sign-in" in run("reset-second-factor", KIM)
    assert run("reset-second-factor", KIM) == f"{KIM} had none.\n"
    assert "is closed" in run("disable", KIM)
    assert "was already closed" in run("disable", KIM)
    assert "is open" in run("enable", KIM)
    assert role_of(User.objects.get(username=KIM)) == "approver"
    assert verbs() == [
        "staff.add", "staff.add", "staff.unlock", "staff.role", "staff.factor-reset", "staff.disable", "staff.enable",
    ]  # fmt: skip


def test_a_closed_account_is_out_at_once(run: Run, client: Client) -> None:
    person(KIM, "editor")
    client.post("/accounts/login/", {"login": KIM, "password": PASSWORD})
    assert client.get("/newsroom/").status_code == 200
    run("disable", KIM)
    assert client.get("/newsroom/").status_code == 302
    answer = client.post("/accounts/login/", {"login": KIM, "password": PASSWORD})
    assert answer["Location"] == "/accounts/inactive/"
    assert "This account is closed" in client.get("/accounts/inactive/").content.decode()
    assert client.get("/newsroom/").status_code == 302


@pytest.mark.parametrize("arguments", [("disable", ANN), ("role", ANN, "editor")])
def test_the_last_administrator_stays(run: Run, arguments: tuple[str, ...]) -> None:
    person(ANN, "administrator")
    with pytest.raises(StateError, match="the only administrator"):
        run(*arguments)
    person(KIM, "administrator")
    run(*arguments)
    ann = User.objects.get(username=ANN)
    assert (ann.is_active, ann.is_superuser) != (True, True)


@pytest.mark.parametrize("arguments", [("disable",), ("enable",), ("unlock",), ("reset-second-factor",)])
def test_who_is_not_there(run: Run, arguments: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match=r"no staff account 'x@example\.org'"):
        run(*arguments, "x@example.org")


def test_no_password_without_single_sign_on_is_refused(run: Run) -> None:
    with pytest.raises(UsageError, match="nobody could come in"):
        run("add", KIM, "--no-password")
    assert not User.objects.exists()


@pytest.fixture
def ann(client: Client) -> Client:
    """An administrator who has just said who she is."""
    user = person(ANN, "administrator")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    prove(client, user)
    return client


def test_the_administration_changes_name_role_and_door(ann: Client) -> None:
    kim = person(KIM, "editor")
    path = f"/admin/auth/user/{kim.pk}/change/"
    assert 'name="password' not in ann.get(path).content.decode()
    assert ann.post(path, {"first_name": "Kim", "role": "approver"}).status_code == 302
    kim = User.objects.get(pk=kim.pk)
    assert (kim.first_name, role_of(kim), kim.is_active, kim.email) == ("Kim", "approver", False, KIM)
    lines = Audit.objects.filter(actor=ANN).order_by("pk")
    assert [line.verb for line in lines] == ["staff.rename", "staff.role", "staff.disable"]
    assert ann.post(path, {"first_name": "Kim", "role": "approver"}).status_code == 302
    assert lines.count() == 3, "what was so before is no change"


def test_the_administration_keeps_its_last_administrator(ann: Client) -> None:
    me = User.objects.get(username=ANN)
    answer = ann.post(f"/admin/auth/user/{me.pk}/change/", {"first_name": "", "role": "editor", "is_active": "on"})
    assert answer.status_code == 200
    assert "the only administrator" in answer.content.decode()
    assert User.objects.get(pk=me.pk).is_superuser
    assert not Audit.objects.filter(verb="staff.role").exists()
