"""Mails that are no issue: a confirmation, a welcome, a word to staff. Rows first, then sent by the clock, each once.

A row is claimed and committed before its mail leaves. What certainly did not leave is tried again, later and later;
what nobody can tell is never repeated: a person who waits for a confirmation asks for another.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.db.models import Case, F, Value, When

from digest.config import Config, Keys
from digest.deliver import links
from digest.deliver.arming import require_armed
from digest.deliver.editions import new_merge_tag
from digest.deliver.ledger import backoff
from digest.deliver.message import Mailing, Recipient, mailing_of
from digest.deliver.models import DeliveryState, Notice
from digest.deliver.providers import (
    Accepted,
    Mixed,
    NotSent,
    Outcome,
    Provider,
    Refused,
    Rejected,
    Unknown,
    Wait,
    build,
)
from digest.deliver.webhook import ping, post_json
from digest.errors import DigestError
from digest.installation import halt
from digest.render.letters import RenderedNotice
from digest.render.models import MergeTags

MOST = 100  # in one ring of the clock, so that an issue never waits for long
ATTEMPTS = 100  # with the ledger's backoff: about a day
GIVEN_UP = dt.timedelta(minutes=15)  # a claim older than this belongs to a process that is gone
FOLDER = "notices"
STAFF, CHANNEL, PING = "staff", "channel", "ping"  # kinds of notice: a mail to staff, a word to their channel, a ping
# A notice answers one person's own doing, and is no bulk mail.
_NOT_ITS_OWN = ("Precedence", "List-Archive", "List-Help")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What an outcome makes of a notice. Pure. `go_on` is False when the next would meet the same fate."""

    state: DeliveryState
    words: str
    go_on: bool = True


def post(kind: str, about: str, *, to: str, rendered: RenderedNotice, now: dt.datetime, occasion: str = "") -> bool:
    """Put a mail into the queue; False when it was put there before. It is the only one of its `kind`, `about`
    (a public id: what its unsubscribe link names) and `occasion`."""
    _, fresh = Notice.objects.get_or_create(
        dedupe_key=f"{kind}:{about}:{occasion}",
        defaults={
            "kind": kind,
            "to": to,
            "subject": rendered.subject,
            "text": rendered.text,
            "html": rendered.html,
            "created_at": now,
            "state_at": now,
        },
    )
    return fresh


def is_due(notice: Notice, *, now: dt.datetime) -> bool:
    """Whether a waiting notice may be tried now. Pure."""
    return notice.attempts == 0 or notice.state_at + backoff(notice.attempts) <= now


def settled(outcome: Outcome, *, attempts: int) -> Settled:
    """What becomes of a notice after its `attempts`-th attempt. Pure."""
    match outcome:
        case Mixed(answers=answers):  # a provider whose copies leave one by one; here there is one
            return settled(next(iter(answers.values())), attempts=attempts)
        case Accepted(words=words):
            return Settled(state=DeliveryState.ACCEPTED, words=words)
        case Rejected(words=words):
            return Settled(state=DeliveryState.REJECTED, words=words)
        case Unknown(words=words):
            return Settled(state=DeliveryState.UNKNOWN, words=words)
        case NotSent(words=words) | Wait(words=words) | Refused(words=words):
            over = attempts >= ATTEMPTS
            return Settled(state=DeliveryState.CANCELLED if over else DeliveryState.PENDING, words=words, go_on=False)


def send_notices(config: Config, keys: Keys, *, now: dt.datetime) -> list[str]:
    """Send what is due, the oldest first; a sentence each for what staff should know. Harmless to call twice."""
    gone = Notice.objects.filter(state=DeliveryState.CLAIMED, state_at__lte=now - GIVEN_UP)
    given_up = gone.update(state=DeliveryState.UNKNOWN, state_at=now, answer="Broken off.", to="", text="", html="")
    said = [f"{_count(given_up)} broken off: nobody can say whether it went out."] if given_up else []
    said += _send_channel(config, keys, now=now)
    waiting = Notice.objects.filter(state=DeliveryState.PENDING).exclude(kind__in=(CHANNEL, PING))
    to_staff = Case(When(kind=STAFF, then=Value(0)), default=Value(1))  # a Monday's alarm waits for no welcome
    due = [notice for notice in waiting.order_by(to_staff, "pk")[: 10 * MOST] if is_due(notice, now=now)][:MOST]
    if not due:
        return said
    try:
        require_armed(config)
        provider = build(config, keys)
        sent = _send_all(due, lambda notice: _hand_over(config, keys, provider, notice, now=now), now=now, said=said)
    except DigestError as error:
        return [*said, f"{_count(len(due))} waiting: {error}"]
    return [*said, *([f"{_count(sent)} sent."] if sent else [])]


def _send_channel(config: Config, keys: Keys, *, now: dt.datetime) -> list[str]:
    """What goes to no mailbox, and so needs neither a provider nor arming."""
    said: list[str] = []
    urls = {CHANNEL: keys.notice_webhook, PING: keys.ping_sent_url}
    waiting = Notice.objects.filter(state=DeliveryState.PENDING, kind__in=urls).order_by("pk")[:MOST]
    due = [notice for notice in waiting if is_due(notice, now=now)]
    if nowhere := [notice.pk for notice in due if not urls[notice.kind]]:
        Notice.objects.filter(pk__in=nowhere).update(state=DeliveryState.CANCELLED, text="")
    for kind, url in urls.items():  # one that is down keeps the other back from nothing
        if url and (of_kind := [notice for notice in due if notice.kind == kind]):
            _send_all(of_kind, lambda notice: _ask(urls[notice.kind], notice), now=now, said=said)
    return said


def _ask(url: str, notice: Notice) -> Outcome:
    return post_json(url, notice.text) if notice.kind == CHANNEL else ping(url)


def _send_all(due: list[Notice], hand_over: Callable[[Notice], Outcome], *, now: dt.datetime, said: list[str]) -> int:
    sent = 0
    for notice in due:
        if halt.asked():
            break
        claimed = Notice.objects.filter(pk=notice.pk, state=DeliveryState.PENDING).update(
            state=DeliveryState.CLAIMED, attempts=F("attempts") + 1, state_at=now
        )
        if not claimed:
            continue
        after = settled(hand_over(notice), attempts=notice.attempts + 1)
        over = after.state != DeliveryState.PENDING
        # Whom it was for and what it said, a link among it, is kept no longer than it takes.
        Notice.objects.filter(pk=notice.pk, state=DeliveryState.CLAIMED).update(
            state=after.state,
            answer=after.words,
            state_at=now,
            **({"to": "", "text": "", "html": ""} if over else {}),
        )
        if after.state == DeliveryState.ACCEPTED:
            sent += 1
        else:
            what = "mail" if notice.kind not in (CHANNEL, PING) else "message"
            said.append(f"A {what} ({notice.kind}) did not go out: {after.words}")
        if not after.go_on:
            break
    return sent


def _hand_over(config: Config, keys: Keys, provider: Provider, notice: Notice, *, now: dt.datetime) -> Outcome:
    recipient = Recipient(
        delivery=0, ref=f"{notice.kind}-{notice.pk}", email=notice.to, links=_links(config, keys, notice)
    )
    channel = provider.open(_mailing(config, notice))
    try:
        return channel.hand_over(0, [recipient], now=now)
    except Exception as error:
        # A defect of ours, perhaps after the request had left: the one safe reading is that nobody can say.
        return Unknown(words=f"Handing it over failed ({type(error).__name__}).")
    finally:
        channel.close()


def _mailing(config: Config, notice: Notice) -> Mailing:
    mailing = mailing_of(
        config,
        name=FOLDER,
        subject=notice.subject,
        html=notice.html,
        text=notice.text,
        tags=MergeTags.of(new_merge_tag()),  # nothing of a notice is replaced
        number=None,
    )
    headers = {name: value for name, value in mailing.headers.items() if name not in _NOT_ITS_OWN}
    return replace(mailing, headers=headers)


def _links(config: Config, keys: Keys, notice: Notice) -> links.MemberLinks:
    """What stands in its List-Unsubscribe: the link of the member, or of the request to join, that it is about.

    Staff are on no list.
    """
    if notice.kind == STAFF:
        return links.trial_links(config)._replace(unsubscribe="")
    return links.member_links(config, keys, notice.dedupe_key.split(":")[1], "latest")


def _count(number: int) -> str:
    return "1 mail" if number == 1 else f"{number} mails"
