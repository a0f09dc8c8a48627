"""The five alarms: what about a sending must not wait until somebody happens to look.

    a second copy     a member got, or will get, more than one copy
    strangers         the provider reports on people who are not recipients
    few accepted      30 minutes after they were due, under 99 % were accepted
    whole issue       members got the whole issue although they chose less
    no issue          the planned time has come and the issue is not out

`decide` is pure; `read_facts` reads the ledger. Neither tells anybody: who is shown them is others' affair.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from digest.compose.models import Issue, IssueKind, IssueState
from digest.compose.number import number_of
from digest.config import Config
from digest.config.weeks import latest_slot
from digest.deliver import canary, ledger
from digest.deliver.models import DeliveryState, ProviderEvent
from digest.deliver.receive import SECOND_COPY
from digest.installation.models import Audit, Installation
from digest.pipeline.approvals import standing_of
from digest.pipeline.prepare import FALLBACK

ENOUGH = 0.99
SOON = dt.timedelta(minutes=30)
HOUR = dt.timedelta(hours=1)
PATIENCE = dt.timedelta(minutes=10)  # after the planned time
LOOK_BACK = dt.timedelta(days=14)
MOST_ISSUES = 5

# States in which the provider has said yes, whatever came of the copy afterwards.
TAKEN = (
    DeliveryState.ACCEPTED,
    DeliveryState.DELIVERED,
    DeliveryState.BOUNCED,
    DeliveryState.COMPLAINED,
    DeliveryState.DROPPED,
)
NOT_MEANT = (DeliveryState.EXCLUDED, DeliveryState.WITHDRAWN, DeliveryState.CANCELLED)
DONE = (IssueState.RELEASED, IssueState.SENT, IssueState.STOPPED, IssueState.SKIPPED)


class Kind(StrEnum):
    SECOND_COPY = "second-copy"
    STRANGERS = "strangers"
    FEW_ACCEPTED = "few-accepted"
    WHOLE_ISSUE = "whole-issue"
    NO_ISSUE = "no-issue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """What is amiss, for a person, and the next step. `number` is the issue's, where it has one."""

    kind: Kind
    number: int | None
    words: str
    todo: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueFacts:
    """One released issue. `strangers` are people its events speak of who got no copy.

    Copies are due from the release on, or from `follows_at` where those outside a canary group follow later;
    `per_hour` of them an hour where a ramp is set.
    """

    number: int | None
    state: IssueState
    released_at: dt.datetime
    recipients: int
    accepted: int
    unknown: int = 0
    second_copies: int = 0
    strangers: int = 0
    fallen_back: int = 0  # members whose edition could not be made
    follows_at: dt.datetime | None = None
    per_hour: int = 0

    def due(self, at: dt.datetime) -> int:
        """How many copies should have been handed over at that moment."""
        begun = max(self.released_at, self.follows_at or self.released_at)
        if at < begun:
            return 0
        return min(self.recipients, int(self.per_hour * ((at - begun) / HOUR))) if self.per_hour else self.recipients


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The week's issue that should be out. `state` is None where there is no such issue at all.

    `missing`: how many people must still approve what others have approved; `so_far` says it ("one of two").
    """

    date: dt.date
    send_at: dt.datetime
    state: IssueState | None
    number: int | None
    missing: int = 0
    so_far: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    issues: tuple[IssueFacts, ...]
    planned: Planned | None  # None while the installation owes no issue yet


def alarms(
    config: Config, now: dt.datetime, *, known: Mapping[int, Mapping[str, int]] | None = None
) -> tuple[Alarm, ...]:
    """What must be looked at, the worst first; empty when all is well.

    `known` are copies by state, by the issue's row, where somebody has just counted them: that takes a while.
    """
    return decide(read_facts(config, now, known=known), now)


def decide(facts: Facts, now: dt.datetime) -> tuple[Alarm, ...]:
    """The alarms that these facts raise at `now`."""
    found = [alarm for issue in facts.issues for alarm in _of_issue(issue, now)]
    if facts.planned is not None and (alarm := _no_issue(facts.planned, now)):
        found.append(alarm)
    order = list(Kind)
    return tuple(sorted(found, key=lambda alarm: order.index(alarm.kind)))


def read_facts(config: Config, now: dt.datetime, *, known: Mapping[int, Mapping[str, int]] | None = None) -> Facts:
    """The issues released in the last 14 days, and the one that is due by now."""
    recent = Issue.objects.filter(
        state__in=(IssueState.RELEASED, IssueState.SENT, IssueState.STOPPED),
        released_at__gt=now - LOOK_BACK,
        released_at__lte=now,
    ).exclude(kind=IssueKind.IMPORTED)
    rows = recent.order_by("-released_at")[:MOST_ISSUES]
    issues = tuple(_issue_facts(config, issue, (known or {}).get(issue.pk)) for issue in rows)
    return Facts(issues=issues, planned=_planned(config, now))


def _of_issue(issue: IssueFacts, now: dt.datetime) -> list[Alarm]:
    name = _name(issue.number)
    found = []
    if issue.second_copies:
        found.append(
            Alarm(
                kind=Kind.SECOND_COPY,
                number=issue.number,
                words=f"{_people(issue.second_copies)} got more than one copy of {name}: the provider sent two.",
                todo="Stop the sending if it still goes on, and look whether another installation sends too: a copy "
                "or a restored one. The audit trail (delivery.second-copy) names the deliveries.",
            )
        )
    if issue.strangers:
        found.append(
            Alarm(
                kind=Kind.STRANGERS,
                number=issue.number,
                words=f"The provider reports on {_people(issue.strangers)} more than {name} was sent to.",
                todo="Most likely another installation uses the same account at the provider. Give each a sub-user "
                "and a webhook of its own.",
            )
        )
    due = 0 if issue.state == IssueState.STOPPED else issue.due(now - SOON)
    if issue.accepted < ENOUGH * due:
        share = 100 * issue.accepted / due
        of = f"{due:,}" if due == issue.recipients else f"the {due:,} that are due by now, of {issue.recipients:,},"
        what = f"{issue.unknown:,} of them are unknown. " if issue.unknown else ""
        command = f"`digest deliveries {issue.number}`" if issue.number else "`digest deliveries`"
        found.append(
            Alarm(
                kind=Kind.FEW_ACCEPTED,
                number=issue.number,
                words=f"{name[0].upper()}{name[1:]} was released {_minutes(now - issue.released_at)} ago, and "
                f"the provider has accepted {issue.accepted:,} of {of} copies ({share:.1f} %).",
                todo=f"{what}{command} says where the others are; `digest run-due` goes on with what is waiting.",
            )
        )
    if issue.fallen_back:
        found.append(
            Alarm(
                kind=Kind.WHOLE_ISSUE,
                number=issue.number,
                words=f"{_people(issue.fallen_back)} got all of {name}, although they chose less: their edition "
                "could not be made.",
                todo=f"The audit trail ({FALLBACK}) says why, edition by edition. Where the templates were changed "
                "after the approval: withdraw an approval and approve again after such a change.",
            )
        )
    return found


def _no_issue(planned: Planned, now: dt.datetime) -> Alarm | None:
    if planned.state in DONE or now < planned.send_at + PATIENCE:
        return None
    name = _name(planned.number) if planned.number else f"the issue of {planned.date:%d %b %Y}"
    match planned.state:
        case IssueState.APPROVED if planned.missing:
            wanted = "Another person approves the same: it then goes out at once."
            todo = f"{planned.so_far.capitalize()} approved it. {wanted}"
        case IssueState.APPROVED | IssueState.HANDING_OVER:
            number = planned.number or ""
            todo = f"It is approved. `digest run-due` says what keeps it; `digest send {number}` sends it now."
        case IssueState.HELD:
            todo = "Somebody held it. Make it a draft again and approve it, or skip it with a reason."
        case _:
            todo = "Nobody has approved it. Open the newsroom, look and approve: it then goes out at once."
    words = f"{name[0].upper()}{name[1:]} should have gone out {_minutes(now - planned.send_at)} ago and has not."
    return Alarm(kind=Kind.NO_ISSUE, number=planned.number, words=words, todo=todo)


def _issue_facts(config: Config, issue: Issue, known: Mapping[str, int] | None) -> IssueFacts:
    assert issue.released_at is not None
    counts = known if known is not None else ledger.counts(issue)
    return IssueFacts(
        number=number_of(issue),
        state=IssueState(issue.state),
        released_at=issue.released_at,
        recipients=sum(n for state, n in counts.items() if state not in NOT_MEANT),
        accepted=sum(counts.get(state, 0) for state in TAKEN),
        unknown=counts.get(DeliveryState.UNKNOWN, 0),
        fallen_back=_fallen_back(issue),
        second_copies=Audit.objects.filter(verb=SECOND_COPY, subject=f"issue:{issue.pk}").count(),
        strangers=_strangers(issue),
        follows_at=canary.others_follow_at(config, issue),
        per_hour=config.delivery.max_per_hour,
    )


def _fallen_back(issue: Issue) -> int:
    last = Audit.objects.filter(verb=FALLBACK, subject=f"issue:{issue.pk}").order_by("-pk").first()
    return int(last.detail.get("members", 0)) if last else 0


def _strangers(issue: Issue) -> int:
    """People of whom events speak that name a batch of this issue, and who are not its recipients."""
    kept = ProviderEvent.objects.filter(
        applied_at__isnull=True, received_at__gte=issue.released_at, detail__issue=issue.pk
    )
    return kept.exclude(detail__address="").order_by().values("detail__address").distinct().count()


def _planned(config: Config, now: dt.datetime) -> Planned | None:
    slot = latest_slot(config.plan, config.association.tz, now)
    # An installation made after the cut-off owes the next week's issue first.
    if slot.send_at > now or not Installation.objects.filter(pk=1, created_at__lte=slot.cut_off).exists():
        return None
    issue = Issue.objects.filter(kind=IssueKind.WEEKLY, slot=slot.date).first()
    standing = standing_of(config, issue) if issue else None
    return Planned(
        date=slot.date,
        send_at=slot.send_at,
        state=IssueState(issue.state) if issue else None,
        number=number_of(issue) if issue else None,
        missing=standing.missing if standing else 0,
        so_far=standing.words if standing else "",
    )


def _name(number: int | None) -> str:
    return f"issue {number}" if number is not None else "an issue without a number"


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"


def _minutes(span: dt.timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // 1440} days"
