"""How the configured sources stand: read from the database, in the words that every page and command uses.

`read_standings` for all of them; `held_entries` and `last_fetches` for one; `release` lets in what was held back.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count

from digest.config import Config, describe_unknown
from digest.config import Source as SourceConfig
from digest.errors import StateError, UsageError
from digest.gather.health import LOOK_BACK, History, silence, usual
from digest.gather.models import Entry, Fetch, Source, SourceState
from digest.installation.audit import record


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one configured source stands. `state` is None while it was never read. Instants are aware UTC."""

    key: str
    title: str
    section: str
    address: str  # as config.toml names it
    read_from: str = ""  # where it is fetched, when that is another address
    state: SourceState | None
    words: str  # without a subject: "brought 3 new entries"
    todo: str = ""
    last_ok: dt.datetime | None = None
    last_new: dt.datetime | None = None
    last_failed: dt.datetime | None = None
    waits_until: dt.datetime | None = None
    usual: str = ""
    entries: int = 0
    held: int = 0

    @property
    def called(self) -> str:
        """The state's name: ok, failing, silent, flooding, guid-churn, retired; `not read` before the first time."""
        return self.state.value if self.state is not None else "not read"

    @property
    def well(self) -> bool:
        return self.state is SourceState.OK

    @property
    def said(self) -> str:
        """`silent: no new entry for 3 weeks, usually 2 a week`; of one that is well, the words alone."""
        return self.words if self.well or self.state is None else f"{self.called}: {self.words}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldEntry:
    """An entry that waits for somebody to look. All text is the feed's, as plain text."""

    title: str
    url: str
    published_at: dt.datetime | None
    held_at: dt.datetime


def read_standings(config: Config, *, now: dt.datetime) -> tuple[Standing, ...]:
    """Every source of config.toml, in its order."""
    rows = {row.key: row for row in Source.objects.filter(key__in=[s.id for s in config.sources])}
    histories = read_histories(now)
    counts = _counts(row.pk for row in rows.values())
    return tuple(_standing(config, source, rows.get(source.id), histories, counts) for source in config.sources)


def read_histories(now: dt.datetime) -> Mapping[int, History]:
    """By the primary key of the source: when it published lately, without what is held back."""
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


def count_held(sources: Iterable[int]) -> dict[int, int]:
    """How many entries of each of these sources are held back; those without any are left out."""
    held = Entry.objects.filter(source__in=list(sources), quarantined_at__isnull=False)
    return dict(held.order_by().values_list("source_id").annotate(Count("pk")))


def held_entries(name: str, *, most: int) -> list[HeldEntry]:
    """What is held back of the source `name`, the newest first."""
    rows = Entry.objects.filter(source__key=name, quarantined_at__isnull=False).order_by("-published_at", "-pk")
    return [
        HeldEntry(
            title=row.latest_doc["title"],
            url=row.latest_doc.get("url", ""),
            published_at=row.published_at,
            held_at=row.quarantined_at,
        )
        for row in rows[:most]
        if row.quarantined_at is not None
    ]


def last_fetches(name: str, *, most: int) -> list[Fetch]:
    """The last times the source `name` was asked, the newest first."""
    return list(Fetch.objects.filter(source__key=name).order_by("-at", "-pk")[:most])


@transaction.atomic
def release(config: Config, name: str, *, actor: str, now: dt.datetime, looked_at: int | None = None) -> int:
    """Let in what was held back of the source `name`; how many entries that were. Raises UsageError.

    `looked_at` is how many somebody saw: StateError when there are others by now, and nothing is let in.
    """
    known = [source.id for source in config.sources]
    if name not in known:
        raise UsageError(f"There is no such source: {describe_unknown(name, known)}.")
    held = Entry.objects.filter(source__key=name, quarantined_at__isnull=False)
    count = held.update(quarantined_at=None)
    if not count:
        raise UsageError(f"Nothing of {name} is held back.", hint="`digest sources` shows how each source stands.")
    if looked_at is not None and count != looked_at:
        raise StateError(
            f"{count} entries are held back by now, not the {looked_at} you looked at; none was let in.",
            hint="Look at them, then let them in.",
        )
    words = "1 entry that was held back was" if count == 1 else f"{count} entries that were held back were"
    Source.objects.filter(key=name, state=SourceState.FLOODING).update(state=SourceState.OK, words=f"{words} let in")
    record(actor=actor, verb="source.release", subject=f"source:{name}", now=now, entries=count)
    return count


def _counts(sources: Iterable[int]) -> dict[int, tuple[int, int]]:
    """By source: how many entries are known, and how many of them are held back."""
    wanted = list(sources)
    rows = Entry.objects.filter(source__in=wanted).order_by().values_list("source_id").annotate(known=Count("pk"))
    held = count_held(wanted)
    return {source: (known, held.get(source, 0)) for source, known in rows}


def _standing(
    config: Config,
    source: SourceConfig,
    row: Source | None,
    histories: Mapping[int, History],
    counts: Mapping[int, tuple[int, int]],
) -> Standing:
    address = source.url or str(source.path)
    if row is None or (row.last_ok_at is None and row.last_failed_at is None):
        return Standing(
            key=source.id,
            title=source.title,
            section=source.section,
            address=address,
            state=None,
            words="not read yet",
            todo="Run `digest gather`.",
        )
    state, words = SourceState(row.state), row.words
    history = histories.get(row.pk, History())
    # Judged at the last reading: what a source did since then nobody knows.
    if state is SourceState.OK and row.last_ok_at is not None:
        quiet = silence(history, watched_since=row.first_ok_at, now=row.last_ok_at)
        state, words = (SourceState.SILENT, quiet) if quiet else (state, words)
    if state is SourceState.FAILING:
        words += _for_how_long(row, config.association.tz)
    known, held = counts.get(row.pk, (0, 0))
    return Standing(
        key=source.id,
        title=source.title,
        section=source.section,
        address=address,
        read_from=row.url if row.url and row.url != source.url else "",
        state=state,
        words=words,
        todo=_todo(state, source),
        last_ok=row.last_ok_at,
        last_new=row.last_new_at,
        last_failed=row.last_failed_at,
        waits_until=row.not_before,
        usual=usual(history),
        entries=known,
        held=held,
    )


def _for_how_long(row: Source, tz: dt.tzinfo) -> str:
    """`; 3 times in a row, last read on 12 Feb 2024`"""
    times = f"{row.failures} times in a row, " if row.failures > 1 else ""
    if row.last_ok_at is None:
        return f"; {times}never read so far"
    last = row.last_ok_at.astimezone(tz)
    return f"; {times}last read on {last.day} {last:%b %Y}"


def _todo(state: SourceState, source: SourceConfig) -> str:
    if not source.url:
        look = f"Look at the file {source.path}"
    elif source.url.startswith(("http://", "https://")):
        look = f"Open {source.url} in a browser"
    else:
        look = f"Look at {source.url}"
    match state:
        case SourceState.FAILING | SourceState.RETIRED:
            return f"{look}; mend the address in config.toml if it moved."
        case SourceState.SILENT:
            return f"{look}: has it moved, or is there really nothing new?"
        case SourceState.FLOODING:
            return f"Look at them in the newsroom, under Sources; `digest sources release {source.id}` lets them in."
        case SourceState.GUID_CHURN:
            return "Nothing has to be done; its publisher may want to know."
        case _:
            return ""
