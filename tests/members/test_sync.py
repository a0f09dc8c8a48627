"""The difference before anything is done, and the file as the whole membership."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.config import Keys
from digest.errors import StateError, UsageError
from digest.installation.models import Audit
from digest.members import apply as applying
from digest.members import staging
from digest.members.address import address_key
from digest.members.difference import Verdict
from digest.members.leave import leave
from digest.members.models import Consent, Member, MemberStatus
from digest.members.opening import opened_command
from digest.members.roll import Comparison, compare, import_bytes
from digest.members.suppress import suppress

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=1)


@contextlib.contextmanager
def whole(keys: Keys, *addresses: str, name: str = "crm.csv") -> Iterator[Comparison]:
    with compare(io.BytesIO("\n".join(["email", *addresses]).encode()), name=name, keys=keys, whole=True) as found:
        yield found


def sync(keys: Keys, *addresses: str) -> Comparison:
    with whole(keys, *addresses) as comparison:
        comparison.apply(now=LATER, actor="test", yes_drop=True)
        return comparison


@pytest.fixture
def three(keys: Keys) -> None:
    import_bytes(b"email\nada@example.org\nben@example.org\ncleo@example.org\n", name="m.csv", keys=keys, now=NOW)


def statuses() -> dict[str, str]:
    return {str(m.email).partition("@")[0]: m.status for m in Member.objects.order_by("pk")}


@pytest.mark.usefixtures("three")
def test_looking_changes_nothing_and_says_who_would_leave(keys: Keys) -> None:
    with whole(keys, "ada@example.org", "dan@example.org") as comparison:
        assert (comparison.counts[Verdict.NEW], comparison.counts[Verdict.UNCHANGED], comparison.gone) == (1, 1, 2)
        assert comparison.who_goes() == ["ben@example.org", "cleo@example.org"]
        assert comparison.drops_too_many(10)
    assert statuses() == {"ada": "active", "ben": "active", "cleo": "active"}
    assert not Audit.objects.filter(verb="members.sync").exists()


@pytest.mark.usefixtures("three")
def test_who_is_missing_leaves_and_comes_back_with_the_next_list(keys: Keys) -> None:
    sync(keys, "ada@example.org", "dan@example.org")
    assert statuses() == {"ada": "active", "ben": "left", "cleo": "left", "dan": "active"}
    ben = Member.objects.get(email="ben@example.org")
    assert ben.left_at == LATER
    last = Consent.objects.filter(member=ben).latest("pk")
    assert (last.action, last.how, last.at) == ("removed", "sync of crm.csv", LATER)
    again = sync(keys, "ada@example.org", "ben@example.org", "dan@example.org")
    assert again.counts[Verdict.BACK] == 1
    assert statuses() == {"ada": "active", "ben": "active", "cleo": "left", "dan": "active"}
    assert Member.objects.get(email="ben@example.org").left_at is None
    assert Audit.objects.filter(verb="members.sync").latest("pk").detail["back"] == 1


@pytest.mark.usefixtures("three")
def test_who_left_or_bounced_does_not_come_back(keys: Keys) -> None:
    leave(Member.objects.get(email="ada@example.org").public_id, how="page", now=NOW)
    suppress(address_key(keys, "ben@example.org"), reason="It bounced.", source="bounce", actor="test", now=NOW)
    suppress(address_key(keys, "new@example.org"), reason="It bounced.", source="bounce", actor="test", now=NOW)
    found = sync(keys, "ada@example.org", "ben@example.org", "cleo@example.org", "new@example.org")
    assert (found.counts[Verdict.KEPT_OUT], found.gone) == (3, 0)
    assert statuses() == {"ada": "left", "ben": "active", "cleo": "active"}


@pytest.mark.usefixtures("three")
def test_who_was_taken_off_and_then_left_for_good_stays_away(keys: Keys) -> None:
    sync(keys, "ada@example.org", "cleo@example.org")
    ben = Member.objects.get(email="ben@example.org")
    Member.objects.filter(pk=ben.pk).update(status=MemberStatus.ACTIVE)  # as coming back by the link does
    leave(ben.public_id, how="one-click", now=LATER)
    found = sync(keys, "ada@example.org", "ben@example.org", "cleo@example.org")
    assert found.counts[Verdict.KEPT_OUT] == 1
    assert statuses()["ben"] == "left"


@pytest.mark.usefixtures("three")
def test_a_list_that_drops_too_many_needs_a_word(keys: Keys) -> None:
    with whole(keys, "ada@example.org", "ben@example.org") as comparison:
        with pytest.raises(StateError, match=r"1 of 3 members would leave.*10 %"):
            comparison.apply(now=NOW, actor="test")
        comparison.apply(now=NOW, actor="test", drop_percent=34)
    assert statuses()["cleo"] == "left"


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("lines", [["none"], [], ["ada@", "@b"]])
def test_a_list_of_nobody_is_never_the_membership(keys: Keys, lines: list[str]) -> None:
    with pytest.raises(StateError, match="names no members"), whole(keys, *lines):
        pass
    assert Member.objects.filter(status="active").count() == 3


@pytest.mark.usefixtures("three")
def test_who_leaves_while_a_list_is_looked_at_has_left(keys: Keys) -> None:
    with whole(keys, "ada@example.org", "ben@example.org", "cleo@example.org", "dan@example.org") as comparison:
        leave(Member.objects.get(email="ada@example.org").public_id, how="page", now=LATER)
        suppress(address_key(keys, "dan@example.org"), reason="x", source="manual", actor="test", now=LATER)
        comparison.apply(now=LATER, actor="test")
        assert comparison.counts[Verdict.KEPT_OUT] == 2
    assert statuses() == {"ada": "left", "ben": "active", "cleo": "active"}


@pytest.mark.usefixtures("three")
def test_too_many_who_leave_are_noticed_under_the_lock_too(keys: Keys) -> None:
    with whole(keys, "ada@example.org", "ben@example.org", "cleo@example.org") as comparison:
        Member.objects.create(public_id="d", email="dan@example.org", address_key="k", joined_at=NOW)
        with pytest.raises(StateError, match="1 of 4"):
            comparison.apply(now=LATER, actor="test")
    assert statuses()["dan"] == "active"


def test_a_large_roll_goes_in_in_the_order_of_its_keys(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "IN_KEY_ORDER", 100)
    monkeypatch.setattr(staging, "CHUNK", 64)
    import_bytes(
        "\n".join(["email", *(f"m{n}@example.org" for n in range(300))]).encode(), name="m.csv", keys=keys, now=NOW
    )
    members = list(Member.objects.order_by("pk"))
    assert [m.address_key for m in members] == sorted(m.address_key for m in members)
    assert len({m.public_id for m in members}) == 300
    assert [m.public_id for m in members] == sorted(m.public_id for m in members)
    assert all(m.address_key == address_key(keys, str(m.email)) for m in members)
    assert Consent.objects.values("member").distinct().count() == 300


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("count", [0, 1, 5_000, 5_001, 12_345])
def test_ids_for_links_are_many_and_never_alike(count: int, ordered: bool) -> None:
    ids = [one for (one,) in staging.public_ids(count, ordered=ordered)]
    assert len(set(ids)) == len(ids) == count
    assert all(len(one) == 32 and set(one) <= set("0123456789abcdef") for one in ids)
    if ordered:
        assert ids == sorted(ids)


def test_temporary_tables_are_gone_afterwards(keys: Keys) -> None:
    import_bytes(b"email\na@example.org\n", name="m.csv", keys=keys, now=NOW)
    with staging.staging():
        assert staging.value("SELECT COUNT(*) FROM roll_stage") == 0


def command(tmp_path: Path, code: str) -> str:
    script = tmp_path / "members.py"
    script.write_text(code, encoding="utf-8")
    return f"'{sys.executable}' '{script}'"


def test_a_commands_output_is_a_list(keys: Keys, tmp_path: Path) -> None:
    with (
        opened_command(command(tmp_path, "print('email\\nada@example.org')")) as file,
        compare(file, name="the command's list", keys=keys, whole=True) as comparison,
    ):
        comparison.apply(now=NOW, actor="test")
    assert statuses() == {"ada": "active"}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("print('email\\nada@example.org'); raise SystemExit('the CRM is away')", "status 1: the CRM is away"),
        ("import threading; threading.Event().wait(60)", "had not ended after"),
    ],
)
def test_a_command_that_fails_changes_nothing(tmp_path: Path, code: str, words: str) -> None:
    with pytest.raises(UsageError, match=words), opened_command(command(tmp_path, code), seconds=1):
        pass


@pytest.mark.parametrize(
    ("text", "words"), [("", "empty"), ("'x", "cannot be read"), ("no-such-program-here", "no program")]
)
def test_a_command_that_is_none(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words), opened_command(text):
        pass
