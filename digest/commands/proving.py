"""doctor --prove-cancel: two mails, one of them cancelled, and a person who looks which arrives."""

from __future__ import annotations

import datetime as dt
import getpass
import sys
from typing import TYPE_CHECKING

import typer

from digest.errors import DigestError

if TYPE_CHECKING:
    from digest.config import Config, Keys


def prove(config: Config, keys: Keys, address: str, *, now: dt.datetime) -> None:
    """Begin the trial, or, once its mails must have arrived, ask what did and record it."""
    from digest.deliver.proof import KEPT, TAKEN_BACK, begin, finish, under_way

    actor = f"command line ({getpass.getuser()})"
    waiting = under_way(config, keys)
    if waiting is None:
        waiting = begin(config, keys, to=address, actor=actor, now=now)
        print(f"Two mails to {address} are with {config.delivery.provider}; the second is cancelled, and it says so.")
    if now < waiting.look_at:
        tz = config.association.tz
        print(
            f'At {waiting.send_at.astimezone(tz):%H:%M %Z} "{KEPT}" is sent. "{TAKEN_BACK}" must not be.\n'
            f"Look into the mailbox after {waiting.look_at.astimezone(tz):%H:%M}, and run this command again."
        )
        return
    if not sys.stdin.isatty():
        raise DigestError("What arrived is for a person to say.", hint="Run it again in a terminal.")
    kept = typer.confirm(f'Did "{KEPT}" arrive?')
    cancelled = typer.confirm(f'Did "{TAKEN_BACK}" arrive?')
    if finish(config, keys, kept_arrived=kept, cancelled_arrived=cancelled, actor=actor, now=now):
        print("Proven: on this account a request whose answer is lost is taken back and handed over again.")
        return
    raise DigestError(
        "That is no proof, so nothing is taken back in order to be sent again."
        if not cancelled
        else "A cancelled mail went out all the same: on this account cancelling cannot be relied on.",
        hint="Run the command once more to begin a new trial.",
    )
