"""Tally: opens and clicks of each issue, counted by the clock from what the provider reported, and kept."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.db.models import Count, F, Max, Min, Q

from digest.compose.document import IssueDocument
from digest.compose.models import Issue, IssueKind
from digest.config import Config
from digest.deliver import ledger
from digest.deliver.clicks import OTHER, Click, Clicked, count, machines_among, on_items
from digest.deliver.editions import public_links
from digest.deliver.models import ProviderEvent, Tally

AGAIN = dt.timedelta(minutes=30)  # between two countings of one issue
WARM = dt.timedelta(days=21)  # after its release; later reports are too few to count them in
OLDEST = dt.timedelta(days=400)
AT_ONCE = 3  # issues in one run of the clock
NOBODY = Clicked()
MOST_ADDRESSES = 50  # of those that are no item's


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """People, not occasions; those that machines alone opened or clicked for stand apart.

    `items` by the item's id, `others` by the address of what is no item; `sections` by the section's id, each member
    once. `counted_at` is None for what was counted just now.
    """

    opened: int = 0
    machine_opened: int = 0
    clicked: Clicked = NOBODY
    sections: Mapping[str, Clicked] = field(default_factory=dict)
    items: Mapping[str, Clicked] = field(default_factory=dict)
    others: Mapping[str, Clicked] = field(default_factory=dict)
    elsewhere: Clicked = NOBODY
    states: Mapping[str, int] = field(default_factory=dict)  # the copies in each, at that time
    counted_at: dt.datetime | None = None

    @property
    def any(self) -> bool:
        """Whether anything was reported: of what went out untracked nothing is."""
        return bool(self.opened or self.machine_opened or self.clicked != NOBODY)


def count_due(config: Config, *, now: dt.datetime) -> list[str]:
    """Count what has not been counted since new reports came, a few issues at a time. Says nothing: it is no news."""
    newest = ProviderEvent.objects.aggregate(newest=Max("pk"))["newest"] or 0
    out = Issue.objects.filter(released_at__gt=now - OLDEST, released_at__lte=now).exclude(kind=IssueKind.IMPORTED)
    warm = Q(released_at__gt=now - WARM, tally__last_event__lt=newest, tally__counted_at__lte=now - AGAIN)
    cold = Q(released_at__lte=now - WARM, tally__counted_at__lt=F("released_at") + WARM)  # once more, and for good
    due = out.filter(Q(tally__isnull=True) | warm | cold).order_by("-released_at", "-pk")
    for issue in due[:AT_ONCE]:
        seen = count_seen(config, issue) if config.delivery.tracking else Seen()
        values = as_json(replace(seen, states=ledger.counts(issue)))
        Tally.objects.update_or_create(
            issue=issue, defaults={"seen": values, "last_event": newest, "counted_at": now}
        )
    return []


def kept(issue_ids: list[int]) -> dict[int, Seen]:
    """What was counted of these issues, by row; those that were not are left out."""
    rows = Tally.objects.filter(issue__in=issue_ids).values_list("issue_id", "seen", "counted_at")
    return {pk: from_json(seen, counted_at) for pk, seen, counted_at in rows}


def count_seen(config: Config, issue: Issue) -> Seen:
    """Count the opens and clicks of `issue` now."""
    events = ProviderEvent.objects.filter(delivery__issue=issue).order_by()
    opens = events.filter(type="open").values("delivery")
    own = list(opens.annotate(own=Count("pk", filter=Q(detail__machine__isnull=True))).values_list("own", flat=True))
    rows = events.filter(type="click").values_list("delivery_id", "provider_at", "detail__url")
    clicks = [Click(copy=copy, url=url or "", at=at) for copy, at, url in rows if copy is not None]
    arrived = events.filter(type="delivered", delivery__in=events.filter(type="click").values("delivery"))
    machines = machines_among(clicks, dict(arrived.values_list("delivery_id").annotate(at=Min("provider_at"))))
    people = sum(bool(n) for n in own)
    seen = Seen(opened=people, machine_opened=len(own) - people, clicked=count(clicks, machines))
    if issue.document is None:
        return seen
    return _by_place(config, IssueDocument.model_validate(issue.document), clicks, machines, seen)


def _by_place(config: Config, document: IssueDocument, clicks: list[Click], machines: set[Click], seen: Seen) -> Seen:
    of_item: dict[str, list[Click]] = defaultdict(list)
    for click, item in on_items(document, public_links(config, document).permalink, clicks).items():
        of_item[item].append(click)
    others: dict[str, list[Click]] = defaultdict(list)
    for click in of_item[OTHER]:
        others[click.url].append(click)
    most = sorted(others.items(), key=lambda pair: -len(pair[1]))[:MOST_ADDRESSES]
    return Seen(
        opened=seen.opened,
        machine_opened=seen.machine_opened,
        clicked=seen.clicked,
        sections={
            section.id: count((click for item in section.items for click in of_item[item.id]), machines)
            for section in document.sections
            if section.items
        },
        items={item.id: count(of_item[item.id], machines) for item in document.items},
        others={url: count(rows, machines) for url, rows in most},
        elsewhere=count(of_item[OTHER], machines),
    )


def as_json(seen: Seen) -> dict[str, object]:
    return {
        "opened": [seen.opened, seen.machine_opened],
        "clicked": _row(seen.clicked),
        "sections": {key: _row(clicked) for key, clicked in seen.sections.items()},
        "items": {key: _row(clicked) for key, clicked in seen.items.items()},
        "others": {key: _row(clicked) for key, clicked in seen.others.items()},
        "elsewhere": _row(seen.elsewhere),
        "states": dict(seen.states),
    }


def from_json(values: dict[str, object], counted_at: dt.datetime) -> Seen:
    opened, machine_opened = _numbers(values.get("opened"), 2)
    return Seen(
        opened=opened,
        machine_opened=machine_opened,
        clicked=_clicked(values.get("clicked")),
        sections=_rows(values.get("sections")),
        items=_rows(values.get("items")),
        others=_rows(values.get("others")),
        elsewhere=_clicked(values.get("elsewhere")),
        states={str(key): int(n) for key, n in states.items()}
        if isinstance(states := values.get("states"), dict)
        else {},
        counted_at=counted_at,
    )


def _row(clicked: Clicked) -> list[int]:
    return [clicked.people, clicked.clicks, clicked.machines]


def _clicked(row: object) -> Clicked:
    people, clicks, machines = _numbers(row, 3)
    return Clicked(people=people, clicks=clicks, machines=machines)


def _rows(rows: object) -> dict[str, Clicked]:
    return {str(key): _clicked(row) for key, row in rows.items()} if isinstance(rows, dict) else {}


def _numbers(row: object, length: int) -> list[int]:
    return [int(n) for n in row] if isinstance(row, list) and len(row) == length else [0] * length
