"""Whom the provider sends nothing to, taken over into our own list before an issue's list is closed.

It would drop their mail anyway; with the suppression here they are excluded with the reason, and counted as such.
A pull that fails is said and keeps nothing back: what our own list holds still counts, and the provider's does too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from digest.config import Config, Keys
from digest.deliver.providers import Suppressed, SuppressingProvider, build
from digest.installation.audit import record
from digest.installation.models import Audit
from digest.members.address import Refused, address_keys, normalise
from digest.members.models import Member, Suppression, SuppressionScope

VERB = "suppressions.pull"
SOURCES = ("bounce", "complaint", "provider")  # a block passes, so it suppresses nobody
OVERLAP = dt.timedelta(days=1)  # a provider's lists may lag
CHUNK = 200  # addresses looked up at a time, each under every key


@dataclass(slots=True, kw_only=True)
class Pulled:
    """What came of a pull. `added` are new suppressions by source; `problems` are sentences."""

    seen: int = 0
    blocked: int = 0
    added: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """What was read and what is new, in a sentence or two."""
        new = ", ".join(f"{count:,} by {source}" for source, count in sorted(self.added.items()))
        said = f"{self.seen:,} suppressed addresses read; new: {new or 'none'}."
        return said + (f" Blocked for a while, which keeps nobody out: {self.blocked:,}." if self.blocked else "")


def pull_suppressions(config: Config, keys: Keys, *, now: dt.datetime, actor: str = "clock") -> Pulled:
    """Read the provider's lists, from where the last complete pull ended, and suppress who is on them. Idempotent.

    Raises ProviderError when the provider cannot be used at all; a list that cannot be read is a problem in words.
    """
    provider, pulled = build(config, keys), Pulled()
    if not isinstance(provider, SuppressingProvider):
        return pulled
    account = getattr(provider, "account", provider.name)
    for page in provider.suppressed(since=_since(account), now=now):
        if isinstance(page, list):
            _take(page, keys, pulled, actor=actor, now=now)
        else:
            pulled.problems.append(page.words)
    record(
        actor=actor,
        verb=VERB,
        subject="installation",
        now=now,
        account=account,
        complete=not pulled.problems,
        seen=pulled.seen,
        added=pulled.added,
    )
    return pulled


def _since(account: str) -> dt.datetime | None:
    last = Audit.objects.filter(verb=VERB, detail__account=account, detail__complete=True).order_by("-at").first()
    return None if last is None else last.at - OVERLAP


def _take(page: Sequence[Suppressed], keys: Keys, pulled: Pulled, *, actor: str, now: dt.datetime) -> None:
    pulled.blocked += sum(one.source == "block" for one in page)
    meant = [one for one in page if one.source in SOURCES]
    pulled.seen += len(meant)
    for start in range(0, len(meant), CHUNK):
        _suppress(meant[start : start + CHUNK], keys, pulled, actor=actor, now=now)


def _suppress(some: Sequence[Suppressed], keys: Keys, pulled: Pulled, *, actor: str, now: dt.datetime) -> None:
    """One transaction. A report no newer than a person's lifting of the suppression does not undo that."""
    spelt = [(one, address_keys(keys, address)) for one in some if (address := _address(one.email)) is not None]
    every = {key for _, variants in spelt for key in variants}
    with transaction.atomic():
        own = set(Member.objects.filter(address_key__in=every).values_list("address_key", flat=True))
        standing, lifted = _known(every)
        made: dict[tuple[str, str], Suppression] = {}
        for one, variants in spelt:
            key = next((variant for variant in variants if variant in own), variants[0])
            if any((variant, one.source) in standing for variant in variants) or (key, one.source) in made:
                continue
            if any(one.at <= lifted.get((variant, one.source), _NEVER) for variant in variants):
                continue
            made[key, one.source] = Suppression(
                address_key=key, scope=SuppressionScope.ALL, reason=one.reason, source=one.source, at=one.at
            )
        Suppression.objects.bulk_create(made.values())
        Audit.objects.bulk_create(
            Audit(
                at=now,
                actor=actor,
                verb="suppression.add",
                subject=f"suppression:{row.pk}",
                detail={"source": row.source},
            )
            for row in made.values()
        )
    for row in made.values():
        pulled.added[row.source] = pulled.added.get(row.source, 0) + 1


_NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


def _known(keys: Iterable[str]) -> tuple[set[tuple[str, str]], dict[tuple[str, str], dt.datetime]]:
    """(key, source) of suppressions that stand, and when others were last lifted."""
    standing: set[tuple[str, str]] = set()
    lifted: dict[tuple[str, str], dt.datetime] = {}
    rows = Suppression.objects.filter(address_key__in=list(keys), scope=SuppressionScope.ALL)
    for key, source, at in rows.values_list("address_key", "source", "lifted_at"):
        if at is None:
            standing.add((key, source))
        else:
            lifted[key, source] = max(at, lifted.get((key, source), at))
    return standing, lifted


def _address(raw: str) -> str | None:
    """Spelt as members' addresses are; as it stands where it could be no member's."""
    address = normalise(raw)
    return None if isinstance(address, Refused) else address
