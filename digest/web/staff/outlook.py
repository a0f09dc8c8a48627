"""What happens next to the coming issue, in one verdict and three steps. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from digest.compose.models import Issue, IssueState
from digest.config import Config
from digest.config.weeks import Slot
from digest.deliver.providers.base import LAST_CANCEL
from digest.web.staff.when import distance, long_time, short_time

NAMES = {
    IssueState.DRAFT: ("Draft", "brand"),
    IssueState.APPROVED: ("Approved", "good"),
    IssueState.HANDING_OVER: ("Being handed over", "good"),
    IssueState.RELEASED: ("On its way", "good"),
    IssueState.SENT: ("Sent", "good"),
    IssueState.HELD: ("Held", "warn"),
    IssueState.STOPPED: ("Stopped", "bad"),
    IssueState.SKIPPED: ("Skipped", "warn"),
}


_BY_ITSELF = {
    "send-if-clean": " where the checks find nothing",
    "send-unflagged": ", without the items that the checks flag",
}
_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A planned instant of the week."""

    name: str
    time: str  # wall time of the association's zone
    distance: str
    done: bool
    iso: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Whether all is well. `tone` is good, warn, bad or brand."""

    state: str
    state_tone: str
    tone: str
    headline: str
    words: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """Who approved the issue, and when the last of them did; how many are still `missing` (`words`: "one of two")."""

    by: str
    at: dt.datetime
    missing: int = 0
    words: str = ""


def outlook(
    config: Config,
    issue: Issue,
    slot: Slot,
    *,
    empty: bool,
    blocks: int = 0,
    approved: Approved | None,
    now: dt.datetime,
) -> Outlook:
    """The desk's answer to "is Monday all right?". `blocks`: how many findings keep it from being approved."""
    state = IssueState(issue.state)
    tz = config.association.tz
    send_at = issue.send_at or slot.send_at
    if state is IssueState.DRAFT:
        tone, headline, words = _draft(config, slot, empty=empty, blocks=blocks, now=now)
    elif state is IssueState.APPROVED and approved is not None and approved.missing:
        tone, headline, words = _incomplete(config, slot, send_at, approved, now=now)
    elif state is IssueState.APPROVED:
        tone, headline, words = _approved(config, send_at, approved, now=now)
    elif state is IssueState.HANDING_OVER and now < send_at:
        tone, headline, words = _ahead(config, send_at, now=now)
    else:
        tone, headline, words = _later(state, issue.reason)
    name, badge = NAMES[state]
    moments = (
        ("Cut-off", slot.cut_off),
        ("Approve by", slot.approve_by),
        ("Sent to members", send_at),
    )
    return Outlook(
        state=name,
        state_tone=badge,
        tone=tone,
        headline=headline,
        words=words,
        steps=tuple(
            Step(name=what, time=short_time(at, tz), distance=distance(at, now), done=at <= now, iso=at.isoformat())
            for what, at in moments
        ),
    )


def _draft(config: Config, slot: Slot, *, empty: bool, blocks: int, now: dt.datetime) -> tuple[str, str, str]:
    tz = config.association.tz
    if empty:
        return (
            "warn",
            "Nothing in it yet",
            "The issue fills by itself as the sources bring something new, until the cut-off "
            f"on {long_time(slot.cut_off, tz)}.",
        )
    if config.plan.approval == "automatic" and blocks:
        what = "a finding blocks it" if blocks == 1 else f"{blocks} findings block it"
        return (
            "bad",
            "Held back by the checks",
            f"It would be approved automatically at the cut-off on {long_time(slot.cut_off, tz)}, but {what}. Mend "
            "that, or approve the issue here with a reason.",
        )
    if config.plan.approval == "automatic":
        if now < slot.cut_off:
            return (
                "good",
                "Goes out by itself",
                f"It is approved automatically at the cut-off on {long_time(slot.cut_off, tz)}. "
                "You can still change it, or approve it earlier.",
            )
        return (
            "warn",
            "Not approved yet",
            "The cut-off has passed and the automatic approval has not taken place. Approve it here, "
            "or check that the clock is running.",
        )
    if now < slot.approve_by:
        by = f"{long_time(slot.approve_by, tz)} ({distance(slot.approve_by, now)})"
        if config.plan.without_approval == "hold":
            words = f"Nothing is sent until {_somebody(config)}, by {by}."
        else:
            words = (
                f"If nobody has approved it by {by}, it goes out by itself{_BY_ITSELF[config.plan.without_approval]}."
            )
        return "brand", "Waits for approval", words
    if now < slot.send_at:
        return (
            "bad",
            "Approval is overdue",
            f"It should have been approved {distance(slot.approve_by, now)}. Approve it before "
            f"{long_time(slot.send_at, tz)} and it still goes out on time.",
        )
    return (
        "bad",
        "Not approved in time",
        f"It was to be sent {distance(slot.send_at, now)}. Approve it and it goes out at once; if nobody does "
        "before the next issue's cut-off, it is skipped and its items pass to the next issue.",
    )


def _incomplete(
    config: Config, slot: Slot, send_at: dt.datetime, approved: Approved, *, now: dt.datetime
) -> tuple[str, str, str]:
    tz = config.association.tz
    who = f"Approved by {approved.by} on {long_time(approved.at, tz)}."
    if now < slot.approve_by:
        wanted = f"Nothing is sent until another person approves the same, by {long_time(slot.approve_by, tz)}"
        return "brand", f"Approved, {approved.words}", f"{who} {wanted} ({distance(slot.approve_by, now)})."
    if now < send_at:
        wanted = f"Another person must approve the same before {long_time(send_at, tz)}"
        return "bad", f"Approved, {approved.words}", f"{who} {wanted} ({distance(send_at, now)}), or it is late."
    return (
        "bad",
        f"Not sent, {approved.words} approved it",
        f"{who} It was to be sent {distance(send_at, now)}. It goes out as soon as another person approves the same.",
    )


def _somebody(config: Config) -> str:
    people = config.plan.approvers
    return "somebody approves it" if people == 1 else f"{_NUMBERS[people]} people have approved it"


def _approved(
    config: Config, send_at: dt.datetime, approved: Approved | None, *, now: dt.datetime
) -> tuple[str, str, str]:
    tz = config.association.tz
    who = f"Approved by {approved.by} on {long_time(approved.at, tz)}. " if approved else ""
    if now < send_at:
        return (
            "good",
            "Ready to go",
            f"{who}It is sent to the members on {long_time(send_at, tz)} ({distance(send_at, now)}). "
            "Until then the approval can be withdrawn.",
        )
    if now - send_at <= dt.timedelta(minutes=config.plan.grace_minutes):
        return "good", "Due now", f"{who}It is handed over the next time the clock rings."
    return (
        "bad",
        "Not sent in time",
        f"{who}It should have gone out {distance(send_at, now)}, too long ago to send it without asking. "
        "Withdraw the approval, or have it sent with `digest send`.",
    )


def _ahead(config: Config, send_at: dt.datetime, *, now: dt.datetime) -> tuple[str, str, str]:
    tz = config.association.tz
    last_moment = send_at - LAST_CANCEL
    words = (
        "The copies are going to the provider, which lets them go "
        f"on {long_time(send_at, tz)} ({distance(send_at, now)}). Nothing can be changed any more."
    )
    if now <= last_moment:
        return "good", "Being handed over", f"{words} It can be stopped until {long_time(last_moment, tz)}."
    return "good", "About to go", f"{words} What is with the provider can no longer be stopped."


def _later(state: IssueState, reason: str) -> tuple[str, str, str]:
    because = f" Reason: {reason.rstrip('.')}." if reason else ""
    return {
        IssueState.HANDING_OVER: (
            "good",
            "Being handed over",
            "The copies are going to the provider now. Nothing can be changed any more; what has not left yet can "
            "be stopped.",
        ),
        IssueState.RELEASED: ("good", "On its way", "Every copy is with the provider."),
        IssueState.SENT: ("good", "Sent", "Every delivery of it is accounted for."),
        IssueState.HELD: (
            "warn",
            "Held",
            f"Nobody, and no clock, approves or sends it until somebody lets it go on.{because}",
        ),
        IssueState.STOPPED: ("bad", "Stopped", f"The sending was stopped.{because}"),
        IssueState.SKIPPED: ("warn", "Skipped", f"This week's issue is left out.{because}"),
    }[state]
