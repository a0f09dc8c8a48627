"""One copy to one address, recorded nowhere: a test, before anything is sent to members."""

from __future__ import annotations

import datetime as dt
import secrets

from digest.config import Config, Keys
from digest.deliver.links import trial_links
from digest.deliver.message import Recipient, mailing_of
from digest.deliver.providers import Accepted, Mixed
from digest.deliver.ready import require_ready
from digest.errors import ProviderError, UsageError
from digest.members.address import Refused, normalise
from digest.render.models import MergeTags, RenderedIssue

TEST_MARK = "[TEST] "
TEST_FOLDER = "test"


def send_one(
    config: Config,
    keys: Keys,
    rendered: RenderedIssue,
    *,
    merge_tag: str,
    to: str,
    now: dt.datetime,
    mark: str = TEST_MARK,
) -> str:
    """Send a test of `rendered` to one address; a sentence saying where it went. Nothing is recorded.

    The subject begins with `mark`, and the member's links are ones that act on nobody.  Raises UsageError for an
    address that is none, ProviderError when the provider did not take it.
    """
    address = normalise(to)
    if isinstance(address, Refused):
        raise UsageError(f"{to!r} is no address that mail can be sent to. {address.reason}")
    provider = require_ready(config, keys)
    mailing = mailing_of(
        config,
        name=TEST_FOLDER,
        subject=mark + rendered.subject,
        html=rendered.html,
        text=rendered.text,
        tags=MergeTags.of(merge_tag),
        number=None,
    )
    # The name is new each time: a provider that knows a copy by its name must not take it for an earlier test.
    ref = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    recipient = Recipient(delivery=0, ref=ref, email=address, links=trial_links(config))
    channel = provider.open(mailing)
    try:
        outcome = channel.hand_over(0, [recipient], now=now)
    finally:
        channel.close()
    if isinstance(outcome, Mixed):
        outcome = outcome.answers[recipient.delivery]
    if not isinstance(outcome, Accepted):
        raise ProviderError(f"The test did not go out. {outcome.words}")
    return f"The test for {address} is with {provider.name}: {outcome.words}."
