"""The member's own page: what is chosen is kept, what is wrong is said, and nothing tells who the member is."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client

from digest import pipeline
from digest.config import Config, Keys
from digest.deliver.links import MemberLinks
from digest.deliver.models import Delivery, Edition, Notice
from digest.members.leave import reasons
from digest.members.models import Consent, Member
from digest.members.preferences import Cadence, Depth, Format, Preferences, preferences_of
from digest.web.public.own import masked
from digest.words import languages
from tests.rows import every_row
from tests.web_public.conftest import NOW

pytestmark = pytest.mark.django_db
TODAY = dt.datetime(2024, 2, 14, 12, 0, tzinfo=dt.UTC)
ALL = ["news", "events", "blog", "publications", "announcements"]
DEFAULTS: dict[str, Any] = {
    "do": "save", "sections": ALL, "depth": "full", "format": "html", "cadence": "weekly", "language": "",
    "paused_until": "",
}  # fmt: skip


@pytest.fixture(autouse=True)
def today() -> Any:
    with time_machine.travel(TODAY, tick=False):
        yield


def page(response: HttpResponse) -> str:
    return response.content.decode()


def chosen() -> Preferences:
    return preferences_of(Member.objects.get())


def save(client: Client, links: MemberLinks, **choices: Any) -> str:
    return page(client.post(links.preferences, {**DEFAULTS, **choices}))


def test_every_choice_is_kept(strict_client: Client, links: MemberLinks) -> None:
    said = save(
        strict_client,
        links,
        sections=["news", "blog"],
        depth="headlines",
        format="text",
        cadence="monthly-first",
        paused_until="2024-03-01",
    )
    assert "<strong>Saved.</strong>" in said
    assert "Nothing is sent to you until 1 March 2024." in said
    wanted = Preferences(
        sections=frozenset({"news", "blog"}),
        depth=Depth.HEADLINES,
        format=Format.TEXT,
        cadence=Cadence.MONTHLY_FIRST,
        paused_until=dt.date(2024, 3, 1),
    )
    assert chosen() == wanted
    assert Member.objects.get().edition_key == wanted.edition_key
    shown = page(strict_client.get(links.preferences))
    assert shown.count(" checked") == 2 + 3 + 1  # sections, the choices of one, announcements
    assert 'value="2024-03-01"' in shown


def test_back_to_the_default(client: Client, links: MemberLinks) -> None:
    save(client, links, sections=["news"])
    save(client, links)
    assert chosen() == Preferences()
    assert Member.objects.get().edition_key == "full"
    assert Consent.objects.filter(action="choose").count() == 2
    assert "Nothing was changed" in save(client, links)
    assert Consent.objects.filter(action="choose").count() == 2


def test_looking_changes_nothing(client: Client, links: MemberLinks) -> None:
    before = every_row()
    for method in ("get", "head", "options"):
        getattr(client, method)(f"{links.preferences}?do=leave&sections=news&depth=headlines")
    assert every_row() == before


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"sections": []}, "Choose at least one."),
        ({"sections": ["nonsense"]}, "Choose at least one."),
        ({"paused_until": "tomorrow"}, "That is no date."),
        ({"paused_until": "2024-02-14"}, "Choose a day after today"),
        ({"paused_until": "2025-02-15"}, "A pause lasts a year at most."),
        ({"paused_until": "9999-12-31"}, "A pause lasts a year at most."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_saved(
    client: Client, links: MemberLinks, form: dict[str, Any], says: str
) -> None:
    before = every_row()
    said = save(client, links, depth="headlines", **form)
    assert "Nothing was saved." in said
    assert says in said
    assert 'value="headlines" checked' in said, "what was typed is still there"
    assert every_row() == before


def test_values_nobody_offered_are_the_default(client: Client, links: MemberLinks) -> None:
    save(client, links, depth="<b>", format="pdf", cadence="hourly", language="tlh", sections=[*ALL, "x"])
    assert chosen() == Preferences()


def test_a_pause_that_is_over_is_not_in_the_way(client: Client, links: MemberLinks) -> None:
    Member.objects.update(paused_until=dt.date(2024, 2, 1))
    shown = page(client.get(links.preferences))
    assert "Receiving" in shown
    assert 'value="2024-02-01"' not in shown


@pytest.mark.parametrize("language", languages())
def test_the_page_speaks_the_members_language(client: Client, links: MemberLinks, language: str) -> None:
    save(client, links, language=language)
    assert chosen().language == language
    for path in (links.preferences, links.unsubscribe):
        shown = page(client.get(path))
        assert f'<html lang="{language}"{" dir=" if language == "ar" else ">"}' in shown
        assert "The weekly digest" not in shown
        assert "Leave the" not in shown


def test_nothing_tells_who_the_member_is(client: Client, links: MemberLinks, keys: Keys, config: Config) -> None:
    answers = [client.get(path) for path in (links.preferences, links.unsubscribe)]
    answers += [client.post(links.preferences, {**DEFAULTS, "depth": "headlines"})]
    answers += [client.post(links.preferences, {"do": "held"})]
    answers += [client.post(links.unsubscribe, {"do": "leave"}), client.post(links.preferences, {"do": "return"})]
    for response in answers:
        shown = page(response)
        assert "ada@example.org" not in shown
        assert "Ada" not in shown
        assert Member.objects.get().address_key not in shown
        assert response["Referrer-Policy"] == "no-referrer"
        assert response["Cache-Control"] == "private, no-store"
        assert "noindex" in response["X-Robots-Tag"]
        assert '<meta name="robots" content="noindex">' in shown
        assert not response.cookies


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ada@example.org", "a…@e….org"),
        ("a@example.org", "…@e….org"),
        ("ab@x.co.uk", "…@x….uk"),
        ("maria.lopez@uni-kassel.example", "m…@u….example"),
        (None, ""),
        ("broken", ""),
    ],
)
def test_how_much_of_an_address_is_shown(address: str | None, shown: str) -> None:
    assert masked(address) == shown


def test_what_is_kept_goes_to_its_owner_and_is_never_shown(
    client: Client, links: MemberLinks, keys: Keys, config: Config
) -> None:
    said = page(client.post(links.preferences, {"do": "held"}))
    assert "on its way to your address" in said
    assert "import of m.csv" not in said
    assert "sent to you today already" in page(client.post(links.preferences, {"do": "held"}))
    notice = Notice.objects.get()
    assert notice.to == "ada@example.org"
    assert "import of m.csv" in notice.text
    assert pipeline.join_and_notify(config, keys, now=NOW) == ["1 mail sent."]


def test_leaving_says_why_once(client: Client, links: MemberLinks) -> None:
    asked = page(client.post(links.unsubscribe, {"do": "leave"}))
    assert "Would you tell us why?" in asked
    said = page(client.post(links.unsubscribe, {"do": "reason", "reason": "too-often", "words": "<b>Weekly</b>"}))
    assert "Thank you for saying why." in said
    assert "Would you tell us why?" not in said
    client.post(links.unsubscribe, {"do": "reason", "reason": "other"})
    client.post(links.unsubscribe, {"do": "reason", "reason": "made-up"})
    assert reasons() == {"too-often": 1}


def test_who_leaves_is_told_of_the_copy_that_is_on_its_way(
    client: Client, links: MemberLinks, sent: Edition, ada: Member
) -> None:
    copy = Delivery.objects.create(
        issue=sent.issue, member=ada, address_key=ada.address_key, edition=sent, state="accepted",
        state_at=TODAY - dt.timedelta(minutes=5),
    )  # fmt: skip
    for path in (links.unsubscribe, links.preferences):
        said = page(client.post(path, {"do": "leave"}))
        assert f"on its way already and may still arrive: {sent.subject}" in said
        client.post(path, {"do": "return"})
    copy.state_at = TODAY - dt.timedelta(hours=2)
    copy.save()
    assert "on its way" not in page(client.post(links.unsubscribe, {"do": "leave"}))


def test_choosing_after_leaving_puts_nobody_back(client: Client, links: MemberLinks) -> None:
    client.post(links.unsubscribe, {"do": "leave"})
    shown = page(client.get(links.preferences))
    assert 'name="sections"' not in shown
    save(client, links, depth="headlines")
    assert Member.objects.get().status == "left"
