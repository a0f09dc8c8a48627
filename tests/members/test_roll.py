"""Bringing the roll in: nothing half-applied, nobody brought back."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from digest.config import Keys, SecretKey
from digest.errors import UsageError
from digest.installation.models import Audit
from digest.members.address import address_key
from digest.members.leave import leave
from digest.members.models import Consent, Member, MemberStatus
from digest.members.roll import ImportReport, import_bytes, import_csv, list_members
from digest.members.suppress import suppress

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)


def bring(keys: Keys, *lines: str) -> ImportReport:
    return import_bytes("\n".join(lines).encode(), name="members.csv", keys=keys, now=NOW)


def test_new_members_with_their_consent_and_an_audit_line(keys: Keys) -> None:
    report = bring(keys, "email,name", "ada@example.org,Ada", "Ben@Example.ORG,Ben")
    assert (report.rows, report.new) == (2, 2)
    ada, ben = list_members()
    assert (ada.email, ada.name, ada.status, ada.joined_at) == ("ada@example.org", "Ada", "active", NOW)
    assert ben.email == "Ben@example.org"
    assert re.fullmatch("[0-9a-f]{32}", ada.public_id)
    assert ada.public_id != ben.public_id
    assert ada.address_key == address_key(keys, "ada@example.org")
    consent = Consent.objects.get(member=ada)
    assert (consent.action, consent.how, consent.at) == ("import", "import of members.csv", NOW)
    audit = Audit.objects.get(verb="members.import")
    assert audit.detail["new"] == 2
    assert "example.org" not in str(audit.detail)


def test_a_second_import_changes_nothing(keys: Keys) -> None:
    lines = ("email,name", "ada@example.org,Ada", "ben@example.org,")
    bring(keys, *lines)
    report = bring(keys, *lines)
    assert (report.new, report.unchanged, report.changed) == (0, 2, 0)
    assert Consent.objects.count() == 2


def test_a_name_is_completed_and_never_emptied(keys: Keys) -> None:
    bring(keys, "email,name", "ada@example.org,", "ben@example.org,Ben")
    report = bring(keys, "email,name", "ADA@example.org,Ada", "ben@example.org,")
    assert (report.changed, report.unchanged) == (1, 1)
    assert [member.name for member in list_members()] == ["Ada", "Ben"]


def test_every_row_is_counted_once_and_refused_ones_are_named(keys: Keys) -> None:
    report = bring(
        keys,
        "name,email",
        "A,a@example.org",
        "B,",
        "C,A@EXAMPLE.ORG",
        "D,d@",
        "E",
        "F,f\u00fc@example.org",
        "G,g@example.org",
    )
    assert report.rows == 7
    assert report.new == 2
    assert [note.row for note in report.refused] == [3, 5, 6, 7]
    assert [note.row for note in report.repeated] == [4]
    assert "row 2" in report.repeated[0].reason
    assert all(note.reason.endswith(".") and "@example.org" not in note.reason for note in report.refused)
    assert report.rows == (
        report.new + report.changed + report.unchanged
        + len(report.kept_out) + len(report.repeated) + len(report.refused)
    )  # fmt: skip


def test_who_left_stays_away(keys: Keys) -> None:
    bring(keys, "email", "ada@example.org")
    leave(Member.objects.get().public_id, how="page", now=NOW)
    report = bring(keys, "email", "ada@example.org")
    assert (report.new, report.unchanged) == (0, 0)
    assert "left" in report.kept_out[0].reason
    assert Member.objects.get().status == MemberStatus.LEFT


def test_a_suppressed_address_stays_away_also_after_the_key_was_rotated(keys: Keys) -> None:
    suppress(address_key(keys, "ada@example.org"), reason="It bounced.", source="bounce", actor="test", now=NOW)
    newer = SecretKey(id="s2", secret=b"n" * 32)
    rotated = Keys(django_secret="x", link=keys.link, suppression=(newer, *keys.suppression))
    for held in (keys, rotated):
        report = bring(held, "email", "Ada@example.org", "ben@example.org")
        assert [note.row for note in report.kept_out] == [2]
    assert [member.email for member in list_members()] == ["ben@example.org"]


def test_a_member_is_recognised_after_the_key_was_rotated(keys: Keys) -> None:
    bring(keys, "email", "ada@example.org")
    rotated = Keys(
        django_secret="x", link=keys.link, suppression=(SecretKey(id="s2", secret=b"n" * 32), *keys.suppression)
    )
    report = bring(rotated, "email", "ada@example.org")
    assert (report.new, report.unchanged) == (0, 1)


def test_nothing_is_half_applied(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["email", *(f"m{index}@example.org" for index in range(1200))]

    class Full(Exception):
        pass

    def full(**_: object) -> None:
        raise Full

    monkeypatch.setattr("digest.members.apply.record", full)  # the last thing that an import writes
    with pytest.raises(Full):
        bring(keys, *lines)
    assert not Member.objects.exists()
    assert not Consent.objects.exists()
    monkeypatch.undo()
    assert bring(keys, *lines).new == 1200


@pytest.mark.parametrize(("name", "words"), [("none.csv", "no file"), (".", "is a folder")])
def test_a_file_that_cannot_be_read(keys: Keys, tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        import_csv(tmp_path / name, keys=keys, now=NOW)


def test_a_file_is_read(keys: Keys, tmp_path: Path) -> None:
    (tmp_path / "roll.csv").write_bytes("E-Mail;Name\r\nada@example.org;Ada\r\n".encode("utf-16"))
    assert import_csv(tmp_path / "roll.csv", keys=keys, now=NOW).new == 1


def test_members_are_listed_by_status(keys: Keys) -> None:
    bring(keys, "email", "ada@example.org", "ben@example.org")
    leave(Member.objects.get(email="ada@example.org").public_id, how="page", now=NOW)
    assert [m.email for m in list_members([MemberStatus.ACTIVE])] == ["ben@example.org"]
