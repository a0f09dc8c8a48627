"""One member's story, what is held on somebody, and forgetting: across the ledger of real sendings."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from digest import pipeline
from digest.compose.models import Issue
from digest.config import Config, Keys
from digest.deliver.models import Delivery, Notice, ProviderEvent
from digest.errors import StateError, UsageError
from digest.installation.models import Audit
from digest.members.address import address_key
from digest.members.leave import leave
from digest.members.models import Consent, Member, MemberStatus, Suppression
from digest.members.roll import import_bytes
from digest.members.suppress import standing_for, suppress_address
from digest.pipeline.forget import apply_retention, erase
from digest.pipeline.held import held_on
from digest.pipeline.story import Story, story_of

pytestmark = pytest.mark.django_db
PEOPLE = ("ada", "left", "bounced", "paused", "unconfirmed")


def person(name: str) -> Member:
    return Member.objects.get(email=f"{name}@example.org")


@pytest.fixture
def sent(association: Config, keys: Keys, publish_feed: Callable[..., None], monday: dt.datetime) -> dt.datetime:
    """Issue 736 is out: to ada alone. The instant after."""
    before = monday - dt.timedelta(days=3)
    publish_feed("news", ("Something happened", before))
    publish_feed("blog", ("Something was thought", before))
    import_bytes(
        "\n".join(["email", *(f"{p}@example.org" for p in PEOPLE)]).encode(), name="m", keys=keys, now=before
    )
    leave(person("left").public_id, how="page", now=before)
    suppress_address(
        keys, "bounced@example.org", reason="The mailbox is full.", source="bounce", actor="t", now=before
    )
    Member.objects.filter(pk=person("paused").pk).update(paused_until=dt.date(2024, 6, 1))
    Member.objects.filter(pk=person("unconfirmed").pk).update(status=MemberStatus.UNCONFIRMED)
    pipeline.gather(association, now=monday)
    coming = pipeline.coming(association, now=monday)
    pipeline.approve(association, coming.issue.pk, actor="ed", now=monday, revision=coming.issue.revision)
    after = monday + dt.timedelta(hours=3)
    pipeline.run_due(association, keys, now=after)
    assert Delivery.objects.exclude(state="excluded").count() == 1
    return after


Tell = Callable[..., Story]


@pytest.fixture
def tell(association: Config, keys: Keys, sent: dt.datetime) -> Tell:
    def story(name: str, number: int | None = None) -> Story:
        return story_of(
            association, keys, f"{name}@example.org", issue=None if number is None else str(number), now=sent
        )

    return story


@pytest.mark.parametrize(
    ("name", "got", "words", "standing"),
    [
        ("ada", True, "accepted", "Receives the digest"),
        ("left", False, "left the list", "Has left (left on 09 Feb 2024, by the page)"),
        ("bounced", False, "suppressed: The mailbox is full", "since 09 Feb 2024 (bounce): The mailbox is full."),
        ("paused", False, "paused until 2024-06-01", "Has paused the digest until 01 Jun 2024."),
        ("unconfirmed", False, "has not confirmed", "Has not confirmed the address yet"),
    ],
)
def test_why_somebody_got_it_or_not(tell: Tell, name: str, got: bool, words: str, standing: str) -> None:
    story = tell(name)
    (chapter,) = story.chapters
    assert (chapter.issue, chapter.got) == ("736, 12 Feb 2024", got)
    assert words in chapter.words
    assert any(standing in sentence for sentence in story.standing)
    assert tell(name, 736).chapters == story.chapters


def test_who_joined_later(tell: Tell, keys: Keys, sent: dt.datetime) -> None:
    import_bytes(b"email\nlate@example.org\n", name="m", keys=keys, now=sent + dt.timedelta(days=1))
    (chapter,) = tell("late").chapters
    assert (chapter.got, chapter.words) == (False, "Joined later, on 13 Feb 2024.")


def test_an_address_that_nobody_knows(tell: Tell, keys: Keys, sent: dt.datetime) -> None:
    story = tell("stranger")
    assert "not on the roll" in story.standing[0]
    assert story.chapters == ()
    suppress_address(keys, "stranger@example.org", reason="Asked by letter.", source="manual", actor="t", now=sent)
    assert "Asked by letter." in tell("stranger").standing[1]


def test_an_issue_that_never_was(tell: Tell) -> None:
    with pytest.raises(StateError, match="There is no issue 999"):
        tell("ada", 999)


@pytest.mark.parametrize(
    ("state", "got", "words"),
    [
        ("pending", None, "waiting"), ("claimed", None, "being handed"), ("accepted", True, "accepted it"),
        ("delivered", True, "was delivered"), ("bounced", False, "bounced"), ("complained", True, "spam"),
        ("rejected", False, "refused"), ("dropped", False, "did not send"), ("withdrawn", False, "taken back"),
        ("cancelled", False, "cancelled"), ("excluded", False, "No copy"), ("unknown", None, "was lost"),
    ],
)  # fmt: skip
def test_every_state_of_the_ledger_has_its_words(tell: Tell, state: str, got: bool | None, words: str) -> None:
    Delivery.objects.filter(member=person("ada")).update(state=state, reason="The server said so.")
    (chapter,) = tell("ada").chapters
    assert chapter.got is got
    assert words in chapter.words
    assert "The server said so" in chapter.words


def event(sent: dt.datetime, kind: str, minutes: int, **detail: Any) -> None:
    ProviderEvent.objects.create(
        dedupe_key=f"{kind}{minutes}", delivery=Delivery.objects.get(member=person("ada")), type=kind, detail=detail,
        provider_at=sent + dt.timedelta(minutes=minutes), received_at=sent,
    )  # fmt: skip


def test_what_the_provider_reported_is_told_in_order(tell: Tell, sent: dt.datetime) -> None:
    event(sent, "bounce", 9, reason="550 no such mailbox")
    event(sent, "deferred", 4)
    (chapter,) = tell("ada").chapters
    assert chapter.events == ("Mon 12 Feb 2024 10:04  deferred", "Mon 12 Feb 2024 10:09  bounce: 550 no such mailbox")


def test_the_newest_come_first_and_the_rest_is_counted(
    tell: Tell, association: Config, keys: Keys, sent: dt.datetime
) -> None:
    issue = Issue.objects.get(state="sent")
    for week in range(1, 4):
        date = issue.title_date + dt.timedelta(weeks=week)
        Issue.objects.create(
            slot=date, title_date=date, window_start=sent, planned_cutoff=sent, state="sent", created_at=sent
        )
    story = story_of(association, keys, "ada@example.org", now=sent, most=2)
    assert [chapter.issue for chapter in story.chapters] == ["04 Mar 2024", "26 Feb 2024"]
    assert story.more == 2


def test_what_is_held_is_all_of_it_and_json(keys: Keys, sent: dt.datetime) -> None:
    event(sent, "delivered", 3)
    Notice.objects.create(
        dedupe_key="n",
        kind="welcome",
        to="ADA@example.org",
        subject="Welcome",
        text="t",
        created_at=sent,
        state_at=sent,
    )
    held = json.loads(json.dumps(held_on(keys, person("ada"))))
    assert held["member"]["email"] == "ada@example.org"
    assert [row["action"] for row in held["consents"]] == ["import"]
    (issue,) = held["issues"]
    assert (issue["issue"], issue["date"], issue["state"]) == (736, "2024-02-12", "accepted")
    assert issue["events"][0]["type"] == "delivered"
    assert held["other_mails"][0]["subject"] == "Welcome"
    assert held_on(keys, person("bounced"))["suppressions"][0]["reason"] == "The mailbox is full."
    assert held_on(keys, person("left"))["changes"][0]["what"] == "member.leave"
    assert address_key(keys, "ada@example.org") not in str(held)


def everything() -> str:
    """Each value of each row that speaks of people or of copies."""
    rows: list[Any] = []
    for model in (Member, Consent, Suppression, Delivery, ProviderEvent, Notice, Audit):
        rows += model.objects.values()
    return str(rows).lower()


def test_erasing_leaves_a_hash_that_goes_on_suppressing(keys: Keys, sent: dt.datetime) -> None:
    ada = person("ada")
    Member.objects.filter(pk=ada.pk).update(name="Ada Lovelace", preferences={"sections": ["news"]}, language="de")
    Consent.objects.create(
        member=ada, action="leave", how="letter of ada@example.org", wording="Ada Lovelace's own words", at=sent
    )
    Delivery.objects.filter(member=ada).update(reason="550 <Ada@Example.org> unknown, ADA@example.org")
    event(sent, "bounce", 1, reason="550 Ada@example.org", more=[{"to": "ada@example.org"}], code=550)
    ProviderEvent.objects.create(
        dedupe_key="o",
        type="delivered",
        detail={"address": ada.address_key},
        provider_at=sent,
        received_at=sent,
    )
    Notice.objects.create(
        dedupe_key="n",
        kind="welcome",
        to="Ada@example.org",
        subject="Dear Ada Lovelace",
        text="ada@example.org",
        created_at=sent,
        state_at=sent,
    )
    ada.refresh_from_db()
    assert erase(ada, why="She asked in a letter.", actor="jo", now=sent)
    for trace in ("ada@example.org", "lovelace"):
        assert trace not in everything()
    ada.refresh_from_db()
    assert (ada.status, ada.email, ada.name, ada.language, ada.preferences) == ("erased", None, "", "", {})
    assert Delivery.objects.get(member=ada).state == "accepted"
    assert Delivery.objects.get(member=ada).reason == "550 <(erased)> unknown, (erased)"
    assert ProviderEvent.objects.get(type="bounce").detail == {
        "reason": "550 (erased)",
        "more": [{"to": "(erased)"}],
        "code": 550,
    }
    assert Notice.objects.get().state == "cancelled"
    key = address_key(keys, "ada@example.org")
    assert everything().count(key) == 1  # the suppression alone knows it
    assert [row.source for row in standing_for(keys, "ada@example.org")] == ["erased"]
    report = import_bytes(b"email\nAda@example.org\n", name="m", keys=keys, now=sent)
    assert (report.new, len(report.kept_out)) == (0, 1)
    assert not erase(ada, why="again", actor="jo", now=sent)


@pytest.mark.parametrize("why", ["", "  ", "because Ada@example.org asked"])
def test_erasing_needs_a_reason_that_names_nobody(sent: dt.datetime, why: str) -> None:
    with pytest.raises(UsageError):
        erase(person("ada"), why=why, actor="jo", now=sent)
    assert person("ada").status == "active"


def test_retention_forgets_whose_time_is_up(make_config: Any, keys: Keys, sent: dt.datetime) -> None:
    config = make_config("[members]\nunconfirmed_days = 7\nleft_days = 100\n")
    assert apply_retention(config, now=sent) == []
    after = sent + dt.timedelta(days=5)
    assert apply_retention(config, now=after, apply=False) == [
        "1 member who never confirmed more than 7 days ago would be erased."
    ]
    assert person("unconfirmed").status == "unconfirmed"
    assert apply_retention(config, now=after) == ["1 member who never confirmed more than 7 days ago was erased."]
    assert apply_retention(config, now=after) == []
    assert not standing_for(keys, "unconfirmed@example.org")  # they may ask again
    late = sent + dt.timedelta(days=98)
    assert apply_retention(config, now=late) == ["1 member who left more than 100 days ago was erased."]
    assert [row.source for row in standing_for(keys, "left@example.org")] == ["unsubscribed"]
    assert Member.objects.filter(status="active").count() == 3


def test_who_never_got_anything_and_never_confirmed_is_gone_without_a_row(
    make_config: Any, keys: Keys, sent: dt.datetime
) -> None:
    config = make_config("[members]\nunconfirmed_days = 7\n")
    import_bytes(b"email\nnew@example.org\n", name="m", keys=keys, now=sent)
    pk = person("new").pk
    Member.objects.filter(pk=pk).update(status="unconfirmed")
    apply_retention(config, now=sent + dt.timedelta(days=8))
    assert not Member.objects.filter(pk=pk).exists()
    assert import_bytes(b"email\nnew@example.org\n", name="m", keys=keys, now=sent).new == 1


def test_who_asked_again_lately_is_waited_for(make_config: Any, keys: Keys, sent: dt.datetime) -> None:
    config = make_config("[members]\nunconfirmed_days = 7\n")
    Consent.objects.create(member=person("unconfirmed"), action="join", how="page", at=sent)
    assert apply_retention(config, now=sent + dt.timedelta(days=6)) == []


def test_whom_a_sync_took_off_may_stand_on_next_years_list(make_config: Any, keys: Keys, sent: dt.datetime) -> None:
    config = make_config("[members]\nleft_days = 10\n")
    ada = person("ada")
    Member.objects.filter(pk=ada.pk).update(status="left", left_at=sent)
    Consent.objects.create(member=ada, action="removed", how="sync of crm.csv", at=sent)
    apply_retention(config, now=sent + dt.timedelta(days=20))
    assert not standing_for(keys, "ada@example.org")
    assert import_bytes(b"email\nada@example.org\n", name="m", keys=keys, now=sent).new == 1


def test_zero_days_keep(make_config: Any, sent: dt.datetime) -> None:
    config = make_config("[members]\nunconfirmed_days = 0\nleft_days = 0\n")
    assert apply_retention(config, now=sent + dt.timedelta(days=4000)) == []


def test_the_clock_keeps_the_times(association: Config, keys: Keys, sent: dt.datetime) -> None:
    said = pipeline.run_due(association, keys, now=sent + dt.timedelta(days=40))
    assert "1 member who never confirmed more than 30 days ago was erased." in said
