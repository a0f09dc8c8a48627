"""From the form to the list, as the clock does it: who gets which mail, and who gets none."""

from __future__ import annotations

import datetime as dt
import re
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from digest import pipeline
from digest.config import Config, Keys
from digest.deliver.links import MailingList, Verb, verify
from digest.deliver.models import Notice
from digest.installation.models import Audit
from digest.members import join
from digest.members.models import JoinRequest, Member
from digest.members.suppress import suppress

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("members")]
NOW = dt.datetime(2024, 2, 14, 12, 0, tzinfo=dt.UTC)  # a Wednesday
MINUTE = dt.timedelta(minutes=1)
NEW, ADA = "new@example.org", "ada@example.org"


def ask(config: Config, keys: Keys, address: str, *, now: dt.datetime = NOW, language: str = "") -> JoinRequest:
    join.ask(config, keys, address, client="192.0.2.1", wording="Yes.", now=now, language=language)
    return JoinRequest.objects.latest("pk")


def mails(config: Config) -> list[EmailMessage]:
    """What lies in the outbox, in the order of the rows it came from."""
    files = sorted((config.outbox_dir / "notices").glob("*.eml"), key=lambda path: int(path.stem.rpartition("-")[2]))
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]  # type: ignore[misc]


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def confirm_link(mail: EmailMessage) -> str:
    found = re.search(r"^http://127.0.0.1:8000/confirm/(\S+)$", text_of(mail), re.M)
    assert found is not None
    return found[1]


def test_the_clock_does_the_whole_of_it(association: Config, keys: Keys) -> None:
    ask(association, keys, NEW)
    assert "1 mail sent." in pipeline.run_due(association, keys, now=NOW)
    (mail,) = mails(association)
    assert mail["To"] == NEW
    public_id = verify(keys, Verb.CONFIRM, MailingList.DIGEST, confirm_link(mail))
    assert public_id is not None
    done, member = join.confirm(public_id, keys=keys, wording="Pressed.", now=NOW + MINUTE)
    assert done is join.Confirming.CONFIRMED
    assert member is not None
    pipeline.run_due(association, keys, now=NOW + 2 * MINUTE)
    pipeline.run_due(association, keys, now=NOW + 3 * MINUTE)
    _, welcome = mails(association)
    assert welcome["Subject"] == "Welcome to the weekly digest of Test Association"
    assert "Monday 19 February 2024" in text_of(welcome)
    assert f"/preferences/{member.public_id}." in text_of(welcome)
    assert not Notice.objects.exclude(to="", text="", html="").exists()


def test_somebody_on_the_list_is_told_so_and_nothing_else(association: Config, keys: Keys) -> None:
    before = list(Member.objects.order_by("pk").values())
    ask(association, keys, ADA)
    pipeline.join_and_notify(association, keys, now=NOW)
    (mail,) = mails(association)
    assert (mail["To"], mail["Subject"]) == (
        ADA,
        "You are on the list already: the weekly digest of Test Association",
    )
    assert "/confirm/" not in text_of(mail)
    assert list(Member.objects.order_by("pk").values()) == before


def test_to_whom_nothing_may_be_sent_nothing_is_sent(association: Config, keys: Keys) -> None:
    member = Member.objects.get(email=ADA)
    suppress(member.address_key, reason="Mailbox full.", source="bounce", actor="test", now=NOW)
    request = ask(association, keys, ADA)
    said = pipeline.join_and_notify(association, keys, now=NOW)
    assert said == ["1 person asks to join to whom nothing may be sent: see the requests to join in the admin."]
    assert pipeline.join_and_notify(association, keys, now=NOW + MINUTE) == []
    assert mails(association) == []
    request.refresh_from_db()
    assert request.state == "held"
    assert "bounce since 14 Feb 2024: Mailbox full." in request.reason


def test_each_gets_the_mail_in_the_language_of_the_page(association: Config, keys: Keys) -> None:
    ask(association, keys, NEW, language="de")
    pipeline.join_and_notify(association, keys, now=NOW)
    (mail,) = mails(association)
    assert mail["Subject"].startswith("Bitte bestätigen")
    public_id = verify(keys, Verb.CONFIRM, MailingList.DIGEST, confirm_link(mail))
    assert public_id is not None
    join.confirm(public_id, keys=keys, wording="", now=NOW)
    pipeline.join_and_notify(association, keys, now=NOW + MINUTE)
    assert mails(association)[1]["Subject"].startswith("Willkommen")
    assert Member.objects.get(email=NEW).language == "de"


def test_a_flood_of_requests_is_one_mail_each_up_to_the_limit(association: Config, keys: Keys) -> None:
    for _ in range(5):
        ask(association, keys, NEW)
    for minute in range(3):
        pipeline.join_and_notify(association, keys, now=NOW + minute * MINUTE)
    assert len(mails(association)) == 3


def test_requests_lapse(association: Config, keys: Keys) -> None:
    ask(association, keys, NEW)
    pipeline.join_and_notify(association, keys, now=NOW)
    pipeline.join_and_notify(association, keys, now=NOW + dt.timedelta(days=7))
    assert not JoinRequest.objects.exists()


@pytest.mark.parametrize(
    ("now", "first"),
    [
        (dt.datetime(2024, 2, 18, 23, 59, tzinfo=dt.UTC), dt.date(2024, 2, 19)),
        (dt.datetime(2024, 2, 19, 8, 29, tzinfo=dt.UTC), dt.date(2024, 2, 19)),  # cut off, not handed over
        (dt.datetime(2024, 2, 19, 8, 30, tzinfo=dt.UTC), dt.date(2024, 2, 26)),
    ],
)
def test_the_first_issue_somebody_is_in_time_for(association: Config, now: dt.datetime, first: dt.date) -> None:
    assert pipeline.first_issue(association, now=now) == first


def test_what_is_held_is_mailed_to_its_owner_once_a_day(association: Config, keys: Keys) -> None:
    member = Member.objects.get(email=ADA)
    assert pipeline.mail_what_is_held(association, keys, member.public_id, now=NOW)
    assert not pipeline.mail_what_is_held(association, keys, member.public_id, now=NOW)
    assert not pipeline.mail_what_is_held(association, keys, "0" * 32, now=NOW)
    pipeline.join_and_notify(association, keys, now=NOW)
    (mail,) = mails(association)
    assert mail["To"] == ADA
    assert '"import of members.csv"' in text_of(mail)
    assert Audit.objects.filter(verb="member.export").count() == 1
    assert pipeline.mail_what_is_held(association, keys, member.public_id, now=NOW + dt.timedelta(days=1))
