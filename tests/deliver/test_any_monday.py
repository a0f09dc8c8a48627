"""Mondays on which anything may go wrong, drawn at random: nobody gets two copies, nobody is missed without a word."""

from __future__ import annotations

import contextlib
import datetime as dt
import random

import pytest
from django.db.models import F

from digest import pipeline
from digest.compose.models import Issue, IssueState
from digest.config import Config, Keys
from digest.deliver import lanes, ledger
from digest.deliver.ledger import OPEN
from digest.deliver.models import Delivery, Edition
from digest.deliver.send import deliver
from tests.deliver.conftest import HAND_OVER, MINUTE, NOW, Join, copies
from tests.fakes.sendgrid import Answer, FakeSendGrid, Reset, Take

pytestmark = pytest.mark.django_db
SENDS = [Take()] * 12 + [
    *[Take(500), Take(200), Take(202, b"x", promised=9), Reset(take=True), Reset(), Reset(after_body=False)],
    *[Answer(500), Answer(429), Answer(302, headers={"Location": "/elsewhere"}), Answer(413), Answer(400)],
]
CONTROLS = [None] * 4 + [Answer(500), Reset(), Reset(take=True), Answer(429), Take(500)]
STEPS = [
    *((ledger, name) for name in ("accept", "settle", "hold", "abandon")),
    *((lanes, name) for name in ("ask", "settle", "close_batches", "open_lane", "suspects")),
]


class Killed(BaseException):
    """The process died here."""


def dying(rng: random.Random, patch: pytest.MonkeyPatch) -> None:
    """Let the process die at one of the steps, before or after it is committed."""
    module, step = rng.choice(STEPS)
    real, after, lives = getattr(module, step), rng.random() < 0.5, rng.randrange(3)

    def dies(*args: object, **kw: object) -> object:
        nonlocal lives
        lives -= 1
        if lives >= 0:
            return real(*args, **kw)
        if after:
            real(*args, **kw)
        raise Killed

    patch.setattr(module, step, dies)


@pytest.mark.parametrize("seed", range(10))
def test_any_monday(
    seed: int,
    proven: Config,
    sendgrid: FakeSendGrid,
    sendgrid_keys: Keys,
    join: Join,
    issue: Issue,
    edition: Edition,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = random.Random(seed)
    members = join(rng.choice([4, 30, 90]))
    sendgrid.names_culprits = rng.random() < 0.5
    sendgrid.refused = {str(m.email) for m in members if rng.random() < 0.02}
    sendgrid.then(*rng.choices(SENDS, k=rng.randrange(40)))
    for kind in ("cancel", "status", "batch", "sandbox"):
        faults = [fault for fault in rng.choices(CONTROLS, k=rng.randrange(8)) if fault is not None]
        sendgrid.then(*faults, on=kind)
    stop_at = rng.randrange(31) if rng.random() < 0.25 else None
    minute = 0
    while minute <= 60:
        at = HAND_OVER + minute * MINUTE
        sendgrid.turn_to(at)
        issue.refresh_from_db()
        with monkeypatch.context() as patch:
            if rng.random() < 0.3:
                dying(rng, patch)
            with contextlib.suppress(Killed):
                step(proven, sendgrid_keys, issue, edition, at, stop=minute == stop_at)
        assert not Delivery.objects.filter(state__in=OPEN).exclude(batch__state=F("state")).exists()
        minute += rng.choice([0, 1, 1, 2, 5]) if minute != stop_at else 1

    arrived = copies(sendgrid)
    assert not arrived or max(arrived.values()) == 1
    states = dict(Delivery.objects.values_list("member__email", "state"))
    if states or issue.state != IssueState.STOPPED:  # else it was stopped before its list was closed
        assert set(states) == {str(member.email) for member in members}
    for email, state in states.items():
        expected = {"accepted": {1}, "rejected": {0}, "cancelled": {0}, "pending": {0}, "unknown": {0, 1}}
        assert arrived[email] in expected[state], (email, state)
    assert sendgrid.violations == []


def step(config: Config, keys: Keys, issue: Issue, edition: Edition, at: dt.datetime, *, stop: bool) -> None:
    """One ring of the clock, or a person who stops the issue."""
    if issue.state == IssueState.HANDING_OVER and at >= NOW:
        Issue.objects.filter(pk=issue.pk).update(state=IssueState.RELEASED)
        issue.refresh_from_db()
    if stop:
        pipeline.stop(config, keys, issue, why="a test", actor="sam", now=at, clock=lambda: at)
    elif issue.state == IssueState.STOPPED:
        pipeline.stop(config, keys, issue, why="again", actor="clock", now=at, clock=lambda: at)
    else:
        deliver(
            config,
            keys,
            issue,
            edition,
            now=at,
            owner=f"ring {at}",
            send_at=NOW,
            clock=lambda: at,
            wait=lambda _seconds: None,
        )
