"""The pages behind the links in a mail: scanners change nothing, a POST acts once, a forged link does nothing."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from digest.compose.models import Issue, IssueState
from digest.config import Config
from digest.deliver.links import MemberLinks
from digest.deliver.models import Delivery, Edition
from digest.installation.models import Audit
from digest.members.models import Consent, Member, MemberStatus
from digest.members.suppress import suppress
from tests.web_public.conftest import NOW, TAG

pytestmark = pytest.mark.django_db
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def state() -> tuple[Any, ...]:
    members = tuple(Member.objects.values_list("status", "left_at", "name"))
    return members, Consent.objects.count(), Audit.objects.count()


def is_private(response: HttpResponse) -> bool:
    return (
        response["Cache-Control"] == "private, no-store"
        and response["Referrer-Policy"] == "no-referrer"
        and "noindex" in response["X-Robots-Tag"]
        and not response.cookies
    )


def test_the_page_asks_and_names_the_list_not_the_person(client: Client, links: MemberLinks) -> None:
    response = client.get(links.unsubscribe)
    page = response.content.decode()
    assert "Leave the digest?" in page
    assert "Test Association" in page
    assert "ada" not in page.lower()
    assert is_private(response)


def test_the_button_leaves_once_and_the_page_offers_to_undo(strict_client: Client, links: MemberLinks) -> None:
    for _ in range(3):
        response = strict_client.post(links.unsubscribe, {"do": "leave"})
        assert response.status_code == 200
        assert "You have left the digest" in response.content.decode()
        assert is_private(response)
    assert Member.objects.get().status == MemberStatus.LEFT
    assert Consent.objects.filter(action="leave", how="page").count() == 1
    response = strict_client.post(links.unsubscribe, {"do": "return"})
    assert "You are on the list" in response.content.decode()
    assert Member.objects.get().status == MemberStatus.ACTIVE


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"),
        ("List-Unsubscribe=One-Click\r\n", "application/x-www-form-urlencoded; charset=utf-8"),
        ("List-Unsubscribe=One-Click", "text/plain"),
        (
            '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_one_click(strict_client: Client, links: MemberLinks, body: str, content_type: str) -> None:
    for _ in range(2):
        response = strict_client.post(links.unsubscribe, body, content_type=content_type)
        assert (response.status_code, response.content) == (200, b"Unsubscribed.\n")
        assert is_private(response)
    assert Member.objects.get().status == MemberStatus.LEFT
    assert Consent.objects.filter(action="leave", how="one-click").count() == 1


@pytest.mark.parametrize("data", [{}, {"do": "erase"}, {"List-Unsubscribe": "no"}, {"do": ["x"]}])
def test_a_post_that_says_nothing_of_the_kind_only_asks(
    client: Client, links: MemberLinks, data: dict[str, Any]
) -> None:
    response = client.post(links.unsubscribe, data)
    assert "Leave the digest?" in response.content.decode()
    assert Member.objects.get().status == MemberStatus.ACTIVE


def test_one_click_belongs_to_the_unsubscribe_link_alone(client: Client, links: MemberLinks) -> None:
    client.post(links.preferences, ONE_CLICK)
    assert client.post(links.view_in_browser, ONE_CLICK).status_code == 405
    assert Member.objects.get().status == MemberStatus.ACTIVE


def forgeries(token: str) -> list[str]:
    """Truncated, with one sign changed, with the parts of another."""
    draw = random.Random(8058)
    out = [token[:length] for length in range(1, len(token))]
    letters = "0123456789abcdefABCDEFGHXYZ_-."
    for _ in range(300):
        place = draw.randrange(len(token))
        sign = draw.choice([letter for letter in letters if letter != token[place]])
        out.append(token[:place] + sign + token[place + 1 :])
    return [*out, token + "=", token + "A", token.upper(), token.replace(".", "..")]


def test_a_forged_link_does_nothing_and_says_what_to_do(client: Client, links: MemberLinks) -> None:
    token = links.unsubscribe.removeprefix("/unsubscribe/")
    before = state()
    for forged in forgeries(token):
        assert client.post(f"/unsubscribe/{forged}", ONE_CLICK).status_code == 404
    assert state() == before
    response = client.get(f"/unsubscribe/{token[:-1]}")
    assert response.status_code == 404
    assert "This link is damaged" in response.content.decode()
    assert is_private(response)


def test_a_link_of_one_kind_is_none_of_another(client: Client, links: MemberLinks) -> None:
    token = links.view_in_browser.removeprefix("/view/").partition("?")[0]
    assert client.post(f"/unsubscribe/{token}", ONE_CLICK).status_code == 404
    assert client.post(f"/preferences/{token}", {"do": "leave"}).status_code == 404
    assert Member.objects.get().status == MemberStatus.ACTIVE


def test_the_link_of_somebody_erased(client: Client, links: MemberLinks) -> None:
    Member.objects.update(status=MemberStatus.ERASED, email=None)
    assert client.post(links.unsubscribe, ONE_CLICK).status_code == 200
    response = client.post(links.unsubscribe, {"do": "leave"})
    assert "Nothing is sent to you" in response.content.decode()
    assert client.get(links.preferences).status_code == 200


def test_preferences_say_where_one_stands(client: Client, links: MemberLinks, ada: Member) -> None:
    assert "Receiving" in client.get(links.preferences).content.decode()
    response = client.post(links.preferences, {"do": "leave"})
    assert "You have left." in response.content.decode()
    response = client.post(links.preferences, {"do": "return"})
    assert "Welcome back." in response.content.decode()
    suppress(ada.address_key, reason="It bounced.", source="bounce", actor="test", now=NOW)
    page = client.get(links.preferences).content.decode()
    assert "Not being sent" in page
    client.post(links.unsubscribe, ONE_CLICK)
    page = client.post(links.unsubscribe, {"do": "return"}).content.decode()
    assert "nothing is sent to it at present" in page
    assert "You will receive the next issue" not in page
    Member.objects.update(status=MemberStatus.UNCONFIRMED)
    assert client.get(links.preferences).status_code == 200


def test_after_thirty_days_the_page_names_other_ways(client: Client, links: MemberLinks) -> None:
    Member.objects.update(status=MemberStatus.LEFT, left_at=NOW)  # years ago
    for path in (links.unsubscribe, links.preferences):
        page = client.get(path).content.decode()
        assert 'value="return"' not in page
        assert "Subscribe again" in page
    assert "more than 30 days ago" in client.post(links.preferences, {"do": "return"}).content.decode()


def test_view_in_browser_is_the_members_own_mail(client: Client, links: MemberLinks, sent: Edition) -> None:
    response = client.get(links.view_in_browser)
    page = response.content.decode()
    assert response.status_code == 200
    assert TAG not in page
    assert page.count("http://127.0.0.1:8000" + links.unsubscribe) == 1
    assert "http://127.0.0.1:8000" + links.view_in_browser in page
    policy = response["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy
    assert is_private(response)


def test_without_a_number_it_is_the_latest_that_went_out(client: Client, links: MemberLinks, sent: Edition) -> None:
    bare = links.view_in_browser.partition("?")[0]
    assert "leave</a>" in client.get(bare).content.decode()
    assert "leave</a>" in client.get(f"{bare}?issue=2024-02-12").content.decode()


@pytest.mark.parametrize("state", [s for s in IssueState if s not in (IssueState.RELEASED, IssueState.SENT)])
def test_an_issue_that_is_not_out_is_not_shown(client: Client, links: MemberLinks, sent: Edition, state: str) -> None:
    Issue.objects.update(state=state)
    response = client.get(links.view_in_browser)
    assert response.status_code == 404
    assert "Issue 736 is not out" in response.content.decode()
    assert is_private(response)


@pytest.mark.parametrize("number", ["900", "0", "x", "-1", "9" * 40, "²", "<b>", "2024-02-30", "2024-02-13", "%00"])
def test_a_number_that_is_none(client: Client, links: MemberLinks, sent: Edition, number: str) -> None:
    response = client.get(links.view_in_browser.replace("736", number))
    assert response.status_code == 404
    assert "<b>" not in response.content.decode()


def test_the_edition_that_was_sent_to_this_member(
    client: Client, links: MemberLinks, sent: Edition, ada: Member
) -> None:
    own = Edition.objects.create(
        issue=sent.issue, document_sha=sent.document_sha, fingerprint="f", key="short", subject="s",
        html="<p>headlines</p>", text="t", sha256="1" * 64, bytes=1, created_at=NOW,
    )  # fmt: skip
    Delivery.objects.create(
        issue=sent.issue, member=ada, address_key=ada.address_key, edition=own, state="accepted", state_at=NOW
    )
    assert client.get(links.view_in_browser).content == b"<p>headlines</p>"


def test_a_previews_link_says_what_stands_there(client: Client, db: None) -> None:
    for verb in ("unsubscribe", "preferences", "view"):
        response = client.get(f"/{verb}/preview")
        assert "own link stands here" in response.content.decode()


def test_the_contact_address_is_named(client: Client, make_config: Any) -> None:
    assert "reply to the mail" in client.get("/unsubscribe/x.y.z").content.decode()


def test_no_redirect_on_the_way(strict_client: Client, links: MemberLinks, config: Config) -> None:
    response = strict_client.post(links.unsubscribe, ONE_CLICK, headers={"Host": "localhost"})
    assert response.status_code == 200
