"""Reports: what became of the issues that went out, one beside another, and of one in all its parts."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db.models import Count
from django.db.models.fields.json import KeyTextTransform

from digest.compose.document import IssueDocument
from digest.compose.models import Issue, IssueKind, IssueState
from digest.config import Config
from digest.deliver.clicks import Clicked
from digest.deliver.models import Delivery, DeliveryState
from digest.members.models import Consent
from digest.pipeline.alarms import NOT_MEANT
from digest.pipeline.tally import WARM, Seen, count_seen, kept

OUT = (IssueState.RELEASED, IssueState.SENT, IssueState.STOPPED)
LEAVES_WITHIN = dt.timedelta(days=7)  # who leaves later, leaves for another reason
LAST = 12  # issues in the chart
_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One issue in numbers of members. `taken`: the provider has said yes; `delivered`: the mailbox's server has.

    `refused` were rejected by the provider or dropped. `left`: recipients who left the list within a week, or before
    the next mail to the members. `opened` and `clicked` are people, those for whom machines alone opened or clicked
    stand apart; None while nothing is tracked.
    """

    key: str
    number: int | None
    title: str
    date: dt.date
    released_at: dt.datetime | None
    recipients: int
    taken: int
    delivered: int
    bounced: int
    refused: int
    complained: int
    unknown: int
    left: int
    opened: int | None = None
    machine_opened: int | None = None
    clicked: int | None = None
    machine_clicked: int | None = None

    @property
    def name(self) -> str:
        """`736`, or the day of what has no number."""
        return str(self.number) if self.number is not None else self.date.isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemClicks:
    """One item, and who followed its link."""

    title: str
    url: str
    clicked: Clicked


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionClicks:
    """A section, who followed any of its links, and its items in the issue's order."""

    title: str
    clicked: Clicked
    items: tuple[ItemClicks, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One issue. `sections` is empty while nothing is tracked; the last of them is of what stands in no section."""

    figures: Figures
    sections: tuple[SectionClicks, ...] = ()
    counted_at: dt.datetime | None = None  # when opens and clicks were; None: now, or not at all

    def as_json(self) -> dict[str, Any]:
        """JSON values, for programs."""
        values = asdict(self)
        figures = values["figures"]
        figures["date"] = self.figures.date.isoformat()
        figures["released_at"] = self.figures.released_at.isoformat() if self.figures.released_at else None
        values["counted_at"] = self.counted_at.isoformat() if self.counted_at else None
        return values


def issues_out(*, weekly: bool = False, most: int | None = None) -> list[Issue]:
    """The issues that a report speaks of, the latest first, without their documents: `headline` is their title."""
    rows = Issue.objects.filter(state__in=OUT, released_at__isnull=False).exclude(kind=IssueKind.IMPORTED)
    rows = rows.filter(kind=IssueKind.WEEKLY) if weekly else rows
    rows = rows.annotate(headline=KeyTextTransform("title", "document")).defer("document")
    return list(rows.select_related("number_row").order_by("-released_at", "-pk")[:most])


def figures_of(
    config: Config, issues: Sequence[Issue], *, counted: Mapping[int, Seen] | None = None
) -> list[Figures]:
    """The figures of `issues`, in their order. Opens and clicks are those that `counted` has, else those kept."""
    pks = [issue.pk for issue in issues]
    held = kept(pks)
    states: dict[int, Mapping[str, int]] = {issue.pk: _final(issue, held.get(issue.pk)) for issue in issues}
    live: dict[int, dict[str, int]] = {pk: {} for pk in pks if not states[pk]}
    young = Delivery.objects.filter(issue__in=list(live)).order_by()
    rows = young.values_list("issue_id", "state").annotate(n=Count("pk"))
    for pk, state, n in rows:
        live[pk][state] = n
    states |= live
    left = _left(issues)
    seen: Mapping[int, Seen] = {}
    if config.delivery.tracking:
        seen = {pk: one for pk, one in held.items() if one.any} if counted is None else counted
    return [_figures(issue, states[issue.pk], left[issue.pk], seen.get(issue.pk)) for issue in issues]


def _final(issue: Issue, tally: Seen | None) -> Mapping[str, int]:
    """The states of an old issue's copies, of which nothing more is heard; empty where they must be counted."""
    if tally is None or tally.counted_at is None or issue.released_at is None:
        return {}
    return tally.states if tally.counted_at >= issue.released_at + WARM else {}


def report_of(config: Config, issue: Issue, *, afresh: bool = False) -> Report:
    """All that is known of one issue; opens and clicks as they were last counted, or counted now if `afresh`."""
    seen: Seen | None = None
    if config.delivery.tracking:
        counted = count_seen(config, issue) if afresh else kept([issue.pk]).get(issue.pk)
        seen = counted if counted is not None and counted.any else None
    [figures] = figures_of(config, [issue], counted={issue.pk: seen} if seen else {})
    if seen is None or issue.document is None:
        return Report(figures=figures)
    document = IssueDocument.model_validate(issue.document)
    sections = [
        SectionClicks(
            title=section.title,
            clicked=seen.sections.get(section.id, Clicked()),
            items=tuple(
                ItemClicks(title=item.title, url=item.url, clicked=seen.items.get(item.id, Clicked()))
                for item in section.items
            ),
        )
        for section in document.sections
        if section.items
    ]
    elsewhere = SectionClicks(
        title="Elsewhere in the mail",
        clicked=seen.elsewhere,
        items=tuple(
            ItemClicks(title=url or "an address that was not reported", url=url, clicked=clicked)
            for url, clicked in seen.others.items()
        ),
    )
    return Report(
        figures=figures,
        sections=tuple([*sections, elsewhere] if seen.others else sections),
        counted_at=seen.counted_at,
    )


def _figures(issue: Issue, states: Mapping[str, int], left: int, seen: Seen | None) -> Figures:
    def sum_of(*which: DeliveryState) -> int:
        return sum(states.get(state, 0) for state in which)

    number = getattr(issue, "number_row", None)
    arrived = (DeliveryState.DELIVERED, DeliveryState.COMPLAINED)
    return Figures(
        key=str(number.number) if number else issue.slug or f"id-{issue.pk}",
        number=number.number if number else None,
        title=_title(issue),
        date=issue.title_date,
        released_at=issue.released_at,
        recipients=sum(n for state, n in states.items() if state not in NOT_MEANT),
        taken=sum_of(DeliveryState.ACCEPTED, DeliveryState.BOUNCED, DeliveryState.DROPPED, *arrived),
        delivered=sum_of(*arrived),
        bounced=sum_of(DeliveryState.BOUNCED),
        refused=sum_of(DeliveryState.REJECTED, DeliveryState.DROPPED),
        complained=sum_of(DeliveryState.COMPLAINED),
        unknown=sum_of(DeliveryState.UNKNOWN),
        left=left,
        opened=seen.opened if seen else None,
        machine_opened=seen.machine_opened if seen else None,
        clicked=seen.clicked.people if seen else None,
        machine_clicked=seen.clicked.machines if seen else None,
    )


def _title(issue: Issue) -> str:
    headline = getattr(issue, "headline", None)
    return str(headline if headline is not None else (issue.document or {}).get("title") or "")


def _left(issues: Sequence[Issue]) -> dict[int, int]:
    """How many recipients of each left within a week of it, or before the next mail to the members."""
    found = dict.fromkeys((issue.pk for issue in issues), 0)
    released = {issue.pk: issue.released_at for issue in issues if issue.released_at}
    if not released:
        return found
    first, last = min(released.values()), max(released.values()) + LEAVES_WITHIN
    others = Issue.objects.filter(released_at__gt=first, released_at__lt=last)
    times = [at for at in others.values_list("released_at", flat=True) if at is not None]
    spans = {
        pk: (start, min([start + LEAVES_WITHIN, *(at for at in times if at > start)]))
        for pk, start in released.items()
    }
    goings = list(Consent.objects.filter(action="leave", at__gte=first, at__lt=last).values_list("member_id", "at"))
    leavers = sorted({member for member, _ in goings})
    had: dict[int, set[int]] = defaultdict(set)
    for n in range(0, len(leavers), _CHUNK):
        copies = Delivery.objects.filter(issue__in=list(spans), member__in=leavers[n : n + _CHUNK])
        for pk, member in copies.exclude(state=DeliveryState.EXCLUDED).values_list("issue_id", "member_id"):
            had[pk].add(member)
    for pk, (start, end) in spans.items():
        found[pk] = len(had[pk] & {member for member, at in goings if start <= at < end})
    return found
