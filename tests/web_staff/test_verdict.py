"""Is Monday all right? The one sentence, in every state of the issue."""

from __future__ import annotations

import datetime as dt

import pytest

from digest.compose.models import Issue, IssueState
from digest.config import Config
from digest.config.weeks import Slot, latest_slot
from digest.web.staff.outlook import Approved, Outlook, outlook
from digest.web.staff.verdict import Reason, Verdict, verdict

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def slot(config: Config, monday: dt.datetime) -> Slot:
    return latest_slot(config.plan, config.association.tz, monday)


def ahead(
    config: Config,
    slot: Slot,
    state: IssueState,
    before: dt.timedelta,
    approved: Approved | None = None,
    **plan: object,
) -> Outlook:
    """The outlook so long before the sending."""
    config = config.model_copy(update={"plan": config.plan.model_copy(update=plan)})
    issue = Issue(state=state, reason="the board meets first", send_at=None)
    return outlook(config, issue, slot, empty=False, approved=approved, now=slot.send_at - before)


def asked(config: Config, slot: Slot, of: Outlook, *reasons: Reason) -> Verdict:
    return verdict(of, reasons, send_at=slot.send_at, tz=config.association.tz)


LONG_AGO = dt.datetime(2024, 2, 9, 15, 0, tzinfo=dt.UTC)
SAM = Approved(by="sam", at=LONG_AGO)
ONE_OF_TWO = Approved(by="sam", at=LONG_AGO, missing=1, words="one of two")
FAILING = Reason(tone="bad", words="1 of 5 sources needs a look.")
PAUSED = Reason(tone="bad", words="Sending is paused.", stops=True)


@pytest.mark.parametrize(
    ("state", "before", "approved", "sentence", "tone"),
    [
        (IssueState.DRAFT, 30 * HOUR, None, "Not yet: waits for approval", "brand"),
        (IssueState.DRAFT, HOUR / 2, None, "No: approval is overdue", "bad"),
        (IssueState.APPROVED, 30 * HOUR, SAM, "Yes: ready to go", "good"),
        (IssueState.APPROVED, 30 * HOUR, ONE_OF_TWO, "Not yet: approved, one of two", "brand"),
        (IssueState.APPROVED, HOUR / 2, ONE_OF_TWO, "No: approved, one of two", "bad"),
        (IssueState.APPROVED, -HOUR, ONE_OF_TWO, "No: not sent, one of two approved it", "bad"),
        (IssueState.HELD, 30 * HOUR, None, "Not yet: held", "warn"),
        (IssueState.HANDING_OVER, HOUR / 2, SAM, "Yes: being handed over", "good"),
        (IssueState.SENT, -HOUR, SAM, "Yes: sent", "good"),
        (IssueState.STOPPED, -HOUR, SAM, "No: stopped", "bad"),
    ],
)
def test_the_sentence(
    config: Config,
    slot: Slot,
    state: IssueState,
    before: dt.timedelta,
    approved: Approved | None,
    sentence: str,
    tone: str,
) -> None:
    found = asked(config, slot, ahead(config, slot, state, before, approved))
    assert (found.question, found.sentence, found.tone) == ("Is Monday all right?", sentence, tone)


def test_what_stops_it_is_the_answer(config: Config, slot: Slot) -> None:
    found = asked(config, slot, ahead(config, slot, IssueState.APPROVED, HOUR, SAM), FAILING, PAUSED)
    assert (found.sentence, found.tone) == ("No: sending is paused", "bad")
    assert found.reasons == (PAUSED, FAILING)


def test_a_source_that_fails_stops_nothing(config: Config, slot: Slot) -> None:
    found = asked(config, slot, ahead(config, slot, IssueState.APPROVED, HOUR, SAM), FAILING)
    assert found.sentence == "Yes: ready to go"


def test_the_words_know_the_plan(config: Config, slot: Slot) -> None:
    draft, early = IssueState.DRAFT, 30 * HOUR
    assert "until two people have approved it" in ahead(config, slot, draft, early, approvers=2).words
    by_itself = ahead(config, slot, draft, early, without_approval="send-if-clean").words
    assert "it goes out by itself where the checks find nothing." in by_itself
    assert "Reason: the board meets first." in ahead(config, slot, IssueState.HELD, early).words
