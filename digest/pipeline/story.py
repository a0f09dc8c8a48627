"""One member's story: which issues somebody got, which not, and why, in plain words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from digest.compose.models import Issue, IssueKind, IssueState
from digest.compose.naming import issue_called, key_of, name_of
from digest.compose.number import number_of
from digest.config import Config, Keys
from digest.deliver.models import Delivery, DeliveryState, ProviderEvent
from digest.errors import UsageError
from digest.members.announcements import SOURCE
from digest.members.find import find_member
from digest.members.models import Consent, Member, MemberStatus, Suppression, SuppressionScope
from digest.members.suppress import standing_for

MOST = 20  # issues, unless one is asked for

_OUT = (IssueState.HANDING_OVER, IssueState.RELEASED, IssueState.SENT, IssueState.STOPPED)
# What a state of the ledger means for the reader: whether the copy arrived, as far as anybody knows, and in words.
_MEANS: dict[str, tuple[bool | None, str]] = {
    DeliveryState.PENDING: (None, "is waiting to be handed to the mail provider"),
    DeliveryState.CLAIMED: (None, "is being handed to the mail provider"),
    DeliveryState.ACCEPTED: (True, "was handed to the mail provider, which accepted it"),
    DeliveryState.DELIVERED: (True, "was delivered: the mailbox's own server took it"),
    DeliveryState.BOUNCED: (False, "bounced: the mailbox's server did not take it"),
    DeliveryState.COMPLAINED: (True, "was delivered, and then marked as spam by the reader"),
    DeliveryState.REJECTED: (False, "was refused by the mail provider"),
    DeliveryState.DROPPED: (False, "was accepted by the mail provider, which then did not send it"),
    DeliveryState.WITHDRAWN: (False, "was taken back before it went: the list had changed by then"),
    DeliveryState.CANCELLED: (False, "was cancelled, because the sending was stopped"),
    DeliveryState.EXCLUDED: (False, "was made when the list was closed"),
    DeliveryState.UNKNOWN: (None, "may have gone out or not: the mail provider's answer was lost"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One issue. `got`: True, False, or None where nobody can say. `events`: what the provider reported later."""

    issue: str  # "736, 12 Feb 2024"
    got: bool | None
    words: str
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """`standing`: sentences about where this address stands now. `chapters`: newest first; `more` were left out."""

    standing: tuple[str, ...]
    chapters: tuple[Chapter, ...]
    more: int = 0


def story_of(
    config: Config, keys: Keys, address: str, *, issue: str | None = None, now: dt.datetime, most: int = MOST
) -> Story:
    """The story of a normalised address, of one issue where its number or slug is given.

    Raises StateError when there is no such issue, UsageError when it has not gone out.
    """
    issues = Issue.objects.filter(state__in=_OUT).exclude(kind=IssueKind.IMPORTED)
    if issue is not None:
        asked = issue_called(issue)
        issues = issues.filter(pk=asked.pk)
        if not issues.exists():
            raise UsageError(f"{name_of(asked)} has not gone out.", hint="`digest number report` lists the numbers.")
    member = find_member(keys, address)
    stopped = standing_for(keys, address)
    if member is None:
        return Story(standing=tuple(_unknown(config, stopped)), chapters=())
    count = issues.count()
    chosen = list(issues.order_by("-title_date", "-pk")[: most if issue is None else None])
    deliveries = {
        row.issue_id: row
        for row in Delivery.objects.filter(member=member, issue__in=chosen).prefetch_related("events")
    }
    return Story(
        standing=tuple(_standing(config, member, stopped, now)),
        chapters=tuple(_chapter(config, row, deliveries.get(row.pk), member) for row in chosen),
        more=count - len(chosen),
    )


def _unknown(config: Config, stopped: list[Suppression]) -> Iterable[str]:
    yield "This address is not on the roll, and no issue was ever sent to it under this name."
    yield from _stopped(config, stopped)
    yield "A member may stand on the roll under another address: `digest members list` shows them all."


def _standing(config: Config, member: Member, stopped: list[Suppression], now: dt.datetime) -> Iterable[str]:
    for row in Consent.objects.filter(member=member).order_by("-at", "-pk")[:1]:
        last = f"{_CONSENTS.get(row.action, row.action)} on {_day(config, row.at)}{_by(row.how)}"
    if not Consent.objects.filter(member=member).exists():
        last = f"on the roll since {_day(config, member.joined_at)}"
    today = now.astimezone(config.association.tz).date()
    match member.status:
        case MemberStatus.UNCONFIRMED:
            yield f"Has not confirmed the address yet ({last}): nothing is sent until then."
        case MemberStatus.LEFT:
            yield f"Has left ({last}): nothing is sent."
        case MemberStatus.ACTIVE if not _holds_the_digest(stopped):
            if member.paused_until and member.paused_until > today:
                yield f"Has paused the digest until {member.paused_until:%d %b %Y}."
            else:
                yield f"Receives the digest ({last})."
        case _:
            yield f"Is on the roll ({last}), but nothing is sent."
    yield from _stopped(config, stopped)


_CONSENTS = {
    "import": "brought in",
    "join": "asked to join",
    "confirm": "confirmed",
    "choose": "chose",
    "leave": "left",
    "removed": "taken off the roll",
    "return": "came back",
}


def _by(how: str) -> str:
    ways = {"page": "by the page", "one-click": "by the mail program's unsubscribe button", "staff": "by staff"}
    return f", {ways.get(how, how)}" if how else ""


def _holds_the_digest(stopped: list[Suppression]) -> bool:
    return any(row.scope in (SuppressionScope.ALL, SuppressionScope.DIGEST) for row in stopped)


def _stopped(config: Config, stopped: list[Suppression]) -> Iterable[str]:
    what = {
        SuppressionScope.ALL: "Nothing is sent to this address",
        SuppressionScope.DIGEST: "No digest is sent to this address",
        SuppressionScope.ANNOUNCEMENTS: "No announcements are sent to this address",
    }
    for row in stopped:
        if row.scope == SuppressionScope.ANNOUNCEMENTS and row.source == SOURCE:
            yield f"Has left the announcements on {_day(config, row.at)}, and keeps the digest."
            continue
        yield f"{what[SuppressionScope(row.scope)]} since {_day(config, row.at)} ({row.source}): {row.reason}"


def _chapter(config: Config, issue: Issue, delivery: Delivery | None, member: Member) -> Chapter:
    number = number_of(issue)
    name = f"{number}, {issue.title_date:%d %b %Y}" if number else f"{issue.title_date:%d %b %Y}"
    if issue.kind == IssueKind.ANNOUNCEMENT:
        name = f"announcement “{(issue.document or {}).get('title') or key_of(issue)}”, {issue.title_date:%d %b %Y}"
    if delivery is None:
        closed = Delivery.objects.filter(issue=issue).exists()
        at = issue.released_at or issue.send_at
        if not closed:
            words = "Its list has not been closed yet."
        elif at and member.joined_at > at:
            words = f"Joined later, on {_day(config, member.joined_at)}."
        else:
            words = "Joined after its list was closed."
        return Chapter(issue=name, got=False if closed else None, words=words)
    got, meaning = _MEANS[delivery.state]
    reason = f": {delivery.reason.rstrip('.')}" if delivery.reason else ""
    subject = "No copy" if delivery.state == DeliveryState.EXCLUDED else "The copy"
    return Chapter(
        issue=name,
        got=got,
        words=f"{subject} {meaning}{reason} ({_wall(config, delivery.state_at)}).",
        events=tuple(
            _event(config, event) for event in sorted(delivery.events.all(), key=lambda event: event.provider_at)
        ),
    )


def _event(config: Config, event: ProviderEvent) -> str:
    said = next((str(event.detail[key]) for key in ("reason", "response", "status") if event.detail.get(key)), "")
    return f"{_wall(config, event.provider_at)}  {event.type}" + (f": {said}" if said else "")


def _day(config: Config, at: dt.datetime) -> str:
    return f"{at.astimezone(config.association.tz):%d %b %Y}"


def _wall(config: Config, at: dt.datetime) -> str:
    return f"{at.astimezone(config.association.tz):%a %d %b %Y %H:%M}"
