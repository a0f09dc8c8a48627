"""Rehearsing: every batch of the real list, as it would be sent, in the provider's sandbox. Nothing is recorded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.models import QuerySet

from digest.config import Config, Keys
from digest.deliver.links import LinkMaker
from digest.deliver.message import Mailing, Recipient
from digest.deliver.providers import Accepted, Outcome, Provider, Rejected, SandboxChannel, build
from digest.deliver.sandbox import own_copy
from digest.errors import ProviderError, UsageError
from digest.members.models import Member

READ_AT_ONCE = 2000  # members


@dataclass(slots=True, kw_only=True)
class Rehearsal:
    """What came of it. `refused`: the addresses that the provider would not take, each with its words.

    `problem` says why it was broken off; "" when every batch was tried.
    """

    batches: int = 0
    copies: int = 0
    bytes: int = 0  # of all requests
    largest: int = 0  # bytes of the largest request
    refused: list[tuple[str, str]] = field(default_factory=list)
    problem: str = ""

    def add(self, part: Rehearsal) -> None:
        """Count what came of another part in."""
        self.batches += part.batches
        self.copies += part.copies
        self.bytes += part.bytes
        self.largest = max(self.largest, part.largest)
        self.refused += part.refused
        self.problem = self.problem or part.problem


class Part(NamedTuple):
    """An edition to rehearse, and the members who would get it."""

    mailing: Mailing
    members: QuerySet[Member]


def rehearse(config: Config, keys: Keys, parts: Iterable[Part], *, now: dt.datetime) -> Rehearsal:
    """Try every edition out with those who would get it, in batches as they would be sent.

    Raises UsageError for a provider without a sandbox, ProviderError when the message itself is refused. An
    installation need not be armed: nothing is sent, and a first request to the sender's own address makes sure.
    """
    provider = build(config, keys)
    total = Rehearsal()
    for part in parts:
        if not total.problem:
            total.add(_rehearse_part(config, keys, provider, part, now=now))
    return total


def _rehearse_part(config: Config, keys: Keys, provider: Provider, part: Part, *, now: dt.datetime) -> Rehearsal:
    channel = provider.open(part.mailing)
    try:
        if not isinstance(channel, SandboxChannel):
            raise UsageError(
                f"{provider.name} has no sandbox to rehearse in.",
                hint="`digest send --test ADDRESS` shows one copy as it would be sent.",
            )
        first = channel.try_out(0, [own_copy(config, part.mailing)], now=now).outcome
        if not isinstance(first, Accepted):
            raise ProviderError(f"The message was not taken in the provider's sandbox. {first.words}")
        return _Trying(channel, now).run(_batches(config, keys, part), max(1, provider.connections))
    finally:
        channel.close()


def _batches(config: Config, keys: Keys, part: Part) -> Iterator[list[Recipient]]:
    links, size = LinkMaker(config, keys, part.mailing.name, leaves=part.mailing.leaves), config.delivery.batch_size
    rows = part.members.order_by("pk").values_list("public_id", "email").iterator(chunk_size=READ_AT_ONCE)
    batch: list[Recipient] = []
    for ref, email in rows:
        # Its place in the batch stands where the ledger's row will: there is none yet.
        batch.append(Recipient(delivery=len(batch) + 1, ref=ref, email=email or "", links=links(ref)))
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


class _Trying:
    def __init__(self, channel: SandboxChannel, now: dt.datetime) -> None:
        self._channel, self._now = channel, now
        self._result = Rehearsal()

    def run(self, batches: Iterator[list[Recipient]], connections: int) -> Rehearsal:
        under_way: set[Future[Rehearsal]] = set()
        with ThreadPoolExecutor(max_workers=connections, thread_name_prefix="rehearsal") as pool:
            for batch in batches:
                under_way.add(pool.submit(self._try, batch))
                if len(under_way) >= connections:
                    done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                    self._add(done)
                if self._result.problem:
                    break
            self._add(wait(under_way).done)
        return self._result

    def _add(self, done: set[Future[Rehearsal]]) -> None:
        for future in done:
            self._result.add(future.result())

    def _try(self, recipients: list[Recipient]) -> Rehearsal:
        """One batch; where it is refused, without those who are the cause. Runs in a thread of its own."""
        size = 0
        result = Rehearsal(batches=1, copies=len(recipients))
        waiting = [recipients]
        while waiting and not result.problem:
            part = waiting.pop()
            outcome, size = self._channel.try_out(0, part, now=self._now)
            if not result.bytes:  # the batch as it would be sent; what follows only looks for the cause
                result.bytes = result.largest = size
            waiting += self._read(outcome, part, result)
        return result

    def _read(self, outcome: Outcome, part: list[Recipient], result: Rehearsal) -> list[list[Recipient]]:
        """What is still to be tried of `part`."""
        if isinstance(outcome, Accepted):
            return []
        if not isinstance(outcome, Rejected) or outcome.whole:
            result.problem = outcome.words
            return []
        culprits = outcome.recipients or (frozenset({part[0].delivery}) if len(part) == 1 else frozenset())
        result.refused += [(one.email, outcome.words) for one in part if one.delivery in culprits]
        if culprits:
            rest = [one for one in part if one.delivery not in culprits]
            return [rest] if rest else []
        middle = len(part) // 2
        return [part[middle:], part[:middle]]
