"""The admin: to look somebody up, not to change where they stand."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from digest.config import Keys
from digest.members.address import address_key
from digest.members.leave import Reason, give_reason, leave
from digest.members.models import Member
from digest.members.preferences import Depth, Preferences, save
from digest.members.roll import import_bytes
from digest.members.suppress import suppress

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)


@pytest.fixture
def staff(client: Client, keys: Keys) -> Client:
    import_bytes(b"email,name\nada@example.org,Ada\nben@example.org,Ben\n", name="m.csv", keys=keys, now=NOW)
    client.force_login(get_user_model().objects.create_superuser("admin", "admin@example.org", "not a real one"))
    return client


def test_search_and_filter(staff: Client) -> None:
    page = staff.get("/admin/members/member/", {"q": "ada@", "status": "active"}).content.decode()
    assert "ada@example.org" in page
    assert "ben@example.org" not in page


def test_a_members_page_shows_the_consent_and_changes_the_name_alone(staff: Client) -> None:
    ada = Member.objects.get(email="ada@example.org")
    url = f"/admin/members/member/{ada.pk}/change/"
    assert "import of m.csv" in staff.get(url).content.decode()
    form = {"name": "Ada L.", "status": "left", "email": "x@example.org"}
    staff.post(url, {**form, "consents-TOTAL_FORMS": "0", "consents-INITIAL_FORMS": "0"})
    ada.refresh_from_db()
    assert (ada.name, ada.status, ada.email) == ("Ada L.", "active", "ada@example.org")


@pytest.mark.parametrize("path", ["add/", "{pk}/delete/"])
def test_nobody_is_added_or_deleted(staff: Client, path: str) -> None:
    pk = Member.objects.values_list("pk", flat=True)[0]
    assert staff.get("/admin/members/member/" + path.format(pk=pk)).status_code == 403


def test_a_suppression_is_found_by_the_whole_address(staff: Client, keys: Keys) -> None:
    key = address_key(keys, "cleo@example.org")
    suppress(key, reason="It bounced.", source="bounce", actor="test", now=NOW)
    assert key[:12] in staff.get("/admin/members/suppression/", {"q": "Cleo@Example.org"}).content.decode()
    assert key[:12] not in staff.get("/admin/members/suppression/", {"q": "dan@example.org"}).content.decode()


def test_the_admin_is_behind_the_sign_in(client: Client) -> None:
    response = client.get("/admin/members/member/")
    assert response.status_code == 302


def test_a_member_is_found_by_the_whole_address_in_any_spelling(staff: Client) -> None:
    page = staff.get("/admin/members/member/", {"q": " ADA@EXAMPLE.org "}).content.decode()
    assert "ada@example.org" in page
    assert "ben@example.org" not in page


def test_members_are_filtered_by_what_they_chose(staff: Client) -> None:
    ada = Member.objects.get(email="ada@example.org")
    wanted = Preferences(depth=Depth.HEADLINES)
    save(ada.public_id, wanted, how="page", now=NOW)
    page = staff.get("/admin/members/member/", {"edition_key": wanted.edition_key}).content.decode()
    assert "ada@example.org" in page
    assert "ben@example.org" not in page


def test_a_members_page_tells_their_story(staff: Client) -> None:
    ada = Member.objects.get(email="ada@example.org")
    save(ada.public_id, Preferences(depth=Depth.HEADLINES), how="page", now=NOW)
    leave(ada.public_id, how="one-click", now=NOW)
    page = staff.get(f"/admin/members/member/{ada.pk}/change/").content.decode()
    assert "member.leave by member" in page
    assert "headlines only" in page
    assert "one-click" in page


def test_why_people_left_is_counted(staff: Client) -> None:
    for member in Member.objects.all():
        leave(member.public_id, how="page", now=NOW)
        give_reason(member.public_id, Reason.TOO_OFTEN, words="<b>Daily</b> would do.", now=NOW)
    page = staff.get("/admin/members/consent/", {"action": "reason"}).content.decode()
    assert "too-often (2)" in page
    assert "<b>Daily</b>" not in page
