"""Wrong passwords: who is locked out, who is not, for how long, and how it ends."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from digest.config import Config
from digest.errors import UsageError
from digest.installation.models import Audit
from digest.web.staff.lockout import opens_at, unlock
from tests.web_staff.conftest import FRIDAY, PASSWORD, person
from tests.web_staff.forms import words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("association")]

MINUTE = dt.timedelta(minutes=1)
SAM = "sam@example.org"


@pytest.fixture(autouse=True)
def noon(db: None) -> Iterator[Any]:
    cache.clear()  # allauth counts tries there as well
    person(SAM, "approver")
    with time_machine.travel(FRIDAY, tick=False) as traveller:
        yield traveller


def attempt(password: str, *, email: str = SAM, place: str = "198.51.100.7", **extra: Any) -> Any:
    return Client().post("/accounts/login/", {"login": email, "password": password}, REMOTE_ADDR=place, **extra)


def lock(place: str = "198.51.100.7") -> Any:
    for _ in range(4):
        assert attempt("wrong", place=place).status_code == 200
    return attempt("wrong", place=place)


def test_five_wrong_passwords_lock_the_account_for_that_place_and_say_how_long() -> None:
    answer = lock()
    assert (answer.status_code, answer["Retry-After"]) == (429, "900")
    assert "You can try again in 15 minutes" in words(answer.content.decode())
    assert "digest staff unlock" in words(answer.content.decode())
    assert attempt(PASSWORD).status_code == 429, "now the right one is not looked at"


def test_the_time_left_is_true_and_trying_does_not_make_it_longer(noon: Any) -> None:
    lock()
    noon.shift(6 * MINUTE)
    assert "in 9 minutes" in words(attempt("wrong").content.decode())
    noon.shift(8 * MINUTE + dt.timedelta(seconds=30))
    assert "in 1 minute " in words(attempt(PASSWORD).content.decode())
    noon.shift(dt.timedelta(seconds=31))
    assert attempt(PASSWORD).status_code == 302


def test_nobody_else_is_locked_out() -> None:
    person("kim@example.org", "editor")
    lock()
    assert attempt(PASSWORD, place="198.51.100.8").status_code == 302, "the owner, at home"
    assert attempt(PASSWORD, email="kim@example.org").status_code == 302, "a colleague, in the same office"


def test_however_the_address_is_spelt_and_the_browser_named() -> None:
    for number, spelling in enumerate(("sam@example.org", "Sam@Example.org", " SAM@example.org", "sam@EXAMPLE.org")):
        attempt("wrong", email=spelling, headers={"User-Agent": f"Browser {number}"})
    assert attempt("wrong", headers={"User-Agent": "x" * 2000}).status_code == 429


def test_an_ipv6_customer_is_one_place() -> None:
    for last in range(4):
        attempt("wrong", place=f"2001:db8:1:2::{last + 1:x}")
    assert attempt("wrong", place="2001:db8:1:2:ffff::9").status_code == 429
    assert attempt(PASSWORD, place="2001:db8:1:3::1").status_code == 302


def test_behind_a_proxy_the_visitor_is_locked_out_and_not_everybody(settings: Any, association: Config) -> None:
    settings.DIGEST = association.with_values(
        web=association.web.model_copy(update={"trusted_proxies": ("10.0.0.2/32",)})
    )
    for _ in range(5):
        attempt("wrong", place="10.0.0.2", headers={"X-Forwarded-For": "198.51.100.7"})
    locked, free = (
        attempt(PASSWORD, place="10.0.0.2", headers={"X-Forwarded-For": f"{lie}198.51.100.{last}"})
        for lie, last in (("192.0.2.1, ", 7), ("", 8))
    )
    assert (locked.status_code, free.status_code) == (429, 302)


def test_a_right_password_forgets_the_wrong_ones() -> None:
    for _ in range(3):
        for _ in range(4):
            attempt("wrong")
        assert attempt(PASSWORD).status_code == 302


def test_an_address_without_an_account_is_told_the_same() -> None:
    known, unknown = attempt("wrong"), attempt("wrong", email="nobody@example.org")
    token = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"|value="[a-z]+@example.org"')
    assert token.sub("", known.content.decode()) == token.sub("", unknown.content.decode())
    for _ in range(4):
        last = attempt("wrong", email="nobody@example.org")
    assert last.status_code == 429


@pytest.mark.parametrize("typed", ["", "\0", "x" * 5000, "a\0b@example.org", "ä@ö.example", "'; --"])
def test_whatever_is_typed(typed: str) -> None:
    for _ in range(6):
        assert attempt("wrong", email=typed).status_code in (200, 429)


def test_guessing_the_password_of_an_open_session_locks_as_well() -> None:
    client = Client()
    client.post("/accounts/login/", {"login": SAM, "password": PASSWORD})
    answers = [client.post("/accounts/reauthenticate/", {"password": f"guess {n}"}).status_code for n in range(5)]
    assert answers == [200, 200, 200, 200, 429]


def test_staff_unlock_ends_it_and_it_is_in_the_trail() -> None:
    lock()
    assert unlock("Sam@example.org", actor="command line", now=FRIDAY) == 1
    assert attempt(PASSWORD).status_code == 302
    assert unlock(SAM, actor="command line", now=FRIDAY) == 0
    with pytest.raises(UsageError, match="no staff account"):
        unlock("nobody@example.org", actor="command line", now=FRIDAY)
    verbs = list(Audit.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == [
        "staff.add", *["staff.sign-in-failed"] * 4, "staff.locked-out", "staff.unlock", "staff.sign-in",
    ]  # fmt: skip


def test_the_trail_keeps_nothing_that_may_be_a_password() -> None:
    attempt("hunter2-hunter2", email="hunter2-hunter2")
    attempt("hunter2-hunter2", email="member@example.org")
    line = Audit.objects.filter(verb="staff.sign-in-failed").order_by("-pk")[0]
    assert (line.actor, line.subject, line.detail) == ("somebody", "newsroom", {"place": "198.51.100.7"})
    assert "hunter2" not in repr(list(Audit.objects.values()))


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 4)), max_size=8),
    st.integers(1, 6),
)
def test_the_lock_opens_at_the_first_moment_at_which_too_few_tries_count(
    tries: list[tuple[int, int]], limit: int
) -> None:
    wait = 15 * MINUTE
    rows = [(FRIDAY + at * MINUTE, count) for at, count in tries]
    opens = opens_at(rows, limit=limit, wait=wait)

    def counted(at: dt.datetime) -> int:
        return sum(count for when, count in rows if when > at - wait)

    if opens is None:
        assert sum(count for _, count in rows) < limit
    else:
        assert counted(opens) < limit
        assert counted(opens - dt.timedelta(seconds=1)) >= limit
