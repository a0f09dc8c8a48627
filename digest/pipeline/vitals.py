"""Signs of life, for programs that watch: what is amiss right now, and the figures behind it. Reads only."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Max

from digest.compose.models import Issue, IssueKind, IssueState
from digest.compose.number import number_of
from digest.config import Config
from digest.config.weeks import latest_slot, next_slot
from digest.deliver import ledger
from digest.deliver.arming import is_armed
from digest.deliver.models import Delivery, DeliveryState, Notice, ProviderEvent
from digest.gather.models import Entry, Fetch, Source
from digest.installation.models import Installation
from digest.members.models import Member, MemberStatus
from digest.pipeline.alarms import alarms
from digest.pipeline.coming import coming

SILENT = dt.timedelta(minutes=10)  # of a clock that rings every minute
FREE_BYTES = 50_000_000  # with less, the next gather or issue may not find room


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """Figures of an installation. Instants are aware UTC; None where there is nothing yet."""

    last_ring: dt.datetime | None
    last_gather: dt.datetime | None
    entries: int
    members: int
    sources: Mapping[str, int]  # by state
    draft_items: int
    issue: int | None  # the number of the last released one
    released_at: dt.datetime | None
    deliveries: Mapping[str, int]  # its copies by state
    unknown: int  # copies of any issue of which nobody can say whether they went out
    next_due: Mapping[str, dt.datetime]  # cut_off, approve_by, hand_over, send
    webhook_at: dt.datetime | None  # when the provider's last report came
    webhook_lag: float | None  # seconds between what it reports and its coming
    notices: Mapping[str, int]  # single mails that wait or are under way
    alarms: Mapping[str, int] = field(default_factory=dict)
    armed: bool = False
    paused: bool = False


def not_ready() -> list[str]:
    """Why the pages cannot be served; empty when they can."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return ["The database is older than the program: restart it, so that it is brought up to date."]
    except DatabaseError:
        return ["The database does not answer."]
    return []


def amiss(config: Config, *, now: dt.datetime) -> list[str]:
    """Why a person should look, in words that give nothing away; empty when all is well."""
    if problems := not_ready():
        return problems
    row = Installation.objects.filter(pk=1).first()
    last = row.rung_at or row.created_at if row is not None else None
    if last is not None and now - last > SILENT:
        problems.append(f"The clock has not rung for {int((now - last).total_seconds() // 60)} minutes.")
    if last is not None and last - now > SILENT:
        problems.append("The machine's clock was put back: the database has seen a later hour.")
    if shutil.disk_usage(config.root).free < FREE_BYTES:
        problems.append("The disk is nearly full.")
    found = len(alarms(config, now))
    if found:
        problems.append("1 alarm: see the newsroom." if found == 1 else f"{found} alarms: see the newsroom.")
    return problems


def vitals(config: Config, *, now: dt.datetime) -> Vitals:
    """The figures at `now`."""
    plan, tz = config.plan, config.association.tz
    slots = (latest_slot(plan, tz, now), next_slot(plan, tz, now))
    moments = {
        name: [at for at in (getattr(slot, key) for slot in slots if not slot.closed) if at > now]
        for name, key in (
            ("cut_off", "cut_off"),
            ("approve_by", "approve_by"),
            ("hand_over", "hand_over"),
            ("send", "send_at"),
        )
    }
    released = Issue.objects.filter(released_at__lte=now).exclude(kind=IssueKind.IMPORTED)
    last = released.order_by("-released_at").first()
    current = coming(config, now=now)
    draft = current.issue.state in (IssueState.DRAFT, IssueState.HELD)
    event = ProviderEvent.objects.order_by("-received_at").first()
    row = Installation.objects.filter(pk=1).first()
    raised: dict[str, int] = {}
    for alarm in alarms(config, now):
        raised[alarm.kind.value] = raised.get(alarm.kind.value, 0) + 1
    under_way = (DeliveryState.PENDING, DeliveryState.CLAIMED)
    return Vitals(
        last_ring=row.rung_at if row else None,
        last_gather=Fetch.objects.aggregate(at=Max("at"))["at"],
        entries=Entry.objects.count(),
        members=Member.objects.filter(status=MemberStatus.ACTIVE).count(),
        sources=dict(
            Source.objects.filter(key__in=[source.id for source in config.sources])
            .values_list("state")
            .annotate(n=Count("pk"))
            .order_by()
        ),
        draft_items=len(list(current.document.items)) if draft else 0,
        issue=number_of(last) if last else None,
        released_at=last.released_at if last else None,
        deliveries=ledger.counts(last) if last else {},
        unknown=Delivery.objects.filter(state=DeliveryState.UNKNOWN).count(),
        next_due={name: min(found) for name, found in moments.items() if found},
        webhook_at=event.received_at if event else None,
        webhook_lag=(event.received_at - event.provider_at).total_seconds() if event else None,
        notices=dict(
            Notice.objects.filter(state__in=under_way).values_list("state").annotate(n=Count("pk")).order_by()
        ),
        alarms=raised,
        armed=is_armed(config),
        paused=bool(row and row.paused_at),
    )
