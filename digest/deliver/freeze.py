"""Closing the list of an issue: from then on it is fixed who gets a copy, and why anybody does not.

Both statements are INSERT ... SELECT: the database makes a row for each member without one of them passing through
here, so a list of a million closes in seconds and in constant memory.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Case, Count, Exists, OuterRef, QuerySet, TextField, Value, When, Window
from django.db.models.functions import RowNumber

from digest.compose.models import Issue
from digest.config import Config
from digest.deliver import canary
from digest.deliver.arming import renewed
from digest.deliver.models import Batch, BatchState, Delivery, DeliveryState, Edition
from digest.deliver.prepared import execute, table
from digest.deliver.providers import batch_size
from digest.deliver.roll import Roll, has_monthly
from digest.members.models import Member

NOTHING_CHOSEN = "nothing in the sections chosen"
Place = Callable[[int], tuple[int, dt.datetime | None]]  # lane and time of batch number n
HOUR = dt.timedelta(hours=1)
CHUNK = 1000  # rows of batches in one INSERT
CACHE_KB = 64_000
# Batches take turns in so many lanes. What is taken back from the provider, is taken back by the lane: with five,
# each can be cancelled once and the issue still be stopped whole, within the ten that may be cancelled at one time.
LANES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """What the list came to."""

    recipients: int
    excluded: int
    batches: int


def freeze(
    config: Config,
    issue: Issue,
    edition: Edition,
    *,
    now: dt.datetime,
    others: Mapping[str, Edition | None] | None = None,
) -> Frozen:
    """Make one delivery for every member who receives `issue`, in batches by member id, the canary group's first.

    `edition` is for everybody whose edition_key is not in `others`, which has the edition of each such key, or None
    where nothing in the issue is of what was chosen. A batch holds members of one edition only.  Every other member
    gets a row too, `excluded` with the reason.  An issue whose list was closed before stays as it is: freezing twice
    adds nothing.
    """
    day = now.astimezone(config.association.tz).date()
    roll = Roll(kind=issue.kind, day=day, monthly=has_monthly(issue))
    editions = {key: found for key, found in (others or {}).items() if found is not None and found != edition}
    nothing = sorted(key for key, found in (others or {}).items() if found is None)
    if is_frozen(issue):  # for ever: no reason to draw the marker anew
        return _counted(issue)
    with _room_for_indexes(), renewed(config):
        Issue.objects.select_for_update().get(pk=issue.pk)
        if is_frozen(issue):
            return _counted(issue)
        listing = _Listing(issue, edition, editions, batch_size(config), now)
        recipients = _close_list(config, listing, roll, nothing)
        everybody = recipients == Member.objects.count()
        excluded = 0 if everybody else _insert_excluded(issue, roll, nothing, now)
        # Somebody who left between the count and the statement can leave the last batches empty.
        Batch.objects.filter(issue=issue).filter(~Exists(Delivery.objects.filter(batch=OuterRef("pk")))).delete()
        batches = Batch.objects.filter(issue=issue).count()
        return Frozen(recipients=recipients, excluded=excluded, batches=batches)


@contextmanager
def _room_for_indexes() -> Iterator[None]:
    """Enough of SQLite's cache for the index over the address keys of a large list, filled in no order.

    In the 2 MB of other times, most of its pages are written and read again for every other row.
    """
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        ((usual,),) = cursor.execute("PRAGMA cache_size").fetchall()
        cursor.execute(f"PRAGMA cache_size = -{CACHE_KB}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA cache_size = {usual}")
            cursor.execute("PRAGMA shrink_memory")


def _counted(issue: Issue) -> Frozen:
    excluded = Delivery.objects.filter(issue=issue, state=DeliveryState.EXCLUDED).count()
    return Frozen(
        recipients=Delivery.objects.filter(issue=issue).count() - excluded,
        excluded=excluded,
        batches=Batch.objects.filter(issue=issue).count(),
    )


def is_frozen(issue: Issue) -> bool:
    """Whether the list of `issue` was closed; False for one that was closed while there was no member at all."""
    return Delivery.objects.filter(issue=issue).exists()


@dataclass(frozen=True, slots=True)
class _Listing:
    """What every batch of a list has in common. `editions` are those besides the full one, by key."""

    issue: Issue
    full: Edition
    editions: Mapping[str, Edition]
    size: int
    now: dt.datetime

    def fill(self, members: QuerySet[Member], place: Place, first: int) -> tuple[int, int]:
        """Put `members` into batches from number `first` on: how many they are, and the number of the next batch."""
        if self.editions:
            firsts, after = _make_batches_of_each(self, members, place, first)
            return _insert_recipients_of_each(self, members, firsts), after
        ordinals = range(first, first - (-members.count() // self.size))
        _make_batches(self.issue, self.full, ordinals, place)
        return _insert_recipients(self.issue, self.full, members, self.size, first, self.now), ordinals.stop


def _close_list(config: Config, listing: _Listing, roll: Roll, nothing: Sequence[str]) -> int:
    """Everybody who gets a copy, the canary group first; how many they are."""
    chosen = canary.chosen(config, roll)
    others, first, ahead = roll.receiving(), 1, 0
    if nothing:
        others = others.exclude(edition_key__in=nothing)
    if chosen:
        group = others.filter(pk__in=chosen)
        others = others.exclude(pk__in=chosen)
        ahead, first = listing.fill(group, lambda n: (canary.LANE, None), first)
    waits = dt.timedelta(minutes=config.delivery.canary_minutes) if chosen else dt.timedelta()
    start = max(listing.now + waits, listing.issue.send_at or listing.now)
    place = _places(config.delivery.max_per_hour, listing.size, first, start)
    copies, _ = listing.fill(others, lambda n: (n % LANES, place(n)), first)
    return ahead + copies


def _places(per_hour: int, size: int, first: int, start: dt.datetime) -> Callable[[int], dt.datetime | None]:
    """When batch number n may be claimed. With a limit they stand evenly over the hours, the first one at once."""
    if not per_hour:
        return lambda n: None
    apart = HOUR / max(1, per_hour // size)
    return lambda n: start + (n - first) * apart if n > first else None


def _make_batches_of_each(
    listing: _Listing, members: QuerySet[Member], place: Place, first: int
) -> tuple[dict[int, int], int]:
    """Batches of each edition, one after another: the number of each edition's first, and of the next one after all.

    Each gets one more than it needs, deleted when it stays empty: somebody may choose anew at this very moment.
    """
    by_pk = {edition.pk: edition for edition in (listing.full, *listing.editions.values())}
    counts = dict.fromkeys(by_pk, 0)
    for key, n in members.order_by().values_list("edition_key").annotate(n=Count("pk")):
        counts[listing.editions.get(key, listing.full).pk] += n
    firsts, ordinal = {}, first
    for pk, n in counts.items():
        ordinals = range(ordinal, ordinal - (-n // listing.size) + 1)
        _make_batches(listing.issue, by_pk[pk], ordinals, place)
        firsts[pk], ordinal = ordinals.start, ordinals.stop
    return firsts, ordinal


def _make_batches(issue: Issue, edition: Edition, ordinals: range, place: Place) -> None:
    Batch.objects.bulk_create(
        (
            Batch(issue=issue, edition=edition, ordinal=n, lane=lane, not_before=due, state=BatchState.PENDING)
            for n in ordinals
            for lane, due in (place(n),)
        ),
        batch_size=CHUNK,
    )


def _insert_recipients(
    issue: Issue, edition: Edition, members: QuerySet[Member], size: int, first: int, now: dt.datetime
) -> int:
    """Put `members` into the batches from number `first` on."""
    listed = (
        members.annotate(place=Window(RowNumber(), order_by="id"))
        .order_by()
        .values_list("id", "address_key", "place")
    )
    sql, params = listed.query.sql_with_params()
    # An inner join: should the list have grown since it was counted, who does not fit in any batch is left to the
    # second statement, which says so.
    return _insert(
        f"SELECT %s, m.id, m.address_key, %s, b.id, %s, %s, %s FROM ({sql}) m "  # noqa: S608 - Django's own SQL
        f"JOIN {table(Batch)} b ON b.issue_id = %s AND b.attempt = 1 AND b.ordinal = (m.place - 1) / %s + %s",
        [
            issue.pk,
            edition.pk,
            DeliveryState.PENDING.value,
            "",
            now,
            *params,
            issue.pk,
            size,
            first,
        ],
    )


def _insert_recipients_of_each(listing: _Listing, members: QuerySet[Member], firsts: Mapping[int, int]) -> int:
    """As `_insert_recipients`, each member's place counted within their edition."""
    sql, params = members.order_by().values_list("id", "address_key", "edition_key").query.sql_with_params()
    # Both databases name the columns of VALUES column1, column2, ...
    rows = ", ".join(["(%s, %s, %s)"] * len(listing.editions))
    known = [value for key, edition in listing.editions.items() for value in (key, edition.pk, firsts[edition.pk])]
    return _insert(
        f"SELECT %s, m.id, m.address_key, m.edition_id, b.id, %s, %s, %s FROM ("  # noqa: S608
        "SELECT k.id, k.address_key, k.edition_id, k.first, "
        "ROW_NUMBER() OVER (PARTITION BY k.edition_id ORDER BY k.id) AS place FROM ("
        "SELECT q.id, q.address_key, COALESCE(e.column2, %s) AS edition_id, COALESCE(e.column3, %s) AS first "
        f"FROM ({sql}) q LEFT JOIN (VALUES {rows}) e ON e.column1 = q.edition_key) k) m "
        f"JOIN {table(Batch)} b ON b.issue_id = %s AND b.attempt = 1 AND b.edition_id = m.edition_id "
        "AND b.ordinal = (m.place - 1) / %s + m.first",
        [
            listing.issue.pk,
            DeliveryState.PENDING.value,
            "",
            listing.now,
            listing.full.pk,
            firsts[listing.full.pk],
            *params,
            *known,
            listing.issue.pk,
            listing.size,
        ],
    )


def _insert_excluded(issue: Issue, roll: Roll, nothing: Sequence[str], now: dt.datetime) -> int:
    late = "joined while the list was being closed"
    otherwise = Case(
        When(edition_key__in=nothing, then=Value(NOTHING_CHOSEN)), default=Value(late), output_field=TextField()
    )
    rest = (
        Member.objects.filter(~Exists(Delivery.objects.filter(issue=issue, member=OuterRef("pk"))))
        .annotate(why=roll.why_not(otherwise if nothing else late))
        .order_by()
        .values_list("id", "address_key", "why")
    )
    sql, params = rest.query.sql_with_params()
    return _insert(
        f"SELECT %s, m.id, m.address_key, NULL, NULL, %s, m.why, %s FROM ({sql}) m",  # noqa: S608
        [issue.pk, DeliveryState.EXCLUDED.value, now, *params],
    )


def _insert(select: str, params: Sequence[Any]) -> int:
    columns = "issue_id, member_id, address_key, edition_id, batch_id, state, reason, state_at"
    return execute(f"INSERT INTO {table(Delivery)} ({columns}) {select}", params)
