"""A Monday with a provider that takes mail ahead of its time: handed over at half past eight, released at nine."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError

from digest import pipeline
from digest.compose.models import Issue, IssueState
from digest.config import Config, Keys
from digest.deliver.arming import arm
from digest.deliver.models import Delivery
from digest.errors import ProviderError, StateError, StorageError
from tests.deliver.conftest import ANSWERS
from tests.fakes.sendgrid import KEY, Answer, FakeSendGrid

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("members")]

MONDAY = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
SEND = MONDAY + 120 * MINUTE
HAND_OVER = SEND - 30 * MINUTE


@pytest.fixture
def sendgrid() -> Iterator[FakeSendGrid]:
    with FakeSendGrid(now=MONDAY) as server:
        yield server


@pytest.fixture
def keys(keys: Keys) -> Keys:
    return dataclasses.replace(keys, sendgrid_api_key=KEY)


@pytest.fixture
def week(association: Config, keys: Keys, sendgrid: FakeSendGrid, publish_feed: Callable[..., None]) -> Config:
    """An approved issue, an armed installation, seven o'clock."""
    publish_feed("news", ("A library opens", MONDAY - dt.timedelta(days=2)))
    settings = association.delivery.sendgrid.model_copy(update={"base_url": sendgrid.url})
    delivery = association.delivery.model_copy(
        update={"provider": "sendgrid", "from_email": "digest@digest.example.ac.uk", "sendgrid": settings}
    )
    config = association.with_values(
        delivery=delivery, web=association.web.model_copy(update={"base_url": "https://digest.example.ac.uk"})
    )
    arm(config, keys, answers=ANSWERS, actor="sam", now=MONDAY)
    pipeline.gather(config, now=MONDAY)
    coming = pipeline.coming(config, now=MONDAY)
    pipeline.approve(config, coming.issue.pk, actor="sam", now=MONDAY, revision=coming.issue.revision)
    return config


@pytest.fixture
def ring(week: Config, keys: Keys, sendgrid: FakeSendGrid) -> Callable[[dt.datetime], list[str]]:
    """The clock rings: `ring(at)`; what it said."""

    def at_time(at: dt.datetime) -> list[str]:
        sendgrid.turn_to(at)
        return pipeline.run_due(week, keys, now=at, clock=lambda: at)

    return at_time


Ring = Callable[[dt.datetime], list[str]]


def test_handed_over_ahead_and_released_on_time(week: Config, ring: Ring, sendgrid: FakeSendGrid) -> None:
    assert ring(HAND_OVER - MINUTE) == []
    assert sendgrid.requests == []
    assert ring(HAND_OVER) == ["Issue 736 is handing_over: 3 accepted."]
    issue = Issue.objects.get()
    assert (issue.state, issue.released_at, issue.published_at) == (IssueState.HANDING_OVER, None, None)
    assert not (week.issues_dir / "736").exists()
    assert {copy.send_at for copy in sendgrid.accepted} == {SEND}
    for minutes in (1, 20, 29):
        assert ring(HAND_OVER + minutes * MINUTE) == []  # nothing new, nothing said
    assert ring(SEND) == ["Issue 736 is sent: 3 accepted."]
    issue.refresh_from_db()
    assert (issue.state, issue.released_at, issue.published_at) == (IssueState.SENT, SEND, SEND)
    assert (week.issues_dir / "736" / "index.html").is_file()
    assert ring(SEND + MINUTE) == []
    assert sorted(copy.to for copy in sendgrid.arrived()) == [
        "ada@example.org",
        "ben@example.org",
        "cleo@example.org",
    ]


def test_stopped_in_time_it_is_never_published(week: Config, keys: Keys, ring: Ring, sendgrid: FakeSendGrid) -> None:
    ring(HAND_OVER)
    at = SEND - 10 * MINUTE
    sendgrid.turn_to(at)
    stopped = pipeline.stop(
        week, keys, Issue.objects.get(), why="a wrong date", actor="sam", now=at, clock=lambda: at
    )
    assert stopped.words == "3 copies will not go out."
    assert ring(SEND) == []
    assert sendgrid.arrived() == []
    issue = Issue.objects.get(number_row__number=736)
    assert (issue.state, issue.published_at) == (IssueState.STOPPED, None)
    assert not (week.issues_dir / "736").exists()


def test_a_clock_that_slept_sends_the_rest_at_once(ring: Ring, sendgrid: FakeSendGrid) -> None:
    sendgrid.then(Answer(429))
    said = ring(HAND_OVER)
    assert said[0] == "Issue 736 is handing_over: 3 pending."
    assert ring(SEND + 90 * MINUTE) == ["Issue 736 is sent: 3 accepted.", "It went out 90 minutes late."]
    assert {copy.send_at for copy in sendgrid.accepted} == {None}
    assert len(sendgrid.arrived()) == 3


def test_a_ring_that_took_long_goes_by_the_time_it_has_become(
    week: Config, keys: Keys, sendgrid: FakeSendGrid
) -> None:
    """It rang at half past eight, and gathering took until nine: nothing is scheduled any more, or taken back."""
    sendgrid.turn_to(SEND)
    assert pipeline.run_due(week, keys, now=HAND_OVER, clock=lambda: SEND) == ["Issue 736 is sent: 3 accepted."]
    assert {copy.send_at for copy in sendgrid.accepted} == {None}


def test_what_was_done_is_said_although_the_database_fails_later(
    week: Config, ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*args: object, **kw: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("digest.pipeline.due._check_links", locked)
    monkeypatch.setattr("digest.installation.lease.release", locked)
    with pytest.raises(StorageError) as raised:
        ring(HAND_OVER)
    assert raised.value.message == "Issue 736 is handing_over: 3 accepted.\nThe database refused: database is locked."
    monkeypatch.undo()
    assert ring(HAND_OVER + MINUTE) == []  # and not the half hour later in which that ring's turn runs out


def test_sent_by_hand_it_goes_at_once(week: Config, keys: Keys, sendgrid: FakeSendGrid) -> None:
    report = pipeline.send(week, keys, Issue.objects.get(), now=MONDAY, actor="sam")
    assert report.state == IssueState.SENT
    assert {copy.send_at for copy in sendgrid.accepted} == {None}


def test_what_is_with_the_provider_goes_at_its_time_also_by_hand(
    week: Config, keys: Keys, ring: Ring, sendgrid: FakeSendGrid
) -> None:
    ring(HAND_OVER)
    report = pipeline.send(week, keys, Issue.objects.get(), now=HAND_OVER + MINUTE, actor="sam")
    assert (report.state, report.counts) == (IssueState.HANDING_OVER, {"accepted": 3})
    assert len(sendgrid.accepted) == 3


def test_a_message_the_provider_refuses_can_still_be_mended(
    week: Config, keys: Keys, ring: Ring, sendgrid: FakeSendGrid
) -> None:
    sendgrid.then(Answer(400, b'{"errors":[{"message":"Bad subject","field":"subject"}]}'), on="sandbox")
    (said,) = ring(HAND_OVER)
    assert "The provider refuses the message, tried out in its sandbox. SendGrid answered 400: Bad subject." in said
    issue = Issue.objects.get()
    assert issue.state == IssueState.APPROVED
    assert not Delivery.objects.exists()
    assert pipeline.void_approval(week, issue.pk, actor="sam", now=HAND_OVER).state == IssueState.DRAFT


def test_paused_nothing_is_begun(week: Config, keys: Keys, ring: Ring, sendgrid: FakeSendGrid) -> None:
    pipeline.pause(why="a question", actor="sam", now=MONDAY)
    (said,) = ring(HAND_OVER)
    assert "Sending is paused since" in said
    assert Issue.objects.get().state == IssueState.APPROVED
    with pytest.raises(StateError, match="paused"):
        pipeline.send(week, keys, Issue.objects.get(), now=HAND_OVER)
    pipeline.resume(actor="sam", now=HAND_OVER)
    assert ring(HAND_OVER + MINUTE) == ["Issue 736 is handing_over: 3 accepted."]


def test_the_whole_monday_rehearsed(week: Config, keys: Keys, sendgrid: FakeSendGrid) -> None:
    done = pipeline.rehearse(week, keys, now=MONDAY)
    assert done.title == "Weekly News Digest - Issue 736, 12 Feb 2024"
    assert (done.result.batches, done.result.copies, done.result.refused) == (1, 3, [])
    assert done.result.bytes > done.mail_bytes > 1000
    (subject,) = {request["subject"] for request in sendgrid.rehearsed}
    assert subject == done.title
    assert sendgrid.accepted == []
    assert not Delivery.objects.exists()
    sendgrid.then(Answer(401), on="sandbox")
    with pytest.raises(ProviderError, match="sandbox"):
        pipeline.rehearse(week, keys, now=MONDAY)


def test_an_empty_issue_is_not_rehearsed(association: Config, keys: Keys) -> None:
    with pytest.raises(StateError, match="empty"):
        pipeline.rehearse(association, keys, now=MONDAY)
