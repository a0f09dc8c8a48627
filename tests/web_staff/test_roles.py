"""What each role may: an editor prepares, an approver sends and looks members up, an administrator does everything."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import Permission, User
from django.db.models import Model
from django.test import Client

from digest.config import Keys
from digest.installation.models import Audit
from digest.members.models import Consent, JoinRequest, Member, Suppression
from digest.members.roll import import_bytes
from digest.members.suppress import suppress
from digest.web.staff.roles import PERMISSIONS
from tests.rows import every_row
from tests.web_staff.conftest import person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("association")]
NOW = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
ROLES = tuple(PERMISSIONS)
LISTS = (
    "/admin/members/member/",
    "/admin/members/suppression/",
    "/admin/members/joinrequest/",
    "/admin/members/consent/",
)


@pytest.fixture
def rows(keys: Keys) -> None:
    import_bytes(b"email,name\nada@example.org,Ada\n", name="m.csv", keys=keys, now=NOW)
    suppress("a" * 64, reason="Mailbox full.", source="bounce", actor="test", now=NOW)
    JoinRequest.objects.create(
        public_id="j1", email="new@example.org", address_key="b" * 64, client_key="c" * 64, wording="Yes.",
        state="held", reason="bounce", at=NOW, state_at=NOW,
    )  # fmt: skip


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(person(f"{role}@example.org", role), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_permissions_are_ones_that_exist() -> None:
    known = set(Permission.objects.values_list("codename", flat=True))
    for role, wanted in PERMISSIONS.items():
        assert set(wanted) <= known, role


@pytest.mark.parametrize("role", ROLES)
def test_who_may_approve(role: str) -> None:
    user = User.objects.get(pk=person(f"{role}@example.org", role).pk)
    assert user.has_perm("compose.approve_issue") is (role != "editor")
    assert user.has_perm("gather.release_entries")
    assert user.is_superuser is (role == "administrator")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.usefixtures("rows")
def test_who_sees_members(role: str, path: str) -> None:
    assert signed_in(role).get(path).status_code == (403 if role == "editor" else 200)


@pytest.mark.parametrize("role", ROLES)
def test_who_is_shown_the_way_there(role: str) -> None:
    page = signed_in(role).get("/newsroom/").content.decode()
    assert ("Administration" in page) is (role != "editor")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.usefixtures("rows")
def test_looking_changes_nothing(role: str) -> None:
    client = signed_in(role)
    client.get("/admin/")
    paths = [
        *LISTS,
        f"/admin/members/member/{Member.objects.get().pk}/change/",
        f"/admin/members/member/{Member.objects.get().pk}/history/",
        f"/admin/members/suppression/{Suppression.objects.get().pk}/change/",
    ]
    before = every_row()
    for path in paths:
        client.get(path)
    assert every_row() == before


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.usefixtures("rows")
def test_only_an_administrator_corrects_a_name(role: str) -> None:
    ada = Member.objects.get()
    form = {"name": "Ada L.", "consents-TOTAL_FORMS": "0", "consents-INITIAL_FORMS": "0"}
    response = signed_in(role).post(f"/admin/members/member/{ada.pk}/change/", form)
    ada.refresh_from_db()
    may = role == "administrator"
    assert (response.status_code, ada.name) == ((302, "Ada L.") if may else (403, "Ada"))
    assert Audit.objects.filter(verb="member.rename").exists() is may


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.usefixtures("rows")
def test_only_an_administrator_lifts_a_suppression_and_says_why(role: str) -> None:
    row, client = Suppression.objects.get(), signed_in(role)
    path = f"/admin/members/suppression/{row.pk}/change/"
    client.post(path, {"lifted_why": "   "})
    row.refresh_from_db()
    assert row.lifted_at is None
    client.post(path, {"lifted_why": "They wrote: it is emptied.", "reason": "x", "source": "manual"})
    row.refresh_from_db()
    assert (row.reason, row.source) == ("Mailbox full.", "bounce")
    if role != "administrator":
        assert row.lifted_at is None
        return
    assert (row.lifted_by, row.lifted_why) == ("administrator@example.org", "They wrote: it is emptied.")
    assert Audit.objects.filter(verb="suppression.lift", actor="administrator@example.org").count() == 1
    assert client.post(path, {"lifted_why": "Again."}).status_code == 403, "what was lifted stays as it is"
    row.refresh_from_db()
    assert row.lifted_why == "They wrote: it is emptied."


@pytest.mark.parametrize("model", [Member, Suppression, JoinRequest, Consent])
@pytest.mark.usefixtures("rows")
def test_not_even_an_administrator_adds_or_deletes(model: type[Model]) -> None:
    client, name = signed_in("administrator"), model._meta.model_name
    before = every_row()
    row = model._default_manager.all()[0]
    assert client.get(f"/admin/members/{name}/add/").status_code == 403
    assert client.post(f"/admin/members/{name}/add/", {"email": "x@example.org"}).status_code == 403
    assert client.post(f"/admin/members/{name}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert every_row() == before
