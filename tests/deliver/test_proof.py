"""The proof that a cancelled mail stays away on this account."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from digest.config import Config, Keys
from digest.deliver.proof import KEPT, begin, finish, under_way, why_not_proven
from digest.deliver.providers import build
from digest.errors import ProviderError, StateError, UsageError
from tests.deliver.conftest import HAND_OVER
from tests.fakes.sendgrid import KEY, Answer, FakeSendGrid, Reset

pytestmark = pytest.mark.django_db
TO = "me@example.org"


def test_of_two_mails_the_cancelled_one_stays_away(
    armed: Config,
    sendgrid: FakeSendGrid,
    sendgrid_keys: Keys,
) -> None:
    waiting = begin(armed, sendgrid_keys, to=TO, actor="sam", now=HAND_OVER)
    assert waiting.send_at == HAND_OVER + dt.timedelta(minutes=15)
    assert under_way(armed, sendgrid_keys) == waiting
    assert "digest doctor --prove-cancel" in why_not_proven(build(armed, sendgrid_keys))
    with pytest.raises(StateError, match="too early"):
        finish(armed, sendgrid_keys, kept_arrived=True, cancelled_arrived=False, actor="sam", now=waiting.send_at)
    sendgrid.turn_to(waiting.look_at)
    assert [(copy.to, copy.subject) for copy in sendgrid.arrived()] == [(TO, KEPT)]
    assert len(sendgrid.accepted) == 2
    assert finish(armed, sendgrid_keys, kept_arrived=True, cancelled_arrived=False, actor="sam", now=waiting.look_at)
    assert why_not_proven(build(armed, sendgrid_keys)) == ""
    assert sendgrid.statuses == {}  # only so many are allowed at one time
    assert [copy.subject for copy in sendgrid.arrived()] == [KEPT]
    assert sendgrid.violations == []
    other = dataclasses.replace(sendgrid_keys, sendgrid_api_key="SG.other")
    assert why_not_proven(build(armed, other))
    assert under_way(armed, sendgrid_keys) is None


@pytest.mark.parametrize(("kept", "cancelled"), [(False, False), (True, True), (False, True)])
def test_anything_else_is_no_proof(
    armed: Config,
    sendgrid: FakeSendGrid,
    sendgrid_keys: Keys,
    kept: bool,
    cancelled: bool,
) -> None:
    at = begin(armed, sendgrid_keys, to=TO, actor="sam", now=HAND_OVER).look_at
    sendgrid.turn_to(at)
    assert not finish(armed, sendgrid_keys, kept_arrived=kept, cancelled_arrived=cancelled, actor="sam", now=at)
    assert why_not_proven(build(armed, sendgrid_keys))


@pytest.mark.parametrize(
    ("on", "behaviour"),
    [
        ("batch", Answer(403)),
        ("send", Answer(500)),
        ("cancel", Answer(400)),
        ("cancel", Reset()),
        ("status", Answer(500)),
        ("status", Answer(200, b"[]")),
        ("status", Answer(200, b"{}")),
    ],
)
def test_a_provider_that_does_not_play_along(
    armed: Config,
    sendgrid: FakeSendGrid,
    sendgrid_keys: Keys,
    on: str,
    behaviour: Answer | Reset,
) -> None:
    sendgrid.then(behaviour, on=on)
    with pytest.raises(ProviderError) as told:
        begin(armed, sendgrid_keys, to=TO, actor="sam", now=HAND_OVER)
    assert KEY not in str(told.value)
    assert under_way(armed, sendgrid_keys) is None


def test_what_it_cannot_be_tried_with(armed: Config, config: Config, keys: Keys, sendgrid_keys: Keys) -> None:
    with pytest.raises(UsageError, match="no address"):
        begin(armed, sendgrid_keys, to="me", actor="sam", now=HAND_OVER)
    with pytest.raises(UsageError, match="outbox takes no mail ahead"):
        begin(config, keys, to=TO, actor="sam", now=HAND_OVER)
    with pytest.raises(StateError, match="no trial"):
        finish(armed, sendgrid_keys, kept_arrived=True, cancelled_arrived=False, actor="sam", now=HAND_OVER)
