"""The provider's sandbox: before each issue, and for a rehearsal of all of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from digest.compose.models import Issue
from digest.config import Config, Keys
from digest.deliver import ledger
from digest.deliver.models import Batch, Delivery, Edition
from digest.deliver.rehearse import Part, rehearse
from digest.deliver.roll import Roll
from digest.deliver.send import try_message
from digest.errors import ProviderError, UsageError
from digest.members.models import MemberStatus
from tests.deliver.conftest import HAND_OVER, NOW, Ahead, Join, make_mailing
from tests.fakes.sendgrid import Answer, FakeSendGrid, Reset

pytestmark = pytest.mark.django_db


class TestBeforeEachIssue:
    def test_the_real_message_and_the_first_batch_are_tried_out(
        self,
        ahead: Ahead,
        armed: Config,
        sendgrid: FakeSendGrid,
        join: Join,
    ) -> None:
        join(12)
        ahead(armed)
        own, first = sendgrid.rehearsed
        assert [person["to"][0]["email"] for person in own["personalizations"]] == [armed.delivery.from_email]
        assert len(first["personalizations"]) == 5
        real = next(
            r for r in sendgrid.requests if r["personalizations"][0]["to"] == first["personalizations"][0]["to"]
        )
        for key in ("subject", "content", "from", "tracking_settings"):
            assert first[key] == real[key]
        ahead(armed, owner="again")
        assert len(sendgrid.rehearsed) == 2  # once is enough

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (Answer(400, b'{"errors":[{"message":"The subject is bad","field":"subject"}]}'), "The subject is bad"),
            (Answer(400), "refuses the message, tried out in its sandbox"),
            (Answer(403), "The API key is wrong"),
        ],
    )
    def test_a_refusal_stops_before_anything_is_claimed(
        self,
        ahead: Ahead,
        armed: Config,
        sendgrid: FakeSendGrid,
        join: Join,
        answer: Answer,
        words: str,
    ) -> None:
        join(12)
        sendgrid.then(answer, on="sandbox")
        report = ahead(armed)
        assert (report.counts, report.resume_at) == ({"pending": 12}, None)
        assert words in report.problems[0]
        assert sendgrid.requests == []
        assert not Batch.objects.exclude(state="pending").exists()

    def test_a_sandbox_that_is_none_is_noticed_before_a_member_is_written_to(
        self,
        ahead: Ahead,
        armed: Config,
        sendgrid: FakeSendGrid,
        join: Join,
    ) -> None:
        join(12)
        sendgrid.has_sandbox = False
        report = ahead(armed)
        assert report.counts == {"pending": 12}
        assert "taken that for a real one" in report.problems[0]
        assert [copy.to for copy in sendgrid.accepted] == [armed.delivery.from_email]

    @pytest.mark.parametrize("behaviour", [Answer(500), Answer(429), Reset()])
    def test_one_that_cannot_be_reached_is_tried_again(
        self,
        ahead: Ahead,
        armed: Config,
        sendgrid: FakeSendGrid,
        join: Join,
        behaviour: Answer | Reset,
    ) -> None:
        join(12)
        sendgrid.then(behaviour, on="sandbox")
        report = ahead(armed)
        assert report.counts == {"pending": 12}
        assert report.resume_at is not None
        assert ahead(armed, at=report.resume_at, owner="later").settled

    def test_a_single_refused_recipient_is_no_reason_to_wait(
        self,
        ahead: Ahead,
        armed: Config,
        sendgrid: FakeSendGrid,
        join: Join,
    ) -> None:
        join(12)
        sendgrid.refused = {"m2@example.org"}
        assert ahead(armed).counts == {"accepted": 11, "rejected": 1}

    def test_before_the_list_is_closed_only_a_refusal_counts(
        self,
        armed: Config,
        sendgrid: FakeSendGrid,
        sendgrid_keys: Keys,
        issue: Issue,
        edition: Edition,
    ) -> None:
        try_message(armed, sendgrid_keys, issue, edition, now=HAND_OVER)
        sendgrid.then(Answer(500), Answer(400), on="sandbox")
        try_message(armed, sendgrid_keys, issue, edition, now=HAND_OVER)
        with pytest.raises(ProviderError, match="refuses the message") as refused:
            try_message(armed, sendgrid_keys, issue, edition, now=HAND_OVER)
        assert "Withdraw the approval" in refused.value.hint


class TestRehearsal:
    @pytest.fixture
    def config(self, sendgrid_config: Callable[..., Config]) -> Config:
        return sendgrid_config()

    @pytest.fixture
    def roll(self) -> Roll:
        return Roll(kind="weekly", day=dt.date(2024, 2, 12))

    def test_every_batch_of_the_real_list_and_nothing_recorded(
        self, config: Config, sendgrid: FakeSendGrid, sendgrid_keys: Keys, join: Join, roll: Roll, issue: Issue
    ) -> None:
        join(23)
        join(2, first=24, status=MemberStatus.LEFT)
        result = rehearse(config, sendgrid_keys, [Part(make_mailing(config), roll.receiving())], now=NOW)
        assert (result.batches, result.copies, result.refused, result.problem) == (5, 23, [], "")
        assert result.bytes > 4 * result.largest > 0
        tried = [p["to"][0]["email"] for request in sendgrid.rehearsed[1:] for p in request["personalizations"]]
        assert sorted(tried) == sorted(f"m{n}@example.org" for n in range(1, 24))
        assert sendgrid.accepted == sendgrid.requests == sendgrid.violations == []
        assert ledger.counts(issue) == {}
        assert not Delivery.objects.exists()

    @pytest.mark.parametrize("named", [True, False])
    def test_refused_addresses_are_found(
        self, config: Config, sendgrid: FakeSendGrid, sendgrid_keys: Keys, join: Join, roll: Roll, named: bool
    ) -> None:
        join(23)
        sendgrid.refused, sendgrid.names_culprits = {"m3@example.org", "m4@example.org", "m23@example.org"}, named
        result = rehearse(config, sendgrid_keys, [Part(make_mailing(config), roll.receiving())], now=NOW)
        assert sorted(email for email, _ in result.refused) == ["m23@example.org", "m3@example.org", "m4@example.org"]
        assert (result.batches, result.copies, result.problem) == (5, 23, "")

    def test_it_is_broken_off_in_words(
        self, config: Config, sendgrid: FakeSendGrid, sendgrid_keys: Keys, join: Join, roll: Roll
    ) -> None:
        join(23)
        sendgrid.then(Answer(500), on="sandbox")
        with pytest.raises(ProviderError, match=r"not taken in the provider's sandbox\. SendGrid answered 500"):
            rehearse(config, sendgrid_keys, [Part(make_mailing(config), roll.receiving())], now=NOW)
        sendgrid.then(Answer(200), *[Answer(503)] * 5, on="sandbox")
        result = rehearse(config, sendgrid_keys, [Part(make_mailing(config), roll.receiving())], now=NOW)
        assert "503" in result.problem

    def test_where_there_is_no_sandbox(self, make_config: Callable[..., Config], keys: Keys, roll: Roll) -> None:
        outbox = make_config()
        with pytest.raises(UsageError, match="outbox has no sandbox"):
            rehearse(outbox, keys, [Part(make_mailing(outbox), roll.receiving())], now=NOW)
