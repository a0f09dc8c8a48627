"""Joining: what a request leads to, and what a confirmation makes of every earlier standing."""

from __future__ import annotations

import datetime as dt
from itertools import product

import pytest

from digest.config import Config, Keys
from digest.installation.models import Audit
from digest.members import join
from digest.members.address import address_key
from digest.members.join import OWN_WISH, Answer, Asked, Confirming, answer_to
from digest.members.leave import leave
from digest.members.models import Consent, JoinRequest, JoinState, Member, MemberStatus, Suppression
from digest.members.roll import import_bytes
from digest.members.suppress import suppress

NOW = dt.datetime(2024, 2, 14, 12, 0, tzinfo=dt.UTC)
ADA = "ada@example.org"
WORDS = "I would like to receive it."


@pytest.fixture
def ada(db: None, keys: Keys) -> Member:
    import_bytes(b"email,name\nada@example.org,Ada\n", name="m.csv", keys=keys, now=NOW)
    return Member.objects.get()


def asked(config: Config, keys: Keys, address: str = ADA, *, now: dt.datetime = NOW) -> JoinRequest:
    """A request whose confirmation was mailed."""
    assert join.ask(config, keys, address, client="192.0.2.1", wording=WORDS, now=now) is Asked.TAKEN
    request = JoinRequest.objects.latest("pk")
    assert join.move(request, JoinState.MAILED, now=now)
    request.refresh_from_db()
    return request


def confirm(request: JoinRequest, keys: Keys) -> tuple[Confirming, Member | None]:
    return join.confirm(request.public_id, keys=keys, wording="Pressed the button.", now=NOW)


@pytest.mark.parametrize(
    ("status", "source"),
    list(product([None, *MemberStatus], [None, *sorted(OWN_WISH), "bounce", "complaint", "manual", "provider"])),
)
def test_what_a_request_leads_to(status: MemberStatus | None, source: str | None) -> None:
    answer = answer_to(status, {source} if source else set())
    if source is not None and source not in OWN_WISH:
        assert answer is Answer.HOLD
    elif status is MemberStatus.ACTIVE and source is None:
        assert answer is Answer.KNOWN
    else:
        assert answer is Answer.CONFIRM


def test_one_hard_reason_holds_whatever_else_there_is() -> None:
    assert answer_to(MemberStatus.LEFT, {"left", "bounce"}) is Answer.HOLD


@pytest.mark.django_db
def test_asking_puts_nobody_on_the_roll(config: Config, keys: Keys) -> None:
    request = asked(config, keys)
    assert not Member.objects.exists()
    done, member = confirm(request, keys)
    assert done is Confirming.CONFIRMED
    assert member is not None
    assert (member.email, member.status, member.joined_at, member.edition_key) == (ADA, "active", NOW, "full")
    assert member.public_id != request.public_id
    assert list(member.consents.order_by("pk").values_list("action", "wording")) == [
        ("join", WORDS),
        ("confirm", "Pressed the button."),
    ]
    assert Audit.objects.filter(verb="member.join", subject=f"member:{member.public_id}").count() == 1


@pytest.mark.django_db
def test_confirming_again_changes_nothing(config: Config, keys: Keys) -> None:
    request = asked(config, keys)
    confirm(request, keys)
    assert confirm(request, keys) == (Confirming.ALREADY, Member.objects.get())
    assert Consent.objects.count() == 2


@pytest.mark.django_db
def test_a_request_nobody_mailed_cannot_be_confirmed(config: Config, keys: Keys) -> None:
    join.ask(config, keys, ADA, client="192.0.2.1", wording=WORDS, now=NOW)
    request = JoinRequest.objects.get()
    assert confirm(request, keys) == (Confirming.LAPSED, None)
    assert join.confirm("0" * 32, keys=keys, wording="", now=NOW) == (Confirming.LAPSED, None)
    assert not Member.objects.exists()


def test_who_left_comes_back_by_confirming(ada: Member, config: Config, keys: Keys) -> None:
    leave(ada.public_id, how="page", now=NOW - dt.timedelta(days=400))
    done, member = confirm(asked(config, keys, "ADA@Example.org"), keys)
    assert (done, member) == (Confirming.CONFIRMED, ada)
    ada.refresh_from_db()
    assert (ada.status, ada.left_at, ada.name) == ("active", None, "Ada")


def test_an_unconfirmed_member_of_an_import_is_confirmed(ada: Member, config: Config, keys: Keys) -> None:
    Member.objects.update(status=MemberStatus.UNCONFIRMED)
    assert confirm(asked(config, keys), keys)[0] is Confirming.CONFIRMED
    assert Member.objects.get().status == "active"


def test_somebody_on_the_list_stays_as_they_are(ada: Member, config: Config, keys: Keys) -> None:
    before = Member.objects.values().get()
    assert confirm(asked(config, keys), keys) == (Confirming.ALREADY, ada)
    assert Member.objects.values().get() == before


@pytest.mark.parametrize("source", sorted(OWN_WISH))
def test_an_own_wish_is_lifted_by_the_other_wish(ada: Member, config: Config, keys: Keys, source: str) -> None:
    suppress(ada.address_key, reason="x", source=source, actor="test", now=NOW)
    assert confirm(asked(config, keys), keys)[0] is Confirming.CONFIRMED
    row = Suppression.objects.get()
    assert (row.lifted_at, row.lifted_by) == (NOW, "member")
    assert row.lifted_why
    assert Audit.objects.filter(verb="suppression.lift").exists()


@pytest.mark.parametrize("source", ["bounce", "complaint", "provider", "manual"])
def test_what_staff_must_lift_is_held(ada: Member, config: Config, keys: Keys, source: str) -> None:
    leave(ada.public_id, how="page", now=NOW)
    request = asked(config, keys)
    suppress(ada.address_key, reason="Mailbox full.", source=source, actor="test", now=NOW)
    assert confirm(request, keys) == (Confirming.HELD, None)
    assert confirm(request, keys) == (Confirming.HELD, None)
    request.refresh_from_db()
    assert request.state == JoinState.HELD
    assert "Mailbox full." in request.reason
    assert Member.objects.get().status == "left"
    assert Suppression.objects.get().lifted_at is None


def test_somebody_erased_begins_anew(ada: Member, config: Config, keys: Keys) -> None:
    Member.objects.update(status=MemberStatus.ERASED, email=None, name="")
    suppress(ada.address_key, reason="Erased.", source="erased", actor="test", now=NOW)
    done, member = confirm(asked(config, keys), keys)
    assert done is Confirming.CONFIRMED
    assert member is not None
    assert member.pk != ada.pk
    assert member.public_id != ada.public_id
    assert member.address_key == address_key(keys, ADA)
    ada.refresh_from_db()
    assert (ada.status, ada.email) == ("erased", None)
    assert not Suppression.objects.filter(lifted_at__isnull=True).exists()


@pytest.mark.django_db
def test_too_many_for_one_address_are_noted_and_dropped(config: Config, keys: Keys) -> None:
    for number in range(5):
        client = f"192.0.2.{number}"
        assert join.ask(config, keys, ADA, client=client, wording=WORDS, now=NOW) is Asked.TAKEN
    states = list(JoinRequest.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["asked"] * 3 + ["dropped"] * 2
    later = NOW + dt.timedelta(hours=24, seconds=1)
    join.ask(config, keys, ADA, client="192.0.2.9", wording=WORDS, now=later)
    assert JoinRequest.objects.latest("pk").state == "asked"


@pytest.mark.django_db
def test_too_many_from_one_place_are_not_noted(config: Config, keys: Keys) -> None:
    strict = config.with_values(join=config.join.model_copy(update={"per_client": 2}))
    answers = [
        join.ask(strict, keys, f"m{n}@example.org", client="192.0.2.1", wording=WORDS, now=NOW) for n in range(4)
    ]
    assert answers == [Asked.TAKEN, Asked.TAKEN, Asked.TOO_MANY, Asked.TOO_MANY]
    assert JoinRequest.objects.count() == 2
    assert join.ask(strict, keys, ADA, client="192.0.2.2", wording=WORDS, now=NOW) is Asked.TAKEN
    later = NOW + dt.timedelta(hours=1, seconds=1)
    assert join.ask(strict, keys, ADA, client="192.0.2.1", wording=WORDS, now=later) is Asked.TAKEN


def test_where_a_request_came_from_is_kept_as_a_hash_of_the_customers_network(keys: Keys) -> None:
    key = join.client_key
    assert key(keys, "2001:db8::1") == key(keys, "2001:db8:0:0:ffff::2")
    assert key(keys, "2001:db8::1") != key(keys, "2001:db8:0:1::1")
    assert key(keys, "192.0.2.1") != key(keys, "192.0.2.2")
    assert key(keys, "nonsense") == key(keys, "")
    assert len(key(keys, "192.0.2.1")) == 64


@pytest.mark.django_db
def test_what_is_over_is_deleted(config: Config, keys: Keys) -> None:
    old = asked(config, keys, "old@example.org", now=NOW - dt.timedelta(days=7))
    fresh = asked(config, keys, "fresh@example.org", now=NOW - dt.timedelta(days=6))
    held = asked(config, keys, "held@example.org", now=NOW - dt.timedelta(days=29))
    join.move(held, JoinState.HELD, now=NOW)
    older = asked(config, keys, "older@example.org", now=NOW - dt.timedelta(days=30))
    join.move(older, JoinState.HELD, now=NOW)
    assert join.forget(config.join, now=NOW) == 2
    assert set(JoinRequest.objects.all()) == {fresh, held}
    assert join.confirm(old.public_id, keys=keys, wording="", now=NOW)[0] is Confirming.LAPSED


@pytest.mark.django_db
def test_it_was_not_me(config: Config, keys: Keys) -> None:
    request = asked(config, keys)
    assert join.withdraw(request.public_id, now=NOW)
    assert not join.withdraw(request.public_id, now=NOW)
    assert confirm(request, keys) == (Confirming.LAPSED, None)


@pytest.mark.django_db
def test_when_an_address_asked(config: Config, keys: Keys) -> None:
    assert join.asked_at(ADA, keys=keys) is None
    request = asked(config, keys)
    assert join.asked_at("Ada@example.org", keys=keys) == NOW
    confirm(request, keys)
    assert join.asked_at(ADA, keys=keys) is None
