"""What staff are told over a week: each thing once, several in one mail, with the next step, never in Monday's way."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from digest import pipeline
from digest.compose.models import Issue
from digest.config import Config, Keys
from digest.deliver.models import Notice, StaffNote
from digest.installation.models import Installation
from digest.pipeline.tell import is_time, recipients
from tests.fakes.listener import Listener, listening

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("members")]

Publish = Callable[..., None]
MONDAY = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
FRIDAY = MONDAY - 3 * DAY
BY, SEND = MONDAY + HOUR, MONDAY + 2 * HOUR
DESK, DEPUTY = "desk@staff.example.org", "deputy@staff.example.org"


@pytest.fixture
def config(association: Config, publish_feed: Publish) -> Config:
    publish_feed("news", ("A library opens", MONDAY - 4 * DAY), ("A call goes out", MONDAY - 5 * DAY))
    publish_feed("blog", ("TODO lorem ipsum dolor", MONDAY - 4 * DAY))
    notices = association.notices.model_copy(update={"to": (DESK,), "deputies": (DEPUTY,)})
    config = association.with_values(notices=notices)
    pipeline.gather(config, now=MONDAY - 4 * DAY)
    Installation.objects.create(pk=1, created_at=MONDAY - 5 * DAY)
    return config


Ring = Callable[..., list[str]]


@pytest.fixture
def ring(keys: Keys) -> Ring:
    def run(config: Config, now: dt.datetime, *, after_a_gap: bool = False, **secrets: str) -> list[str]:
        if not after_a_gap:
            Installation.objects.filter(pk=1).update(rung_at=now - MINUTE)
        return pipeline.run_due(config, dataclasses.replace(keys, **secrets), now=now, clock=lambda: now)

    return run


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as heard:
        yield heard


def mails(config: Config) -> list[EmailMessage]:
    """Those to staff, in the order in which they were written."""
    files = sorted((config.outbox_dir / "notices").glob("*.eml"), key=lambda path: int(path.stem.rsplit("-")[-1]))
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]  # type: ignore[misc]


def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def approve(config: Config, now: dt.datetime) -> Issue:
    coming = pipeline.coming(config, now=now)
    return pipeline.approve(
        config, coming.issue.pk, actor="sam", now=now, revision=coming.issue.revision, override="It is meant so."
    )


def test_a_monday_with_an_editor(config: Config, ring: Ring) -> None:
    for now in (FRIDAY, FRIDAY + 6 * HOUR + MINUTE, FRIDAY + 7 * HOUR, MONDAY - HOUR):
        ring(config, now)
    [draft] = mails(config)
    assert (draft["To"], draft["Subject"]) == (DESK, "The draft of 12 February waits for a look")
    assert "Look at it and approve it by 08:00 on Monday 12 February." in " ".join(text(draft).split())
    assert "http://127.0.0.1:8000/newsroom/" in text(draft)
    approve(config, MONDAY - HOUR)
    for now in (MONDAY, BY, SEND, SEND + MINUTE, SEND + HOUR):
        ring(config, now)
    [_, sent] = mails(config)
    assert sent["Subject"] == "Issue 736 is out"
    assert "Copies: 3 accepted." in text(sent)
    assert "/newsroom/deliveries/736/" in text(sent)


def test_a_monday_without_one(config: Config, ring: Ring) -> None:
    for now in (MONDAY, MONDAY + MINUTE, BY, SEND, SEND + 11 * MINUTE, SEND + 2 * HOUR):
        ring(config, now)
    found = [(mail["To"], mail["Subject"]) for mail in mails(config)]
    assert found == [
        (DESK, "The draft of 12 February is ready (and 1 more)"),
        (DEPUTY, "Nobody has approved the issue of 12 February yet"),
        (DESK, "The issue of 12 February waits for a person"),
        (DEPUTY, "The issue of 12 February waits for a person"),
        (DESK, "The issue of the week is not out"),
    ]
    first = text(mails(config)[0])
    assert "The checks found 2 things to look at:" in first
    assert "TODO lorem ipsum dolor" in first
    assert "Without an approval nothing goes out." in first


def test_nothing_is_told_twice(config: Config, ring: Ring) -> None:
    for _ in range(2):
        for now in (MONDAY, BY, SEND + HOUR, MONDAY):
            ring(config, now)
    subjects = [(mail["To"], mail["Subject"]) for mail in mails(config)]
    assert len(subjects) == len(set(subjects))
    assert not StaffNote.objects.filter(told_at__isnull=True).exists()


def test_staff_are_on_no_list(config: Config, ring: Ring) -> None:
    ring(config, MONDAY)
    mail = mails(config)[0]
    assert mail["List-Unsubscribe"] is None
    assert mail["Auto-Submitted"] == "auto-generated"


def test_source_trouble_waits_for_company_and_goes_alone_once_a_day(
    config: Config, ring: Ring, tmp_path: Path
) -> None:
    ring(config, FRIDAY + 7 * HOUR)
    (tmp_path / "blog.xml").unlink()
    for hours in range(23, 36):
        ring(config, FRIDAY + hours * HOUR)
    [_, mail] = mails(config)
    assert mail["Subject"] == "The Blog is failing"
    assert "-> " in text(mail)
    assert "/newsroom/sources/blog/" in text(mail)


def test_what_would_keep_monday_from_leaving_is_said_the_day_before(config: Config, ring: Ring) -> None:
    pipeline.pause(why="The bank is moving.", actor="sam", now=FRIDAY)
    ring(config, SEND - 25 * HOUR)
    before = len(mails(config))
    ring(config, SEND - 24 * HOUR + MINUTE)
    [mail] = mails(config)[before:]
    assert mail["Subject"] == "As things stand, the issue of 12 February cannot leave"
    assert "Why: The bank is moving." in " ".join(text(mail).split())


def test_an_issue_that_asks_is_told_to_deputies_too(config: Config, ring: Ring) -> None:
    approve(config, MONDAY)
    ring(config, MONDAY)
    ring(config, SEND + 3 * HOUR, after_a_gap=True)
    asked = [mail for mail in mails(config) if "has not gone out, and asks" in text(mail) + mail["Subject"]]
    assert {mail["To"] for mail in asked} == {DESK, DEPUTY}
    assert "`digest send 736`" in text(asked[0])
    assert any("The clock stood still" in text(mail) for mail in asked)


def test_a_skipped_week_is_told_with_its_reason(config: Config, ring: Ring) -> None:
    plan = config.plan.model_copy(update={"min_items": 9})
    ring(config.with_values(plan=plan), BY)
    [mail] = [m for m in mails(config) if m["To"] == DESK]
    assert mail["Subject"].startswith("The issue of 12 February is skipped")
    assert "only 3 items, and the plan asks for at least 9" in text(mail)


def test_without_names_those_are_told_who_may_approve(config: Config) -> None:
    nobody = config.with_values(notices=config.notices.model_copy(update={"to": ()}))
    User.objects.create_superuser("Sam", "Sam@Staff.example.org")
    User.objects.create_user("ed", "ed@staff.example.org", is_staff=True)
    assert recipients(nobody) == ({"sam@staff.example.org"}, {DEPUTY})


@pytest.mark.parametrize("form", ["slack", "teams", "matrix"])
def test_the_channel_hears_it_in_its_own_form(config: Config, ring: Ring, listener: Listener, form: Any) -> None:
    config = config.with_values(notices=config.notices.model_copy(update={"webhook": form}))
    for _ in range(2):
        ring(config, MONDAY, notice_webhook=listener.url + "/hook")
    [(method, path, body)] = listener.heard
    assert (method, path) == ("POST", "/hook")
    message = json.loads(body)
    words = {
        "slack": lambda: message["text"],
        "matrix": lambda: message["text"],
        "teams": lambda: json.dumps(message["attachments"][0]["content"]["body"]),
    }[form]()
    assert "The draft of 12 February is ready" in words
    assert "Nobody has approved" in words


def test_a_channel_that_is_down_is_asked_again_and_keeps_nothing_back(
    config: Config, ring: Ring, listener: Listener
) -> None:
    listener.answers += [503]
    hook = {"notice_webhook": listener.url}
    said = ring(config, MONDAY, **hook)
    assert "A message (channel) did not go out: It answered 503." in said
    assert mails(config), "mail goes all the same"
    ring(config, MONDAY + MINUTE, **hook)
    ring(config, MONDAY + 2 * MINUTE, **hook)
    assert len(listener.heard) == 2
    assert Notice.objects.get(kind="channel").text == ""


def test_somebody_outside_is_told_of_each_issue(config: Config, ring: Ring, listener: Listener) -> None:
    approve(config, MONDAY)
    for now in (SEND, SEND + MINUTE, SEND + HOUR):
        ring(config, now, ping_sent_url=listener.url + "/sent")
    assert [(method, path) for method, path, _ in listener.heard] == [("GET", "/sent")]


def test_when_it_is_time() -> None:
    news = StaffNote(urgent=False, at=MONDAY)
    assert not is_time([], None, MONDAY)
    assert is_time([StaffNote(urgent=True, at=MONDAY)], MONDAY, MONDAY)
    assert not is_time([news], None, MONDAY + 3 * HOUR)
    assert is_time([news], None, MONDAY + 4 * HOUR)
    assert not is_time([news], MONDAY - 12 * HOUR, MONDAY + 4 * HOUR)
    assert is_time([news], MONDAY - 12 * HOUR, MONDAY + 8 * HOUR)


def test_a_second_approval_that_is_missing_is_asked_for(config: Config, ring: Ring) -> None:
    config = config.with_values(plan=config.plan.model_copy(update={"approvers": 2}))
    approve(config, MONDAY - HOUR)
    ring(config, MONDAY)
    asked = [mail for mail in mails(config) if mail["To"] == DEPUTY]
    assert [mail["Subject"] for mail in asked] == ["Only one of two people has approved the issue of 12 February"]
