"""How the sources are doing: what is usual for each is learned from its own entries.

Pure functions over a `History`, and at the end the readers and the one writer that pages and commands share.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction

from digest.config import Config, describe_unknown
from digest.errors import UsageError
from digest.gather.models import Entry, Source, SourceState

WEEK = dt.timedelta(weeks=1)
LOOK_BACK = dt.timedelta(weeks=52)
FEWEST = 5  # entries, over at least three weeks: fewer say nothing about what is usual
SHORTEST_SILENCE = dt.timedelta(weeks=2)
SMALLEST_FLOOD = 20  # new entries at once
TIMES_USUAL = 5  # of the busiest week so far


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """When the entries of a source were published (else first seen), the oldest first."""

    dates: tuple[dt.datetime, ...] = ()

    @property
    def per_week(self) -> float:
        """Entries in a usual week; 0 while too little is known."""
        span = self.dates[-1] - self.dates[0] if self.dates else dt.timedelta(0)
        return (len(self.dates) - 1) / (span / WEEK) if len(self.dates) >= FEWEST and span >= 3 * WEEK else 0.0

    @property
    def busiest_week(self) -> int:
        """The most entries that any seven days brought."""
        most = start = 0
        for end, date in enumerate(self.dates):
            while date - self.dates[start] >= WEEK:
                start += 1
            most = max(most, end - start + 1)
        return most

    @property
    def longest_gap(self) -> dt.timedelta:
        pairs = zip(self.dates, self.dates[1:], strict=False)
        return max((later - earlier for earlier, later in pairs), default=dt.timedelta(0))


def usual(history: History) -> str:
    """`2 a week`, `1 a month`; "" while too little is known."""
    rate = history.per_week
    if not rate:
        return ""
    if rate >= 10:
        return f"{round(rate / 7)} a day" if rate >= 21 else f"{round(rate)} a week"
    if rate >= 0.8:
        return f"{max(1, round(rate))} a week"
    return (
        f"{max(1, round(rate * 52 / 12))} a month" if rate * 52 / 12 >= 0.8 else f"{max(1, round(rate * 52))} a year"
    )


def silence(history: History, *, watched_since: dt.datetime | None, now: dt.datetime) -> str:
    """`no new entry for 3 weeks, usually 2 a week`, when that is unusual for this source; else "".

    A source that was read for the first time a moment ago is not called silent: it may be quiet for a reason.
    """
    rate = history.per_week
    if not rate or watched_since is None or now - watched_since < SHORTEST_SILENCE:
        return ""
    quiet = now - history.dates[-1]
    if quiet < max(SHORTEST_SILENCE, 3 * WEEK / rate, history.longest_gap * 1.25):
        return ""
    return f"no new entry for {_weeks(quiet)}, usually {usual(history)}"


def lasting_silence(since: dt.datetime, now: dt.datetime) -> str:
    """For a source that is silent for so long that nothing is left from which its rhythm could be told."""
    return f"no new entry for {_weeks(now - since)}"


def is_flood(new: int, history: History, *, last_read: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether `new` entries at once are far more than usual. Never at the first reading."""
    if last_read is None or not history.dates:
        return False
    weeks = max(1.0, (now - last_read) / WEEK)
    return new > max(SMALLEST_FLOOD, TIMES_USUAL * history.busiest_week * weeks)


def flood_words(held: int, history: History, key: str) -> str:
    usually = f", usually {usual(history)}" if usual(history) else ""
    entries = "entry is" if held == 1 else "entries are"
    return (
        f"brought far more than usual at once{usually}: {held} {entries} held back until somebody looks "
        f"(`digest sources release {key}`)"
    )


CHURN_WORDS = "gives its entries new identities; they are recognised by their addresses"


def _weeks(span: dt.timedelta) -> str:
    if span.days >= 730:
        return f"{span.days // 365} years"
    if span.days >= 90:
        return f"{span.days // 30} months"
    return f"{span.days // 7} weeks"


# Reading and writing --------------------------------------------------------------------------------------------


def read_histories(now: dt.datetime) -> Mapping[int, History]:
    """By the primary key of the source: its last year, without what is held back."""
    found: dict[int, list[dt.datetime]] = defaultdict(list)
    # Nothing counts from a later day than that on which it was first seen.
    rows = Entry.objects.filter(
        quarantined_at=None,
        first_seen_at__range=(now - LOOK_BACK, now),
        source__retired_at=None,
    ).values_list("source_id", "published_at", "first_seen_at")
    for source, published, seen in rows.iterator():
        date = published if published is not None and published <= seen else seen
        if now - date <= LOOK_BACK:
            found[source].append(date)
    return {source: History(dates=tuple(sorted(dates))) for source, dates in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one configured source stands. `state` is None while it was never read."""

    key: str
    title: str
    address: str
    state: SourceState | None
    words: str
    last_ok: dt.datetime | None = None
    last_new: dt.datetime | None = None
    usual: str = ""
    todo: str = ""


def read_standings(config: Config, *, now: dt.datetime) -> tuple[Standing, ...]:
    """Every source of config.toml, in its order."""
    rows = {row.key: row for row in Source.objects.filter(key__in=[s.id for s in config.sources])}
    histories = read_histories(now)
    found = []
    for source in config.sources:
        row = rows.get(source.id)
        address = source.url or str(source.path)
        if row is None or (row.last_ok_at is None and row.last_failed_at is None):
            words, todo = "not read yet", "Run `digest gather`."
            found.append(
                Standing(key=source.id, title=source.title, address=address, state=None, words=words, todo=todo)
            )
            continue
        state, words = SourceState(row.state), row.words
        history = histories.get(row.pk, History())
        if state is SourceState.OK and (quiet := silence(history, watched_since=row.first_ok_at, now=now)):
            state, words = SourceState.SILENT, quiet
        found.append(
            Standing(
                key=source.id,
                title=source.title,
                address=address,
                state=state,
                words=words,
                last_ok=row.last_ok_at,
                last_new=row.last_new_at,
                usual=usual(history),
                todo=_todo(state, source.id, address),
            )
        )
    return tuple(found)


def _todo(state: SourceState, key: str, address: str) -> str:
    match state:
        case SourceState.FAILING | SourceState.RETIRED:
            return f"Open {address} in a browser; mend the address in config.toml if it moved."
        case SourceState.SILENT:
            return f"Look at {address}: has it moved, or is there really nothing new?"
        case SourceState.FLOODING:
            return f"Look at its entries; `digest sources release {key}` lets them in."
        case SourceState.GUID_CHURN:
            return "Nothing has to be done; its publisher may want to know."
        case _:
            return ""


@transaction.atomic
def release(config: Config, name: str) -> int:
    """Let in what was held back of the source `name`; how many entries that were. Raises UsageError."""
    known = [source.id for source in config.sources]
    if name not in known:
        raise UsageError(f"There is no such source: {describe_unknown(name, known)}.")
    held = Entry.objects.filter(source__key=name, quarantined_at__isnull=False)
    count = held.update(quarantined_at=None)
    if not count:
        raise UsageError(f"Nothing of {name} is held back.", hint="`digest sources` shows how each source stands.")
    Source.objects.filter(key=name, state=SourceState.FLOODING).update(
        state=SourceState.OK, words=f"{count} entries that were held back were let in"
    )
    return count


def count_held(sources: Iterable[int]) -> dict[int, int]:
    """How many entries of each of these sources are held back; those without any are left out."""
    counts: dict[int, int] = defaultdict(int)
    for source in Entry.objects.filter(source__in=list(sources), quarantined_at__isnull=False).values_list(
        "source_id", flat=True
    ):
        counts[source] += 1
    return dict(counts)
