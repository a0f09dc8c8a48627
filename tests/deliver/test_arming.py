"""Nothing leaves before a person armed this very installation."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from digest.compose.models import Issue
from digest.config import Config, Keys
from digest.deliver import arming, ledger
from digest.deliver.arming import arm, disarm, is_armed, marker_file, why_not_armed
from digest.deliver.checklist import Answers, Mark, Previous, Question, checklist
from digest.deliver.models import Edition
from digest.errors import ProviderError
from digest.installation.models import Audit, Installation
from digest.members.suppress import suppress
from tests.deliver.conftest import ANSWERS
from tests.fakes.sendgrid import Answer, FakeSendGrid

pytestmark = pytest.mark.django_db


@pytest.fixture
def real(sendgrid_config: Callable[..., Config]) -> Config:
    return sendgrid_config()


def missing(config: Config, keys: Keys) -> str:
    return " ".join(line.words for line in checklist(config, keys, ANSWERS) if not line.ok)


def test_the_outbox_needs_no_arming_and_cannot_be_armed(config: Config, keys: Keys, now: dt.datetime) -> None:
    assert is_armed(config)
    with pytest.raises(ProviderError, match="outbox keeps all mail here"):
        arm(config, keys, answers=ANSWERS, actor="a@example.org", now=now)


def test_arming_is_a_persons_word_and_leaves_a_trace(real: Config, sendgrid_keys: Keys, now: dt.datetime) -> None:
    assert "not armed" in why_not_armed(real)
    assert all(line.ok for line in checklist(real, sendgrid_keys, ANSWERS))
    arm(real, sendgrid_keys, answers=ANSWERS, actor="ada@example.org", now=now)
    assert is_armed(real)
    assert marker_file(real).stat().st_mode & 0o777 == 0o600
    row = Installation.objects.get(pk=1)
    assert (row.armed_by, row.armed_at, row.armed_provider) == ("ada@example.org", now, "sendgrid")
    trace = Audit.objects.get(verb="installation.arm")
    assert trace.actor == "ada@example.org"
    assert trace.detail == {
        "provider": "sendgrid",
        "answers": {"previous_unsubscribes": "none", "sender_verified": True, "without_events": True},
    }
    disarm(real, actor="ada@example.org", now=now)
    assert not is_armed(real)


@pytest.mark.parametrize(
    ("table", "values", "word"),
    [
        ("association", {"postal_address": ""}, "postal_address"),
        ("web", {"base_url": "http://digest.example.org"}, "https"),
        ("delivery", {"from_email": "digest@example.org"}, "only an example"),
        ("delivery", {"from_email": "digest@halyard.example"}, "only an example"),
        ("delivery", {"from_email": "jörg@uni.ac.uk"}, "from_email"),
    ],
)
def test_the_check_list_names_what_is_missing(
    real: Config, sendgrid_keys: Keys, now: dt.datetime, table: str, values: dict[str, str], word: str
) -> None:
    config = real.with_values(**{table: getattr(real, table).model_copy(update=values)})
    assert word in missing(config, sendgrid_keys)
    with pytest.raises(ProviderError, match=word):
        arm(config, sendgrid_keys, answers=ANSWERS, actor="a", now=now)
    assert not is_armed(config)


def test_without_a_key_there_is_nothing_to_arm(real: Config, keys: Keys) -> None:
    assert "SENDGRID_API_KEY" in missing(real, keys)


def test_a_copied_database_is_not_armed(real: Config, sendgrid_keys: Keys, now: dt.datetime, tmp_path: Path) -> None:
    arm(real, sendgrid_keys, answers=ANSWERS, actor="a", now=now)
    elsewhere = tmp_path / "copy"
    elsewhere.mkdir()
    copy = real.with_values(root=elsewhere)
    assert "copied, moved or restored" in why_not_armed(copy)
    shutil.copy(marker_file(real), marker_file(copy))  # the whole folder, even
    assert not is_armed(copy)
    assert is_armed(real)


def test_another_provider_is_not_armed_by_the_way(real: Config, sendgrid_keys: Keys, now: dt.datetime) -> None:
    arm(real, sendgrid_keys, answers=ANSWERS, actor="a", now=now)
    Installation.objects.update(armed_provider="pigeon")
    assert why_not_armed(real) == "This installation was armed for pigeon, not for sendgrid."


def test_a_restored_database_that_has_forgotten_an_issue_is_not_armed(
    real: Config, sendgrid_keys: Keys, issue: Issue, edition: Edition, now: dt.datetime
) -> None:
    arm(real, sendgrid_keys, answers=ANSWERS, actor="a", now=now)
    backup = Installation.objects.get(pk=1).marker
    ledger.freeze(real, issue, edition, now=now)
    assert is_armed(real)
    assert len(marker_file(real).read_text().split()) == 1
    Installation.objects.update(marker=backup)
    assert not is_armed(real)


def test_a_crash_while_the_marker_is_renewed_leaves_the_installation_armed(
    real: Config, sendgrid_keys: Keys, now: dt.datetime
) -> None:
    arm(real, sendgrid_keys, answers=ANSWERS, actor="a", now=now)
    for _ in range(2):
        with pytest.raises(RuntimeError), arming.renewed(real):
            raise RuntimeError
        assert is_armed(real)
    with arming.renewed(real):
        pass
    assert is_armed(real)
    assert len(marker_file(real).read_text().split()) == 1


def test_two_senders_that_renew_the_marker_at_once_leave_the_installation_armed(
    real: Config, sendgrid_keys: Keys, now: dt.datetime
) -> None:
    arm(real, sendgrid_keys, answers=ANSWERS, actor="sam", now=now)
    with arming.renewed(real), arming.renewed(real):
        pass
    assert is_armed(real)


def test_a_marker_drawn_anew_between_two_looks_is_no_contradiction(
    real: Config, sendgrid_keys: Keys, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process reads the database, another renews the marker, the first reads the file."""
    arm(real, sendgrid_keys, answers=ANSWERS, actor="sam", now=now)
    look, looks = arming.marker_file, 0

    def renewed_meanwhile(config: Config) -> Path:
        nonlocal looks
        looks += 1
        if looks == 1:
            with arming.renewed(config):
                pass
        return look(config)

    monkeypatch.setattr(arming, "marker_file", renewed_meanwhile)
    assert is_armed(real)


def test_an_installation_that_is_not_armed_is_not_armed_by_an_issue(
    real: Config, issue: Issue, edition: Edition, now: dt.datetime
) -> None:
    ledger.freeze(real, issue, edition, now=now)
    assert not marker_file(real).exists()
    assert not is_armed(real)


class TestWhatSendGridSays:
    """The check-list asks the account behind the key."""

    def lines(self, config: Config, keys: Keys, answers: Answers = ANSWERS) -> dict[str, tuple[Mark, str]]:
        return {line.words.partition(":")[0]: (line.mark, line.words) for line in checklist(config, keys, answers)}

    def test_an_account_in_order(self, real: Config, sendgrid_keys: Keys, sendgrid: FakeSendGrid) -> None:
        lines = self.lines(real, sendgrid_keys)
        for subject in ("SendGrid's key", "Handing over early", "Suppressions", "Sender at SendGrid"):
            assert lines[subject][0] is Mark.OK, lines[subject]
        assert sendgrid.violations == []

    def test_a_key_that_may_not_send(
        self, real: Config, sendgrid_keys: Keys, sendgrid: FakeSendGrid, now: dt.datetime
    ) -> None:
        sendgrid.account["/v3/scopes"] = {"scopes": ["suppression.read"]}
        assert self.lines(real, sendgrid_keys)["SendGrid's key"] == (
            Mark.MISSING,
            "SendGrid's key: It lacks the right mail.send. Make one with the right Mail Send.",
        )
        with pytest.raises(ProviderError, match=r"mail\.send"):
            arm(real, sendgrid_keys, answers=ANSWERS, actor="a", now=now)

    def test_a_key_that_may_not_schedule_will_do(
        self, real: Config, sendgrid_keys: Keys, sendgrid: FakeSendGrid
    ) -> None:
        sendgrid.account["/v3/scopes"] = {"scopes": ["mail.send", "mail.batch.create"]}
        mark, words = self.lines(real, sendgrid_keys)["Handing over early"]
        assert mark is Mark.NOTE
        assert "user.scheduled_sends" in words
        assert "mail.batch " not in words
        assert missing(real, sendgrid_keys) == ""

    def test_a_key_that_may_not_read_the_lists_will_do(
        self, real: Config, sendgrid_keys: Keys, sendgrid: FakeSendGrid
    ) -> None:
        sendgrid.then(Answer(403), Answer(403), on="suppressions")
        mark, words = self.lines(real, sendgrid_keys)["Suppressions"]
        assert (mark, "may not read bounces, blocks," in words) == (Mark.NOTE, True)

    @pytest.mark.parametrize("key", ["SG.another", "SG.fake-key"])
    def test_a_key_that_is_refused_and_a_server_that_is_not_there(
        self, sendgrid_config: Callable[..., Config], sendgrid_keys: Keys, key: str
    ) -> None:
        config = sendgrid_config() if key == "SG.another" else sendgrid_config(base_url="http://127.0.0.1:1")
        words = missing(config, dataclasses.replace(sendgrid_keys, sendgrid_api_key=key))
        assert ("refuses the key" if key == "SG.another" else "could not be reached") in words

    @pytest.mark.parametrize(
        ("domains", "senders", "mark"),
        [
            ([{"domain": "example.ac.uk", "valid": True}], [], Mark.OK),
            ([{"domain": "digest.example.ac.uk", "valid": False}], [], Mark.MISSING),
            ([], [{"from_email": "Digest@digest.example.ac.uk", "verified": True}], Mark.OK),
            ([], [{"from_email": "digest@digest.example.ac.uk", "verified": False}], Mark.ASK),
            ([{"domain": "elsewhere.org", "valid": True}, "rubbish"], [], Mark.ASK),
        ],
    )
    def test_who_may_be_written_from(
        self,
        real: Config,
        sendgrid_keys: Keys,
        sendgrid: FakeSendGrid,
        domains: list[object],
        senders: list[object],
        mark: Mark,
    ) -> None:
        sendgrid.account["/v3/whitelabel/domains"] = domains
        sendgrid.account["/v3/verified_senders"] = {"results": senders}
        unanswered = dataclasses.replace(ANSWERS, sender_verified=False)
        found, words = self.lines(real, sendgrid_keys, unanswered)["Sender at SendGrid"]
        assert found is mark
        assert words


class TestWhatOnlyAPersonCanSay:
    def test_each_open_question_keeps_it_from_being_armed(
        self, real: Config, sendgrid_keys: Keys, sendgrid: FakeSendGrid, now: dt.datetime
    ) -> None:
        sendgrid.account["/v3/whitelabel/domains"] = []
        asked = [line.question for line in checklist(real, sendgrid_keys) if line.mark is Mark.ASK]
        assert asked == [Question.SENDER, Question.EVENTS, Question.PREVIOUS_UNSUBSCRIBES]
        for missing_one in (
            {"previous_unsubscribes": None},
            {"sender_verified": False},
            {"without_events": False},
        ):
            answers = dataclasses.replace(ANSWERS, **missing_one)  # type: ignore[arg-type]
            with pytest.raises(ProviderError, match="cannot be armed yet"):
                arm(real, sendgrid_keys, answers=answers, actor="a", now=now)
        arm(real, sendgrid_keys, answers=ANSWERS, actor="a", now=now)
        assert is_armed(real)

    def test_a_key_for_events_leaves_no_question(self, real: Config, sendgrid_keys: Keys) -> None:
        keys = dataclasses.replace(sendgrid_keys, sendgrid_webhook_keys=("MFkw",))
        assert Question.EVENTS not in [line.question for line in checklist(real, keys)]

    def test_imported_means_that_somebody_is_here(self, real: Config, sendgrid_keys: Keys, now: dt.datetime) -> None:
        imported = dataclasses.replace(ANSWERS, previous_unsubscribes=Previous.IMPORTED)
        with pytest.raises(ProviderError, match="nobody here has left"):
            arm(real, sendgrid_keys, answers=imported, actor="a", now=now)
        suppress("k" * 64, reason="left the list of an earlier tool", source="manual", actor="a", now=now)
        arm(real, sendgrid_keys, answers=imported, actor="a", now=now)
        assert is_armed(real)

    def test_a_provider_that_says_nothing_of_its_senders_is_asked_about(
        self, make_config: Callable[..., Config], keys: Keys
    ) -> None:
        config = make_config('[delivery]\nprovider = "smtp"\nfrom_email = "digest@digest.example.ac.uk"')
        lines = checklist(config, keys)
        assert [line.question for line in lines if line.mark is Mark.ASK] == [
            Question.SENDER,
            Question.PREVIOUS_UNSUBSCRIBES,
        ]
        assert any("DKIM" in line.words for line in lines)


def test_a_database_put_back_by_hand_is_known_as_an_older_one(
    real: Config, sendgrid_keys: Keys, now: dt.datetime
) -> None:
    """Nothing went out in between; but who left since would be written to again."""
    arm(real, sendgrid_keys, answers=ANSWERS, actor="a@example.org", now=now)
    copied = Installation.objects.values().get(pk=1)
    written = dt.datetime.fromtimestamp(marker_file(real).stat().st_mtime, dt.UTC)
    arming.renew_in_time(real, now=written + dt.timedelta(minutes=59))
    assert Installation.objects.values().get(pk=1) == copied
    arming.renew_in_time(real, now=written + dt.timedelta(minutes=60))
    assert is_armed(real)
    Installation.objects.filter(pk=1).update(**copied)
    assert "copied, moved or restored" in why_not_armed(real)
    arming.renew_in_time(real, now=written + dt.timedelta(hours=3))
    assert not is_armed(real), "time does not make it right"


def test_another_machine_is_another_installation(
    real: Config, sendgrid_keys: Keys, now: dt.datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arming, "MACHINE", tmp_path / "machine-id")
    (tmp_path / "machine-id").write_text("0123\n", encoding="ascii")
    arm(real, sendgrid_keys, answers=ANSWERS, actor="a@example.org", now=now)
    assert is_armed(real)
    (tmp_path / "machine-id").write_text("4567\n", encoding="ascii")
    assert not is_armed(real)


def test_what_was_restored_is_not_armed(real: Config, sendgrid_keys: Keys, now: dt.datetime) -> None:
    arm(real, sendgrid_keys, answers=ANSWERS, actor="a@example.org", now=now)
    said = arming.restored(real, made_at=now.isoformat(), actor="a@example.org", now=now)
    assert said == "No issue that went out is in it."
    assert not is_armed(real)
    assert Installation.objects.get(pk=1).restore_epoch == 1
    assert not marker_file(real).exists()
