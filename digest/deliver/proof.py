"""The proof that cancelling works on this account: a mail that is cancelled stays away, one that is not arrives.

Until a person has seen that, nothing is cancelled in order to be sent again: where a cancelled mail goes out all the
same, its reader would get two. The proof is bound to the account (host and key) and says nothing of another.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from digest.config import Config, Keys
from digest.deliver.links import trial_links
from digest.deliver.message import Mailing, Recipient, mailing_of
from digest.deliver.providers import (
    Accepted,
    Provider,
    Release,
    ScheduledSends,
    SchedulingChannel,
    SchedulingProvider,
)
from digest.deliver.providers.base import LAST_CANCEL
from digest.deliver.ready import require_ready
from digest.errors import ProviderError, StateError, UsageError
from digest.installation.audit import record
from digest.installation.models import Installation
from digest.members.address import Refused, normalise
from digest.render.models import MergeTags

AHEAD = LAST_CANCEL + dt.timedelta(minutes=5)  # of the release; far enough for the cancellation to be promised
ARRIVES_WITHIN = dt.timedelta(minutes=10)  # after the release; then the mailbox can be looked into
KEPT, TAKEN_BACK = "[TEST] This mail should arrive", "[TEST] This mail must not arrive"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofUnderWay:
    """Both mails are scheduled, one is cancelled, and the provider says so. `look_at`: when to look for them."""

    send_at: dt.datetime
    look_at: dt.datetime


def why_not_proven(provider: Provider) -> str:
    """A sentence saying that nothing is taken back and sent again on this account; "" when that is proven."""
    if not isinstance(provider, SchedulingProvider) or _row().get("proven") == provider.account:
        return ""
    return (
        "It is not taken back and handed over again, because nobody has seen yet that this works on this account: "
        "run `digest doctor --prove-cancel ADDRESS`."
    )


def under_way(config: Config, keys: Keys) -> ProofUnderWay | None:
    """The proof that waits for a person to look, if there is one for this account."""
    trial = _row().get("trial")
    if not trial or trial["account"] != _provider(config, keys).account:
        return None
    send_at = dt.datetime.fromisoformat(trial["send_at"])
    return ProofUnderWay(send_at=send_at, look_at=send_at + ARRIVES_WITHIN)


def begin(config: Config, keys: Keys, *, to: str, actor: str, now: dt.datetime) -> ProofUnderWay:
    """Schedule two mails to `to`, cancel one and have that confirmed. A proof begun earlier is forgotten.

    Raises UsageError for an address that is none or a provider that cannot, ProviderError when it did not.
    """
    address = normalise(to)
    if isinstance(address, Refused):
        raise UsageError(f"{to!r} is no address that mail can be sent to. {address.reason}")
    provider = _provider(config, keys)
    send_at = (now + AHEAD).replace(microsecond=0)
    sends = provider.scheduled_sends()
    try:
        kept, taken_back = _draw(sends, now), _draw(sends, now)
        for subject, batch_id in ((KEPT, kept), (TAKEN_BACK, taken_back)):
            _schedule(config, provider, subject, address, Release(batch_id, send_at), now)
        sends.cancel(taken_back, now=now)
        for batch_id, wanted in ((taken_back, True), (kept, False)):
            found = sends.is_cancelled(batch_id, now=now)
            if not isinstance(found, bool):
                raise ProviderError(f"Whether the mail is cancelled could not be found out. {found.words}")
            if found is not wanted:
                raise ProviderError("The provider does not say of the two mails that one is cancelled, and only one.")
    finally:
        sends.close()
    _store(trial={"account": provider.account, "batch_id": taken_back, "send_at": send_at.isoformat()}, now=now)
    record(actor=actor, verb="cancel.try", subject="installation", now=now)
    return ProofUnderWay(send_at=send_at, look_at=send_at + ARRIVES_WITHIN)


def finish(
    config: Config, keys: Keys, *, kept_arrived: bool, cancelled_arrived: bool, actor: str, now: dt.datetime
) -> bool:
    """Record what a person found in the mailbox; True when that is the proof.

    Raises StateError before there is anything to look for.
    """
    provider, waiting = _provider(config, keys), under_way(config, keys)
    if waiting is None:
        raise StateError(
            "There is no trial of cancelling to speak of.", hint="Begin one with --prove-cancel ADDRESS."
        )
    if now < waiting.look_at:
        at = f"{waiting.look_at.astimezone(config.association.tz):%H:%M %Z}"
        raise StateError(f"It is too early: the mail that should arrive may take until {at}.")
    proven = kept_arrived and not cancelled_arrived
    sends = provider.scheduled_sends()
    try:  # the provider allows only so many at one time
        sends.lift(_row()["trial"]["batch_id"], now=now)
    finally:
        sends.close()
    with transaction.atomic():
        _store(proven=provider.account if proven else "", now=now)
        record(actor=actor, verb="cancel.prove" if proven else "cancel.disprove", subject="installation", now=now)
    return proven


def _provider(config: Config, keys: Keys) -> SchedulingProvider:
    provider = require_ready(config, keys)
    if not isinstance(provider, SchedulingProvider):
        raise UsageError(f"{provider.name} takes no mail ahead of its time, so there is nothing to take back.")
    return provider


def _draw(sends: ScheduledSends, now: dt.datetime) -> str:
    drawn = sends.draw(now=now)
    if isinstance(drawn, str):
        return drawn
    raise ProviderError(f"The trial could not begin. {drawn.words}")


def _schedule(
    config: Config, provider: SchedulingProvider, subject: str, address: str, release: Release, now: dt.datetime
) -> None:
    channel = provider.open(_mailing(config, subject))
    try:
        assert isinstance(channel, SchedulingChannel)
        recipient = Recipient(delivery=0, ref=secrets.token_hex(6), email=address, links=trial_links(config))
        outcome = channel.schedule(0, [recipient], release=release, now=now)
    finally:
        channel.close()
    if not isinstance(outcome, Accepted):
        raise ProviderError(f"The trial could not begin. {outcome.words}")


def _mailing(config: Config, subject: str) -> Mailing:
    words = "This is a trial of taking mail back. Of two mails, the one that was cancelled must stay away."
    return mailing_of(
        config,
        name="trial",
        subject=subject,
        html=f"<!doctype html><html lang=en><title>Trial</title><p>{words}</p></html>\n",
        text=f"{words}\n",
        tags=MergeTags.of(f"dg{secrets.token_hex(10)}x"),
        number=None,
    )


def _row() -> dict[str, Any]:
    row = Installation.objects.filter(pk=1).values_list("cancel_proof", flat=True).first()
    return row or {}


def _store(*, now: dt.datetime, **proof: Any) -> None:
    Installation.objects.get_or_create(pk=1, defaults={"created_at": now})
    Installation.objects.filter(pk=1).update(cancel_proof=proof)
