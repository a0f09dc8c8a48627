"""Leaving and coming back: each acts once, and says what it did."""

from __future__ import annotations

import datetime as dt

import pytest

from digest.config import Keys
from digest.installation.models import Audit
from digest.members.leave import Leaving, Reason, Returning, give_reason, leave, reasons, return_, standing
from digest.members.models import Consent, Member, MemberStatus, Suppression, SuppressionScope
from digest.members.roll import import_bytes
from digest.members.suppress import suppress, suppressed_keys

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)


@pytest.fixture
def ada(keys: Keys) -> Member:
    import_bytes(b"email\nada@example.org\n", name="m.csv", keys=keys, now=NOW)
    return Member.objects.get()


def test_leaving_acts_once(ada: Member) -> None:
    assert leave(ada.public_id, how="one-click", now=NOW) is Leaving.LEFT
    assert leave(ada.public_id, how="page", now=NOW + dt.timedelta(hours=1)) is Leaving.ALREADY
    ada.refresh_from_db()
    assert (ada.status, ada.left_at) == (MemberStatus.LEFT, NOW)
    assert list(Consent.objects.filter(action="leave").values_list("how", flat=True)) == ["one-click"]
    assert Audit.objects.filter(verb="member.leave", subject=f"member:{ada.public_id}").count() == 1


def test_unknown_and_erased_members(ada: Member) -> None:
    Member.objects.update(status=MemberStatus.ERASED, email=None)
    for public_id in (ada.public_id, "0" * 32):
        assert leave(public_id, how="page", now=NOW) is Leaving.UNKNOWN
        assert return_(public_id, how="page", now=NOW) is Returning.UNKNOWN


def test_an_unconfirmed_address_can_leave_too(ada: Member) -> None:
    Member.objects.update(status=MemberStatus.UNCONFIRMED)
    assert leave(ada.public_id, how="page", now=NOW) is Leaving.LEFT


@pytest.mark.parametrize(
    ("days", "result", "status"),
    [(29, Returning.RETURNED, MemberStatus.ACTIVE), (30, Returning.TOO_LATE, MemberStatus.LEFT)],
)
def test_a_leaving_can_be_undone_for_thirty_days(
    ada: Member, keys: Keys, days: int, result: Returning, status: MemberStatus
) -> None:
    leave(ada.public_id, how="page", now=NOW)
    later = NOW + dt.timedelta(days=days)
    where = standing(ada.public_id, keys=keys, now=later)
    assert where is not None
    assert where.may_return is (result is Returning.RETURNED)
    assert return_(ada.public_id, how="page", now=later) is result
    ada.refresh_from_db()
    assert ada.status == status


def test_coming_back_twice(ada: Member) -> None:
    leave(ada.public_id, how="page", now=NOW)
    assert return_(ada.public_id, how="page", now=NOW) is Returning.RETURNED
    assert return_(ada.public_id, how="page", now=NOW) is Returning.ALREADY
    assert Consent.objects.filter(action="return").count() == 1


def test_standing_tells_of_a_suppressed_address(ada: Member, keys: Keys) -> None:
    where = standing(ada.public_id, keys=keys, now=NOW)
    assert where is not None
    assert where.receiving
    suppress(ada.address_key, reason="It bounced.", source="bounce", actor="test", now=NOW)
    where = standing(ada.public_id, keys=keys, now=NOW)
    assert where is not None
    assert where.suppressed
    assert not where.receiving
    assert standing("0" * 32, keys=keys, now=NOW) is None


def test_suppressing_once_per_source() -> None:
    for _ in range(2):
        suppress("a" * 64, reason="It bounced.", source="bounce", actor="test", now=NOW)
    assert Suppression.objects.count() == 1
    suppress("a" * 64, reason="Marked as spam.", source="complaint", actor="test", now=NOW)
    assert suppressed_keys(["a" * 64, "b" * 64]) == {"a" * 64: "Marked as spam."}


def test_lifted_and_other_scopes_do_not_stop_the_digest() -> None:
    suppress("a" * 64, reason="x", source="bounce", actor="test", now=NOW)
    Suppression.objects.update(lifted_at=NOW)
    only = SuppressionScope.ANNOUNCEMENTS
    suppress("b" * 64, reason="x", source="manual", actor="test", now=NOW, scope=only)
    assert suppressed_keys(["a" * 64, "b" * 64]) == {}
    assert suppressed_keys(["b" * 64], scopes=[only]) == {"b" * 64: "x"}
    assert suppress("a" * 64, reason="again", source="bounce", actor="test", now=NOW)


def test_many_keys_are_asked_in_chunks() -> None:
    suppress(f"{1700:064d}", reason="x", source="manual", actor="test", now=NOW)
    assert suppressed_keys(f"{n:064d}" for n in range(2000)) == {f"{1700:064d}": "x"}


def test_one_reason_for_each_leaving(ada: Member, keys: Keys) -> None:
    assert not give_reason(ada.public_id, Reason.OTHER, now=NOW)
    leave(ada.public_id, how="page", now=NOW)
    assert give_reason(ada.public_id, Reason.TOO_OFTEN, words="  too\x00 much\n of it " + "x" * 900, now=NOW)
    assert not give_reason(ada.public_id, Reason.OTHER, now=NOW)
    said = Consent.objects.get(action="reason")
    assert said.wording.startswith("too much of it xxx")
    assert len(said.wording) == 500
    where = standing(ada.public_id, keys=keys, now=NOW)
    assert where is not None
    assert where.said_why
    return_(ada.public_id, how="page", now=NOW + dt.timedelta(days=1))
    leave(ada.public_id, how="page", now=NOW + dt.timedelta(days=2))
    where = standing(ada.public_id, keys=keys, now=NOW + dt.timedelta(days=2))
    assert where is not None
    assert not where.said_why
    assert give_reason(ada.public_id, Reason.TOO_OFTEN, now=NOW + dt.timedelta(days=2))
    assert reasons() == {"too-often": 2}
