"""The form to join: it says the same to everybody, does the same for everybody, and is no tool for pestering."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from digest import pipeline
from digest.config import Config, Keys
from digest.deliver.links import MailingList, Verb, sign
from digest.deliver.models import Notice
from digest.members import join
from digest.members.leave import leave
from digest.members.models import Consent, JoinRequest, JoinState, Member, MemberStatus
from digest.members.roll import import_bytes
from digest.members.suppress import suppress
from tests.rows import every_row
from tests.web_public.conftest import NOW

pytestmark = pytest.mark.django_db
FORMS = ("/subscribe/", "/subscribe/embed/")
NEW = "new@example.org"


def page(response: HttpResponse) -> str:
    return response.content.decode()


def shape(queries: CaptureQueriesContext) -> list[str]:
    """The statements without their values."""
    return [re.sub(r"'[^']*'|\b\d+\b|\"s\d+_x\d+\"", "?", query["sql"]) for query in queries.captured_queries]


@pytest.fixture
def standing(keys: Keys) -> dict[str, str]:
    """An address of every standing there is."""
    names = ["active", "left", "unconfirmed", "erased", "bounced", "complained", "asked"]
    rows = "email\n" + "".join(f"{name}@example.org\n" for name in names)
    import_bytes(rows.encode(), name="m.csv", keys=keys, now=NOW)
    member = {m.email.partition("@")[0]: m for m in Member.objects.all() if m.email}
    leave(member["left"].public_id, how="page", now=NOW)
    Member.objects.filter(pk=member["unconfirmed"].pk).update(status=MemberStatus.UNCONFIRMED)
    suppress(member["bounced"].address_key, reason="x", source="bounce", actor="t", now=NOW)
    suppress(member["complained"].address_key, reason="x", source="complaint", actor="t", now=NOW)
    suppress(member["erased"].address_key, reason="x", source="erased", actor="t", now=NOW)
    Member.objects.filter(pk=member["erased"].pk).update(status=MemberStatus.ERASED, email=None)
    Member.objects.filter(pk=member["asked"].pk).delete()
    return {name: f"{name}@example.org" for name in [*names, "unknown"]}


@pytest.mark.parametrize("form", FORMS)
def test_the_answer_and_the_work_are_the_same_for_every_address(
    client: Client, standing: dict[str, str], config: Config, keys: Keys, form: str
) -> None:
    join.ask(config, keys, standing["asked"], client="192.0.2.9", wording="x", now=NOW)
    client.post(form, {"email": "warm@example.org"})  # the first request of all compiles the templates
    answers, work = set(), set()
    for address in standing.values():
        with CaptureQueriesContext(connection) as queries:
            response = client.post(form, {"email": address})
        answers.add((response.status_code, response.content, tuple(sorted(response.headers.items()))))
        work.add(tuple(shape(queries)))
        assert not response.cookies
    assert len(answers) == 1
    assert len(work) == 1
    (statements,) = work
    assert not any("members_member" in statement for statement in statements)
    assert not any("suppression" in statement for statement in statements)
    assert Notice.objects.count() == 0


def test_an_address_asked_for_too_often_gets_the_same_answer(client: Client) -> None:
    answers, work = set(), set()
    for _ in range(6):
        with CaptureQueriesContext(connection) as queries:
            answers.add(client.post("/subscribe/", {"email": NEW}).content)
        work.add(tuple(shape(queries)))
    assert len(answers) == len(work) == 1
    assert JoinRequest.objects.filter(state=JoinState.ASKED).count() == 3
    assert JoinRequest.objects.filter(state=JoinState.DROPPED).count() == 3


@pytest.mark.parametrize("form", FORMS)
def test_the_form_needs_no_cookie_and_sets_none(strict_client: Client, form: str) -> None:
    response = strict_client.get(form)
    assert response.status_code == 200
    assert not response.cookies
    assert "csrf" not in page(response)
    response = strict_client.post(form, {"email": NEW}, headers={"Origin": "https://elsewhere.example"})
    assert "Now look into your inbox" in page(response)
    assert not response.cookies
    assert JoinRequest.objects.get().email == NEW


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Please type your address."),
        ("   ", "Please type your address."),
        ("nonsense", "no address that mail can be sent to"),
        ("<script>@x", "no address that mail can be sent to"),
        ("müller@example.org", "no address that mail can be sent to"),
        ("a@b.c\r\nBcc: x@example.org", "no address that mail can be sent to"),
        ("x" * 5000 + "@example.org", "no address that mail can be sent to"),
        ("a\x00@", "no address that mail can be sent to"),
    ],
)
def test_what_is_no_address(client: Client, typed: str, says: str) -> None:
    response = client.post("/subscribe/", {"email": typed})
    assert says in page(response)
    assert 'aria-invalid="true"' in page(response)
    assert "<script>" not in page(response)
    assert not JoinRequest.objects.exists()


def test_an_international_domain_is_kept_as_punycode(client: Client) -> None:
    client.post("/subscribe/", {"email": " Marie@bücher.example "})
    assert JoinRequest.objects.get().email == "Marie@xn--bcher-kva.example"


def test_a_program_that_fills_in_everything_gets_the_answer_and_no_more(client: Client) -> None:
    response = client.post("/subscribe/", {"email": NEW, "website": "https://buy.example"})
    assert response.content == client.post("/subscribe/", {"email": "other@example.org"}).content
    assert list(JoinRequest.objects.values_list("email", flat=True)) == ["other@example.org"]


def test_one_place_may_ask_so_often_within_an_hour(client: Client, config: Config, settings: Any) -> None:
    settings.DIGEST = config.with_values(join=config.join.model_copy(update={"per_client": 2}))
    for number in range(2):
        assert client.post("/subscribe/", {"email": f"m{number}@example.org"}).status_code == 200
    response = client.post("/subscribe/", {"email": NEW})
    assert response.status_code == 429
    assert "Too many requests" in page(response)
    assert JoinRequest.objects.count() == 2
    other = client.post("/subscribe/", {"email": NEW}, REMOTE_ADDR="192.0.2.77")
    assert other.status_code == 200


def test_the_place_is_read_as_the_trusted_proxies_say(client: Client, settings: Any, config: Config) -> None:
    for forwarded in ("198.51.100.1", "198.51.100.2"):
        client.post("/subscribe/", {"email": NEW}, headers={"X-Forwarded-For": forwarded})
    assert JoinRequest.objects.values("client_key").distinct().count() == 1, "nobody is trusted unless configured"
    settings.DIGEST = config.with_values(web=config.web.model_copy(update={"trusted_proxies": 1}))
    for forwarded in ("198.51.100.1", "192.0.2.250, 198.51.100.2"):
        client.post("/subscribe/", {"email": NEW}, headers={"X-Forwarded-For": forwarded})
    assert JoinRequest.objects.values("client_key").distinct().count() == 3
    keys = set(JoinRequest.objects.values_list("client_key", flat=True))
    client.post("/subscribe/", {"email": NEW}, headers={"X-Forwarded-For": "192.0.2.9, 198.51.100.2"})
    assert set(JoinRequest.objects.values_list("client_key", flat=True)) == keys, (
        "what a client adds counts for nothing"
    )


def test_the_form_may_stand_in_a_frame_and_no_other_page_may(client: Client) -> None:
    framed = client.get("/subscribe/embed/")
    assert "frame-ancestors *" in framed["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed
    assert "<nav" not in page(framed)
    whole = client.get("/subscribe/")
    assert "frame-ancestors 'self'" in whole["Content-Security-Policy"]
    assert whole["X-Frame-Options"] == "SAMEORIGIN"


def test_what_was_agreed_to_is_kept_in_the_words_that_were_shown(client: Client) -> None:
    shown = page(client.get("/subscribe/?lang=de"))
    assert '<html lang="de"' in shown
    client.post("/subscribe/", {"email": NEW, "lang": "de"})
    request = JoinRequest.objects.get()
    assert request.wording == (
        "Ich möchte die Nachrichten der Woche von Test Association an diese Adresse erhalten, bis ich es widerrufe."
    )
    assert request.wording in shown
    assert request.language == "de"


def test_a_language_nobody_speaks_here(client: Client) -> None:
    assert '<html lang="en-GB"' in page(client.get("/subscribe/?lang=xx"))
    client.post("/subscribe/", {"email": NEW, "lang": "../../x"})
    assert JoinRequest.objects.get().language == ""


def test_a_closed_list(client: Client, make_config: Callable[..., Config], settings: Any) -> None:
    settings.DIGEST = make_config("[join]\nopen = false\n")
    for form in FORMS:
        assert "Subscribing is closed" in page(client.get(form))
        assert "Subscribing is closed" in page(client.post(form, {"email": NEW}))
    assert not JoinRequest.objects.exists()


@pytest.fixture
def mailed(client: Client, config: Config, keys: Keys) -> JoinRequest:
    """A request whose confirmation is under way."""
    client.post("/subscribe/", {"email": NEW})
    pipeline.join_and_notify(config, keys, now=NOW)
    return JoinRequest.objects.get()


def confirm_path(keys: Keys, request: JoinRequest) -> str:
    return f"/confirm/{sign(keys, Verb.CONFIRM, MailingList.DIGEST, request.public_id)}"


def test_confirming_takes_a_button(strict_client: Client, keys: Keys, mailed: JoinRequest, published: Config) -> None:
    path = confirm_path(keys, mailed)
    before = every_row()
    shown = strict_client.get(path)
    assert "Yes, send it to me" in page(shown)
    assert "n…@e….org" in page(shown)
    assert NEW not in page(shown)
    assert shown["Referrer-Policy"] == "no-referrer"
    assert "noindex" in shown["X-Robots-Tag"]
    assert not shown.cookies
    strict_client.post(path, {"do": "else"})
    strict_client.head(path)
    strict_client.options(path)
    assert every_row() == before
    done = strict_client.post(path, {"do": "confirm"})
    assert "Welcome" in page(done)
    assert 'href="/issues/736/"' in page(done)
    member = Member.objects.get()
    assert f"/preferences/{member.public_id}." in page(done)
    again = strict_client.post(path, {"do": "confirm"})
    assert "You are on the list already" in page(again)
    assert "You are on the list already" in page(strict_client.get(path))
    assert Consent.objects.count() == 2
    assert f"/preferences/{member.public_id}." not in page(strict_client.get(path)), "a GET gives no further key away"


def test_a_confirmation_that_is_over(client: Client, keys: Keys, mailed: JoinRequest) -> None:
    path = confirm_path(keys, mailed)
    JoinRequest.objects.all().delete()
    for response in (client.get(path), client.post(path, {"do": "confirm"})):
        assert "This link no longer works" in page(response)
    assert not Member.objects.exists()


def test_a_confirmation_of_an_address_that_bounced_meanwhile(client: Client, keys: Keys, mailed: JoinRequest) -> None:
    suppress(mailed.address_key, reason="x", source="bounce", actor="t", now=NOW)
    path = confirm_path(keys, mailed)
    assert "nothing is sent to it at present" in page(client.post(path, {"do": "confirm"}))
    assert "nothing is sent to it at present" in page(client.get(path))
    assert not Member.objects.exists()


@pytest.mark.parametrize("one_click", [False, True])
def test_it_was_not_me(client: Client, keys: Keys, mailed: JoinRequest, one_click: bool) -> None:
    path = f"/unsubscribe/{sign(keys, Verb.UNSUBSCRIBE, MailingList.DIGEST, mailed.public_id)}"
    before = every_row()
    assert "It was not you?" in page(client.get(path))
    assert every_row() == before
    if one_click:
        assert client.post(path, {"List-Unsubscribe": "One-Click"}).content == b"Unsubscribed.\n"
    else:
        assert "The request is taken back" in page(client.post(path, {"do": "leave"}))
    assert "The request is taken back" in page(client.get(path))
    assert "This link no longer works" in page(client.post(confirm_path(keys, mailed), {"do": "confirm"}))
    assert not Member.objects.exists()
    mailed.refresh_from_db()
    assert mailed.state == JoinState.WITHDRAWN


def test_a_confirmed_request_cannot_be_taken_back_by_its_link(
    client: Client, keys: Keys, mailed: JoinRequest
) -> None:
    client.post(confirm_path(keys, mailed), {"do": "confirm"})
    path = f"/unsubscribe/{sign(keys, Verb.UNSUBSCRIBE, MailingList.DIGEST, mailed.public_id)}"
    assert "It was confirmed" in page(client.post(path, {"do": "leave"}))
    assert Member.objects.get().status == MemberStatus.ACTIVE
