"""An approved issue, members to receive it, and a SendGrid of our own."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from digest.compose.models import Issue, IssueState, Number, NumberKind
from digest.config import Config, Keys
from digest.deliver.arming import arm
from digest.deliver.checklist import Answers, Previous
from digest.deliver.claim import Claim, Claimer
from digest.deliver.message import Mailing, Recipient, mailing_of
from digest.deliver.models import Edition
from digest.deliver.proof import begin, finish
from digest.deliver.roll import Roll
from digest.deliver.send import DeliveryReport, deliver
from digest.members.address import address_key
from digest.members.models import Member, MemberStatus
from digest.render.models import MergeTags
from tests.fakes import sendgrid as fake

TOKEN = "dg0123456789abcdef0123x"
TEXT = (
    f"View in your browser [1]\n\nNews: naïve café.\n\n-- \nUnsubscribe:\n{TOKEN}u\n"
    f"Preferences: {TOKEN}p\n\n[1] {TOKEN}v\n"
)
HTML = (
    '<!doctype html><html lang="en"><head><title>News</title></head><body>'
    f'<a href="{TOKEN}v">View</a> caf&#233; <a href="{TOKEN}u">Unsubscribe</a> <a href="{TOKEN}p">Choose</a>'
    "</body></html>\n"
)
SUBJECT = "Weekly News Digest - Issue 736, 12 Feb 2024"
NOW = dt.datetime(2024, 2, 12, 9, 0, tzinfo=dt.UTC)
Join = Callable[..., list[Member]]
Ahead = Callable[..., DeliveryReport]
MINUTE = dt.timedelta(minutes=1)
HAND_OVER = NOW - 30 * MINUTE
ANSWERS = Answers(previous_unsubscribes=Previous.NONE, sender_verified=True, without_events=True)


@pytest.fixture
def now() -> dt.datetime:
    return NOW


@pytest.fixture
def issue(db: None) -> Issue:
    issue = Issue.objects.create(
        slot=dt.date(2024, 2, 12),
        title_date=dt.date(2024, 2, 12),
        window_start=NOW - dt.timedelta(days=7),
        planned_cutoff=NOW - dt.timedelta(hours=2),
        state=IssueState.RELEASED,
        merge_tag=TOKEN,
        created_at=NOW,
    )
    Number.objects.create(number=736, kind=NumberKind.ISSUED, issue=issue, actor="test", at=NOW)
    return issue


@pytest.fixture
def edition(issue: Issue) -> Edition:
    return Edition.objects.create(
        issue=issue,
        document_sha="d" * 64,
        fingerprint="f" * 64,
        key="full",
        subject=SUBJECT,
        html=HTML,
        text=TEXT,
        sha256="e" * 64,
        bytes=len(HTML),
        created_at=NOW,
    )


@pytest.fixture
def join(db: None, keys: Keys) -> Callable[..., list[Member]]:
    """`join(5)`: that many active members, m1@example.org and so on. Further arguments are the row's."""

    def make(count: int, *, first: int = 1, **fields: object) -> list[Member]:
        rows = [
            Member(
                **{
                    "public_id": f"pid{n:05}",
                    "email": f"m{n}@example.org",
                    "address_key": address_key(keys, f"m{n}@example.org"),
                    "status": MemberStatus.ACTIVE,
                    "joined_at": NOW,
                    **fields,
                }
            )
            for n in range(first, first + count)
        ]
        return Member.objects.bulk_create(rows)

    return make


@pytest.fixture
def sendgrid() -> Iterator[fake.FakeSendGrid]:
    with fake.FakeSendGrid(now=NOW) as server:
        yield server


@pytest.fixture
def sendgrid_keys(keys: Keys) -> Keys:
    return dataclasses.replace(keys, sendgrid_api_key=fake.KEY)


@pytest.fixture
def sendgrid_config(make_config: Callable[..., Config], sendgrid: fake.FakeSendGrid) -> Callable[..., Config]:
    """A config that sends through the fake; `batch_size` and `timeout` where a test needs its own."""

    def make(*, batch_size: int = 5, timeout: float = 20, base_url: str = "") -> Config:
        config = make_config(
            f"""
[delivery]
provider = "sendgrid"
from_email = "digest@digest.example.ac.uk"
reply_to = "office@digest.example.ac.uk"
batch_size = {batch_size}
[delivery.sendgrid]
base_url = "{base_url or sendgrid.url}"
timeout = {timeout}
"""
        )
        return config.with_values(web=config.web.model_copy(update={"base_url": "https://digest.example.ac.uk"}))

    return make


@pytest.fixture
def mailing(config: Config) -> Mailing:
    return make_mailing(config)


def make_mailing(config: Config) -> Mailing:
    return mailing_of(config, name="736", subject=SUBJECT, html=HTML, text=TEXT, tags=MergeTags.of(TOKEN), number=736)


def recipients_of(config: Config, keys: Keys, count: int) -> list[Recipient]:
    from digest.deliver.links import member_links

    return [
        Recipient(
            delivery=n,
            ref=f"pid{n:05}",
            email=f"m{n}@example.org",
            links=member_links(config, keys, f"pid{n:05}", "736"),
        )
        for n in range(1, count + 1)
    ]


def claim_one(issue: Issue, roll: Roll, *, owner: str, fence: int = 0, now: dt.datetime) -> Claim | None:
    """The next batch that is due, claimed; None when there is none."""
    return next(iter(Claimer(issue, owner=owner, fence=fence).claim(roll, now=now)), None)


@pytest.fixture
def armed(
    sendgrid_config: Callable[..., Config], sendgrid_keys: Keys, sendgrid: fake.FakeSendGrid, issue: Issue
) -> Config:
    """Armed, but nothing was proven; the issue is due at nine and it is half past eight."""
    config = sendgrid_config()
    arm(config, sendgrid_keys, answers=ANSWERS, actor="a", now=HAND_OVER)
    Issue.objects.filter(pk=issue.pk).update(state=IssueState.HANDING_OVER, send_at=NOW)
    issue.refresh_from_db()
    sendgrid.turn_to(HAND_OVER)
    return config


@pytest.fixture
def proven(armed: Config, sendgrid_keys: Keys, sendgrid: fake.FakeSendGrid) -> Config:
    """A day before, a person saw that cancelling works."""
    earlier = HAND_OVER - dt.timedelta(days=1)
    sendgrid.turn_to(earlier)
    begin(armed, sendgrid_keys, to="me@example.org", actor="sam", now=earlier)
    after = earlier + 30 * MINUTE
    sendgrid.turn_to(after)
    assert finish(armed, sendgrid_keys, kept_arrived=True, cancelled_arrived=False, actor="sam", now=after)
    sendgrid.forget()
    sendgrid.turn_to(HAND_OVER)
    return armed


@pytest.fixture
def ahead(issue: Issue, edition: Edition, sendgrid_keys: Keys, sendgrid: fake.FakeSendGrid) -> Ahead:
    """`ahead(config, at=...)`: one call of deliver before the time of sending, on a clock that stands still."""

    def run(config: Config, *, at: dt.datetime = HAND_OVER, owner: str = "me", **more: object) -> DeliveryReport:
        if at > sendgrid.now:
            sendgrid.turn_to(at)
        issue.refresh_from_db()
        return deliver(
            config, sendgrid_keys, issue, edition, now=at, owner=owner, send_at=NOW, clock=lambda: at, **more
        )

    return run


def copies(sendgrid: fake.FakeSendGrid) -> Counter[str]:
    """Who gets how many, after the time of sending."""
    sendgrid.turn_to(NOW + MINUTE)
    return Counter(copy.to for copy in sendgrid.arrived())


def once_each(members: list[Member]) -> Counter[str]:
    return Counter(str(member.email) for member in members)
