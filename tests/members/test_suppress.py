"""Addresses nothing is sent to: each with source and date, lifted by a person with a reason, under whichever key."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from digest.config import Keys, SecretKey
from digest.errors import UsageError
from digest.installation.models import Audit
from digest.members.address import address_key
from digest.members.find import find_member, read_address
from digest.members.leave import standing
from digest.members.models import Member, Suppression, SuppressionScope
from digest.members.rekey import rekey
from digest.members.roll import import_bytes
from digest.members.suppress import lift, list_suppressions, standing_for, suppress, suppress_address

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
ADA = "ada@example.org"


@pytest.fixture
def rotated(keys: Keys) -> Keys:
    """The same installation after a new suppression key was put above the old one."""
    return dataclasses.replace(keys, suppression=(SecretKey(id="new", secret=b"n" * 32), *keys.suppression))


@pytest.fixture
def ada(keys: Keys) -> Member:
    import_bytes(f"email\n{ADA}\n".encode(), name="m.csv", keys=keys, now=NOW)
    return Member.objects.get()


def stop(keys: Keys, address: str = ADA, **more: object) -> bool:
    return suppress_address(keys, address, reason="She asked.", source="manual", actor="test", now=NOW, **more)  # type: ignore[arg-type]


def test_a_suppression_has_source_date_and_reason(keys: Keys) -> None:
    assert stop(keys)
    assert not stop(keys)
    (row,) = standing_for(keys, ADA)
    assert (row.source, row.at, row.reason, row.scope) == ("manual", NOW, "She asked.", "all")


def test_it_is_lifted_only_with_a_reason_which_is_kept(keys: Keys) -> None:
    stop(keys)
    with pytest.raises(UsageError, match="reason"):
        lift(keys, ADA, why=" ", actor="jo@example.org", now=NOW)
    assert lift(keys, ADA, why="Asked for it by telephone.", actor="jo@example.org", now=NOW) == 1
    row = Suppression.objects.get()
    assert (row.lifted_at, row.lifted_by, row.lifted_why) == (NOW, "jo@example.org", "Asked for it by telephone.")
    assert standing_for(keys, ADA) == []
    assert lift(keys, ADA, why="again", actor="jo@example.org", now=NOW) == 0
    assert Audit.objects.filter(verb="suppression.lift").count() == 1
    assert stop(keys)  # what was lifted may come again


def test_one_scope_alone_can_be_lifted(keys: Keys) -> None:
    stop(keys, scope=SuppressionScope.DIGEST)
    stop(keys, scope=SuppressionScope.ANNOUNCEMENTS)
    assert lift(keys, ADA, why="x", actor="t", now=NOW, scope=SuppressionScope.DIGEST) == 1
    assert [row.scope for row in standing_for(keys, ADA)] == ["announcements"]


def test_the_list_names_who_is_on_the_roll_and_nobody_else(keys: Keys, ada: Member) -> None:
    stop(keys)
    stop(keys, "stranger@example.org")
    assert sorted(email for _, email in list_suppressions()) == ["", ADA]
    lift(keys, ADA, why="x", actor="t", now=NOW)
    assert [email for _, email in list_suppressions()] == [""]
    assert len(list(list_suppressions(lifted=True))) == 2


def test_every_look_up_asks_for_all_keys(keys: Keys, rotated: Keys, ada: Member) -> None:
    stop(keys, "stranger@example.org")
    assert find_member(rotated, ADA) == ada
    assert stop(rotated)  # an address of a member under the older key: it stands where the ledger looks for it
    assert Suppression.objects.latest("pk").address_key == ada.address_key
    assert len(standing_for(rotated, "stranger@example.org")) == 1
    found = standing(ada.public_id, keys=rotated, now=NOW)
    assert found is not None
    assert found.suppressed
    report = import_bytes(b"email\nStranger@example.org\n" + ADA.encode(), name="m.csv", keys=rotated, now=NOW)
    assert (len(report.kept_out), report.new) == (2, 0)
    assert lift(rotated, "stranger@example.org", why="x", actor="t", now=NOW) == 1


def test_rekeying_moves_members_and_what_stands_against_them(keys: Keys, rotated: Keys, ada: Member) -> None:
    stop(keys)
    stop(keys, "stranger@example.org")
    done = rekey(rotated, actor="test", now=NOW)
    assert (done.members, done.suppressions, done.left_behind) == (1, 1, 1)
    ada.refresh_from_db()
    assert ada.address_key == address_key(rotated, ADA) != address_key(keys, ADA)
    assert [row.address_key for row in standing_for(rotated, ADA)] == [ada.address_key]
    assert len(standing_for(rotated, "stranger@example.org")) == 1  # by the older key, as long as it is listed
    again = rekey(rotated, actor="test", now=NOW)
    assert (again.members, again.suppressions) == (0, 0)


def test_rekeying_leaves_an_address_alone_that_stands_there_twice(keys: Keys, rotated: Keys, ada: Member) -> None:
    Member.objects.create(public_id="twin", email=ADA, address_key=address_key(rotated, ADA), joined_at=NOW)
    assert rekey(rotated, actor="test", now=NOW).members == 0
    assert Member.objects.count() == 2


def test_rekeying_many(keys: Keys, rotated: Keys) -> None:
    import_bytes(
        "\n".join(["email", *(f"m{n}@example.org" for n in range(2300))]).encode(), name="m", keys=keys, now=NOW
    )
    assert rekey(rotated, actor="test", now=NOW).members == 2300
    assert all(m.address_key == address_key(rotated, str(m.email)) for m in Member.objects.all())


def test_an_address_is_read_or_refused_in_words() -> None:
    assert read_address(" Ada@Example.ORG ") == "Ada@example.org"
    with pytest.raises(UsageError, match="is no e-mail address: "):
        read_address("ada")


def test_suppressing_twice_from_one_source_is_once(keys: Keys) -> None:
    key = address_key(keys, ADA)
    assert suppress(key, reason="It bounced.", source="bounce", actor="t", now=NOW)
    assert suppress(key, reason="She complained.", source="complaint", actor="t", now=NOW)
    assert not suppress(key, reason="It bounced.", source="bounce", actor="t", now=NOW)
