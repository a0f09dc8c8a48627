"""Handing an issue over: to the end, in spite of faults, and never twice."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from email import message_from_bytes
from email.policy import default
from typing import ClassVar, Self

import pytest

from digest.compose.models import Issue, IssueState
from digest.config import Config, Keys
from digest.deliver import ledger
from digest.deliver.arming import arm
from digest.deliver.links import MailingList, Verb, verify
from digest.deliver.message import Mailing, Recipient
from digest.deliver.models import Batch, Delivery, DeliveryState, Edition
from digest.deliver.providers import REGISTRY, Accepted, Outcome
from digest.deliver.send import DeliveryReport, deliver, require_ready, running_from, send_one
from digest.errors import ConfigError, ProviderError, UsageError
from digest.installation import halt
from digest.installation.turn import Turn
from digest.members.leave import leave
from digest.members.models import Member
from digest.render.models import RenderedIssue
from tests.deliver.conftest import ANSWERS, HTML, MINUTE, NOW, SUBJECT, TEXT, TOKEN, claim_one
from tests.fakes.sendgrid import Answer, FakeSendGrid, Reset, Take

pytestmark = pytest.mark.django_db
Join = Callable[..., list[Member]]
Send = Callable[..., DeliveryReport]


class Killed(BaseException):
    """The process died here."""


class Script:
    """A provider that does what it is told, and keeps what it took. It is not repeatable."""

    name: ClassVar[str] = "script"
    needs_arming: ClassVar[bool] = False
    repeatable: ClassVar[bool] = False
    lanes: ClassVar[int] = 1
    steps: ClassVar[list[Outcome | BaseException]] = []
    took: ClassVar[list[str]] = []
    before: ClassVar[Callable[[Sequence[Recipient]], None] | None] = None

    @classmethod
    def of(cls, config: Config, keys: Keys) -> Self:
        return cls()

    @property
    def connections(self) -> int:
        return self.lanes

    def open(self, mailing: Mailing) -> Script:
        return self

    def hand_over(self, batch: int, recipients: Sequence[Recipient], *, now: dt.datetime) -> Outcome:
        step = self.steps.pop(0) if self.steps else Accepted()
        if isinstance(step, Accepted | BaseException):  # the worst case: it was taken, and then the process died
            self.took.extend(r.email for r in recipients)
        if isinstance(step, BaseException):
            raise step
        return step

    def close(self) -> None:
        pass


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, make_config: Callable[..., Config]) -> type[Script]:
    monkeypatch.setitem(REGISTRY, "script", f"{__name__}:Script")
    monkeypatch.setattr(Script, "steps", [])
    monkeypatch.setattr(Script, "took", [])
    monkeypatch.setattr(Script, "lanes", 1)
    return Script


@pytest.fixture
def script_config(script: type[Script], make_config: Callable[..., Config]) -> Config:
    return make_config('[delivery]\nprovider = "script"\nbatch_size = 5')


@pytest.fixture
def send(issue: Issue, edition: Edition, keys: Keys, now: dt.datetime) -> Send:
    """`send(config, at=..., owner=...)`: one call of deliver, on a clock that stands still."""

    def run(config: Config, *, at: dt.datetime = now, owner: str = "me", keys: Keys = keys) -> DeliveryReport:
        issue.refresh_from_db()
        return deliver(config, keys, issue, edition, now=at, owner=owner, clock=lambda: at)

    return run


@pytest.fixture
def armed(sendgrid_config: Callable[..., Config], sendgrid_keys: Keys, now: dt.datetime, db: None) -> Config:
    config = sendgrid_config()
    arm(config, sendgrid_keys, answers=ANSWERS, actor="a", now=now)
    return config


class TestOutbox:
    def test_every_member_finds_one_mail_with_their_own_links(
        self, send: Send, config: Config, keys: Keys, join: Join, issue: Issue
    ) -> None:
        members = join(7)
        report = send(config)
        assert report == DeliveryReport(counts={"accepted": 7}, settled=True)
        files = sorted((config.outbox_dir / "736").iterdir())
        assert [path.stem for path in files] == [m.public_id for m in members]
        for path, member in zip(files, members, strict=True):
            message = message_from_bytes(path.read_bytes(), policy=default)
            assert message["To"] == member.email
            token = str(message["List-Unsubscribe"]).strip("<>").rpartition("/")[2]
            assert verify(keys, Verb.UNSUBSCRIBE, MailingList.DIGEST, token) == member.public_id

    def test_sending_again_changes_nothing(self, send: Send, config: Config, join: Join) -> None:
        join(3)
        send(config)
        before = {path: path.read_bytes() for path in config.outbox_dir.rglob("*.eml")}
        assert send(config, owner="again") == DeliveryReport(counts={"accepted": 3}, settled=True)
        assert {path: path.read_bytes() for path in config.outbox_dir.rglob("*.eml")} == before

    def test_a_full_disk_is_a_sentence_and_a_later_try_completes(
        self, send: Send, config: Config, join: Join, now: dt.datetime
    ) -> None:
        join(3)
        config.outbox_dir.write_text("in the way")
        report = send(config)
        assert report.counts == {"pending": 3}
        assert "cannot be written" in report.problems[0]
        assert report.resume_at == now + dt.timedelta(seconds=30)
        assert report.problems[1] == "What is left is due at 09:00:30 GMT."
        config.outbox_dir.unlink()
        assert send(config, at=now + dt.timedelta(seconds=10)).counts == {"pending": 3}
        assert send(config, at=now + dt.timedelta(seconds=30)).settled

    def test_an_issue_without_members_is_settled(self, send: Send, config: Config) -> None:
        assert send(config) == DeliveryReport(counts={}, settled=True)

    def test_an_issue_without_a_number_goes_by_its_slot(
        self, send: Send, config: Config, join: Join, issue: Issue
    ) -> None:
        join(1)
        issue.number_row.delete()
        send(config)
        assert (config.outbox_dir / "2024-02-12" / "pid00001.eml").is_file()


class TestKilled:
    def test_what_was_under_way_is_unknown_and_the_rest_goes_on(
        self, send: Send, script: type[Script], script_config: Config, join: Join, issue: Issue
    ) -> None:
        join(20)
        script.steps[:] = [Accepted(), Killed()]
        with pytest.raises(Killed):
            send(script_config)
        assert ledger.counts(issue) == {"pending": 10, "claimed": 5, "accepted": 5}
        report = send(script_config, owner="after")
        assert report.counts == {"accepted": 15, "unknown": 5}
        assert not report.settled
        assert "nobody can say" in report.problems[0]
        assert max(Counter(script.took).values()) == 1
        # No timer ever sends them again.
        assert send(script_config, owner="later").counts == {"accepted": 15, "unknown": 5}
        assert max(Counter(script.took).values()) == 1

    def test_with_several_lanes_nobody_gets_two(
        self, send: Send, script: type[Script], script_config: Config, join: Join, issue: Issue
    ) -> None:
        join(60)
        script.lanes = 4
        script.steps[:] = [Accepted(), Accepted(), Accepted(), Killed()]
        with pytest.raises(Killed):
            send(script_config)
        report = send(script_config, owner="after")
        assert report.counts.get("unknown") == 5
        assert report.counts["accepted"] == 55
        assert sorted(script.took) == sorted(f"m{n}@example.org" for n in range(1, 61))

    def test_a_claim_that_never_left_is_unknown_too(
        self,
        send: Send,
        script_config: Config,
        script: type[Script],
        join: Join,
        issue: Issue,
        edition: Edition,
        now: dt.datetime,
    ) -> None:
        from digest.deliver.roll import Roll

        join(7)
        ledger.freeze(script_config, issue, edition, now=now)
        claim_one(issue, Roll(kind=issue.kind, day=now.date()), owner="dead", now=now)
        assert send(script_config).counts == {"accepted": 2, "unknown": 5}

    def test_the_outbox_takes_it_up_again_because_twice_is_once(
        self, send: Send, config: Config, join: Join, issue: Issue, edition: Edition, now: dt.datetime
    ) -> None:
        from digest.deliver.roll import Roll

        join(7)
        ledger.freeze(config, issue, edition, now=now)
        claim_one(issue, Roll(kind=issue.kind, day=now.date()), owner="dead", now=now)
        assert send(config) == DeliveryReport(counts={"accepted": 7}, settled=True)

    def test_a_defect_in_a_provider_is_an_unknown_outcome(
        self, send: Send, script: type[Script], script_config: Config, join: Join
    ) -> None:
        join(10)
        script.steps[:] = [ZeroDivisionError()]
        report = send(script_config)
        assert report.counts == {"accepted": 5, "unknown": 5}
        assert "ZeroDivisionError" in report.problems[0]


class TestTogether:
    def test_a_second_sender_stands_back(
        self, send: Send, script_config: Config, join: Join, issue: Issue, now: dt.datetime
    ) -> None:
        join(5)
        turn = Turn.take(f"deliver:{issue.pk}", owner="other", now=now, seconds=60)
        assert turn is not None
        report = send(script_config)
        assert report.counts == {"pending": 5}
        assert report.problems == ("Another process is handing this issue over.",)
        turn.end()
        assert send(script_config).settled

    def test_who_leaves_during_the_sending_gets_none(
        self,
        script: type[Script],
        script_config: Config,
        keys: Keys,
        issue: Issue,
        edition: Edition,
        join: Join,
        now: dt.datetime,
    ) -> None:
        last = join(10)[-1]

        def clock() -> dt.datetime:
            if script.took:  # the first batch is out
                leave(last.public_id, how="one-click", now=now)
            return now

        report = deliver(script_config, keys, issue, edition, now=now, owner="me", clock=clock)
        assert report == DeliveryReport(counts={"accepted": 9, "withdrawn": 1}, settled=True)
        assert last.email not in script.took
        assert ledger.reasons(issue, DeliveryState.WITHDRAWN) == [("left the list", 1)]

    def test_a_stopped_issue_sends_nothing_more(
        self, send: Send, script: type[Script], script_config: Config, join: Join, issue: Issue
    ) -> None:
        join(10)
        Issue.objects.filter(pk=issue.pk).update(state=IssueState.STOPPED)
        assert send(script_config).counts == {"pending": 10}
        assert script.took == []


class TestSendGrid:
    def test_an_issue_through_the_fake(
        self, send: Send, armed: Config, sendgrid: FakeSendGrid, sendgrid_keys: Keys, join: Join, issue: Issue
    ) -> None:
        members = join(23)
        report = send(armed, keys=sendgrid_keys)
        assert report == DeliveryReport(counts={"accepted": 23}, settled=True)
        assert sorted(copy.to for copy in sendgrid.accepted) == sorted(str(m.email) for m in members)
        assert sendgrid.violations == []
        assert [len(r["personalizations"]) for r in sendgrid.requests].count(5) == 4
        deliveries = {d.pk: d for d in Delivery.objects.select_related("member", "batch")}
        for copy in sendgrid.accepted:
            delivery = deliveries[int(copy.custom_args["delivery"])]
            assert delivery.member.email == copy.to
            assert copy.custom_args["batch"] == str(delivery.batch_id)
            assert delivery.member.public_id in copy.headers["List-Unsubscribe"]
            assert delivery.member.public_id in copy.text
            assert delivery.member.public_id in copy.html

    def test_nothing_leaves_before_arming(
        self,
        send: Send,
        sendgrid_config: Callable[..., Config],
        sendgrid: FakeSendGrid,
        sendgrid_keys: Keys,
        join: Join,
        issue: Issue,
    ) -> None:
        join(3)
        config = sendgrid_config()
        with pytest.raises(ProviderError, match="not armed") as refused:
            send(config, keys=sendgrid_keys)
        assert "digest arm" in refused.value.hint
        assert sendgrid.requests == []
        assert ledger.counts(issue) == {}

    def test_one_bad_address_does_not_keep_the_others_back(
        self, send: Send, armed: Config, sendgrid: FakeSendGrid, sendgrid_keys: Keys, join: Join
    ) -> None:
        join(12)
        sendgrid.refused = {"m3@example.org", "m8@example.org"}
        report = send(armed, keys=sendgrid_keys)
        assert report.counts == {"accepted": 10, "rejected": 2}
        assert report.settled
        assert report.problems[0].startswith("1 copy refused. SendGrid answered 400")

    def test_a_bad_address_that_is_not_named_is_found(
        self, send: Send, armed: Config, sendgrid: FakeSendGrid, sendgrid_keys: Keys, join: Join
    ) -> None:
        join(12)
        sendgrid.refused, sendgrid.names_culprits = {"m8@example.org"}, False
        report = send(armed, keys=sendgrid_keys)
        assert report.counts == {"accepted": 11, "rejected": 1}
        assert Delivery.objects.get(state=DeliveryState.REJECTED).member.email == "m8@example.org"
        assert len(sendgrid.accepted) == 11

    def test_a_message_it_objects_to_is_not_refused_member_by_member(
        self, send: Send, armed: Config, sendgrid: FakeSendGrid, sendgrid_keys: Keys, join: Join
    ) -> None:
        join(40)
        sendgrid.refused = {f"m{n}@example.org" for n in range(1, 41)}
        sendgrid.names_culprits = False
        report = send(armed, keys=sendgrid_keys)
        assert report.counts["rejected"] == 3
        assert report.counts["pending"] == 37
        assert "the message must be at fault" in " ".join(report.problems)

    def test_a_limit_is_waited_out(
        self, send: Send, armed: Config, sendgrid: FakeSendGrid, sendgrid_keys: Keys, join: Join, now: dt.datetime
    ) -> None:
        join(12)
        sendgrid.then(Answer(429, headers={"X-RateLimit-Reset": str(int(now.timestamp()) + 60)}))
        report = send(armed, keys=sendgrid_keys)
        assert report.counts == {"pending": 12}
        assert report.resume_at is not None
        assert report.resume_at > now + dt.timedelta(seconds=60)
        requests = len(sendgrid.requests)
        early = send(armed, keys=sendgrid_keys, at=now + dt.timedelta(seconds=30), owner="early")
        assert early.counts == {"pending": 12}
        assert len(sendgrid.requests) == requests
        assert send(armed, keys=sendgrid_keys, at=report.resume_at, owner="later").settled
        assert max(Counter(copy.to for copy in sendgrid.accepted).values()) == 1

    def test_a_wrong_key_stops_it_and_a_right_one_goes_on(
        self, send: Send, armed: Config, sendgrid: FakeSendGrid, sendgrid_keys: Keys, join: Join
    ) -> None:
        join(12)
        sendgrid.then(Answer(401))
        report = send(armed, keys=sendgrid_keys)
        assert report.counts == {"pending": 12}
        assert "API key is wrong" in report.problems[0]
        assert report.resume_at is None
        assert Batch.objects.count() == 3
        assert send(armed, keys=sendgrid_keys).settled

    def test_a_provider_that_is_down_does_not_make_the_whole_list_unknown(
        self, send: Send, armed: Config, sendgrid: FakeSendGrid, sendgrid_keys: Keys, join: Join, now: dt.datetime
    ) -> None:
        join(50)
        sendgrid.then(*[Answer(500)] * 10)
        report = send(armed, keys=sendgrid_keys)
        assert report.counts == {"pending": 35, "unknown": 15}
        assert report.resume_at == now + dt.timedelta(minutes=10)

    def test_a_mixed_monday_gives_nobody_two_copies(
        self, send: Send, armed: Config, sendgrid: FakeSendGrid, sendgrid_keys: Keys, join: Join, now: dt.datetime
    ) -> None:
        members = join(100)
        sendgrid.refused = {"m97@example.org"}
        sendgrid.then(
            *[Take(), Reset(take=True), Take(500), Take(), Reset(), Answer(429), Take(202, b"x", promised=9), Take()],
            *[Answer(503), Take(), Reset(after_body=False), Take()],
        )
        at = now
        for turn in range(40):
            report = send(armed, keys=sendgrid_keys, at=at, owner=f"turn {turn}")
            if report.resume_at is None:
                break
            at = report.resume_at
        copies = Counter(copy.to for copy in sendgrid.accepted)
        assert max(copies.values()) == 1
        state = dict(Delivery.objects.values_list("member__email", "state"))
        assert set(state) == {m.email for m in members}
        assert set(state.values()) == {"accepted", "unknown", "rejected"}
        for email, what in state.items():  # accepted means taken; what was not taken is never called accepted
            assert what != "accepted" or copies[email] == 1
            assert what != "rejected" or copies[email] == 0


class TestReady:
    def test_it_says_what_is_in_the_way(
        self, config: Config, sendgrid_config: Callable[..., Config], keys: Keys, sendgrid_keys: Keys, db: None
    ) -> None:
        assert require_ready(config, keys).name == "outbox"
        with pytest.raises(ProviderError, match="no API key"):
            require_ready(sendgrid_config(), keys)
        with pytest.raises(ProviderError, match="not armed"):
            require_ready(sendgrid_config(), sendgrid_keys)
        bad = config.with_values(web=config.web.model_copy(update={"base_url": "https://bücher.example"}))
        with pytest.raises(ConfigError, match=r"web\.base_url"):
            require_ready(bad, keys)


class TestOne:
    RENDERED = RenderedIssue(subject=SUBJECT, html=HTML, text=TEXT, web="")

    def test_a_test_is_marked_and_recorded_nowhere(self, config: Config, keys: Keys, now: dt.datetime) -> None:
        words = send_one(config, keys, self.RENDERED, merge_tag=TOKEN, to=" Ada@Example.org ", now=now)
        assert words.startswith("The test for Ada@example.org is with outbox: written to ")
        (path,) = (config.outbox_dir / "test").iterdir()
        message = message_from_bytes(path.read_bytes(), policy=default)
        assert message["Subject"] == f"[TEST] {SUBJECT}"
        assert message["To"] == "Ada@example.org"
        assert TOKEN not in path.read_text(encoding="ascii")
        assert f"{config.web.base_url}/unsubscribe/preview" in str(message["List-Unsubscribe"])
        assert Delivery.objects.count() == 0
        assert "Ada" not in path.name

    def test_a_second_test_is_a_second_mail(self, config: Config, keys: Keys, now: dt.datetime) -> None:
        for _ in range(2):
            send_one(config, keys, self.RENDERED, merge_tag=TOKEN, to="a@example.org", now=now)
        assert len(list((config.outbox_dir / "test").iterdir())) == 2

    @pytest.mark.parametrize("to", ["", "ada", "jörg@example.org"])
    def test_an_address_that_is_none(self, config: Config, keys: Keys, now: dt.datetime, to: str) -> None:
        with pytest.raises(UsageError):
            send_one(config, keys, self.RENDERED, merge_tag=TOKEN, to=to, now=now)

    def test_through_the_fake(
        self, armed: Config, sendgrid: FakeSendGrid, sendgrid_keys: Keys, now: dt.datetime
    ) -> None:
        send_one(armed, sendgrid_keys, self.RENDERED, merge_tag=TOKEN, to="a@example.org", now=now)
        assert [(c.to, c.subject) for c in sendgrid.accepted] == [("a@example.org", f"[TEST] {SUBJECT}")]
        sendgrid.then(Answer(500))
        with pytest.raises(ProviderError, match="The test did not go out"):
            send_one(armed, sendgrid_keys, self.RENDERED, merge_tag=TOKEN, to="a@example.org", now=now)

    def test_it_needs_arming_too(
        self, sendgrid_config: Callable[..., Config], sendgrid_keys: Keys, now: dt.datetime
    ) -> None:
        with pytest.raises(ProviderError, match="not armed"):
            send_one(sendgrid_config(), sendgrid_keys, self.RENDERED, merge_tag=TOKEN, to="a@example.org", now=now)


def test_time_runs_on_while_the_machine_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asleep it counts no monotonic seconds; and a wall clock that is set back takes none away."""
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    monkeypatch.setattr(time, "time", lambda: 5000.0)
    clock = running_from(NOW)
    monkeypatch.setattr(time, "time", lambda: 5600.0)
    assert clock() == NOW + 10 * MINUTE
    monkeypatch.setattr(time, "monotonic", lambda: 160.0)
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    assert clock() == NOW + MINUTE


@pytest.fixture
def stoppable() -> Iterator[None]:
    yield
    halt.forget()


@pytest.mark.usefixtures("stoppable")
def test_told_to_stop_it_finishes_what_is_under_way_and_goes_on_at_the_next_start(
    send: Send, script: type[Script], script_config: Config, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    join(20)
    taken = script.hand_over

    def and_then_stop(self: Script, batch: int, recipients: Sequence[Recipient], *, now: dt.datetime) -> Outcome:
        halt.ask()
        return taken(self, batch, recipients, now=now)

    monkeypatch.setattr(script, "hand_over", and_then_stop)
    report = send(script_config)
    assert report.counts == {"pending": 15, "accepted": 5}
    assert report.problems == (
        "The program was told to stop. What was not handed over yet goes on at its next start.",
    )
    halt.forget()
    monkeypatch.setattr(script, "hand_over", taken)
    assert send(script_config, owner="the next").counts == {"accepted": 20}
    assert len(script.took) == len(set(script.took)) == 20
