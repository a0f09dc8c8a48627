"""Trying an issue out in the provider's sandbox: real requests, checked as real ones are, and nothing is sent."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef

from digest.compose.models import Issue
from digest.config import Config
from digest.deliver.course import Course
from digest.deliver.links import LinkMaker, trial_links
from digest.deliver.message import Mailing, Recipient
from digest.deliver.models import Batch, BatchState, Delivery, DeliveryState
from digest.deliver.providers.base import Accepted, Outcome, Refused, Rejected, SandboxChannel, Wait
from digest.deliver.roll import Roll, has_monthly

RETRY = dt.timedelta(minutes=1)


def never_claimed(issue: Issue) -> bool:
    """Whether no batch of `issue` has ever been on its way."""
    return not Batch.objects.filter(issue=issue).exclude(state=BatchState.PENDING).exists()


def editions_waiting(issue: Issue) -> list[int]:
    """The editions that batches of `issue` wait in, in the order in which they will be handed over."""
    waiting = Batch.objects.filter(issue=issue, state=BatchState.PENDING).order_by("ordinal")
    return list(dict.fromkeys(waiting.values_list("edition", flat=True)))


def own_copy(config: Config, mailing: Mailing) -> Recipient:
    """A recipient that is no member: the sender. Should a sandbox be none, the mail it takes comes to us."""
    return Recipient(delivery=0, ref="", email=mailing.sender_email, links=trial_links(config))


def why_refused(config: Config, mailing: Mailing, channel: SandboxChannel, *, now: dt.datetime) -> str:
    """Why the provider would not take the message, whoever it is for; "" when it would, or does not say."""
    outcome = channel.try_out(0, [own_copy(config, mailing)], now=now).outcome
    match outcome:
        case Rejected(words=words):
            return f"The provider refuses the message, tried out in its sandbox. {words}"
        case Refused(words=words):
            return words
    return ""


def try_before(
    config: Config,
    issue: Issue,
    edition: int,
    mailing: Mailing,
    channel: SandboxChannel,
    links: LinkMaker,
    course: Course,
    *,
    now: dt.datetime,
) -> None:
    """Try an edition's message out, then its first batch with it. Stops the course when message or key is refused.

    Single recipients that are refused are no reason to wait: sending finds them too.
    """
    outcome = channel.try_out(0, [own_copy(config, mailing)], now=now).outcome
    if isinstance(outcome, Rejected):
        outcome = Rejected(words=outcome.words, whole=True)  # there is nothing else that could be refused
    _heed(course, outcome, now)
    if not course.stopped and (recipients := _first(config, issue, edition, links, now)):
        _heed(course, channel.try_out(0, recipients, now=now).outcome, now)


def _heed(course: Course, outcome: Outcome, now: dt.datetime) -> None:
    match outcome:
        case Accepted():
            return
        case Rejected(whole=False):
            return
        case Rejected(words=words):
            course.say(f"The provider refuses the message, tried out in its sandbox. Nothing was sent. {words}")
            course.stop(None)
        case Refused(words=words):
            course.say(f"{words} Nothing was sent.")
            course.stop(None)
        case _:
            course.say(f"The issue could not be tried out in the provider's sandbox yet. {outcome.words}")
            course.stop(outcome.until if isinstance(outcome, Wait) else now + RETRY)


def _first(config: Config, issue: Issue, edition: int, links: LinkMaker, now: dt.datetime) -> list[Recipient]:
    """The recipients of the first batch of an edition, as they are at this moment."""
    waiting = Batch.objects.filter(issue=issue, edition=edition, state=BatchState.PENDING)
    batch = waiting.order_by("ordinal").first()
    day = now.astimezone(config.association.tz).date()
    roll = Roll(kind=issue.kind, day=day, monthly=has_monthly(issue))
    receives = Exists(roll.receiving().filter(pk=OuterRef("member_id")))
    rows = Delivery.objects.filter(receives, batch=batch, state=DeliveryState.PENDING).order_by("pk")
    return [
        Recipient(delivery=pk, ref=ref, email=email or "", links=links(ref))
        for pk, ref, email in rows.values_list("pk", "member__public_id", "member__email")
    ]
