"""Whom SendGrid sends nothing to is taken over before the list is closed."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

import pytest

from digest.config import Config, Keys, SecretKey
from digest.deliver.providers import sendgrid_account
from digest.deliver.suppressions import pull_suppressions
from digest.errors import ProviderError
from digest.installation.models import Audit
from digest.members.address import address_key
from digest.members.models import Suppression
from tests.deliver.conftest import MINUTE, Join
from tests.fakes.sendgrid import Answer, FakeSendGrid, Reset

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def config(sendgrid_config: Callable[..., Config]) -> Config:
    return sendgrid_config()


@pytest.fixture
def keys(sendgrid_keys: Keys) -> Keys:
    return sendgrid_keys


def row(email: str, at: dt.datetime, reason: str = "") -> dict[str, object]:
    return {"created": int(at.timestamp()), "email": email, **({"reason": reason} if reason else {})}


def suppressed() -> set[tuple[str, str, str]]:
    return set(Suppression.objects.values_list("address_key", "source", "reason"))


def test_each_list_suppresses_for_its_reason_and_a_block_does_not(
    config: Config, keys: Keys, sendgrid: FakeSendGrid, now: dt.datetime
) -> None:
    earlier = now - 30 * DAY
    sendgrid.suppressions["bounces"] = [row("A@example.org", earlier, "550 5.1.1 <a@example.org> nobody here")]
    sendgrid.suppressions["blocks"] = [row("b@example.org", earlier, "421 busy")]
    sendgrid.suppressions["invalid_emails"] = [row("c@example.org", earlier, "Mail domain mentioned is unknown")]
    sendgrid.suppressions["spam_reports"] = [row("d@example.org", earlier)]
    sendgrid.suppressions["unsubscribes"] = [row("e@example.org", earlier)]
    sendgrid.suppressions["global"] = [row("e@example.org", earlier), row("f@example.org", earlier)]
    pulled = pull_suppressions(config, keys, now=now)
    assert suppressed() == {
        (address_key(keys, "a@example.org"), "bounce", "bounced: 550 5.1.1 <(an address)> nobody here"),
        (
            address_key(keys, "c@example.org"),
            "provider",
            "no valid address, by SendGrid: Mail domain mentioned is unknown",
        ),
        (address_key(keys, "d@example.org"), "complaint", "complained of spam"),
        (address_key(keys, "e@example.org"), "provider", "unsubscribed at SendGrid"),
        (address_key(keys, "f@example.org"), "provider", "unsubscribed at SendGrid"),
    }
    assert set(Suppression.objects.values_list("at", flat=True)) == {earlier}
    assert pulled.words == (
        "6 suppressed addresses read; new: 1 by bounce, 1 by complaint, 3 by provider. "
        "Blocked for a while, which keeps nobody out: 1."
    )
    assert Audit.objects.filter(verb="suppression.add").count() == 5
    assert "@" not in str(list(Audit.objects.values_list("detail", flat=True)))


def test_a_second_pull_adds_nothing_and_asks_only_for_what_is_new(
    config: Config, keys: Keys, sendgrid: FakeSendGrid, now: dt.datetime
) -> None:
    sendgrid.suppressions["bounces"] = [row("a@example.org", now - 30 * DAY), row("b@example.org", now - 2 * DAY)]
    pull_suppressions(config, keys, now=now)
    sendgrid.suppressions["bounces"].append(row("c@example.org", now + DAY))
    again = pull_suppressions(config, keys, now=now + 2 * DAY)
    assert (again.seen, again.added) == (1, {"bounce": 1})
    assert Suppression.objects.count() == 3
    assert pull_suppressions(config, keys, now=now + 2 * DAY).added == {}


def test_another_account_is_read_from_the_beginning(
    config: Config, keys: Keys, sendgrid: FakeSendGrid, now: dt.datetime, sendgrid_config: Callable[..., Config]
) -> None:
    sendgrid.suppressions["bounces"] = [row("a@example.org", now - 30 * DAY)]
    pull_suppressions(config, keys, now=now)
    elsewhere = sendgrid_config(base_url=sendgrid.url.replace("127.0.0.1", "localhost"))
    assert pull_suppressions(elsewhere, keys, now=now + 2 * DAY).seen == 1


def test_long_lists_are_read_page_by_page(
    config: Config, keys: Keys, sendgrid: FakeSendGrid, now: dt.datetime
) -> None:
    long = "x" * 300
    sendgrid.suppressions["bounces"] = [row(f"m{n}@example.org", now - DAY, long) for n in range(1101)]
    pulled = pull_suppressions(config, keys, now=now)
    assert (pulled.seen, pulled.added, pulled.problems) == (1101, {"bounce": 1101}, [])


def test_a_list_without_an_end_is_left_in_the_middle(
    config: Config, keys: Keys, sendgrid: FakeSendGrid, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sendgrid_account, "MOST_PAGES", 1)
    sendgrid.suppressions["bounces"] = [row(f"m{n}@example.org", now - DAY) for n in range(501)]
    sendgrid.suppressions["spam_reports"] = [row("a@example.org", now - DAY)]
    pulled = pull_suppressions(config, keys, now=now)
    assert pulled.added == {"bounce": 500, "complaint": 1}
    assert pulled.problems == ["SendGrid's bounces hold more than 500 rows; the rest was not read."]


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (Answer(403), "SendGrid answered 403: the key lacks the right."),
        (Answer(500), "SendGrid answered 500."),
        (Answer(200, b"{"), "SendGrid's answer cannot be read."),
        (Answer(200, b'{"rows": []}'), "SendGrid's answer is not what it should be."),
        (Reset(), "The connection to SendGrid broke"),
    ],
)
def test_a_list_that_cannot_be_read_is_said_and_the_others_are_taken(
    config: Config, keys: Keys, sendgrid: FakeSendGrid, now: dt.datetime, behaviour: Answer, words: str
) -> None:
    sendgrid.then(behaviour, on="suppressions")
    sendgrid.suppressions["bounces"] = [row("b@example.org", now - 30 * DAY)]
    sendgrid.suppressions["spam_reports"] = [row("a@example.org", now - 30 * DAY)]
    pulled = pull_suppressions(config, keys, now=now)
    assert pulled.added == {"complaint": 1}
    (problem,) = pulled.problems
    assert problem.startswith(f"SendGrid's bounces could not be read. {words}")
    # It was not complete, so the next one reads all of it again.
    assert pull_suppressions(config, keys, now=now + 40 * DAY).added == {"bounce": 1}


def test_a_persons_lifting_stands_until_something_newer_is_reported(
    config: Config, keys: Keys, sendgrid: FakeSendGrid, now: dt.datetime
) -> None:
    sendgrid.suppressions["bounces"] = [row("a@example.org", now - 2 * DAY)]
    pull_suppressions(config, keys, now=now - DAY)
    Suppression.objects.update(lifted_at=now - DAY)
    pull_suppressions(config, keys, now=now)
    assert Suppression.objects.filter(lifted_at=None).count() == 0
    sendgrid.suppressions["bounces"].append(row("a@example.org", now - MINUTE))
    pull_suppressions(config, keys, now=now)
    assert Suppression.objects.filter(lifted_at=None).count() == 1


def test_a_member_who_is_known_under_an_older_key_is_found(
    config: Config, keys: Keys, sendgrid: FakeSendGrid, join: Join, now: dt.datetime
) -> None:
    (member,) = join(1)
    sendgrid.suppressions["bounces"] = [row("M1@example.org", now - DAY)]
    newer = dataclasses.replace(keys, suppression=(SecretKey(id="new", secret=b"n" * 32), *keys.suppression))
    pull_suppressions(config, newer, now=now)
    pull_suppressions(config, newer, now=now)
    assert [s.address_key for s in Suppression.objects.all()] == [member.address_key]


def test_a_provider_without_lists_has_nothing_to_pull(
    make_config: Callable[..., Config], keys: Keys, now: dt.datetime
) -> None:
    assert pull_suppressions(make_config(), keys, now=now).seen == 0
    assert not Audit.objects.exists()


def test_without_a_key_it_says_so(config: Config, keys: Keys, now: dt.datetime) -> None:
    with pytest.raises(ProviderError, match="no API key"):
        pull_suppressions(config, dataclasses.replace(keys, sendgrid_api_key=""), now=now)
